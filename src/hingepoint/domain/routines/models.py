"""Routines: what is required of people again and again, and each time it fell due of somebody.

| field | who reads | who writes |
|---|---|---|
| the routine and its versions | everybody who works here | sponsor and analyst |
| what fell due, done or not | the person, their managers, sponsor and analyst | the person; the program, when it falls due and when the register knows it is done |
| days off of the company | everybody who works here | sponsor and analyst |
| days off of a person | the person, their managers, sponsor and analyst | the same |
"""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from hingepoint.domain.deals.models import Deal
from hingepoint.domain.people.models import Team, User, Viewer, choices, managed_team_ids, works_here
from hingepoint.records.people import Role
from hingepoint.records.routines import DAYS_FOR_A_DEAL, FRIDAY, Cadence, Kind


class RoutineQuerySet(models.QuerySet["Routine"]):
    def visible_to(self, viewer: Viewer) -> RoutineQuerySet:
        """What is required of one is known to all who work here; what is not in force, to who says it."""
        if not works_here(viewer):
            return self.none()
        return self.all() if viewer.sees_everything else self.filter(since__isnull=False)


class Routine(models.Model):
    """What is required of everybody of a role, how often, from ``since`` until before ``until``.

    Without ``since`` it is not in force yet. ``draft`` is a definition that was written and is not in force: the first
    one, or a change. What falls due was written down up to ``planned_until``. The columns mean what the fields of
    ``records.routines.Rule`` mean.
    """

    key = models.CharField(max_length=100, unique=True)
    name = models.CharField(max_length=200)
    required = models.TextField(blank=True)
    kind = models.CharField(max_length=16, choices=Kind.choices, default=Kind.OWN.value)
    role = models.CharField(max_length=20, choices=choices(Role))
    cadence = models.CharField(max_length=12, choices=Cadence.choices)
    weekday = models.PositiveSmallIntegerField(default=FRIDAY)
    team = models.ForeignKey(Team, on_delete=models.PROTECT, null=True, related_name="+")
    stage = models.CharField(max_length=100, blank=True)
    least_amount = models.FloatField(null=True)
    days = models.PositiveSmallIntegerField(default=DAYS_FOR_A_DEAL)
    since = models.DateField(null=True)
    until = models.DateField(null=True)
    draft = models.JSONField(null=True)
    planned_until = models.DateField(null=True)
    version = models.PositiveIntegerField(default=1)

    objects = RoutineQuerySet.as_manager()

    class Meta:
        ordering = ["name", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(until__isnull=True) | Q(until__gt=F("since")),
                name="routines_end_after_they_began",
            )
        ]


class RoutineVersion(models.Model):
    """A definition that was put in force: ``definition`` is its ``Rule`` in plain values, from ``since`` on."""

    routine = models.ForeignKey(Routine, on_delete=models.CASCADE, related_name="versions", db_index=False)
    number = models.PositiveSmallIntegerField()
    definition = models.JSONField()
    since = models.DateField()
    put_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    put_at = models.DateTimeField()

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["routine", "number"], name="one_routine_of_a_number"),
        ]


class RoutineDueQuerySet(models.QuerySet["RoutineDue"]):
    def visible_to(self, viewer: Viewer) -> RoutineDueQuerySet:
        """One's own, those of the teams one manages, everything for sponsor and analyst."""
        if not works_here(viewer):
            return self.none()
        if viewer.sees_everything:
            return self.all()
        if viewer.role == Role.MANAGER:
            return self.filter(Q(team__in=managed_team_ids(viewer)) | Q(person=viewer))
        return self.filter(person=viewer)


class RoutineDue(models.Model):
    """A routine that fell due of a person. ``team`` is theirs at that time; ``done_at`` when it was done and
    ``recorded_at`` when that was written down, both empty until then. Due at midnight means: on that day.
    ``deal``: which one, where it falls due once for each deal."""

    routine = models.ForeignKey(Routine, on_delete=models.PROTECT, related_name="due", db_index=False)
    person = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    team = models.ForeignKey(Team, on_delete=models.PROTECT, null=True, related_name="+")
    deal = models.ForeignKey(Deal, on_delete=models.CASCADE, null=True, related_name="+", db_index=False)
    due_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)
    recorded_at = models.DateTimeField(null=True)

    objects = RoutineDueQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["routine", "person", "due_at"], condition=Q(deal__isnull=True), name="due_once"
            ),
            models.UniqueConstraint(
                fields=["deal", "routine"], condition=Q(deal__isnull=False), name="due_once_for_a_deal"
            ),
            models.CheckConstraint(
                condition=Q(done_at__isnull=True, recorded_at__isnull=True)
                | Q(done_at__isnull=False, recorded_at__isnull=False),
                name="what_is_done_was_written_down",
            ),
        ]
        indexes = [
            models.Index(fields=["due_at"], name="routine_by_due"),
            models.Index(fields=["routine", "due_at"], name="routine_by_day"),
            models.Index(fields=["team", "due_at"], name="routine_by_team"),
            models.Index(fields=["person", "due_at"], name="routine_by_person"),
        ]


class DaysOffQuerySet(models.QuerySet["DaysOff"]):
    def visible_to(self, viewer: Viewer) -> DaysOffQuerySet:
        """Those of the company; one's own; of the people one manages; everybody's for sponsor and analyst."""
        if not works_here(viewer):
            return self.none()
        if viewer.sees_everything:
            return self.all()
        mine = Q(person__isnull=True) | Q(person=viewer)
        if viewer.role == Role.MANAGER:
            theirs = Q(
                person__memberships__team__in=managed_team_ids(viewer),
                person__memberships__until__isnull=True,
            )
            return self.filter(mine | theirs).distinct()
        return self.filter(mine)


class DaysOff(models.Model):
    """Days on which nothing is asked: of a ``person``, or of everybody (none). From ``since`` until before ``until``."""

    person = models.ForeignKey(User, on_delete=models.CASCADE, null=True, related_name="days_off")
    since = models.DateField()
    until = models.DateField()
    said_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    said_at = models.DateTimeField()

    objects = DaysOffQuerySet.as_manager()

    class Meta:
        ordering = ["since", "id"]
        constraints = [models.CheckConstraint(condition=Q(until__gt=F("since")), name="days_off_last")]
        indexes = [models.Index(fields=["until"], name="days_off_by_end")]
