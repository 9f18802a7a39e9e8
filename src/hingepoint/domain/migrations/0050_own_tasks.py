"""Tasks that we made in CRMs are known for good, and what vanishes there at once waits for an answer."""

import django.db.models.deletion
from django.db import migrations, models


def know_tasks_of_before(apps, schema_editor):
    task = apps.get_model("domain", "OwnTask")
    written = apps.get_model("domain", "WrittenBack").objects.exclude(task_id="").order_by("pk")
    rows = [
        task(connection_id=connection, external_id=made)
        for connection, made in written.values_list("connection", "task_id").distinct()
    ]
    task.objects.bulk_create(rows, ignore_conflicts=True)


class Migration(migrations.Migration):
    dependencies = [
        ("domain", "0049_signals_left_out"),
    ]

    operations = [
        migrations.AddField(
            model_name="connection",
            name="vanished",
            field=models.JSONField(blank=True, default=dict),
        ),
        migrations.AlterField(
            model_name="writtenback",
            name="refusal",
            field=models.CharField(
                blank=True,
                choices=[
                    ("done", "Done"),
                    ("same", "Same"),
                    ("locked", "Locked"),
                    ("refused", "Refused"),
                    ("gone", "Gone"),
                    ("no_field", "No field"),
                    ("failed", "Failed"),
                ],
                max_length=8,
            ),
        ),
        migrations.CreateModel(
            name="OwnTask",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("external_id", models.CharField(max_length=200)),
                (
                    "connection",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="own_tasks",
                        to="domain.connection",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("connection", "external_id"), name="one_own_task_an_id")
                ],
            },
        ),
        migrations.RunPython(know_tasks_of_before, migrations.RunPython.noop),
    ]
