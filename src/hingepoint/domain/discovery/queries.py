"""Every answer about discovery: what is ready, which runs there are, what one says, the deals behind it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from math import isfinite
from typing import Any

import polars as pl
from django.db.models import Count, F, Max, Min, Q

from hingepoint.analysis import metrics
from hingepoint.analysis.discovery import Finding as Facts
from hingepoint.analysis.discovery import record as records_of_runs
from hingepoint.analysis.discovery import settings as discovery_settings
from hingepoint.analysis.discovery.record import Record
from hingepoint.domain.agreements.models import Agreement
from hingepoint.domain.deals.models import Deal, DealEvent
from hingepoint.domain.discovery import behind, work
from hingepoint.domain.discovery import readiness as readiness_of
from hingepoint.domain.discovery.models import Finding, FindingDecision, Run, Source, Status, Verdict
from hingepoint.domain.discovery.readiness import CLOSED_GOOD, CLOSED_NEEDED, GAINS_NEEDED, TYPES_NEEDED
from hingepoint.domain.people.models import User, works_here
from hingepoint.records.agreements import STANDING, AgreementState, Evidence
from hingepoint.records.deals import DealStatus, EventKind
from hingepoint.records.errors import Hidden
from hingepoint.records.people import Role


@dataclass(frozen=True, slots=True)
class Readiness:
    """What discovery has, what it needs, and what it gives now."""

    closed: int
    won: int
    types: int
    usable_types: int
    priced: int
    ready: bool
    have: str
    need: str
    now: str


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
    of other runs. ``keys`` are the findings the viewer may see."""

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


@dataclass(frozen=True, slots=True)
class FindingPage:
    """One finding: its run, its decisions in order, those of other runs, and its version for saving."""

    run: RunPage
    key: str
    verdict: str
    version: int
    decisions: tuple[Decided, ...]
    elsewhere: tuple[Decided, ...]


@dataclass(frozen=True, slots=True)
class Move:
    """What became of one agreement type between two runs."""

    key: str
    name: str
    what: str
    before: str
    after: str
    effect_before: float | None
    effect_after: float | None
    why: str


def may_run(viewer: User) -> bool:
    """Return whether ``viewer`` starts runs and decides on findings."""
    return works_here(viewer) and viewer.role == Role.ANALYST


def readiness(viewer: User) -> Readiness:
    """Return what the deals that ``viewer`` sees allow discovery to say. Causes three SQL queries."""
    deals = Deal.objects.visible_to(viewer)
    counts = deals.aggregate(
        won=Count("pk", filter=Q(status=DealStatus.WON)),
        lost=Count("pk", filter=Q(status=DealStatus.LOST)),
        priced=Count("pk", filter=Q(status=DealStatus.WON, discount__isnull=False)),
    )
    gains = Agreement.objects.visible_to(viewer).filter(Q(state__in=STANDING) | Q(gained_at__isnull=False))
    by_type = gains.values("type").annotate(n=Count("pk")).values_list("n", flat=True)
    numbers = list(by_type)
    usable = sum(n >= GAINS_NEEDED for n in numbers)
    closed = counts["won"] + counts["lost"]
    ready = closed >= CLOSED_NEEDED and usable >= TYPES_NEEDED
    return Readiness(
        closed=closed,
        won=counts["won"],
        types=len(numbers),
        usable_types=usable,
        priced=counts["priced"],
        ready=ready,
        have=f"{closed:,} closed deals ({counts['won']:,} won), {usable} agreement types gained on "
        f"{GAINS_NEEDED} deals or more",
        need=f"{CLOSED_NEEDED:,} closed deals and {TYPES_NEEDED} such types; {CLOSED_GOOD:,} closed deals for "
        "firm answers",
        now=readiness_of.what_it_gives(closed, usable),
    )


