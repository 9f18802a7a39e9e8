from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("domain", "0041_mail_and_days")]

    operations = [
        migrations.AddField(
            model_name="sentform",
            name="led_to",
            field=models.CharField(max_length=1000, blank=True, default=""),
        ),
    ]
