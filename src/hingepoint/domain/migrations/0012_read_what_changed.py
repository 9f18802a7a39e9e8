"""Detection rules keep how far they have read; those that are on read, once more, all that the trail names. Answers
that read everything are kept for pages."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("domain", "0011_something_is_asked_back")]

    operations = [
        migrations.AddField("detectionrule", "after", models.BigIntegerField(null=True)),
        migrations.AddField("detectionrule", "trail", models.BigIntegerField(default=0)),
        migrations.CreateModel(
            name="KeptAnswer",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=40)),
                ("about", models.CharField(blank=True, max_length=300)),
                ("told", models.JSONField()),
                ("made_at", models.DateTimeField()),
                ("trail", models.BigIntegerField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("name", "about"), name="one_answer_to_a_question")
                ],
            },
        ),
    ]
