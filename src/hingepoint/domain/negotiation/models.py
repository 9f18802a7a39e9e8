"""What we may charge on a deal: the corridor, the most confidential figures of all.

| field | who reads | who writes |
|---|---|---|
| opening, target, walk_away | the deal's owner, their managers, sponsor and analyst (deal desk) | the same |
"""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from hingepoint.domain.deals.models import Deal
from hingepoint.domain.people.models import User


class CorridorQuerySet(models.QuerySet):
    def visible_to(self, viewer) -> CorridorQuerySet:
        """Whoever sees the deal as a seller, a leader or the deal desk; inside partners never do."""
        return self.filter(deal__in=Deal.objects.visible_to(viewer))


class Corridor(models.Model):
    """Opening, target and walk-away of one deal, in the deal's currency: opening >= target >= walk-away."""

    deal = models.OneToOneField(Deal, on_delete=models.CASCADE, related_name="corridor")
    opening = models.DecimalField(max_digits=19, decimal_places=4)
    target = models.DecimalField(max_digits=19, decimal_places=4)
    walk_away = models.DecimalField(max_digits=19, decimal_places=4)
    set_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    set_at = models.DateTimeField()
    version = models.PositiveIntegerField(default=1)

    objects = CorridorQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(opening__gte=F("target")) & Q(target__gte=F("walk_away")) & Q(walk_away__gte=0),
                name="corridor_goes_down",
            )
        ]
