"""The runs of discovery: their list, one with its record, its findings as a table."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import polars as pl
from django.db.models import Count, Q, QuerySet

from hingepoint.analysis.discovery import record as records_of_runs
from hingepoint.analysis.discovery.benchmark_pack import Pack
from hingepoint.analysis.discovery.record import Record
from hingepoint.analysis.discovery.result import Check
from hingepoint.analysis.discovery.track_record import Replay
from hingepoint.domain.discovery import packs
from hingepoint.domain.discovery.models import Finding, FindingDecision, Run
from hingepoint.domain.people.models import User, works_here
from hingepoint.records.errors import Hidden
from hingepoint.records.findings import Source, Status, Verdict
from hingepoint.records.people import Role


@dataclass(frozen=True, slots=True)
class RunLine:
    """One run in a list. ``state`` is a status, or ``lost`` when its worker is gone."""

    id: int
    asked_at: dt.datetime
    asked_by: str
    made_from: str
    metric: str
    state: str
    progress: float
    doing: str
    shown: int
    chosen: int
    signed: int
    rejected: int
    deals: int

    @property
    def unfinished(self) -> bool:
        return self.state in (Status.QUEUED, Status.RUNNING)


@dataclass(frozen=True, slots=True)
class Decided:
    """Somebody signed or rejected a finding, in this run or in another."""

    verdict: str
    note: str
    by: str
    at: dt.datetime
    run_id: int


@dataclass(frozen=True, slots=True)
class RunPage:
    """A run with its record; ``decided`` holds the decision that counts, by key, ``earlier`` the last one
    of other runs. ``keys`` are the findings the viewer may see. ``pack`` is for analysts; ``no_pack`` says why a run can
    have none."""

    line: RunLine
    record: Record | None
    keys: frozenset[str]
    decided: dict[str, Decided]
    earlier: dict[str, Decided]
    problem: str
    problem_rows: tuple[dict[str, Any], ...]
    can_skip_rows: bool
    can_continue: bool
    can_repeat: bool
    from_database: bool
    snapshot: str
    code_version: str
    asked_settings: dict[str, Any]
    inputs: tuple[dict[str, str], ...]
    read: dict[str, Any]
    repeats: int | None
    ended_at: dt.datetime | None
    previous: int | None
    pack: Pack | None = None
    no_pack: str = ""

    @property
    def found(self) -> Record:
        """The record of a run that is done. Raises Hidden: until then there is nothing to see."""
        if self.record is None:
            raise Hidden("This run has found nothing yet.")
        return self.record


def may_run(viewer: User) -> bool:
    """Return whether ``viewer`` starts runs and decides on findings."""
    return works_here(viewer) and viewer.role == Role.ANALYST


def runs(viewer: User, *, at: dt.datetime, limit: int = 50, before: int | None = None) -> list[RunLine]:
    """Return the newest runs that ``viewer`` may see, before a number where one is said, as lines of a list."""
    found = Run.objects.visible_to(viewer)
    found = found.filter(pk__lt=before) if before else found
    found = found.select_related("asked_by", "snapshot").defer("record", *BLOBS)
    signed = Count("findings", filter=Q(findings__verdict=Verdict.SIGNED), distinct=True)
    rejected = Count("findings", filter=Q(findings__verdict=Verdict.REJECTED), distinct=True)
    shown = Count("findings", filter=Q(findings__grade__in=("strong", "moderate")), distinct=True)
    chosen = Count("findings", filter=Q(findings__in_set=True), distinct=True)
    found = found.annotate(signed=signed, rejected=rejected, shown=shown, chosen=chosen)
    return [line_of(run, at) for run in found.order_by("-id")[:limit]]


@dataclass(frozen=True, slots=True)
class TrackRecord:
    """How earlier advice has held, by the run that replayed it: its metric, and the currency of its amounts."""

    run_id: int
    metric: str
    currency: str
    replay: Replay


def last_replay(viewer: User, base: int) -> TrackRecord | None:
    """Return the last replay of past days on our deals by the metric of a run; None without one, and for those who do not
    see all findings. One SQL query, which reads no more of the record."""
    if not viewer.sees_everything:
        return None
    same = Run.objects.filter(pk=base).values("metric")
    done = Run.objects.visible_to(viewer).filter(status=Status.DONE, source=Source.DATABASE, metric__in=same)
    replayed = done.filter(record__result__has_key="replay").order_by("-pk")
    last = replayed.values_list("pk", "metric", "record__currency", "record__result__replay").first()
    if last is None:
        return None
    number, metric, currency, stored = last
    replay = records_of_runs.replay(stored)
    return TrackRecord(number, metric, currency or "", replay) if replay else None


def last_audit(viewer: User) -> tuple[int, tuple[Check, ...]]:
    """Return the last run on our deals that is done, and what it checked of how the record was kept; 0 and nothing
    where there is none. One SQL query, which reads no more of the record."""
    done = Run.objects.visible_to(viewer).filter(status=Status.DONE, source=Source.DATABASE)
    last = done.order_by("-pk").values_list("pk", "record__result__audit").first()
    if last is None:
        return 0, ()
    number, audit = last
    return number, records_of_runs.checks(audit or ())


BLOBS = ("snapshot__deals", "snapshot__events")


def line_of(run: Run, at: dt.datetime) -> RunLine:
    return RunLine(
        id=run.pk,
        asked_at=run.asked_at,
        asked_by=run.asked_by.name if run.asked_by else "system",
        made_from=_made_from(run),
        metric=run.metric or run.settings.get("metric") or "",
        state="lost" if run.is_silent(at) else run.status,
        progress=run.progress,
        doing=run.doing,
        shown=getattr(run, "shown", 0),
        chosen=getattr(run, "chosen", 0),
        signed=getattr(run, "signed", 0),
        rejected=getattr(run, "rejected", 0),
        deals=run.snapshot.deal_count if run.snapshot else 0,
    )


def _made_from(run: Run) -> str:
    if run.source == Source.FILES:
        return ", ".join(kept["name"] for kept in run.inputs) or "uploaded files"
    segment = run.options.get("segment")
    return f"our deals, segment {segment}" if segment else "our deals"


def state(viewer: User, run_id: int, *, at: dt.datetime) -> RunLine:
    """Return where a run is: what its page asks every second. Raises Hidden."""
    run = _visible(viewer, run_id).defer("record", *BLOBS).first()
    if run is None:
        raise Hidden("There is no such run.")
    return line_of(run, at)


def _visible(viewer: User, run_id: int) -> QuerySet[Run]:
    return Run.objects.visible_to(viewer).filter(pk=run_id).select_related("asked_by", "snapshot")


def run(viewer: User, run_id: int, *, at: dt.datetime) -> RunPage:
    """Return a run with everything its page shows. Raises Hidden."""
    found = _visible(viewer, run_id).defer(*BLOBS).first()
    if found is None:
        raise Hidden("There is no such run.")
    keys = frozenset(Finding.objects.visible_to(viewer).filter(run=found).values_list("key", flat=True))
    ended = found.status in (Status.FAILED, Status.CANCELLED) or found.is_silent(at)
    kept = found.snapshot_id is not None or all("path" in one for one in found.inputs)
    return RunPage(
        line=line_of(found, at),
        record=records_of_runs.opened(found.record) if found.record else None,
        keys=keys,
        decided=_decided(keys, run_id=run_id),
        earlier=_decided(keys, before=run_id),
        problem=found.problem,
        problem_rows=tuple(found.problem_rows),
        can_skip_rows=bool(found.problem_rows) and kept,
        can_continue=ended and kept and may_run(viewer),
        can_repeat=found.status == Status.DONE and found.snapshot_id is not None and may_run(viewer),
        from_database=found.source == Source.DATABASE,
        snapshot=found.snapshot.digest if found.snapshot else "",
        code_version=found.code_version,
        asked_settings=found.settings,
        inputs=tuple({"name": one["name"], "sha256": one["sha256"]} for one in found.inputs),
        read=found.options.get("read", {}),
        repeats=found.repeats_id,
        ended_at=found.ended_at,
        previous=_previous(viewer, found),
        pack=packs.kept(found.record) if may_run(viewer) else None,
        no_pack=packs.refusal(found) if found.status == Status.DONE else "",
    )


def _previous(viewer: User, run: Run) -> int | None:
    """Return the run before ``run`` with the same metric."""
    older = Run.objects.visible_to(viewer).filter(status=Status.DONE, pk__lt=run.pk, metric=run.metric)
    return older.order_by("-pk").values_list("pk", flat=True).first() if run.metric else None


def _decided(
    keys: Iterable[str], *, run_id: int | None = None, before: int | None = None
) -> dict[str, Decided]:
    """Return the newest decision by key: of one run, or of all runs before one."""
    which = Q(finding__run_id=run_id) if before is None else Q(finding__run_id__lt=before)
    rows = FindingDecision.objects.filter(which, finding__key__in=keys).select_related("by", "finding")
    return {row.finding.key: as_decided(row) for row in rows.order_by("pk")}


def as_decided(row: FindingDecision) -> Decided:
    return Decided(row.verdict, row.note, row.by.name, row.at, row.finding.run_id)


def export_csv(viewer: User, run_id: int, *, at: dt.datetime) -> str:
    """Return findings.csv of a run: the bytes that the command writes, of the findings one may see."""
    return _exported(viewer, run_id, at).csv()


def export_table(viewer: User, run_id: int, *, at: dt.datetime) -> pl.DataFrame:
    """Return the findings of a run that one may see, as a frame."""
    return _exported(viewer, run_id, at).table()


def _exported(viewer: User, run_id: int, at: dt.datetime) -> Record:
    record = seen(run(viewer, run_id, at=at)).record
    if record is None:
        raise Hidden("The run has no findings yet.")
    return record


def seen(page: RunPage) -> RunPage:
    """Return ``page`` with a record that holds nothing but the findings its viewer may see."""
    if page.record is None or len(page.keys) == len(page.record.findings):
        return page
    return replace(page, record=page.record.only(page.keys))
