"""Rollouts: teams start something new one after another; what that was worth, and what it cost.

| field | who reads | who writes |
|---|---|---|
| a rollout whose card is not sealed | sponsor and analyst | sponsor and analyst |
| a sealed or withdrawn rollout, its reading, its costs | everybody who works here | sponsor and analyst; the reading: the program |
"""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from hingepoint.domain.people.models import User, Viewer, works_here
from hingepoint.domain.strategy.models import Strategy
from hingepoint.records.impact import CostKind, Order


class RolloutQuerySet(models.QuerySet["Rollout"]):
    def visible_to(self, viewer: Viewer) -> RolloutQuerySet:
        """Sealed ones for everybody who works here; those being planned for sponsor and analyst."""
        if not works_here(viewer):
            return self.none()
        return self.all() if viewer.sees_everything else self.sealed()

    def sealed(self) -> RolloutQuerySet:
        return self.filter(sealed_at__isnull=False)

    def standing(self) -> RolloutQuerySet:
        return self.filter(withdrawn_at__isnull=True)

    def unsealed(self) -> RolloutQuerySet:
        """Return those that are being planned."""
        return self.standing().filter(sealed_at__isnull=True)


class Rollout(models.Model):
    """Teams start something one after another. What is sealed is never changed: a rollout is only withdrawn.

    ``metric`` is written as for discovery, ``worth`` the smallest effect that matters in its unit (None: the usual).
    ``teams`` are names. Of an order drawn here ``seed`` is on record before ``plan`` (``impact.plan_to_dict``: what it can prove,
    the order, the card) is made from it; ``problem`` says why it could not be. ``starts`` holds the day of each team from
    the seal on, None for a team that waits. ``card`` is the sealed text and ``sha256`` its number.
    """

    name = models.CharField(max_length=120, unique=True)
    what = models.TextField()
    strategy = models.ForeignKey(Strategy, on_delete=models.PROTECT, null=True, related_name="rollouts")
    metric = models.CharField(max_length=200)
    period = models.CharField(max_length=10)
    worth = models.FloatField(null=True)
    order = models.CharField(max_length=10, choices=Order.choices)
    teams = models.JSONField()
    steps = models.PositiveSmallIntegerField(null=True)
    periods = models.PositiveSmallIntegerField(null=True)
    seed = models.PositiveBigIntegerField(null=True)
    planned_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    planned_at = models.DateTimeField()
    plan = models.JSONField(null=True)
    problem = models.CharField(max_length=500, blank=True)
    starts = models.JSONField(default=dict)
    card = models.TextField(blank=True)
    sha256 = models.CharField(max_length=64, blank=True)
    sealed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    sealed_at = models.DateTimeField(null=True)
    withdrawn_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_because = models.TextField(blank=True)

    objects = RolloutQuerySet.as_manager()

    class Meta:
        ordering = ["-planned_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(sealed_at__isnull=True, card="", sha256="")
                | Q(sealed_at__isnull=False) & ~Q(card="") & ~Q(sha256=""),
                name="what_is_sealed_has_a_card",
            ),
            models.CheckConstraint(
                condition=~Q(order="ours")
                | Q(seed__isnull=False, steps__isnull=False, periods__isnull=False),
                name="our_lot_has_a_seed",
            ),
            models.CheckConstraint(
                condition=Q(withdrawn_at__isnull=True) | ~Q(withdrawn_because=""),
                name="who_withdraws_a_rollout_says_why",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class RolloutReading(models.Model):
    """What a rollout was worth at the end of ``day``: the newest reading. ``told`` is what ``hingepoint impact`` prints, with what
    people did (``impact.record.Told``); empty where ``problem`` says why nothing could be read."""

    rollout = models.OneToOneField(Rollout, on_delete=models.CASCADE, related_name="reading")
    day = models.DateField()
    told = models.JSONField(null=True)
    problem = models.CharField(max_length=500, blank=True)
    made_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(told__isnull=False) | ~Q(problem=""), name="a_reading_tells_or_says_why_not"
            )
        ]


class RolloutCost(models.Model):
    """What a rollout costs: ``amount`` once, or an hour of people's time at ``amount`` and how many ``minutes`` it takes
    (``records.impact.CostKind``). Never changed: what was wrong is taken back."""

    rollout = models.ForeignKey(Rollout, on_delete=models.CASCADE, related_name="costs")
    kind = models.CharField(max_length=12, choices=CostKind.choices)
    what = models.CharField(max_length=200)
    amount = models.DecimalField(max_digits=14, decimal_places=2)
    currency = models.CharField(max_length=3)
    minutes = models.PositiveSmallIntegerField(null=True)
    noted_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    noted_at = models.DateTimeField()
    taken_back_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    taken_back_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="investment", minutes__isnull=True)
                | ~Q(kind="investment") & Q(minutes__isnull=False),
                name="time_is_told_in_minutes",
            )
        ]
