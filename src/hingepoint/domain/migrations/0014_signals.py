"""What the ten signals told day by day is kept, and what became of every raise."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("domain", "0013_routines"),
    ]

    operations = [
        migrations.CreateModel(
            name="SignalReading",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("day", models.DateField(unique=True)),
                ("report", models.JSONField()),
                ("made_at", models.DateTimeField()),
                ("facts_until", models.DateField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="Raise",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("signal", models.CharField(max_length=40)),
                ("level", models.CharField(max_length=20)),
                ("place", models.CharField(max_length=300)),
                ("since", models.DateField()),
                ("earliest", models.DateField()),
                ("latest", models.DateField()),
                ("seen", models.DateField()),
                ("first_day", models.DateField()),
                ("ended_on", models.DateField(null=True)),
                ("answered_at", models.DateTimeField(null=True)),
                ("muted_until", models.DateField(null=True)),
                ("mute_reason", models.TextField(blank=True)),
                (
                    "owner",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["-first_day", "-id"],
            },
        ),
        migrations.CreateModel(
            name="RaiseStep",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField()),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("raised", "Raised"),
                            ("given", "Given to"),
                            ("answered", "Answered"),
                            ("confirmed", "Answered: it is so"),
                            ("false", "Answered: false alarm"),
                            ("led", "Led to a decision"),
                            ("not_led", "Led to no decision"),
                            ("not_yet", "No decision yet"),
                            ("muted", "Muted"),
                            ("unmuted", "Not muted any more"),
                            ("ended", "Ended"),
                        ],
                        max_length=20,
                    ),
                ),
                ("until", models.DateField(null=True)),
                ("words", models.TextField(blank=True)),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "of",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="steps", to="domain.raise"
                    ),
                ),
                (
                    "to",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
            },
        ),
        migrations.AddIndex(
            model_name="raise",
            index=models.Index(fields=["-first_day"], name="raise_by_first_day"),
        ),
        migrations.AddConstraint(
            model_name="raise",
            constraint=models.UniqueConstraint(
                condition=models.Q(("ended_on__isnull", True)),
                fields=("signal", "level", "place"),
                name="one_standing_raise_of_a_place",
            ),
        ),
        migrations.AddConstraint(
            model_name="raise",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("ended_on__isnull", True), ("ended_on__gte", models.F("first_day")), _connector="OR"
                ),
                name="raises_end_after_they_began",
            ),
        ),
        migrations.AddConstraint(
            model_name="raise",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("mute_reason", ""), ("muted_until__isnull", True)),
                    models.Q(("muted_until__isnull", False), models.Q(("mute_reason", ""), _negated=True)),
                    _connector="OR",
                ),
                name="a_mute_has_an_end_and_a_reason",
            ),
        ),
        migrations.AddConstraint(
            model_name="raisestep",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind", "given"), _negated=True), ("to__isnull", False), _connector="OR"
                ),
                name="a_raise_is_given_to_somebody",
            ),
        ),
    ]
