"""What a talk brought is called *kind words*; nothing stored changes."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("domain", "0008_words_are_tied")]

    operations = [
        migrations.AlterField(
            model_name="debrief",
            name="outcome",
            field=models.CharField(
                choices=[
                    ("gained", "Gained"),
                    ("soft", "Kind words"),
                    ("declined", "Declined"),
                    ("continuation", "Nothing agreed"),
                ],
                max_length=12,
            ),
        ),
    ]
