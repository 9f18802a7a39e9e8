"""Who is asked for an exception may ask for something back first, and what came is kept with that answer. What was
counted as the quality of agreements by ticks alone is counted by what is known of them."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import Q

POINTS = ("act", "person", "date", "reason", "voluntary_and_mutual", "evidence", "tested")
SPOKEN = ("gained", "kept", "renegotiated", "soft", "broken")


def count_what_is_known(apps, schema_editor) -> None:
    """Count anew where people ticked points, or left all unticked, and where a customer confirmed by a link."""
    agreements = apps.get_model("domain", "Agreement").objects
    confirmed = set(agreements.filter(confirmations__answer="confirmed").values_list("pk", flat=True))
    judged = agreements.filter(Q(quality=0) | ~Q(points_met=[]) | Q(pk__in=confirmed)).order_by("pk")
    for row in judged.iterator(chunk_size=1_000):
        ticked = {*row.points_met, *(("tested",) if row.pk in confirmed else ())}
        told = row.quality if (row.quality or 0) > len(row.points_met) else None
        known = len(_known(row) | ticked)
        count = max(known, told or 0) if row.state in SPOKEN else told
        agreements.filter(pk=row.pk).update(
            points_met=[point for point in POINTS if point in ticked], quality=count
        )


def _known(row) -> set[str]:
    on_record = {
        "act": row.act,
        "person": row.person_id or row.person_name or row.asked_of_id,
        "date": row.due_on,
        "reason": row.reason,
        "evidence": row.evidence >= 2,
    }
    return {point for point, there in on_record.items() if there}


class Migration(migrations.Migration):
    dependencies = [
        ("domain", "0007_people_get_in_and_a_start_forgives"),
    ]

    operations = [
        migrations.RunPython(count_what_is_known, migrations.RunPython.noop, elidable=True),
        migrations.RemoveConstraint(model_name="escalation", name="decided_requests_have_a_date"),
        migrations.AlterField(
            model_name="escalation",
            name="state",
            field=models.CharField(
                choices=[
                    ("open", "Waiting"),
                    ("returned", "Something asked back"),
                    ("approved", "Approved"),
                    ("in_part", "Approved in part"),
                    ("declined", "Declined"),
                    ("withdrawn", "Withdrawn"),
                ],
                default="open",
                max_length=10,
            ),
        ),
        migrations.AddConstraint(
            model_name="escalation",
            constraint=models.CheckConstraint(
                condition=Q(
                    ("state__in", ("open", "returned")), ("decided_at__isnull", False), _connector="OR"
                ),
                name="decided_requests_have_a_date",
            ),
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
                    ("back", "Asked for something back"),
                    ("dropped", "Not needed any more"),
                    ("passed_on", "Passed on"),
                ],
                default="waiting",
                max_length=10,
            ),
        ),
        migrations.AddField(
            model_name="approval",
            name="came",
            field=models.CharField(
                blank=True,
                choices=[("given", "Given"), ("part", "Part"), ("nothing", "Nothing")],
                max_length=10,
                default="",
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="approval",
            name="came_words",
            field=models.TextField(blank=True, default=""),
            preserve_default=False,
        ),
        migrations.AddField(model_name="approval", name="came_at", field=models.DateTimeField(null=True)),
        migrations.AddField(
            model_name="approval",
            name="came_by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddConstraint(
            model_name="approval",
            constraint=models.CheckConstraint(
                condition=Q(
                    ("came", ""),
                    Q(("answer", "back"), ("came_at__isnull", False)),
                    _connector="OR",
                ),
                name="what_came_was_asked_back",
            ),
        ),
    ]
