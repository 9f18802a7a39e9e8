"""Result metrics that a company defines itself, a row a version; a metric's name has room for a definition. When somebody last came, so
that their first page can say what is new. A self-assessment may ask each person for a code."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("domain", "0021_rollouts"),
    ]

    operations = [
        migrations.AddField("assessmentround", "by_code", models.BooleanField(default=False)),
        migrations.AddField("assessmentround", "spent", models.JSONField(default=list)),
        migrations.AddField("user", "visited_on", models.DateField(null=True)),
        migrations.AddField("user", "visited_before", models.DateField(null=True)),
        migrations.AlterField(
            model_name="resultmetric",
            name="metric",
            field=models.CharField(max_length=1000),
        ),
        migrations.AlterField(
            model_name="run",
            name="metric",
            field=models.CharField(blank=True, max_length=1000),
        ),
        migrations.AlterField(
            model_name="strategy",
            name="metric",
            field=models.CharField(max_length=1000),
        ),
        migrations.AlterField(
            model_name="trial",
            name="metric",
            field=models.CharField(default="", max_length=1000),
        ),
        migrations.CreateModel(
            name="OwnMetric",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("key", models.CharField(max_length=40)),
                ("version", models.PositiveSmallIntegerField()),
                ("told", models.CharField(max_length=1000)),
                ("made_at", models.DateTimeField()),
                (
                    "made_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["key", "version"],
                "constraints": [
                    models.UniqueConstraint(fields=("key", "version"), name="own_metric_version_once")
                ],
            },
        ),
    ]
