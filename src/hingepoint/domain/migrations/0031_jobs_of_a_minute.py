"""A job may be looked at every minute."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("domain", "0030_connections")]

    operations = [
        migrations.AlterField(
            model_name="job",
            name="schedule",
            field=models.CharField(
                choices=[
                    ("minutely", "Every minute"),
                    ("hourly", "Hourly"),
                    ("nightly", "Nightly"),
                    ("weekly", "Weekly"),
                    ("monthly", "Monthly"),
                ],
                max_length=10,
            ),
        ),
    ]
