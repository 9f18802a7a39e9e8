"""Open deals are asked in rounds, batch by batch. A customer's answer keeps where it came from."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("domain", "0004_a_form_sent_twice_is_kept_once"),
    ]

    operations = [
        migrations.AddField(
            model_name="confirmation",
            name="answered_from",
            field=models.CharField(blank=True, max_length=45),
        ),
        migrations.AddField(
            model_name="confirmation",
            name="answered_where_we_work",
            field=models.BooleanField(default=False),
        ),
        migrations.CreateModel(
            name="AskingRound",
            fields=[
                ("id", models.PositiveSmallIntegerField(default=1, primary_key=True, serialize=False)),
                ("number", models.PositiveIntegerField(default=0)),
                ("begun_at", models.DateTimeField()),
                ("finished_at", models.DateTimeField(null=True)),
                ("after", models.BigIntegerField(default=0)),
                ("done", models.PositiveIntegerField(default=0)),
                ("total", models.PositiveIntegerField(default=0)),
                ("added", models.PositiveIntegerField(default=0)),
                ("changed", models.PositiveIntegerField(default=0)),
                ("released", models.PositiveIntegerField(default=0)),
                ("days_to_stage", models.JSONField(null=True)),
                ("trail", models.BigIntegerField(default=0)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("id", 1)), name="one_asking_round")
                ],
            },
        ),
    ]
