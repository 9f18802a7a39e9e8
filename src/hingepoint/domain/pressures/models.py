"""Pressures on deals: tags with their evidence, the rules that make some of them, and what was read of a day.

| what | who reads | who writes |
|---|---|---|
| tag | whoever sees the deal | the same; rules at night |
| rule | analysts and sponsors | the same |
| reading | everybody who sells or leads: it names no deal | the night |
"""

from __future__ import annotations

import datetime as dt

from django.db import models
from django.db.models import Q

from hingepoint.domain.deals.models import Deal, DealEvent
from hingepoint.domain.people.models import User, Viewer, works_here
from hingepoint.records.people import Role
from hingepoint.records.pressures import Pressure


class PressureRule(models.Model):
    """A rule that tags deals. ``definition`` is ``analysis.detection.plain`` of its ``number``-th version; the trail keeps
    the versions before. ``test`` is its preview on the record, which a rule needs before it is on.

    A rule that is on reads every deal once, by its number, and from then on those that the trail names: ``after`` is the
    deal it read last (None: all), ``trail`` the line up to which it read what was touched, ``known`` the last deal that
    it has read before.
    """

    key = models.SlugField(max_length=34, unique=True)
    pressure = models.CharField(max_length=30, choices=Pressure.choices)
    definition = models.JSONField()
    number = models.PositiveSmallIntegerField(default=1)
    written_at = models.DateTimeField()
    written_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    tested_at = models.DateTimeField(null=True)
    test = models.JSONField(null=True)
    on = models.BooleanField(default=False)
    after = models.BigIntegerField(null=True)
    trail = models.BigIntegerField(default=0)
    known = models.BigIntegerField(default=0)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        ordering = ["key"]


class PressureTagQuerySet(models.QuerySet["PressureTag"]):
    def visible_to(self, viewer: Viewer) -> PressureTagQuerySet:
        """Whoever sees the deal sees what it is under; inside partners see none."""
        if works_here(viewer) and viewer.role == Role.INSIDE_PARTNER:
            return self.none()
        return self.filter(deal__in=Deal.every.visible_to(viewer))

    def standing(self) -> PressureTagQuerySet:
        return self.filter(taken_back_at__isnull=True)

    def standing_at(self, moment: dt.datetime) -> PressureTagQuerySet:
        """Return the tags that were noted by a moment and not taken back by then."""
        return self.filter(Q(taken_back_at__isnull=True) | Q(taken_back_at__gt=moment), noted_at__lte=moment)


class PressureTag(models.Model):
    """One deal is under one pressure, seen on a day, with its evidence: ``words``, and the event they are of if there is
    one. Made by a person, or by version ``rule_number`` of a rule. Taken back, never erased; ``with_rule``: together with
    all that its rule found, so that a rule may say it again."""

    deal = models.ForeignKey(Deal, on_delete=models.CASCADE, related_name="pressures")
    pressure = models.CharField(max_length=30, choices=Pressure.choices)
    seen_at = models.DateTimeField()
    words = models.TextField()
    event = models.ForeignKey(DealEvent, on_delete=models.SET_NULL, null=True, related_name="+")
    rule = models.ForeignKey(PressureRule, on_delete=models.CASCADE, null=True, related_name="tags")
    rule_number = models.PositiveSmallIntegerField(null=True)
    noted_at = models.DateTimeField()
    noted_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    batch = models.BigIntegerField(null=True, db_index=True)
    taken_back_at = models.DateTimeField(null=True)
    taken_back_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    with_rule = models.BooleanField(default=False)

    objects = PressureTagQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(condition=~Q(words=""), name="a_pressure_has_evidence"),
            models.CheckConstraint(
                condition=Q(rule__isnull=True, rule_number__isnull=True)
                | Q(rule__isnull=False, rule_number__isnull=False, noted_by__isnull=True),
                name="a_pressure_is_told_by_a_person_or_a_rule",
            ),
            models.UniqueConstraint(
                fields=["deal", "pressure"],
                condition=Q(rule__isnull=True, taken_back_at__isnull=True),
                name="one_pressure_by_hand_on_a_deal",
            ),
            models.UniqueConstraint(
                fields=["deal", "rule"],
                condition=Q(taken_back_at__isnull=True),
                name="one_pressure_by_a_rule_on_a_deal",
            ),
        ]
        indexes = [
            models.Index(fields=["pressure", "-seen_at", "deal"], name="pressure_by_day"),
            models.Index(fields=["deal", "pressure"], name="pressure_by_deal"),
        ]


class PressureReadingQuerySet(models.QuerySet["PressureReading"]):
    def until(self, day: dt.date | None) -> PressureReadingQuerySet:
        """Return the readings that were to be had on a day (None: today), the newest first."""
        return (self if day is None else self.filter(day__lte=day)).order_by("-day")


class PressureReading(models.Model):
    """The five as they stood at the end of ``day``: ``report`` is ``analysis.pressures.shape.Report`` as JSON."""

    day = models.DateField(unique=True)
    report = models.JSONField()
    made_at = models.DateTimeField()

    objects = PressureReadingQuerySet.as_manager()
