"""Strategies with their result metrics, and the playbook: the pivotal agreements of a strategy."""

from __future__ import annotations

import datetime as dt

from django.db import models
from django.db.models import Exists, OuterRef, Q

from hingepoint.analysis import own_metrics
from hingepoint.domain.agreements.models import AgreementType
from hingepoint.domain.discovery.models import Finding
from hingepoint.domain.people.models import Team, User, Viewer, choices, works_here
from hingepoint.domain.strategy.requirements import USUAL_GRACE
from hingepoint.records.agreements import Evidence
from hingepoint.records.deals import Stage
from hingepoint.records.people import Role
from hingepoint.records.strategy import NeededBy, Status

#: A metric's name holds its whole definition, where it is the company's own.
METRIC_NAME = own_metrics.MOST_LETTERS
#: At most this many agreements are required of a deal; everything else is optional and never nags.
MOST_REQUIRED = 8


class StrategyQuerySet(models.QuerySet["Strategy"]):
    def visible_to(self, viewer: Viewer) -> StrategyQuerySet:
        """Everybody who sells knows the strategies in force; drafts are the keepers' own."""
        if not works_here(viewer) or viewer.role == Role.INSIDE_PARTNER:
            return self.none()
        return self.all() if viewer.sees_everything else self.exclude(status=Status.DRAFT)

    def in_force(self) -> StrategyQuerySet:
        return self.filter(status=Status.IN_FORCE)


class Strategy(models.Model):
    """What the company wants to win by, for which deals, and the metric that says whether it does.

    ``metric`` is written as for discovery (``supportive:discount<=0.15``). An empty ``segment`` means
    every deal. One deal serves one strategy: the first in force, by ``rank``, whose segment it is in. What it
    asks for anew is due ``grace_days`` later at the earliest.
    """

    name = models.CharField(max_length=120, unique=True)
    statement = models.TextField()
    sponsor = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="strategies")
    metric = models.CharField(max_length=METRIC_NAME)
    segment = models.CharField(max_length=100, blank=True)
    rank = models.PositiveSmallIntegerField(default=1)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.DRAFT)
    starts_on = models.DateField(null=True, blank=True)
    grace_days = models.PositiveSmallIntegerField(default=USUAL_GRACE)
    version = models.PositiveIntegerField(default=1)

    objects = StrategyQuerySet.as_manager()

    class Meta:
        ordering = ["rank", "id"]

    def __str__(self) -> str:
        return self.name


class ResultMetric(models.Model):
    """A result the strategy is judged by: where it stood, where it shall be, by when, on which deals.

    ``baseline`` and ``target`` are in the metric's own unit: shares for rates, days for cycle time,
    the company's currency for money. Of the strategy's deals it counts those of ``segment``, ``region``, ``product``
    and ``team`` with the teams below it; empty means all.
    """

    strategy = models.ForeignKey(Strategy, on_delete=models.CASCADE, related_name="result_metrics")
    metric = models.CharField(max_length=METRIC_NAME)
    segment = models.CharField(max_length=100, blank=True)
    region = models.CharField(max_length=100, blank=True)
    product = models.CharField(max_length=100, blank=True)
    team = models.ForeignKey(Team, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    baseline = models.FloatField()
    target = models.FloatField()
    target_on = models.DateField()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["strategy", "metric", "segment", "region", "product"],
                condition=Q(team__isnull=True),
                name="one_target_a_metric",
            ),
            models.UniqueConstraint(
                fields=["strategy", "metric", "segment", "region", "product", "team"],
                condition=Q(team__isnull=False),
                name="one_target_a_metric_of_a_team",
            ),
        ]


class OwnMetricQuerySet(models.QuerySet["OwnMetric"]):
    def newest(self) -> OwnMetricQuerySet:
        """The version of each that can be chosen now."""
        later = OwnMetric.objects.filter(key=OuterRef("key"), version__gt=OuterRef("version"))
        return self.filter(~Exists(later))


class OwnMetric(models.Model):
    """One version of a result metric that the company defined itself; never changed: a change is the next version.

    ``told`` is the metric's name with its whole definition (``analysis.own_metrics``), as targets hold it.
    """

    key = models.CharField(max_length=40)
    version = models.PositiveSmallIntegerField()
    told = models.CharField(max_length=METRIC_NAME)
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")

    objects = OwnMetricQuerySet.as_manager()

    class Meta:
        ordering = ["key", "version"]
        constraints = [models.UniqueConstraint(fields=["key", "version"], name="own_metric_version_once")]


