"""Routines are defined with versions, fall due for deals too and not on days off; coaching sessions."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("domain", "0018_fewer_indexes"),
    ]

    operations = [
        migrations.CreateModel(
            name="CoachingSession",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("held_at", models.DateTimeField()),
                ("behaviour", models.CharField(max_length=300)),
                ("evidence", models.TextField(blank=True)),
                ("next_step", models.TextField()),
                ("next_on", models.DateField()),
                ("followed_until", models.DateTimeField()),
            ],
            options={
                "ordering": ["-held_at", "-id"],
            },
        ),
        migrations.CreateModel(
            name="DaysOff",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("since", models.DateField()),
                ("until", models.DateField()),
                ("said_at", models.DateTimeField()),
            ],
            options={
                "ordering": ["since", "id"],
            },
        ),
        migrations.CreateModel(
            name="RoutineVersion",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveSmallIntegerField()),
                ("definition", models.JSONField()),
                ("since", models.DateField()),
                ("put_at", models.DateTimeField()),
            ],
            options={
                "ordering": ["-number"],
            },
        ),
        migrations.RemoveConstraint(
            model_name="routinedue",
            name="due_once",
        ),
        migrations.AddField(
            model_name="routine",
            name="days",
            field=models.PositiveSmallIntegerField(default=14),
        ),
        migrations.AddField(
            model_name="routine",
            name="draft",
            field=models.JSONField(null=True),
        ),
        migrations.AddField(
            model_name="routine",
            name="kind",
            field=models.CharField(
                choices=[
                    ("plan", "A plan is written"),
                    ("debrief", "A talk is debriefed"),
                    ("plan_review", "A plan is answered"),
                    ("coaching", "A coaching session is held"),
                    ("deal_review", "The weekly deal review is held"),
                    ("pipeline_review", "The monthly pipeline review is held"),
                    ("own", "Something else, said by a press"),
                ],
                default="own",
                max_length=16,
            ),
        ),
        migrations.AddField(
            model_name="routine",
            name="least_amount",
            field=models.FloatField(null=True),
        ),
        migrations.AddField(
            model_name="routine",
            name="planned_until",
            field=models.DateField(null=True),
        ),
        migrations.AddField(
            model_name="routine",
            name="stage",
            field=models.CharField(blank=True, max_length=100),
        ),
        migrations.AddField(
            model_name="routine",
            name="team",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="domain.team",
            ),
        ),
        migrations.AddField(
            model_name="routine",
            name="version",
            field=models.PositiveIntegerField(default=1),
        ),
        migrations.AddField(
            model_name="routine",
            name="weekday",
            field=models.PositiveSmallIntegerField(default=4),
        ),
        migrations.AddField(
            model_name="routinedue",
            name="deal",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="domain.deal",
            ),
        ),
        migrations.AlterField(
            model_name="routine",
            name="cadence",
            field=models.CharField(
                choices=[
                    ("weekly", "Every week"),
                    ("fortnightly", "Every second week"),
                    ("monthly", "Every month"),
                    ("deal", "Once for each deal"),
                ],
                max_length=12,
            ),
        ),
        migrations.AlterField(
            model_name="routine",
            name="since",
            field=models.DateField(null=True),
        ),
        migrations.AddIndex(
            model_name="routinedue",
            index=models.Index(fields=["team", "due_at"], name="routine_by_team"),
        ),
        migrations.AddIndex(
            model_name="routinedue",
            index=models.Index(fields=["person", "due_at"], name="routine_by_person"),
        ),
        migrations.AddConstraint(
            model_name="routinedue",
            constraint=models.UniqueConstraint(
                condition=models.Q(("deal__isnull", True)),
                fields=("routine", "person", "due_at"),
                name="due_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="routinedue",
            constraint=models.UniqueConstraint(
                condition=models.Q(("deal__isnull", False)),
                fields=("deal", "routine"),
                name="due_once_for_a_deal",
            ),
        ),
        migrations.AddField(
            model_name="coachingsession",
            name="coach",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="coachingsession",
            name="coached",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="coachingsession",
            name="deal",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="domain.deal",
            ),
        ),
        migrations.AddField(
            model_name="coachingsession",
            name="type",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="domain.agreementtype",
            ),
        ),
        migrations.AddField(
            model_name="daysoff",
            name="person",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="days_off",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="daysoff",
            name="said_by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="routineversion",
            name="put_by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="routineversion",
            name="routine",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="versions",
                to="domain.routine",
            ),
        ),
        migrations.AddIndex(
            model_name="coachingsession",
            index=models.Index(fields=["coach", "-held_at"], name="session_by_coach"),
        ),
        migrations.AddIndex(
            model_name="coachingsession",
            index=models.Index(fields=["coached", "-held_at"], name="session_by_coached"),
        ),
        migrations.AddIndex(
            model_name="coachingsession",
            index=models.Index(fields=["deal", "type"], name="session_by_agreement"),
        ),
        migrations.AddIndex(
            model_name="coachingsession",
            index=models.Index(fields=["-held_at"], name="session_by_time"),
        ),
        migrations.AddConstraint(
            model_name="coachingsession",
            constraint=models.CheckConstraint(
                condition=models.Q(("coach", models.F("coached")), _negated=True), name="a_session_takes_two"
            ),
        ),
        migrations.AddConstraint(
            model_name="coachingsession",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("behaviour", ""), _negated=True), models.Q(("next_step", ""), _negated=True)
                ),
                name="a_session_says_what_is_next",
            ),
        ),
        migrations.AddIndex(
            model_name="daysoff",
            index=models.Index(fields=["until"], name="days_off_by_end"),
        ),
        migrations.AddConstraint(
            model_name="daysoff",
            constraint=models.CheckConstraint(
                condition=models.Q(("until__gt", models.F("since"))), name="days_off_last"
            ),
        ),
        migrations.AddConstraint(
            model_name="routineversion",
            constraint=models.UniqueConstraint(fields=("routine", "number"), name="one_routine_of_a_number"),
        ),
    ]
