"""Plans written before a talk, what the manager says to them, and debriefs written right after.

| field | who reads | who writes |
|---|---|---|
| plans, with everything in them | whoever sees the deal as its seller or a leader; inside partners never do | the same |
| reviews of plans | the same | comments: the same; approving and returning: a manager of the deal's team |
| debriefs | the same | the same |
"""

from __future__ import annotations

import datetime as dt

from django.db import models
from django.db.models import Exists, OuterRef, Q

from hingepoint.domain.agreements.models import Agreement, AgreementEvent
from hingepoint.domain.deals.models import Deal, DealEvent
from hingepoint.domain.people.models import User, Viewer, sees_all
from hingepoint.records.plans import Outcome, Verdict


class PlanQuerySet(models.QuerySet["Plan"]):
    def visible_to(self, viewer: Viewer) -> PlanQuerySet:
        """Whoever sees the deal; an inside partner sees what was asked of them, never our plan for it."""
        return self if sees_all(viewer) else self.filter(deal__in=Deal.every.visible_to(viewer))

    def of_talks(self) -> PlanQuerySet:
        """Plans for one conversation, not for the deal as a whole."""
        return self.filter(agreement__isnull=False)

    def of_deals(self) -> PlanQuerySet:
        return self.filter(agreement__isnull=True)

    def by(self, moment: dt.datetime | None) -> PlanQuerySet:
        """Those that were written by a moment; all without one."""
        return self.filter(written_at__lte=moment) if moment else self

    def newest(self, moment: dt.datetime | None = None) -> PlanQuerySet:
        """The last writing of each plan, by a moment where one is said."""
        later = Plan.objects.by(moment).filter(number__gt=OuterRef("number"))
        of_talk = later.filter(agreement=OuterRef("agreement"))
        of_deal = later.filter(deal=OuterRef("deal"), agreement__isnull=True)
        return self.by(moment).exclude(Exists(of_talk)).exclude(Exists(of_deal), agreement__isnull=True)


class Plan(models.Model):
    """What was written before: for one conversation (``agreement``), or for the deal as a whole (none).

    Each writing is a row of its own: ``written_at`` is when it was really written, so that a plan made
    after the talk cannot pass for one made before; the highest ``number`` is the plan. ``parts`` holds its
    lines by part (see ``parts.Line``), each with where it comes from: what the writer said is kept apart
    from what was offered.
    """

    deal = models.ForeignKey(Deal, on_delete=models.CASCADE, related_name="plans")
    agreement = models.ForeignKey(Agreement, on_delete=models.CASCADE, null=True, related_name="plans")
    number = models.PositiveIntegerField(default=1)
    written_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    written_at = models.DateTimeField()
    talk_on = models.DateField(null=True, blank=True)
    parts = models.JSONField(default=dict)

    objects = PlanQuerySet.as_manager()

    class Meta:
        ordering = ["-written_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["agreement", "number"], name="one_writing_of_a_number"),
            models.UniqueConstraint(
                fields=["deal", "number"],
                condition=Q(agreement__isnull=True),
                name="one_deal_plan_of_a_number",
            ),
            models.CheckConstraint(
                condition=Q(agreement__isnull=True) | Q(parts__has_key="best") | Q(parts__has_key="minimum"),
                name="a_plan_asks_for_something",
            ),
        ]
        indexes = [models.Index(fields=["talk_on"], name="plan_by_talk", condition=Q(talk_on__isnull=False))]


class PlanReview(models.Model):
    """What somebody said to one writing of a plan. A later writing is reviewed anew."""

    plan = models.ForeignKey(Plan, on_delete=models.CASCADE, related_name="reviews")
    verdict = models.CharField(max_length=8, choices=Verdict.choices)
    words = models.TextField(blank=True)
    by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ["at", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(verdict=Verdict.APPROVED) | ~Q(words=""), name="a_return_says_why"
            )
        ]


class DebriefQuerySet(models.QuerySet["Debrief"]):
    def visible_to(self, viewer: Viewer) -> DebriefQuerySet:
        """Whoever sees the deal; inside partners never do."""
        return self if sees_all(viewer) else self.filter(agreement__deal__in=Deal.every.visible_to(viewer))


class Debrief(models.Model):
    """What a talk brought, written right after it. ``step`` is what it changed in the register, if
    anything; ``demand`` what they asked of us in it."""

    agreement = models.ForeignKey(Agreement, on_delete=models.CASCADE, related_name="debriefs")
    plan = models.ForeignKey(Plan, on_delete=models.SET_NULL, null=True, related_name="debriefs")
    held_at = models.DateTimeField()
    outcome = models.CharField(max_length=12, choices=Outcome.choices)
    learned = models.TextField(blank=True)
    step = models.ForeignKey(AgreementEvent, on_delete=models.SET_NULL, null=True, related_name="+")
    demand = models.ForeignKey(DealEvent, on_delete=models.SET_NULL, null=True, related_name="+")
    written_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    written_at = models.DateTimeField()
    fingerprint = models.BigIntegerField()

    objects = DebriefQuerySet.as_manager()

    class Meta:
        ordering = ["-held_at", "-id"]
        constraints = [models.UniqueConstraint(fields=["agreement", "fingerprint"], name="one_debrief_once")]
