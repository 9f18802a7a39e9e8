"""What would have had to be true: the views of seller and manager on a deal that ended, and above which value they are asked.

| field | who reads | who writes |
|---|---|---|
| a view, with its earlier versions | whoever sees the deal | the seller theirs, who leads the team the manager's |
| the value | everybody who sells | sponsor and analyst |
"""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from hingepoint.domain.agreements.models import AgreementType
from hingepoint.domain.deals.models import Deal
from hingepoint.domain.people.models import User, Viewer
from hingepoint.records.hindsight import Side, Why


class HindsightViewQuerySet(models.QuerySet["HindsightView"]):
    def visible_to(self, viewer: Viewer) -> HindsightViewQuerySet:
        return self.filter(deal__in=Deal.every.visible_to(viewer))


class HindsightView(models.Model):
    """One version of what the seller or the manager says of a deal that ended; never changed: the next version stands beside it.

    ``type`` is the agreement that would have had to be there, where they name one, ``shown`` whether the register said so too.
    """

    deal = models.ForeignKey(Deal, on_delete=models.CASCADE, related_name="hindsight_views", db_index=False)
    side = models.CharField(max_length=8, choices=Side.choices)
    number = models.PositiveSmallIntegerField()
    why = models.CharField(max_length=10, choices=Why.choices)
    type = models.ForeignKey(AgreementType, on_delete=models.PROTECT, null=True, related_name="+")
    words = models.TextField()
    shown = models.BooleanField(null=True)  # whether the register showed it missing when this was written
    written_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    written_at = models.DateTimeField()

    objects = HindsightViewQuerySet.as_manager()

    class Meta:
        ordering = ["side", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["deal", "side", "number"], name="hindsight_version_once"),
            models.CheckConstraint(condition=~Q(words=""), name="hindsight_says_something"),
            models.CheckConstraint(
                condition=~Q(why=Why.AGREEMENT) | Q(type__isnull=False), name="a_missing_agreement_is_named"
            ),
        ]


class HindsightLimit(models.Model):
    """Deals of at least ``least_amount`` are looked back on; the newest holds."""

    least_amount = models.DecimalField(max_digits=19, decimal_places=4)
    set_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    set_at = models.DateTimeField()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(least_amount__gte=0), name="hindsight_limit_is_money")
        ]
