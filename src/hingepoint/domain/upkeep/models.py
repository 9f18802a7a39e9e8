"""What the installation does for itself: one row a scheduled job, with what was last done of it, and the answers
that it keeps for pages."""

from __future__ import annotations

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
