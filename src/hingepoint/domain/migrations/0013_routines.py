"""Routines, and each time one fell due of somebody."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("domain", "0012_read_what_changed"),
    ]

    operations = [
        migrations.CreateModel(
            name="Routine",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("key", models.CharField(max_length=100, unique=True)),
                ("name", models.CharField(max_length=200)),
                ("required", models.TextField(blank=True)),
                (
                    "role",
                    models.CharField(
                        choices=[
                            ("sponsor", "Sponsor"),
                            ("manager", "Manager"),
                            ("seller", "Seller"),
                            ("analyst", "Analyst"),
                            ("inside_partner", "Inside partner"),
                        ],
                        max_length=20,
                    ),
                ),
                (
                    "cadence",
                    models.CharField(
                        choices=[
                            ("weekly", "Every week"),
                            ("fortnightly", "Every second week"),
                            ("monthly", "Every month"),
                        ],
                        max_length=12,
                    ),
                ),
                ("since", models.DateField()),
                ("until", models.DateField(null=True)),
            ],
            options={
                "ordering": ["name", "id"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("until__isnull", True), ("until__gt", models.F("since")), _connector="OR"
                        ),
                        name="routines_end_after_they_began",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="RoutineDue",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("due_at", models.DateTimeField()),
                ("done_at", models.DateTimeField(null=True)),
                ("recorded_at", models.DateTimeField(null=True)),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "routine",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="due", to="domain.routine"
                    ),
                ),
                (
                    "team",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="domain.team",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["due_at"], name="routine_by_due")],
                "constraints": [
                    models.UniqueConstraint(fields=("routine", "person", "due_at"), name="due_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("done_at__isnull", True), ("recorded_at__isnull", True)),
                            models.Q(("done_at__isnull", False), ("recorded_at__isnull", False)),
                            _connector="OR",
                        ),
                        name="what_is_done_was_written_down",
                    ),
                ],
            },
        ),
    ]
