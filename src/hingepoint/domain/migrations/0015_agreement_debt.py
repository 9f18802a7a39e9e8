"""The agreement debt is kept, a reading a day."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("domain", "0014_signals")]

    operations = [
        migrations.CreateModel(
            name="DebtReading",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("day", models.DateField(unique=True)),
                ("told", models.JSONField()),
                ("stands_on", models.CharField(max_length=32)),
                ("made_at", models.DateTimeField()),
            ],
        ),
    ]