def needs(viewer: User) -> tuple[readiness_of.Line, ...]:
    """Return everything that discovery needs, with what there is of it and how to get the rest. Raises
    Hidden for those who do not see all deals. Four SQL queries."""
    if not viewer.sees_everything:
        raise Hidden("It is for those who look after the data.")
    closed = Q(status__in=(DealStatus.WON, DealStatus.LOST))
    won = Q(status=DealStatus.WON)
    facts = {"size": Q(initial_amount__isnull=False), "account": Q(account__isnull=False)}
    facts |= {name: ~Q(**{name: ""}) for name in ("segment", "region", "product", "source")}
    deals = Deal.objects.visible_to(viewer).aggregate(
        closed=Count("pk", filter=closed),
        won=Count("pk", filter=won),
        priced=Count("pk", filter=won & Q(discount__isnull=False)),
        costed=Count("pk", filter=won & (Q(margin__isnull=False) | Q(cost__isnull=False))),
        sellers=Count("owner", filter=closed, distinct=True),
        teams=Count("team", distinct=True),
        first=Min("created_at"),
        last=Max("created_at"),
        **{f"has_{name}": Count("pk", filter=closed & has) for name, has in facts.items()},
    )
    gains = Agreement.objects.visible_to(viewer).filter(Q(state__in=STANDING) | Q(gained_at__isnull=False))
    by_type = list(
        gains.order_by()
        .values("type")
        .annotate(
            n=Count("pk"),
            undated=Count("pk", filter=Q(gained_at__isnull=True)),
            judged=Count("pk", filter=Q(quality__isnull=False)),
            proven=Count("pk", filter=Q(evidence__gte=Evidence.TOLD)),
        )
    )
    traces = DealEvent.objects.filter(deal__status__in=(DealStatus.WON, DealStatus.LOST)).aggregate(
        staged=Count("deal", filter=Q(kind=EventKind.STAGE), distinct=True),
        active=Count("deal", filter=Q(kind=EventKind.ACTIVITY), distinct=True),
    )
    declined = Agreement.objects.visible_to(viewer).filter(state=AgreementState.DECLINED).count()
    counted = {name: sum(row[name] for row in by_type) for name in ("n", "undated", "judged", "proven")}
    return readiness_of.lines(
        readiness_of.Counts(
            **{name: deals[name] for name in ("closed", "won", "priced", "costed", "sellers", "teams")},
            filled={name: deals[f"has_{name}"] for name in facts},
            days=(deals["last"] - deals["first"]).days if deals["first"] else 0,
            gains=counted["n"],
            undated=counted["undated"],
            judged=counted["judged"],
            proven=counted["proven"],
            types=len(by_type),
            usable_types=sum(row["n"] >= GAINS_NEEDED for row in by_type),
            declined=declined,
            **traces,
        )
    )


def segments(viewer: User) -> list[str]:
    """Return the segments that a run can be limited to."""
    found = Deal.objects.visible_to(viewer).exclude(segment="").values_list("segment", flat=True)
    return sorted(set(found.distinct()))


def runs(viewer: User, *, at: dt.datetime, limit: int = 50) -> list[RunLine]:
    """Return the newest runs that ``viewer`` may see, as lines of a list."""
    found = Run.objects.visible_to(viewer).select_related("asked_by", "snapshot").defer("record", *_BLOBS)
    signed = Count("findings", filter=Q(findings__verdict=Verdict.SIGNED), distinct=True)
    rejected = Count("findings", filter=Q(findings__verdict=Verdict.REJECTED), distinct=True)
    shown = Count("findings", filter=Q(findings__grade__in=("strong", "moderate")), distinct=True)
    chosen = Count("findings", filter=Q(findings__in_set=True), distinct=True)
    found = found.annotate(signed=signed, rejected=rejected, shown=shown, chosen=chosen)
    return [_line(run, at) for run in found.order_by("-id")[:limit]]


_BLOBS = ("snapshot__deals", "snapshot__events")


def _line(run: Run, at: dt.datetime) -> RunLine:
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
    run = _visible(viewer, run_id).defer("record", *_BLOBS).first()
    if run is None:
        raise Hidden("There is no such run.")
    return _line(run, at)


def _visible(viewer: User, run_id: int):
    return Run.objects.visible_to(viewer).filter(pk=run_id).select_related("asked_by", "snapshot")


def run(viewer: User, run_id: int, *, at: dt.datetime) -> RunPage:
    """Return a run with everything its page shows. Raises Hidden."""
    found = _visible(viewer, run_id).defer(*_BLOBS).first()
    if found is None:
        raise Hidden("There is no such run.")
    keys = frozenset(Finding.objects.visible_to(viewer).filter(run=found).values_list("key", flat=True))
    ended = found.status in (Status.FAILED, Status.CANCELLED) or found.is_silent(at)
    kept = found.snapshot_id is not None or all("path" in one for one in found.inputs)
    return RunPage(
        line=_line(found, at),
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
    )


