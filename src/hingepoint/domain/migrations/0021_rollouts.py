"""Rollouts with their sealed cards, what they were worth, and what they cost."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("domain", "0020_reviews"),
    ]

    operations = [
        migrations.CreateModel(
            name="Rollout",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=120, unique=True)),
                ("what", models.TextField()),
                ("metric", models.CharField(max_length=200)),
                ("period", models.CharField(max_length=10)),
                ("worth", models.FloatField(null=True)),
                (
                    "order",
                    models.CharField(
                        choices=[
                            ("ours", "drawn here by lot"),
                            ("elsewhere", "drawn by lot elsewhere"),
                            ("chosen", "chosen, not drawn"),
                        ],
                        max_length=10,
                    ),
                ),
                ("teams", models.JSONField()),
                ("steps", models.PositiveSmallIntegerField(null=True)),
                ("periods", models.PositiveSmallIntegerField(null=True)),
                ("seed", models.PositiveBigIntegerField(null=True)),
                ("planned_at", models.DateTimeField()),
                ("plan", models.JSONField(null=True)),
                ("problem", models.CharField(blank=True, max_length=500)),
                ("starts", models.JSONField(default=dict)),
                ("card", models.TextField(blank=True)),
                ("sha256", models.CharField(blank=True, max_length=64)),
                ("sealed_at", models.DateTimeField(null=True)),
                ("withdrawn_at", models.DateTimeField(null=True)),
                ("withdrawn_because", models.TextField(blank=True)),
                (
                    "planned_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "sealed_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "strategy",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="rollouts",
                        to="domain.strategy",
                    ),
                ),
                (
                    "withdrawn_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["-planned_at", "-id"],
            },
        ),
        migrations.CreateModel(
            name="RolloutCost",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("investment", "Money, once"),
                            ("routines", "Minutes for each routine done"),
                            ("stated", "Minutes a week for each person, as you state it"),
                        ],
                        max_length=12,
                    ),
                ),
                ("what", models.CharField(max_length=200)),
                ("amount", models.DecimalField(decimal_places=2, max_digits=14)),
                ("currency", models.CharField(max_length=3)),
                ("minutes", models.PositiveSmallIntegerField(null=True)),
                ("noted_at", models.DateTimeField()),
                ("taken_back_at", models.DateTimeField(null=True)),
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
                    "rollout",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="costs", to="domain.rollout"
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
            },
        ),
        migrations.CreateModel(
            name="RolloutReading",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("day", models.DateField()),
                ("told", models.JSONField(null=True)),
                ("problem", models.CharField(blank=True, max_length=500)),
                ("made_at", models.DateTimeField()),
                (
                    "rollout",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="reading",
                        to="domain.rollout",
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="rollout",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("card", ""), ("sealed_at__isnull", True), ("sha256", "")),
                    models.Q(
                        ("sealed_at__isnull", False),
                        models.Q(("card", ""), _negated=True),
                        models.Q(("sha256", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="what_is_sealed_has_a_card",
            ),
        ),
        migrations.AddConstraint(
            model_name="rollout",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("order", "ours"), _negated=True),
                    models.Q(("periods__isnull", False), ("seed__isnull", False), ("steps__isnull", False)),
                    _connector="OR",
                ),
                name="our_lot_has_a_seed",
            ),
        ),
        migrations.AddConstraint(
            model_name="rollout",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("withdrawn_at__isnull", True),
                    models.Q(("withdrawn_because", ""), _negated=True),
                    _connector="OR",
                ),
                name="who_withdraws_a_rollout_says_why",
            ),
        ),
        migrations.AddConstraint(
            model_name="rolloutcost",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind", "investment"), ("minutes__isnull", True)),
                    models.Q(
                        models.Q(("kind", "investment"), _negated=True),
                        ("minutes__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="time_is_told_in_minutes",
            ),
        ),
        migrations.AddConstraint(
            model_name="rolloutreading",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("told__isnull", False), models.Q(("problem", ""), _negated=True), _connector="OR"
                ),
                name="a_reading_tells_or_says_why_not",
            ),
        ),
    ]
