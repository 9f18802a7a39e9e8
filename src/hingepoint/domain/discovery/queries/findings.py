"""One finding of a run with its decisions, the deals behind it, and the findings signed."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

import polars as pl

from hingepoint.analysis import metrics
from hingepoint.analysis.discovery import settings as discovery_settings
from hingepoint.domain.deals.models import Deal
from hingepoint.domain.discovery import behind, work
from hingepoint.domain.discovery.models import Finding, FindingDecision, Run
from hingepoint.domain.discovery.queries.runs import Decided, RunPage, as_decided, run, seen
from hingepoint.domain.people.models import User
from hingepoint.records.errors import Hidden
from hingepoint.records.findings import Source, Status


@dataclass(frozen=True, slots=True)
class FindingPage:
    """One finding: its run, its facts of FORMATS, its decisions in order, those of other runs, and its version for saving."""

    run: RunPage
    key: str
    facts: dict[str, Any]
    verdict: str
    version: int
    decisions: tuple[Decided, ...]
    elsewhere: tuple[Decided, ...]


def finding(viewer: User, run_id: int, key: str, *, at: dt.datetime) -> FindingPage:
    """Return one finding of a run with its decisions. Raises Hidden."""
    found = Finding.objects.visible_to(viewer).filter(run_id=run_id, key=key).first()
    if found is None:
        raise Hidden("There is no such finding.")
    rows = FindingDecision.objects.filter(finding__key=key).select_related("by", "finding").order_by("-pk")
    decisions = [as_decided(row) for row in rows]
    return FindingPage(
        run=run(viewer, run_id, at=at),
        key=key,
        facts=found.facts,
        verdict=found.verdict,
        version=found.version,
        decisions=tuple(one for one in decisions if one.run_id == run_id),
        elsewhere=tuple(one for one in decisions if one.run_id != run_id)[:10],
    )


@dataclass(frozen=True, slots=True)
class Found:
    """What one run says about one agreement type, decided on or not yet, with the facts of FORMATS."""

    run_id: int
    key: str
    name: str
    verdict: str
    version: int
    facts: dict[str, Any]


def findings(viewer: User, run_id: int) -> list[Found]:
    """Return the findings of a run that the viewer may see, as it ranks them. Raises Hidden for a run that is not theirs to
    see."""
    if not Run.objects.visible_to(viewer).filter(pk=run_id).exists():
        raise Hidden("There is no such run.")
    names = work.names()
    rows = Finding.objects.visible_to(viewer).filter(run_id=run_id)
    return [
        Found(run_id, row.key, names.get(row.key, row.key), row.verdict, row.version, row.facts)
        for row in rows
    ]


def newest_finding(viewer: User, key: str, *, metric: str, at: dt.datetime) -> RunPage | None:
    """Return the newest run on a metric whose finding on an agreement type the viewer may see; None without."""
    rows = Finding.objects.visible_to(viewer).filter(key=key, run__metric=metric, run__status=Status.DONE)
    newest = rows.order_by("-run_id").values_list("run_id", flat=True).first()
    return None if newest is None else seen(run(viewer, newest, at=at))


def deals_behind(viewer: User, run_id: int, key: str, *, by: str) -> behind.DealsBehind | None:
    """Return the deals behind a finding both ways: gained by a landmark such as ``6w`` or not, and how
    each ended.

    Only deals that ``viewer`` may see, as they were when the run read them; None when the run keeps no
    data. Reads the run's data (a second for 100,000 deals).
    """
    if not Finding.objects.visible_to(viewer).filter(run_id=run_id, key=key).exists():
        raise Hidden("There is no such finding.")
    found = (
        Run.objects.visible_to(viewer).filter(pk=run_id).select_related("snapshot").defer("record").first()
    )
    if found is None or found.snapshot is None:
        return None
    known = dict(Deal.every.visible_to(viewer).values_list("key", "pk"))
    sorted_out = behind.sort_out(
        work.from_parquet(found.snapshot.deals),
        work.from_parquet(found.snapshot.events),
        key,
        metric=metrics.parse(found.metric),
        by_weeks=discovery_settings.weeks(by),
    )
    if not viewer.sees_everything or found.source == Source.DATABASE:
        sorted_out = sorted_out.filter(pl.col("deal_id").is_in(list(known)))
    listed = [known[one] for one in behind.largest_keys(sorted_out) if one in known]
    names = dict(Deal.every.filter(pk__in=listed).values_list("key", "name"))
    return behind.told(sorted_out, ids=known, names=names, everything=viewer.sees_everything)


@dataclass(frozen=True, slots=True)
class SignedFinding:
    """A finding an analyst stands behind, with the facts of FORMATS and the note."""

    run_id: int
    key: str
    name: str
    metric: str
    facts: dict[str, Any]
    note: str
    by: str
    at: dt.datetime


def signed(viewer: User) -> list[SignedFinding]:
    """Return the signed findings, the newest of each type and metric: what playbooks and next best
    agreements build on."""
    rows = Finding.objects.visible_to(viewer).signed().select_related("run").defer("run__record")
    newest: dict[tuple[str, str], Finding] = {}
    for row in rows.order_by("run_id"):
        newest[row.run.metric, row.key] = row
    notes = _last_decisions([row.pk for row in newest.values()])
    names = work.names()
    return sorted(
        (_signed(row, notes[row.pk], names.get(row.key, row.key)) for row in newest.values()),
        key=lambda one: (-one.run_id, one.name),
    )


def _last_decisions(ids: list[int]) -> dict[int, FindingDecision]:
    rows = FindingDecision.objects.filter(finding__in=ids).select_related("by")
    return {row.finding_id: row for row in rows.order_by("pk")}


def _signed(row: Finding, decision: FindingDecision, name: str) -> SignedFinding:
    return SignedFinding(
        row.run_id, row.key, name, row.run.metric, row.facts, decision.note, decision.by.name, decision.at
    )
