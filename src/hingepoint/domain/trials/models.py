"""Trials: a test of one agreement type, the lots as they were drawn, and who looked at what they showed."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from hingepoint.analysis import own_metrics
from hingepoint.domain.discovery.models import Finding
from hingepoint.domain.people.models import User, Viewer, works_here
from hingepoint.records.people import Role
from hingepoint.records.trials import Design


class TrialQuerySet(models.QuerySet["Trial"]):
    def visible_to(self, viewer: Viewer) -> TrialQuerySet:
        """For sponsor and analyst, and for the managers whose teams take part in it."""
        if works_here(viewer) and (viewer.sees_everything or viewer.role == Role.MANAGER):
            return self.all()
        return self.none()

    def running(self) -> TrialQuerySet:
        """Return the trials whose result is not shown yet."""
        return self.exclude(looks__early=False)


class Trial(models.Model):
    """A planned test of one agreement type, with the lots as they were drawn. Never changed: a second
    draw is a second trial, so that nobody draws until they like the order.

    What decides is stated here before the first deal: ``agreement`` (a type's key), ``metric``, ``horizon_days``
    from the creation of a deal, which deals (``segment``, ``teams``; all where empty) and ``promised``, the
    numbers of the plan. ``steps`` holds the names of the teams that start at each step, in order; empty for a
    prompt, where the key of a deal and the seed say whether it is asked. ``finding`` is what it was planned from.
    """

    finding = models.ForeignKey(Finding, on_delete=models.SET_NULL, null=True, related_name="trials")
    agreement = models.CharField(max_length=200, default="")
    metric = models.CharField(max_length=own_metrics.MOST_LETTERS, default="")
    currency = models.CharField(max_length=3, blank=True, default="")
    horizon_days = models.PositiveSmallIntegerField(default=182)
    segment = models.CharField(max_length=100, blank=True, default="")
    teams = models.JSONField(default=list)
    design = models.CharField(max_length=10, choices=Design.choices)
    seed = models.PositiveBigIntegerField()
    starts_on = models.DateField()
    step_days = models.PositiveSmallIntegerField(default=0)
    steps = models.JSONField(default=list)
    promised = models.JSONField(default=dict)
    drawn_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    drawn_at = models.DateTimeField()

    objects = TrialQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(design="prompt", step_days=0) | Q(design="wedge", step_days__gt=0),
                name="steps_have_a_length",
            ),
            models.CheckConstraint(condition=Q(horizon_days__gt=0), name="trials_have_a_horizon"),
        ]
        indexes = [models.Index(fields=["agreement", "metric"], name="trial_by_agreement")]


class TrialLook(models.Model):
    """Somebody looked at what a trial shows, or its end did (``by`` is empty then). Never changed.

    ``early``: before all planned deals had their outcome; who does so says why. ``record`` is what was seen
    (``trials.frames.seen``), so that it reads the same years later.
    """

    trial = models.ForeignKey(Trial, on_delete=models.CASCADE, related_name="looks")
    by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()
    early = models.BooleanField()
    reason = models.TextField(blank=True)
    record = models.JSONField()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(early=False) | (~Q(reason="") & Q(by__isnull=False)), name="early_looks_say_why"
            )
        ]
