"""Runs of discovery, the data they were made from, their findings, and what the analyst decided."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import TYPE_CHECKING, TypedDict, cast

from django.db import models
from django.db.models import F, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce

from hingepoint.analysis import own_metrics
from hingepoint.domain.agreements.models import AgreementType
from hingepoint.domain.people.models import User, Viewer, choices, works_here
from hingepoint.records.findings import Grade, Source, Status, Verdict
from hingepoint.records.people import Role

if TYPE_CHECKING:
    from django_stubs_ext import WithAnnotations

#: A running run whose worker has not been heard of for so long has lost its worker.
SILENCE = dt.timedelta(minutes=2)

#: Who reads signed findings, besides those who see everything.
READERS = (Role.MANAGER, Role.SELLER)


class DataSnapshot(models.Model):
    """The deals and events that a run was computed from, as Parquet: what makes it reproducible.

    Kept in the database, so that a backup holds it and a worker elsewhere can read it.
    """

    digest = models.CharField(max_length=64, unique=True)  # SHA-256 of both tables
    deals = models.BinaryField()
    events = models.BinaryField()
    deal_count = models.PositiveIntegerField()
    event_count = models.PositiveIntegerField()
    made_at = models.DateTimeField()


class RunQuerySet(models.QuerySet["Run"]):
    def visible_to(self, viewer: Viewer) -> RunQuerySet:
        """All for sponsor and analyst; managers and sellers know the runs with a signed finding."""
        if not works_here(viewer):
            return self.none()
        if viewer.sees_everything:
            return self.all()
        if viewer.role in READERS:
            return self.filter(findings__verdict=Verdict.SIGNED).distinct()
        return self.none()

    def unfinished(self) -> RunQuerySet:
        return self.filter(status__in=(Status.QUEUED, Status.RUNNING))

    def silent(self, at: dt.datetime) -> RunQuerySet:
        """Return the runs that say they run and whose worker is gone."""
        return self.filter(status=Status.RUNNING, heartbeat_at__lt=at - SILENCE)


class Run(models.Model):
    """One computation: what was asked, on which data, by which version, and what came out.

    ``record`` is what ``analysis.discovery.record`` makes of the result; page and report are made from
    it alone, so that a run reads the same years later.
    """

    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    asked_at = models.DateTimeField()
    source = models.CharField(max_length=10, choices=Source.choices)
    inputs = models.JSONField(default=list)  # per file: name, sha256, path while it waits to be read
    options = models.JSONField(default=dict)  # how the input is read: segment, skip_bad_rows, mapping
    settings = models.JSONField(default=dict)  # analysis.discovery.Settings as asked
    repeats = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, related_name="+")
    snapshot = models.ForeignKey(DataSnapshot, on_delete=models.PROTECT, null=True, related_name="runs")
    code_version = models.CharField(max_length=60, blank=True)

    status = models.CharField(max_length=10, choices=Status.choices, default=Status.QUEUED)
    attempt = models.PositiveSmallIntegerField(default=0)  # a worker whose attempt is over changes nothing
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    heartbeat_at = models.DateTimeField(null=True)
    progress = models.FloatField(default=0.0)
    doing = models.CharField(max_length=200, blank=True)
    cancel_asked = models.BooleanField(default=False)
    problem = models.TextField(blank=True)
    problem_rows = models.JSONField(default=list)  # records.RowProblem as dicts, the first ones

    metric = models.CharField(
        max_length=own_metrics.MOST_LETTERS, blank=True
    )  # as computed; empty until done
    record = models.JSONField(null=True)

    objects = RunQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(status="done") | Q(record__isnull=False), name="done_runs_have_a_record"
            ),
            models.CheckConstraint(
                condition=~Q(status="failed") | ~Q(problem=""), name="failed_runs_say_why"
            ),
            models.CheckConstraint(
                condition=~Q(status="running") | Q(heartbeat_at__isnull=False),
                name="running_runs_are_heard_of",
            ),
        ]

    def is_silent(self, at: dt.datetime) -> bool:
        """Return whether the run says it runs and its worker is gone."""
        heard = self.heartbeat_at
        return self.status == Status.RUNNING and heard is not None and heard < at - SILENCE


class OnType(TypedDict):
    """What ``on`` annotates."""

    meant: str


class FindingQuerySet(models.QuerySet["Finding"]):
    def visible_to(self, viewer: Viewer) -> FindingQuerySet:
        """All for sponsor and analyst; signed ones for managers and sellers."""
        if not works_here(viewer):
            return self.none()
        if viewer.sees_everything:
            return self.all()
        if viewer.role in READERS:
            return self.signed()
        return self.none()

    def signed(self) -> FindingQuerySet:
        return self.filter(verdict=Verdict.SIGNED)

    def on(self, keys: Collection[str]) -> models.QuerySet[WithAnnotations[Finding, OnType]]:
        """Findings on types, also those on words that are tied to them since; ``meant`` is the type's key."""
        tied = AgreementType.objects.filter(tied_to__key__in=keys)
        means = Subquery(AgreementType.objects.filter(key=OuterRef("key")).values("tied_to__key")[:1])
        found = self.filter(Q(key__in=keys) | Q(key__in=tied.values("key")))
        annotated = found.annotate(meant=Coalesce(means, F("key")))
        return cast("models.QuerySet[WithAnnotations[Finding, OnType]]", annotated)


class Finding(models.Model):
    """What one run says about one agreement type. ``facts`` is its entry of the run's result,
    its landmarks and segments with their numbers of deals; ``verdict`` the last of its decisions."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="findings")
    key = models.CharField(max_length=200)
    rank = models.PositiveIntegerField()
    grade = models.CharField(max_length=10, choices=choices(Grade))
    effect = models.FloatField(null=True)
    low = models.FloatField(null=True)
    high = models.FloatField(null=True)
    in_set = models.BooleanField(default=False)
    facts = models.JSONField()
    verdict = models.CharField(max_length=10, choices=Verdict.choices, blank=True, default=Verdict.OPEN)
    version = models.PositiveIntegerField(default=1)

    objects = FindingQuerySet.as_manager()

    class Meta:
        ordering = ["rank"]
        constraints = [models.UniqueConstraint(fields=["run", "key"], name="one_finding_of_a_type")]
        indexes = [models.Index(fields=["key", "verdict"], name="finding_by_key")]


class FindingDecision(models.Model):
    """An analyst signed or rejected a finding. Never changed; the newest counts."""

    finding = models.ForeignKey(Finding, on_delete=models.CASCADE, related_name="decisions")
    verdict = models.CharField(max_length=10, choices=[c for c in Verdict.choices if c[0]])
    note = models.TextField()
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ["-id"]
        constraints = [models.CheckConstraint(condition=~Q(note=""), name="decisions_say_why")]
