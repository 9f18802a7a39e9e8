"""A word of files is tied to a type of the catalogue, which it means then."""

import django.db.models.deletion
from django.db import migrations, models


def nobody_said_with_whom(apps, schema_editor):
    """Types that files brought so far are the customer's where no file said with whom: that was not kept, and a
    guess that is taken for a word would contradict the catalogue."""
    types = apps.get_model("domain", "AgreementType").objects
    types.filter(origin="imported", side="customer").update(side_guessed=True)


class Migration(migrations.Migration):
    dependencies = [
        ("domain", "0007_people_get_in_and_a_start_forgives"),
    ]

    operations = [
        migrations.AddField(
            model_name="agreement",
            name="said_as",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="domain.agreementtype",
            ),
        ),
        migrations.AddField(
            model_name="agreementtype",
            name="settled_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="agreementtype",
            name="side_guessed",
            field=models.BooleanField(default=False),
        ),
        migrations.RunPython(nobody_said_with_whom, migrations.RunPython.noop),
        migrations.AddField(
            model_name="agreementtype",
            name="tied_after",
            field=models.BigIntegerField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="agreementtype",
            name="tied_to",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="tied_words",
                to="domain.agreementtype",
            ),
        ),
        migrations.AddIndex(
            model_name="agreement",
            index=models.Index(
                condition=models.Q(("said_as__isnull", False)), fields=["said_as"], name="agreement_by_word"
            ),
        ),
        migrations.AddConstraint(
            model_name="agreementtype",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("tied_to__isnull", True),
                    models.Q(("settled_at__isnull", False), ("tied_after__isnull", False)),
                    _connector="OR",
                ),
                name="tied_words_are_settled",
            ),
        ),
        migrations.AddConstraint(
            model_name="agreementtype",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("tied_to__isnull", True),
                    models.Q(("tied_to", models.F("id")), _negated=True),
                    _connector="OR",
                ),
                name="no_word_is_tied_to_itself",
            ),
        ),
    ]
