"""A form that was sent is known by its one-time token, so that the same one sent twice is kept once."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("domain", "0003_read_by_index_and_pass_on")]

    operations = [
        migrations.CreateModel(
            name="SentForm",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("by_id_number", models.BigIntegerField()),
                ("key", models.BigIntegerField()),
                ("made", models.CharField(max_length=40)),
                ("made_id", models.BigIntegerField()),
                ("at", models.DateTimeField(db_index=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("by_id_number", "key"), name="one_form_once")
                ],
            },
        ),
    ]