def _previous(viewer: User, run: Run) -> int | None:
    """Return the run before ``run`` with the same metric."""
    older = Run.objects.visible_to(viewer).filter(status=Status.DONE, pk__lt=run.pk, metric=run.metric)
    return older.order_by("-pk").values_list("pk", flat=True).first() if run.metric else None


def _decided(
    keys: Iterable[str], *, run_id: int | None = None, before: int | None = None
) -> dict[str, Decided]:
    """Return the newest decision by key: of one run, or of all runs before one."""
    rows = FindingDecision.objects.filter(finding__key__in=keys).select_related("by", "finding")
    rows = rows.filter(finding__run_id=run_id) if before is None else rows.filter(finding__run_id__lt=before)
    return {row.finding.key: _as_decided(row) for row in rows.order_by("pk")}


def _as_decided(row: FindingDecision) -> Decided:
    return Decided(row.verdict, row.note, row.by.name, row.at, row.finding.run_id)


def finding(viewer: User, run_id: int, key: str, *, at: dt.datetime) -> FindingPage:
    """Return one finding of a run with its decisions. Raises Hidden."""
    found = Finding.objects.visible_to(viewer).filter(run_id=run_id, key=key).first()
    if found is None:
        raise Hidden("There is no such finding.")
    rows = FindingDecision.objects.filter(finding__key=key).select_related("by", "finding").order_by("-pk")
    decisions = [_as_decided(row) for row in rows]
    return FindingPage(
        run=run(viewer, run_id, at=at),
        key=key,
        verdict=found.verdict,
        version=found.version,
        decisions=tuple(one for one in decisions if one.run_id == run_id),
        elsewhere=tuple(one for one in decisions if one.run_id != run_id)[:10],
    )


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
    known = dict(Deal.objects.visible_to(viewer).values_list("key", "pk"))
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
    names = dict(Deal.objects.filter(pk__in=listed).values_list("key", "name"))
    return behind.told(sorted_out, ids=known, names=names, everything=viewer.sees_everything)


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


@dataclass(frozen=True, slots=True)
class Comparison:
    """What moved between two runs, the changes of the set first, and what the runs were made with that
    differs."""

    moves: tuple[Move, ...]
    differences: tuple[str, ...]


def comparison(viewer: User, run_id: int, previous: int, *, at: dt.datetime) -> Comparison:
    """Return what moved between a run and an earlier one. Raises Hidden."""
    now, then = seen(run(viewer, run_id, at=at)), seen(run(viewer, previous, at=at))
    if now.record is None or then.record is None:
        raise Hidden("One of the runs has no findings.")
    return Comparison(tuple(compare(then.record, now.record)), differences(then.record, now.record))


def differences(then: Record, now: Record) -> tuple[str, ...]:
    """Return in sentences what two records were made with that differs: deals, settings, version."""
    said = []
    if then.data.to_dict() != now.data.to_dict():
        said.append(
            f"Deals: {then.data.deals:,} to {then.data.until}, now {now.data.deals:,} to {now.data.until}."
        )
    asked = [
        name.replace("_", " ")
        for name, value in now.settings.items()
        if value != then.settings.get(name) and name != "previous"
    ]
    grids = (
        ("landmarks", then.data.landmarks, now.data.landmarks),
        ("horizon", then.data.horizon, now.data.horizon),
    )
    asked += [part for part, old, new in grids if old != new and part not in asked]
    if asked:
        said.append(f"Other settings: {', '.join(asked)}.")
    if then.version != now.version:
        said.append(f"Version {then.version}, now {now.version}: the method may have changed.")
    return tuple(said)


def compare(then: Record, now: Record) -> list[Move]:
    """Return what moved between two records, sorted by importance."""
    before, after = ({facts.agreement: facts for facts in side.findings} for side in (then, now))
    was_in, is_in = ({one.agreement for one in side.pivotal} for side in (then, now))
    found = []
    for key in after.keys() | before.keys():
        move = _move(before.get(key), after.get(key), key in was_in, key in is_in)
        if move:
            what, why = move
            old, new = before.get(key), after.get(key)
            name = next(one.name for one in (new, old) if one)
            found.append(Move(key, name, what, _grade(old), _grade(new), _effect(old), _effect(new), why))
    return sorted(found, key=lambda move: (MOVES.index(move.what), move.name))