class PlaybookQuerySet(models.QuerySet["Playbook"]):
    def published(self) -> PlaybookQuerySet:
        """Versions that hold or held, the last one first unless ordered otherwise."""
        return self.published_by(None)

    def published_by(self, day: dt.date | None) -> PlaybookQuerySet:
        """The same of the versions published by the end of a day; None: of all."""
        rows = self.filter(published_at__isnull=False)
        return rows if day is None else rows.filter(published_at__date__lte=day)


class Playbook(models.Model):
    """One version of a strategy's pivotal agreements. A published version is never changed: a change
    is the next version, so that the past stays judged by what was asked then."""

    strategy = models.ForeignKey(Strategy, on_delete=models.CASCADE, related_name="playbooks")
    number = models.PositiveSmallIntegerField()
    published_at = models.DateTimeField(null=True)
    published_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    note = models.TextField(blank=True)
    version = models.PositiveIntegerField(default=1)

    objects = PlaybookQuerySet.as_manager()

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["strategy", "number"], name="one_playbook_of_a_number"),
            models.UniqueConstraint(
                fields=["strategy"], condition=Q(published_at__isnull=True), name="one_draft_playbook"
            ),
        ]


class PivotalAgreement(models.Model):
    """An agreement type chosen for a strategy, with its standard: what good looks like here."""

    playbook = models.ForeignKey(Playbook, on_delete=models.CASCADE, related_name="pivotal")
    type = models.ForeignKey(AgreementType, on_delete=models.PROTECT, related_name="pivotal")
    position = models.PositiveSmallIntegerField()
    finding = models.ForeignKey(Finding, on_delete=models.PROTECT, null=True, related_name="pivotal")
    judgement = models.TextField(blank=True)  # why it was chosen, where no signed finding says so
    counterpart = models.CharField(max_length=200, blank=True)
    needed_by = models.CharField(max_length=12, choices=NeededBy.choices, default=NeededBy.DAYS_FROM_CREATION)
    needed_days = models.PositiveSmallIntegerField(null=True, blank=True)
    needed_stage = models.CharField(max_length=20, choices=choices(Stage), blank=True)
    evidence_wanted = models.PositiveSmallIntegerField(default=Evidence.TOLD)
    recheck_days = models.PositiveSmallIntegerField(default=90)
    segments = models.JSONField(default=list, blank=True)  # of the deals that need it; empty: all
    least_amount = models.DecimalField(max_digits=19, decimal_places=4, null=True, blank=True)
    checks = models.JSONField(default=list, blank=True)  # the type's four, or the company's own words
    questions = models.JSONField(default=list, blank=True)
    demands = models.JSONField(default=list, blank=True)  # [{"demand", "reasons": [], "trades": []}]
    principles = models.JSONField(default=list, blank=True)

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["playbook", "type"], name="pivotal_type_once"),
            models.UniqueConstraint(fields=["playbook", "position"], name="pivotal_position_once"),
            models.CheckConstraint(
                condition=Q(position__range=(1, MOST_REQUIRED)), name="at_most_eight_pivotal"
            ),
            models.CheckConstraint(
                condition=Q(finding__isnull=False) | ~Q(judgement=""), name="pivotal_says_why"
            ),
        ]


class AskingRound(models.Model):
    """How far every open deal has been asked for what the playbooks in force want of it; one row.

    A change of what is wanted begins the round anew. It goes deal by deal in batches, each of which moves
    ``after`` in the transaction that writes it, so that a killed worker goes on where it stopped.
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    number = models.PositiveIntegerField(default=0)  # of rounds begun
    begun_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    after = models.BigIntegerField(default=0)  # the deal asked last
    done = models.PositiveIntegerField(default=0)  # open deals asked
    total = models.PositiveIntegerField(default=0)  # of so many when the round began
    added = models.PositiveIntegerField(default=0)
    changed = models.PositiveIntegerField(default=0)
    released = models.PositiveIntegerField(default=0)
    days_to_stage = models.JSONField(null=True)  # the usual days it reckons with, until the next round
    trail = models.BigIntegerField(default=0)  # the line of the trail up to which changed deals are asked

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="one_asking_round")]
