"""What the installation does for itself: one row a scheduled job, with what was last done of it, and the answers
that it keeps for pages."""

from __future__ import annotations

import datetime as dt

from django.db import models
from django.db.models import Q

from hingepoint.records.jobs import Outcome, Schedule


class Job(models.Model):
    """A scheduled job as it was last done. ``beat_at`` is when its worker last said that it lives."""

    name = models.CharField(max_length=100, unique=True)  # nightly.forget_ended_sessions
    schedule = models.CharField(max_length=10, choices=Schedule.choices)
    begun_at = models.DateTimeField(null=True)
    beat_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=10, choices=Outcome.choices, blank=True)
    error = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True, outcome="") | Q(ended_at__isnull=False) & ~Q(outcome=""),
                name="job_that_ended_has_an_outcome",
            ),
            models.CheckConstraint(
                condition=Q(begun_at__isnull=True, beat_at__isnull=True, ended_at__isnull=True)
                | Q(begun_at__isnull=False, beat_at__isnull=False),
                name="job_begins_before_it_ends",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class KeptAnswer(models.Model):
    """An answer that reads everything, as it was at ``made_at``: ``told`` is plain JSON. ``about`` says of what
    it is, in the question's own words; ``trail`` is the line of the trail up to which it knows what happened."""

    name = models.CharField(max_length=40)
    about = models.CharField(max_length=300, blank=True)
    told = models.JSONField()
    made_at = models.DateTimeField()
    trail = models.BigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["name", "about"], name="one_answer_to_a_question")]


class KeptDayQuerySet(models.QuerySet["KeptDay"]):
    def of(self, name: str, about: str) -> KeptDayQuerySet:
        """Return what was kept of one page, the newest day first."""
        return self.filter(name=name, about=about).order_by("-day")

    def until(self, day: dt.date) -> KeptDayQuerySet:
        """Return what was kept of ``day`` and of the days before it."""
        return self.filter(day__lte=day)


class KeptDay(models.Model):
    """What a page told of ``day``, kept in the night after it, at ``made_at``, and never made anew: ``told`` is plain JSON, ``name``
    and ``about`` say of which page as they do of a kept answer."""

    name = models.CharField(max_length=40)
    about = models.CharField(max_length=300, blank=True)
    day = models.DateField()
    told = models.JSONField()
    made_at = models.DateTimeField()

    objects = KeptDayQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["name", "about", "day"], name="a_day_is_kept_once")]
