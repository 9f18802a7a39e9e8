"""Detection rules keep how far they have read. Those that are on read, once more, all that the trail names."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("domain", "0007_people_get_in_and_a_start_forgives")]

    operations = [
        migrations.AddField("detectionrule", "after", models.BigIntegerField(null=True)),
        migrations.AddField("detectionrule", "trail", models.BigIntegerField(default=0)),
    ]
