from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("domain", "0053_team_chats"),
    ]

    operations = [
        migrations.CreateModel(
            name="KeptDay",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=40)),
                ("about", models.CharField(blank=True, max_length=300)),
                ("day", models.DateField()),
                ("told", models.JSONField()),
                ("made_at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("name", "about", "day"), name="a_day_is_kept_once")
                ],
            },
        ),
    ]
