"""Conversation plans: one page before a key talk."""

from __future__ import annotations

from django.db import models

from hingepoint.domain.agreements.models import Agreement
from hingepoint.domain.deals.models import Deal
from hingepoint.domain.people.models import User


class PlanQuerySet(models.QuerySet):
    def visible_to(self, viewer) -> PlanQuerySet:
        """Whoever sees the deal; an inside partner sees what was asked of them, never our plan for it."""
        return self.filter(agreement__deal__in=Deal.objects.visible_to(viewer))


class ConversationPlan(models.Model):
    """What we ask for in one conversation, at best and at least, and why they would agree.

    Each writing is a row of its own: ``written_at`` is when it was really written, so that a plan made
    after the talk cannot pass for one made before. The newest row is the plan.
    """

    agreement = models.ForeignKey(Agreement, on_delete=models.CASCADE, related_name="plans")
    written_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    written_at = models.DateTimeField()
    best = models.TextField(blank=True)
    minimum = models.TextField(blank=True)
    why_they_would = models.TextField(blank=True)
    questions = models.JSONField(default=list, blank=True)

    objects = PlanQuerySet.as_manager()

    class Meta:
        ordering = ["-written_at", "-id"]
        constraints = [
            models.CheckConstraint(condition=~models.Q(best="", minimum=""), name="a_plan_asks_for_something")
        ]
