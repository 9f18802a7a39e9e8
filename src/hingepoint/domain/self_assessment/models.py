"""Rounds of the self-assessment, and the answers to them.

Nobody's answer leads to them: a row holds no person, no address and no time. What lets somebody change their own answer is
known to them alone; only its digest is kept.
"""

from __future__ import annotations

import datetime as dt

from django.db import models
from django.db.models import F, Q

from hingepoint.domain.people.models import User, Viewer, sees_all
from hingepoint.records.self_assessment import Group


class AssessmentRoundQuerySet(models.QuerySet["AssessmentRound"]):
    def visible_to(self, viewer: Viewer) -> AssessmentRoundQuerySet:
        """Rounds are opened and read by those who see the whole company."""
        return self.all() if sees_all(viewer) else self.none()

    def open(self, at: dt.datetime) -> AssessmentRoundQuerySet:
        """Return those that take answers at ``at``."""
        return self.filter(closed_at__isnull=True, closes_at__gt=at)

    def over(self, at: dt.datetime) -> AssessmentRoundQuerySet:
        """Return those that take none any more."""
        return self.filter(Q(closed_at__isnull=False) | Q(closes_at__lte=at))


class AssessmentRound(models.Model):
    """The questions are asked once, of ``asked`` people, until ``closes_at`` or until somebody closes it.

    ``link`` counts the links that were made: only the newest one opens. ``by_code``: each answer needs a code of its own;
    ``spent`` holds the digests of those used, in the order of their letters, which is not that of the answers.
    """

    name = models.CharField(max_length=100)
    asked = models.PositiveIntegerField()
    opened_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    opened_at = models.DateTimeField()
    closes_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    link = models.PositiveIntegerField(default=1)
    by_code = models.BooleanField(default=False)
    spent = models.JSONField(default=list)

    objects = AssessmentRoundQuerySet.as_manager()

    class Meta:
        ordering = ["-opened_at", "-id"]
        constraints = [
            models.CheckConstraint(condition=Q(closes_at__gt=F("opened_at")), name="a_round_lasts"),
            models.CheckConstraint(condition=~Q(name=""), name="a_round_has_a_name"),
        ]

    def __str__(self) -> str:
        return self.name

    def is_over(self, at: dt.datetime) -> bool:
        return self.closed_at is not None or self.closes_at <= at


class AssessmentAnswer(models.Model):
    """What one person said in a round: question -> answer. ``digest`` is of the key that only they hold."""

    round = models.ForeignKey(AssessmentRound, on_delete=models.CASCADE, related_name="answers")
    digest = models.CharField(max_length=64, unique=True)
    group = models.CharField(max_length=10, choices=Group.choices)
    said = models.JSONField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(group__in=[one.value for one in Group]), name="an_answer_is_of_a_group"
            )
        ]
