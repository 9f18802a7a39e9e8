"""What we may charge, why they ask, and what we gave: demands and concessions are events of the deal
(``DealEvent``), whether they came from a file or were noted by hand; here is what an event cannot say.

| field | who reads | who writes |
|---|---|---|
| corridor (opening, target, walk_away) and its earlier writings | the deal's owner, their managers, sponsor and analyst (deal desk) | the same |
| reasons; what a concession answers and was worth | the same | the same |
"""

from __future__ import annotations

from typing import Self, TypeVar

from django.db import models
from django.db.models import F, Q

from hingepoint.domain.deals.models import Deal, DealEvent
from hingepoint.domain.people.models import User, Viewer, choices
from hingepoint.records.talks import ReasonState, Topic

M = TypeVar("M", bound=models.Model)


class OfADealQuerySet(models.QuerySet[M]):
    def visible_to(self, viewer: Viewer) -> Self:
        """Whoever sees the deal as a seller, a leader or the deal desk; inside partners never do."""
        return self.filter(deal__in=Deal.every.visible_to(viewer))


class OfAnEventQuerySet(models.QuerySet[M]):
    def visible_to(self, viewer: Viewer) -> Self:
        """As ``OfADealQuerySet``, through the event."""
        return self.filter(event__deal__in=Deal.every.visible_to(viewer))


class CorridorFigures(models.Model):
    """Opening, target and walk-away in the deal's currency, and who set them when."""

    opening = models.DecimalField(max_digits=19, decimal_places=4)
    target = models.DecimalField(max_digits=19, decimal_places=4)
    walk_away = models.DecimalField(max_digits=19, decimal_places=4)
    set_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    set_at = models.DateTimeField()

    objects = OfADealQuerySet.as_manager()

    class Meta:
        abstract = True


class Corridor(CorridorFigures):
    """The corridor of one deal as it is now: opening >= target >= walk-away."""

    deal = models.OneToOneField(Deal, on_delete=models.CASCADE, related_name="corridor")
    version = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(opening__gte=F("target")) & Q(target__gte=F("walk_away")) & Q(walk_away__gte=0),
                name="corridor_goes_down",
            )
        ]


class CorridorWriting(CorridorFigures):
    """Each writing of a corridor, so that one widened after a concession cannot pass for an earlier one."""

    deal = models.ForeignKey(Deal, on_delete=models.CASCADE, related_name="corridor_writings")

    class Meta:
        ordering = ["set_at", "id"]


class Reason(models.Model):
    """Why they ask, as somebody wrote it down. Each writing is a row of its own; the newest one counts.

    Confirmed needs two people of theirs by name.
    """

    event = models.ForeignKey(DealEvent, on_delete=models.CASCADE, related_name="reasons")
    text = models.TextField()
    state = models.CharField(max_length=12, choices=choices(ReasonState))
    said_by = models.CharField(max_length=200, blank=True)
    confirmed_by = models.CharField(max_length=200, blank=True)
    written_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    written_at = models.DateTimeField()

    objects = OfAnEventQuerySet.as_manager()

    class Meta:
        ordering = ["written_at", "id"]
        constraints = [
            models.CheckConstraint(condition=~Q(text=""), name="a_reason_says_something"),
        ]


class Trade(models.Model):
    """What was said of a concession beyond its event: what it is about, which demand it answers, and what
    it is worth to them (1 little, 2 something, 3 a lot). ``final``: we called it our last."""

    event = models.OneToOneField(DealEvent, on_delete=models.CASCADE, related_name="trade")
    topic = models.CharField(max_length=10, choices=choices(Topic))
    demand = models.ForeignKey(DealEvent, on_delete=models.SET_NULL, null=True, related_name="answers")
    worth = models.PositiveSmallIntegerField(null=True)
    final = models.BooleanField(default=False)

    objects = OfAnEventQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(worth__isnull=True) | Q(worth__range=(1, 3)), name="worth_1_to_3"
            ),
        ]
