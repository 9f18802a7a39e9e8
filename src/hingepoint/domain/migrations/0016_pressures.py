"""Deals are tagged with market pressures, by hand and by rules, and what was read of them is kept."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("domain", "0015_agreement_debt"),
    ]

    operations = [
        migrations.CreateModel(
            name="PressureReading",
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
            ],
        ),
        migrations.CreateModel(
            name="PressureRule",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("key", models.SlugField(max_length=34, unique=True)),
                (
                    "pressure",
                    models.CharField(
                        choices=[
                            ("commoditization", "Perceived commoditisation"),
                            ("predatory competitors", "Predatory competitors"),
                            ("time-based competition", "Time-based competition"),
                            ("cost-and-risk buyers", "Cost- and risk-fixated buyers"),
                            ("globalization", "Globalised sourcing"),
                        ],
                        max_length=30,
                    ),
                ),
                ("definition", models.JSONField()),
                ("number", models.PositiveSmallIntegerField(default=1)),
                ("written_at", models.DateTimeField()),
                ("tested_at", models.DateTimeField(null=True)),
                ("test", models.JSONField(null=True)),
                ("on", models.BooleanField(default=False)),
                ("after", models.BigIntegerField(null=True)),
                ("trail", models.BigIntegerField(default=0)),
                ("known", models.BigIntegerField(default=0)),
                ("version", models.PositiveIntegerField(default=1)),
                (
                    "written_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["key"],
            },
        ),
        migrations.CreateModel(
            name="PressureTag",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "pressure",
                    models.CharField(
                        choices=[
                            ("commoditization", "Perceived commoditisation"),
                            ("predatory competitors", "Predatory competitors"),
                            ("time-based competition", "Time-based competition"),
                            ("cost-and-risk buyers", "Cost- and risk-fixated buyers"),
                            ("globalization", "Globalised sourcing"),
                        ],
                        max_length=30,
                    ),
                ),
                ("seen_at", models.DateTimeField()),
                ("words", models.TextField()),
                ("rule_number", models.PositiveSmallIntegerField(null=True)),
                ("noted_at", models.DateTimeField()),
                ("batch", models.BigIntegerField(db_index=True, null=True)),
                ("taken_back_at", models.DateTimeField(null=True)),
                ("with_rule", models.BooleanField(default=False)),
                (
                    "deal",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="pressures",
                        to="domain.deal",
                    ),
                ),
                (
                    "event",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="domain.dealevent",
                    ),
                ),
                (
                    "noted_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "rule",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="tags",
                        to="domain.pressurerule",
                    ),
                ),
                (
                    "taken_back_by",
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
                "indexes": [
                    models.Index(fields=["pressure", "-seen_at", "deal"], name="pressure_by_day"),
                    models.Index(fields=["deal", "pressure"], name="pressure_by_deal"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("words", ""), _negated=True), name="a_pressure_has_evidence"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("rule__isnull", True), ("rule_number__isnull", True)),
                            models.Q(
                                ("noted_by__isnull", True),
                                ("rule__isnull", False),
                                ("rule_number__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="a_pressure_is_told_by_a_person_or_a_rule",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("rule__isnull", True), ("taken_back_at__isnull", True)),
                        fields=("deal", "pressure"),
                        name="one_pressure_by_hand_on_a_deal",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("taken_back_at__isnull", True)),
                        fields=("deal", "rule"),
                        name="one_pressure_by_a_rule_on_a_deal",
                    ),
                ],
            },
        ),
    ]
