"""What the ten signals told day by day, and what became of every raise.

A reading is the whole report of a day. A raise lasts over many readings: it is opened and ended by them, and people
answer it. Who may see which place is in ``rules``.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Cast

from hingepoint.domain.people.models import User
from hingepoint.records.signals import StepKind


class SignalReadingQuerySet(models.QuerySet["SignalReading"]):
    def until(self, day: dt.date | None) -> SignalReadingQuerySet:
        """Return the readings that were to be had on a day (None: today), the newest first."""
        return (self if day is None else self.filter(day__lte=day)).order_by("-day")

    def as_text(self) -> models.QuerySet[Any]:
        """Return the readings with the ``text`` of their report instead of the report, which is not read."""
        return self.defer("report").annotate(text=Cast("report", models.TextField()))


class SignalReading(models.Model):
    """The ten as they stood at the end of ``day``. ``report`` is what ``record`` makes of a report;
    ``facts_until``: the last day on which any of the facts behind it happened."""

    day = models.DateField(unique=True)
    report = models.JSONField()
    made_at = models.DateTimeField()
    facts_until = models.DateField(null=True)

    objects = SignalReadingQuerySet.as_manager()

    def __str__(self) -> str:
        return f"signals on {self.day}"


class SignalLimitsQuerySet(models.QuerySet["SignalLimits"]):
    def on(self, day: dt.date) -> SignalLimitsQuerySet:
        """Return those that had been set by the end of a day, and were not taken back by then."""
        undone = Q(undone_at__isnull=True) | Q(undone_at__date__gt=day)
        return self.filter(undone, set_at__date__lte=day)


class SignalLimits(models.Model):
    """That the limits of a signal were set anew: its series ends, and another one begins on the first of the month ``since``.
    Never deleted: who takes it back says why."""

    signal = models.CharField(max_length=40)
    since = models.DateField()
    reason = models.TextField()
    set_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    set_at = models.DateTimeField()
    undone_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    undone_at = models.DateTimeField(null=True)
    undone_reason = models.TextField(blank=True)

    objects = SignalLimitsQuerySet.as_manager()

    class Meta:
        ordering = ["-since", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["signal", "since"],
                condition=Q(undone_at__isnull=True),
                name="limits_set_once_a_month",
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="limits_are_set_with_a_reason"),
            models.CheckConstraint(
                condition=Q(undone_at__isnull=True, undone_by__isnull=True, undone_reason="")
                | Q(undone_at__isnull=False, undone_by__isnull=False) & ~Q(undone_reason=""),
                name="limits_are_taken_back_with_a_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"limits of {self.signal} since {self.since}"


class RaiseQuerySet(models.QuerySet["Raise"]):
    def standing(self) -> RaiseQuerySet:
        return self.filter(ended_on__isnull=True)

    def on(self, day: dt.date) -> RaiseQuerySet:
        """Return the raises that had begun by the reading of a day."""
        return self.filter(first_day__lte=day)


class Raise(models.Model):
    """A signal that rose at one place, from the reading of ``first_day`` until that of ``ended_on``.

    ``since`` is when it began by the chart, ``earliest`` to ``latest`` its 95% interval, ``seen`` when the chart
    raised: as the newest reading of the place has them. ``answered_at``: when somebody first said what they make of
    it. ``owner``: whose task it is.
    """

    signal = models.CharField(max_length=40)
    level = models.CharField(max_length=20)
    place = models.CharField(max_length=300)
    since = models.DateField()
    earliest = models.DateField()
    latest = models.DateField()
    seen = models.DateField()
    first_day = models.DateField()
    ended_on = models.DateField(null=True)
    owner = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    answered_at = models.DateTimeField(null=True)
    muted_until = models.DateField(null=True)
    mute_reason = models.TextField(blank=True)

    objects = RaiseQuerySet.as_manager()

    class Meta:
        ordering = ["-first_day", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["signal", "level", "place"],
                condition=Q(ended_on__isnull=True),
                name="one_standing_raise_of_a_place",
            ),
            models.CheckConstraint(
                condition=Q(ended_on__isnull=True) | Q(ended_on__gte=F("first_day")),
                name="raises_end_after_they_began",
            ),
            models.CheckConstraint(
                condition=Q(muted_until__isnull=True, mute_reason="")
                | Q(muted_until__isnull=False) & ~Q(mute_reason=""),
                name="a_mute_has_an_end_and_a_reason",
            ),
        ]
        indexes = [models.Index(fields=["-first_day"], name="raise_by_first_day")]

    def __str__(self) -> str:
        return f"{self.signal} at {self.place}"


class RaiseStep(models.Model):
    """Something that happened to a raise. Never changed. ``by`` is nobody where a reading did it; ``to`` is whom it
    was given to, ``until`` the last day of a mute."""

    of = models.ForeignKey(Raise, on_delete=models.CASCADE, related_name="steps")
    at = models.DateTimeField()
    by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    kind = models.CharField(max_length=20, choices=StepKind.choices)
    to = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    until = models.DateField(null=True)
    words = models.TextField(blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(kind=StepKind.GIVEN) | Q(to__isnull=False), name="a_raise_is_given_to_somebody"
            )
        ]
