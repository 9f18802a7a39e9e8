"""What decides a trial is kept with it, and who looked at what it shows."""

import re

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

_DAYS = {"d": 1, "w": 7}


def state_what_was_planned(apps, schema_editor):
    """Write down for trials drawn before this version what their finding says: type, metric, which deals."""
    for trial in apps.get_model("domain", "Trial").objects.select_related("finding__run"):
        run = trial.finding.run
        record = run.record or {}
        trial.agreement, trial.metric = trial.finding.key, run.metric
        trial.currency, trial.segment = record.get("currency", ""), run.options.get("segment") or ""
        trial.horizon_days = _outcome_days(record) or trial.horizon_days
        trial.save()


def _outcome_days(record):
    """Return the days of the horizon after the middle landmark; landmarks that are stages count as none."""
    landmarks = record.get("landmarks") or ["0d"]
    return _days(landmarks[len(landmarks) // 2]) + _days(record.get("horizon"))


def _days(label):
    match = re.fullmatch(r"([\d.]+)([dw])", label or "")
    return round(float(match[1]) * _DAYS[match[2]]) if match else 0


class Migration(migrations.Migration):
    dependencies = [
        ("domain", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="TrialLook",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField()),
                ("early", models.BooleanField()),
                ("reason", models.TextField(blank=True)),
                ("record", models.JSONField()),
            ],
            options={
                "ordering": ["-id"],
            },
        ),
        migrations.AddField(
            model_name="trial",
            name="agreement",
            field=models.CharField(default="", max_length=200),
        ),
        migrations.AddField(
            model_name="trial",
            name="currency",
            field=models.CharField(blank=True, default="", max_length=3),
        ),
        migrations.AddField(
            model_name="trial",
            name="horizon_days",
            field=models.PositiveSmallIntegerField(default=182),
        ),
        migrations.AddField(
            model_name="trial",
            name="metric",
            field=models.CharField(default="", max_length=200),
        ),
        migrations.AddField(
            model_name="trial",
            name="segment",
            field=models.CharField(blank=True, default="", max_length=100),
        ),
        migrations.AddField(
            model_name="trial",
            name="teams",
            field=models.JSONField(default=list),
        ),
        migrations.AlterField(
            model_name="trial",
            name="finding",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="trials",
                to="domain.finding",
            ),
        ),
        migrations.AddIndex(
            model_name="trial",
            index=models.Index(fields=["agreement", "metric"], name="trial_by_agreement"),
        ),
        migrations.AddConstraint(
            model_name="trial",
            constraint=models.CheckConstraint(
                condition=models.Q(("horizon_days__gt", 0)), name="trials_have_a_horizon"
            ),
        ),
        migrations.AddField(
            model_name="triallook",
            name="by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="triallook",
            name="trial",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="looks", to="domain.trial"
            ),
        ),
        migrations.AddConstraint(
            model_name="triallook",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("early", False),
                    models.Q(models.Q(("reason", ""), _negated=True), ("by__isnull", False)),
                    _connector="OR",
                ),
                name="early_looks_say_why",
            ),
        ),
        migrations.RunPython(state_what_was_planned, migrations.RunPython.noop),
    ]
