"""An executive's part in a deal, agreed before: purpose, what we ask of them, what they leave alone.

| field | who reads | who writes |
|---|---|---|
| role and limits | whoever sees the deal, and the executive in question | whoever sees the deal |
| aim, not_to_say (the brief) | the same | the same |

What executives did (visits, calls) are events of the deal, kind ``executive``.
"""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from hingepoint.domain.deals.models import Deal
from hingepoint.domain.people.models import User, Viewer, works_here
from hingepoint.records.involvement import Purpose

#: The deal's owner wrote it, or said yes to it.
OWNER_AGREED = Q(agreed_by=F("deal__owner")) | Q(owner_agreed_at__isnull=False)


class InvolvementQuerySet(models.QuerySet["Involvement"]):
    def visible_to(self, viewer: Viewer) -> InvolvementQuerySet:
        """Roles on visible deals, and one's own."""
        if not works_here(viewer):
            return self.none()
        return self.filter(Q(deal__in=Deal.every.visible_to(viewer)) | Q(executive=viewer))

    def holding(self) -> InvolvementQuerySet:
        return self.filter(ended_at__isnull=True)


class Involvement(models.Model):
    """The agreed role of one executive on one deal. ``agreed_at`` is when it was really written; ``owner_agreed_at`` when
    the deal's owner said yes to what somebody else wrote."""

    deal = models.ForeignKey(Deal, on_delete=models.CASCADE, related_name="involvements")
    executive = models.ForeignKey(User, on_delete=models.PROTECT, related_name="involvements")
    purpose = models.CharField(max_length=12, choices=Purpose.choices)
    aim = models.TextField()
    not_to_say = models.TextField(blank=True)
    may_discuss_price = models.BooleanField(default=False)
    agreed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    agreed_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    owner_agreed_at = models.DateTimeField(null=True)
    version = models.PositiveIntegerField(default=1)

    objects = InvolvementQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(aim=""), name="a_role_has_an_aim"),
            models.UniqueConstraint(
                fields=["deal", "executive"],
                condition=Q(ended_at__isnull=True),
                name="one_role_of_an_executive",
            ),
        ]
