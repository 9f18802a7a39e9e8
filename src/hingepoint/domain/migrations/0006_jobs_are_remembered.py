"""What was last done of the scheduled jobs is remembered."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("domain", "0005_deals_are_asked_in_rounds"),
    ]

    operations = [
        migrations.CreateModel(
            name="Job",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=100, unique=True)),
                (
                    "schedule",
                    models.CharField(
                        choices=[
                            ("hourly", "Hourly"),
                            ("nightly", "Nightly"),
                            ("weekly", "Weekly"),
                            ("monthly", "Monthly"),
                        ],
                        max_length=10,
                    ),
                ),
                ("begun_at", models.DateTimeField(null=True)),
                ("beat_at", models.DateTimeField(null=True)),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "outcome",
                    models.CharField(
                        blank=True,
                        choices=[("", "None yet"), ("done", "Done"), ("failed", "Failed")],
                        max_length=10,
                    ),
                ),
                ("error", models.CharField(blank=True, max_length=500)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("ended_at__isnull", True), ("outcome", "")),
                            models.Q(("ended_at__isnull", False), models.Q(("outcome", ""), _negated=True)),
                            _connector="OR",
                        ),
                        name="job_that_ended_has_an_outcome",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("beat_at__isnull", True),
                                ("begun_at__isnull", True),
                                ("ended_at__isnull", True),
                            ),
                            models.Q(("beat_at__isnull", False), ("begun_at__isnull", False)),
                            _connector="OR",
                        ),
                        name="job_begins_before_it_ends",
                    ),
                ],
            },
        ),
    ]
