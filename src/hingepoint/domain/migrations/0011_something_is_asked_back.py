"""Who is asked for an exception may ask for something back first, and what came is kept with that answer."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [
        ("domain", "0007_people_get_in_and_a_start_forgives"),
    ]

    operations = [
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
                condition=Q(("state__in", ("open", "returned")), ("decided_at__isnull", False), _connector="OR"),
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
            model_name="approval", name="came_words", field=models.TextField(blank=True, default=""), preserve_default=False
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
