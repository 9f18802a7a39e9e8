from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("domain", "0055_days_as_told"),
    ]

    operations = [
        migrations.AddField(
            model_name="user",
            name="language",
            field=models.CharField(blank=True, max_length=10),
        ),
    ]