#: What can become of a finding, in the order in which it is told.
MOVES = ("joined the set", "left the set", "gone", "weaker", "new", "still holds", "not confirmed")
_CONFIRMED = ("strong", "moderate")


def _grade(facts: Facts | None) -> str:
    return str(facts.grade) if facts else ""


def _effect(facts: Facts | None) -> float | None:
    return facts.effect if facts and isfinite(facts.effect) else None


def _move(old: Facts | None, new: Facts | None, was_in: bool, is_in: bool) -> tuple[str, str] | None:
    """Return what became of a type and why; None where it was not confirmed in either run."""
    was = old is not None and old.grade in _CONFIRMED
    now = new is not None and new.grade in _CONFIRMED
    if not (was or now):
        return None
    if old is None or new is None:
        return ("new", "not in the data of the earlier run") if old is None else ("gone", "not in these data")
    if was_in != is_in:
        return ("joined the set" if is_in else "left the set"), _why(old, new)
    if not was:
        return "new", _why(old, new)
    if not new.effect * old.effect > 0:
        return "gone", _why(old, new)
    halved = abs(new.effect) < abs(old.effect) / 2
    if now and not halved:
        return "still holds", _why(old, new)
    return ("gone" if halved and new.grade == "none" else "weaker"), _why(old, new)


def _why(old: Facts, new: Facts) -> str:
    if new.grade == "excluded" != old.grade:
        return f"now left out: {(new.excluded_because or '').replace('_', ' ')}"
    if old.grade == "excluded" != new.grade:
        return "no longer left out"
    if not (isfinite(old.effect) and isfinite(new.effect)):
        return "it could be estimated only in one of the runs"
    if old.effect == new.effect and old.ci == new.ci:
        return "unchanged"
    if not old.ci[0] <= new.effect <= old.ci[1]:
        return "the effect moved outside its earlier interval: ask what changed in how you sell"
    width = (new.ci[1] - new.ci[0]) / max(old.ci[1] - old.ci[0], 1e-12)
    if width < 0.9:
        return "about the same effect, known more exactly"
    if width > 1.1:
        return "about the same effect, known less exactly"
    return "the difference is within what chance does"


@dataclass(frozen=True, slots=True)
class Refreshed:
    """The last refresh of a run on later deals, and what became of some of its findings, moved first."""

    base: int
    run: RunLine
    moves: tuple[Move, ...]

    def number(self, what: str) -> int:
        return sum(move.what == what for move in self.moves)


def refreshed(
    viewer: User, asked: Mapping[int, Mapping[str, str]], *, at: dt.datetime
) -> dict[int, Refreshed]:
    """Return, by run of our deals, what its newest refresh says of the findings ``asked`` for (their
    names by key). A run not refreshed yet is absent; nothing for those who do not see all findings.
    Two SQL queries."""
    if not viewer.sees_everything or not asked:
        return {}
    rows = Run.objects.visible_to(viewer).filter(
        repeats__in=asked, source=Source.DATABASE, status=Status.DONE
    )
    rows = rows.exclude(snapshot=F("repeats__snapshot")).select_related("asked_by", "snapshot")
    newest = {row.repeats_id: row for row in rows.defer("record", *_BLOBS).order_by("pk")}
    facts: dict[int, dict[str, Facts]] = {run: {} for base, row in newest.items() for run in (base, row.pk)}
    keys = {key for names in asked.values() for key in names}
    for row in Finding.objects.filter(run_id__in=facts, key__in=keys):
        facts[row.run_id][row.key] = records_of_runs.finding(row.facts)
    return {
        base: Refreshed(base, _line(row, at), _moved(asked[base], facts[base], facts[row.pk]))
        for base, row in newest.items()
    }


def _moved(names: Mapping[str, str], old: dict[str, Facts], new: dict[str, Facts]) -> tuple[Move, ...]:
    moves = [
        Move(key, name, *_become(old.get(key), new.get(key)))
        for key, name in names.items()
        if key in old or key in new
    ]
    return tuple(sorted(moves, key=lambda move: (MOVES.index(move.what), move.name)))


def _become(old: Facts | None, new: Facts | None) -> tuple[str, str, str, float | None, float | None, str]:
    """Return what became of a finding, its grades and effects before and after, and why."""
    what, why = _move(old, new, False, False) or ("not confirmed", "there was too little evidence both times")
    return what, _grade(old), _grade(new), _effect(old), _effect(new), why


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
