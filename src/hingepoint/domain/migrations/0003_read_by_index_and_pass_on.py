"""The trail is read in the order of time. PostgreSQL reads the matrix's counts from an index alone: the deal
is included in it.

SQLite keeps that index as before, and needs its figures about it anew to go on choosing well. An answer that
waited for somebody who left is passed on.
"""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("domain", "0002_a_trial_states_what_decides_it")]

    operations = [
        migrations.RemoveIndex(model_name="agreement", name="agreement_by_type"),
        migrations.AddIndex(
            model_name="agreement",
            index=models.Index(fields=["type", "state"], include=["deal"], name="agreement_by_type"),
        ),
        migrations.AddIndex(
            model_name="auditevent", index=models.Index(fields=["-at", "-id"], name="audit_by_time")
        ),
        migrations.AlterField(
            model_name="approval",
            name="answer",
            field=models.CharField(
                choices=[
                    ("waiting", "Waiting"),
                    ("approved", "Approved"),
                    ("in_part", "Approved in part"),
                    ("declined", "Declined"),
                    ("dropped", "Not needed any more"),
                    ("passed_on", "Passed on"),
                ],
                default="waiting",
                max_length=10,
            ),
        ),
        migrations.RunSQL("ANALYZE domain_agreement", migrations.RunSQL.noop),
    ]
