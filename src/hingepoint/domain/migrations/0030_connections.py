"""Connections to CRMs, what was read from them and how far, and what was written back."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("domain", "0029_second_factors"),
    ]

    operations = [
        migrations.CreateModel(
            name="Connection",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("crm", models.CharField(max_length=20)),
                ("name", models.CharField(max_length=100, unique=True)),
                ("url", models.CharField(max_length=500)),
                ("sign_in", models.CharField(blank=True, max_length=30)),
                ("secrets", models.TextField(blank=True)),
                ("options", models.JSONField(blank=True, default=dict)),
                ("allowed", models.JSONField(blank=True, default=list)),
                ("prefix", models.CharField(blank=True, max_length=30)),
                (
                    "state",
                    models.CharField(
                        choices=[("draft", "Draft"), ("on", "On"), ("paused", "Paused")],
                        default="draft",
                        max_length=6,
                    ),
                ),
                ("stages", models.JSONField(blank=True, default=dict)),
                ("fields", models.JSONField(blank=True, default=dict)),
                ("people", models.JSONField(blank=True, default=dict)),
                ("roles", models.JSONField(blank=True, default=dict)),
                ("since", models.DateField(blank=True, null=True)),
                ("described", models.JSONField(blank=True, default=dict)),
                ("capabilities", models.JSONField(blank=True, default=list)),
                ("tested_at", models.DateTimeField(blank=True, null=True)),
                ("write_back", models.JSONField(blank=True, default=list)),
                ("write_fields", models.JSONField(blank=True, default=dict)),
                ("every_minutes", models.PositiveIntegerField(default=15)),
                ("budget_share", models.FloatField(default=0.5)),
                ("requests_on", models.DateField(blank=True, null=True)),
                ("requests", models.PositiveIntegerField(default=0)),
                ("allowance", models.PositiveIntegerField(blank=True, null=True)),
                ("synced_at", models.DateTimeField(blank=True, null=True)),
                ("swept_at", models.DateTimeField(blank=True, null=True)),
                ("wrote_at", models.DateTimeField(blank=True, null=True)),
                ("next_at", models.DateTimeField(blank=True, null=True)),
                ("failures", models.PositiveIntegerField(default=0)),
                ("problem", models.TextField(blank=True)),
                ("made_at", models.DateTimeField()),
                ("version", models.PositiveIntegerField(default=1)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("prefix",), name="one_connection_a_prefix"),
                    models.CheckConstraint(
                        condition=models.Q(("budget_share__gt", 0), ("budget_share__lte", 1)),
                        name="budget_is_a_share",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("every_minutes__gte", 1)), name="synced_now_and_then"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Cursor",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "object",
                    models.CharField(
                        choices=[
                            ("users", "Users"),
                            ("accounts", "Accounts"),
                            ("contacts", "Contacts"),
                            ("deals", "Deals"),
                            ("changes", "Changes"),
                            ("quotes", "Quotes"),
                            ("approvals", "Approvals"),
                            ("activities", "Activities"),
                        ],
                        max_length=12,
                    ),
                ),
                ("mark", models.TextField(blank=True)),
                ("server_time", models.DateTimeField(blank=True, null=True)),
                ("complete", models.BooleanField(default=False)),
                (
                    "connection",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="cursors",
                        to="domain.connection",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("connection", "object"), name="one_cursor_an_object")
                ],
            },
        ),
        migrations.CreateModel(
            name="Landed",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "object",
                    models.CharField(
                        choices=[
                            ("users", "Users"),
                            ("accounts", "Accounts"),
                            ("contacts", "Contacts"),
                            ("deals", "Deals"),
                            ("changes", "Changes"),
                            ("quotes", "Quotes"),
                            ("approvals", "Approvals"),
                            ("activities", "Activities"),
                        ],
                        max_length=12,
                    ),
                ),
                ("external_id", models.CharField(max_length=250)),
                ("deal", models.CharField(blank=True, max_length=200)),
                ("payload", models.TextField()),
                ("modified_at", models.DateTimeField(blank=True, null=True)),
                (
                    "fate",
                    models.CharField(
                        choices=[
                            ("live", "Live"),
                            ("archived", "Archived"),
                            ("deleted", "Deleted"),
                            ("merged", "Merged"),
                            ("vanished", "Vanished"),
                        ],
                        default="live",
                        max_length=8,
                    ),
                ),
                ("into", models.CharField(blank=True, max_length=200)),
                ("first_seen_at", models.DateTimeField()),
                ("seen_at", models.DateTimeField()),
                ("due", models.BooleanField(default=True)),
                ("sweep", models.BigIntegerField(default=0)),
                (
                    "connection",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="landed",
                        to="domain.connection",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["connection", "deal", "object"], name="landed_by_deal"),
                    models.Index(
                        condition=models.Q(("due", True)),
                        fields=["connection", "object", "id"],
                        name="landed_due",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("connection", "object", "external_id"), name="landed_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="LandedChange",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("deal", models.CharField(max_length=200)),
                ("identity", models.BigIntegerField()),
                ("field", models.CharField(max_length=20)),
                (
                    "origin",
                    models.CharField(
                        choices=[("native", "Native"), ("snapshot", "Snapshot"), ("inferred", "Inferred")],
                        max_length=8,
                    ),
                ),
                ("at", models.DateTimeField()),
                ("payload", models.TextField()),
                ("seen_at", models.DateTimeField()),
                ("due", models.BooleanField(default=True)),
                (
                    "connection",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="changes",
                        to="domain.connection",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["connection", "deal", "at"], name="change_by_deal")],
                "constraints": [
                    models.UniqueConstraint(fields=("connection", "identity"), name="change_landed_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="SyncRun",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("began_at", models.DateTimeField()),
                ("touched_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                ("holder", models.CharField(blank=True, max_length=120)),
                ("swept", models.BooleanField(default=False)),
                ("read", models.JSONField(blank=True, default=dict)),
                ("brought", models.JSONField(blank=True, default=dict)),
                ("rules", models.JSONField(blank=True, default=dict)),
                ("requests", models.PositiveIntegerField(default=0)),
                ("waited", models.FloatField(default=0)),
                ("written", models.JSONField(blank=True, default=dict)),
                ("problem", models.TextField(blank=True)),
                (
                    "connection",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="runs",
                        to="domain.connection",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["connection", "-began_at"], name="run_of_connection")],
            },
        ),
        migrations.CreateModel(
            name="WrittenBack",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("external_id", models.CharField(max_length=200)),
                ("values", models.JSONField(blank=True, default=dict)),
                ("task_id", models.CharField(blank=True, max_length=200)),
                ("modified_at", models.DateTimeField(blank=True, null=True)),
                ("at", models.DateTimeField()),
                ("said", models.CharField(blank=True, max_length=300)),
                ("failures", models.PositiveIntegerField(default=0)),
                ("held_until", models.DateTimeField(blank=True, null=True)),
                (
                    "connection",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="written",
                        to="domain.connection",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("connection", "external_id"), name="written_back_once")
                ],
            },
        ),
    ]
