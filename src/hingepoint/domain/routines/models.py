"""Routines: what is required of people again and again, and each time it fell due of somebody.

| field | who reads | who writes |
|---|---|---|
| the routine | everybody who works here | sponsor and analyst |
| what fell due, done or not | the person, their managers, sponsor and analyst | the person; the program, when it falls due |
"""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from hingepoint.domain.people.models import Team, User, Viewer, choices, managed_team_ids, works_here
from hingepoint.records.people import Role
from hingepoint.records.routines import Cadence


class Routine(models.Model):
    """What is required of everybody of a role, how often, from ``since`` until before ``until``."""

    key = models.CharField(max_length=100, unique=True)
    name = models.CharField(max_length=200)
    required = models.TextField(blank=True)
    role = models.CharField(max_length=20, choices=choices(Role))
    cadence = models.CharField(max_length=12, choices=Cadence.choices)
    since = models.DateField()
    until = models.DateField(null=True)

    class Meta:
        ordering = ["name", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(until__isnull=True) | Q(until__gt=F("since")),
                name="routines_end_after_they_began",
            )
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
    ``recorded_at`` when that was written down, both empty until then. Due at midnight means: on that day."""

    routine = models.ForeignKey(Routine, on_delete=models.PROTECT, related_name="due")
    person = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    team = models.ForeignKey(Team, on_delete=models.PROTECT, null=True, related_name="+")
    due_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)
    recorded_at = models.DateTimeField(null=True)

    objects = RoutineDueQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["routine", "person", "due_at"], name="due_once"),
            models.CheckConstraint(
                condition=Q(done_at__isnull=True, recorded_at__isnull=True)
                | Q(done_at__isnull=False, recorded_at__isnull=False),
                name="what_is_done_was_written_down",
            ),
        ]
        indexes = [models.Index(fields=["due_at"], name="routine_by_due")]
