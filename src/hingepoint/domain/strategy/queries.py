"""Every answer about strategies, playbooks and what deals need."""

from __future__ import annotations

import datetime as dt
import itertools
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from decimal import Decimal
from statistics import median
from typing import Any

from django.db.models import Count, Exists, F, Q, QuerySet

from hingepoint.analysis import intervals, metrics
from hingepoint.domain.agreements.models import WAITING, Agreement, AgreementType
from hingepoint.domain.deals.models import Deal, DealEvent
from hingepoint.domain.detection.queries import unconfirmed_agreements
from hingepoint.domain.discovery import queries as discovery
from hingepoint.domain.discovery.models import Finding, Source
from hingepoint.domain.people.models import User, works_here
from hingepoint.domain.strategy import benchmarks, next_best_choice, presets, results
from hingepoint.domain.strategy.models import (
    MOST_REQUIRED,
    AskingRound,
    NeededBy,
    PivotalAgreement,
    Playbook,
    Strategy,
)
from hingepoint.domain.strategy.requirements import DealFacts, Requirement, Rule, required
from hingepoint.records.agreements import STANDING, AgreementState
from hingepoint.records.deals import DealStatus, EventKind, Stage
from hingepoint.records.errors import Hidden
from hingepoint.records.people import Role

#: Fewer won deals than this do not say when a stage usually ends.
LEAST_WON_DEALS = 20


def usual_days_to_stage() -> dict[str, int]:
    """Return, per generic stage, the median days from creation until won deals reached the next one."""
    moves = DealEvent.objects.filter(kind=EventKind.STAGE, deal__status=DealStatus.WON)
    reached: dict[str, list[int]] = {}
    for name, occurred_at, created_at in moves.values_list("name", "occurred_at", "deal__created_at"):
        reached.setdefault(name, []).append((occurred_at - created_at).days)
    stages = list(Stage)
    return {
        stage.value: round(median(reached[after.value]))
        for stage, after in itertools.pairwise(stages)
        if len(reached.get(after.value, ())) >= LEAST_WON_DEALS
    }


def may_keep(viewer: User) -> bool:
    """Return whether ``viewer`` writes strategies and playbooks."""
    return works_here(viewer) and viewer.sees_everything


# ---- what deals need ----

Books = list[tuple[Strategy, list[Rule]]]


def books_in_force(draft: Playbook | None = None) -> Books:
    """Return the strategies in force by rank, each with the rules of its last published playbook;
    ``draft`` stands in for its strategy's, as if it were published."""
    books = []
    for strategy in Strategy.objects.in_force().order_by("rank", "id"):
        playbook = strategy.playbooks.filter(published_at__isnull=False).order_by("-number").first()
        if draft and draft.strategy_id == strategy.pk:
            playbook = draft
        if playbook:
            books.append((strategy, [rule_of(pivotal) for pivotal in playbook.pivotal.all()]))
    return books


def rule_of(pivotal: PivotalAgreement) -> Rule:
    """Return what the playbook says of when a deal needs this one."""
    return Rule(
        type_id=pivotal.type_id,
        needed_by=pivotal.needed_by,
        days=pivotal.needed_days,
        stage=pivotal.needed_stage,
        segments=tuple(pivotal.segments),
        least_amount=pivotal.least_amount,
        recheck_days=pivotal.recheck_days,
    )


def wanted_of(deal: Deal, books: Books, days: Mapping[str, int]) -> list[Requirement]:
    """Return what the first strategy that holds for ``deal`` asks of it."""
    facts = DealFacts(deal.segment, deal.amount, deal.created_at.date(), deal.expected_close_on, deal.stage)
    for strategy, rules in books:
        if not strategy.segment or strategy.segment == deal.segment:
            return required(facts, rules, days_to_stage=days)
    return []


@dataclass(frozen=True, slots=True)
class InForce:
    """A strategy in force with the keys of the pivotal agreements of its published playbook, in order."""

    id: int
    name: str
    pivotal: tuple[str, ...]


def in_force(viewer: Any, *, segment: str = "") -> InForce | None:
    """Return the first strategy in force that asks something of deals of ``segment``. One SQL query."""
    strategies = Strategy.objects.visible_to(viewer).in_force()
    if segment:
        strategies = strategies.filter(segment__in=("", segment))
    rows = PivotalAgreement.objects.filter(
        playbook__strategy__in=strategies, playbook__published_at__isnull=False
    ).order_by("playbook__strategy__rank", "playbook__strategy_id", "-playbook__number", "position")
    found = list(
        rows.values_list("playbook_id", "playbook__strategy_id", "playbook__strategy__name", "type__key")
    )
    if not found:
        return None
    book, pk, name, _ = found[0]
    return InForce(pk, name, tuple(key for one, *_, key in found if one == book))


# ---- strategies ----


@dataclass(frozen=True, slots=True)
class StrategyLine:
    """One strategy in a list."""

    id: int
    name: str
    statement: str
    sponsor: str
    sponsor_id: int | None
    metric: str
    segment: str
    status: str
    rank: int
    starts_on: dt.date | None
    pivotal: int  # of the published playbook, else of the draft
    version: int


def strategies(viewer: Any) -> list[StrategyLine]:
    """Return the strategies that ``viewer`` knows: those in force first. Two SQL queries."""
    rows = list(Strategy.objects.visible_to(viewer).select_related("sponsor"))
    books = Playbook.objects.filter(strategy__in=rows).annotate(n=Count("pivotal"))
    sizes: dict[int, int] = {}
    for book in books.order_by(F("published_at").desc(nulls_last=True)):
        sizes.setdefault(book.strategy_id, book.n)
    order = {status: place for place, status in enumerate(("in_force", "draft", "retired"))}
    rows.sort(key=lambda row: (order[row.status], row.rank, row.pk))
    return [_line(row, sizes.get(row.pk, 0)) for row in rows]


def _line(row: Strategy, pivotal: int) -> StrategyLine:
    same = ("name", "statement", "sponsor_id", "metric", "segment", "status", "rank", "starts_on", "version")
    known = {name: getattr(row, name) for name in same}
    return StrategyLine(id=row.pk, sponsor=row.sponsor.name if row.sponsor else "", pivotal=pivotal, **known)


@dataclass(frozen=True, slots=True)
class Behind:
    """The signed finding behind a pivotal agreement. ``run_id`` leads to its page."""

    run_id: int
    grade: str
    effect: float | None
    low: float | None
    high: float | None
    metric: str
    unit: str
    better: str
    in_words: str
    chosen_by: bool  # the choice stands on it; else it was signed later


@dataclass(frozen=True, slots=True)
class PivotalLine:
    """One pivotal agreement of a playbook with its standard, ready to show."""

    id: int
    position: int
    type_id: int
    key: str
    name: str
    side: str
    description: str
    counterpart: str
    needed_by: str
    needed_days: int | None
    needed_stage: str
    needed: str  # by when, in words
    evidence_wanted: int
    recheck_days: int
    segments: tuple[str, ...]
    least_amount: Decimal | None
    checks: tuple[str, ...]
    questions: tuple[str, ...]
    demands: tuple[Mapping[str, Any], ...]
    principles: tuple[str, ...]
    judgement: str
    behind: Behind | None


@dataclass(frozen=True, slots=True)
class Covered:
    """A pivotal agreement and on which share of the deals that needed it by today it was gained in time;
    ``found`` of ``in_time`` rest on a rule's word that nobody confirmed yet."""

    pivotal: PivotalLine
    in_time: int
    found: int
    gained: int
    share: intervals.Estimate


@dataclass(frozen=True, slots=True)
class StrategyPage:
    """The chain of one strategy: statement, results, pivotal agreements and how far they are executed."""

    line: StrategyLine
    results: tuple[results.Progress, ...]
    pivotal: tuple[Covered, ...]
    playbook: int | None  # the number of the published version
    draft: int | None
    may_edit: bool
    deals: int  # open deals that it asks something of
    asking: bool  # whether deals are being asked anew at this moment


def strategy_page(viewer: Any, strategy_id: int, *, today: dt.date) -> StrategyPage:
    """Return a strategy's page. Raises Hidden. Reads the closed deals of its time and the year before."""
    strategy = _strategy(viewer, strategy_id)
    books = list(strategy.playbooks.all())
    shown = next((book for book in books if book.published_at), None)
    draft = next((book for book in books if not book.published_at), None)
    lines = _pivotal_lines(shown, strategy) if shown else []
    counts = _coverage(viewer, strategy, today)
    return StrategyPage(
        line=_line(strategy, len(lines)),
        results=tuple(results.progress(viewer, strategy, today=today)),
        pivotal=tuple(_covered(line, *counts.get(line.type_id, (0, 0, 0, 0))) for line in lines),
        playbook=shown.number if shown else None,
        draft=draft.number if draft and may_keep(viewer) else None,
        may_edit=may_keep(viewer),
        deals=_deals_asked(viewer, strategy),
        asking=strategy.asking,
    )


def _strategy(viewer: Any, strategy_id: int) -> Strategy:
    rows = Strategy.objects.visible_to(viewer).select_related("sponsor")
    goes_on = Exists(AskingRound.objects.filter(finished_at=None))
    found = rows.annotate(asking=goes_on).filter(pk=strategy_id).first()
    if found is None:
        raise Hidden("no such strategy")
    return found


def _deals_asked(viewer: Any, strategy: Strategy) -> int:
    rows = Agreement.objects.visible_to(viewer).filter(required=True, deal__status=DealStatus.OPEN)
    rows = rows.filter(deal__segment=strategy.segment) if strategy.segment else rows
    return rows.aggregate(n=Count("deal", distinct=True))["n"]


def _coverage(viewer: Any, strategy: Strategy, today: dt.date) -> dict[int, tuple[int, int, int, int]]:
    """Return per type: gained by the day it was needed and standing, those of them that rules found and nobody
    confirmed, standing at all, and deals that needed it by today."""
    rows = Agreement.objects.visible_to(viewer).filter(required=True, needed_by__lte=today)
    rows = rows.exclude(state=AgreementState.NOT_NEEDED)
    rows = rows.filter(deal__segment=strategy.segment) if strategy.segment else rows
    stands = Q(state__in=sorted(STANDING))
    in_time = stands & Q(gained_at__date__lte=F("needed_by"))
    counts = (
        rows.order_by()
        .values("type_id")
        .annotate(
            in_time=Count("id", filter=in_time),
            found=Count("id", filter=in_time & Q(pk__in=unconfirmed_agreements())),
            gained=Count("id", filter=stands & Q(gained_at__isnull=False)),
            of=Count("id"),
        )
    )
    return {row["type_id"]: (row["in_time"], row["found"], row["gained"], row["of"]) for row in counts}


def _covered(line: PivotalLine, in_time: int, found: int, gained: int, of: int) -> Covered:
    return Covered(line, in_time, found, gained, intervals.share(in_time, of))


def _pivotal_lines(book: Playbook, strategy: Strategy) -> list[PivotalLine]:
    """Return the pivotal agreements of a playbook in their order. Two SQL queries."""
    rows = list(book.pivotal.select_related("type", "finding__run").defer("finding__run__record"))
    later = _signed_facts([row.type.key for row in rows if not row.finding_id], strategy.metric)
    return [_pivotal_line(row, row.finding or later.get(row.type.key)) for row in rows]


def _signed_facts(keys: Sequence[str], metric: str) -> dict[str, Finding]:
    """Return the newest signed finding of each type on ``metric``."""
    rows = Finding.objects.signed().filter(key__in=keys, run__metric=metric).order_by("run_id")
    return {row.key: row for row in rows.select_related("run").defer("run__record")}


def _pivotal_line(row: PivotalAgreement, finding: Finding | None) -> PivotalLine:
    same = {field.name for field in fields(PivotalLine)} & {
        "position", "type_id", "counterpart", "needed_by", "needed_days", "needed_stage", "evidence_wanted",
        "recheck_days", "least_amount", "judgement",
    }  # fmt: skip
    lists = ("segments", "checks", "questions", "demands", "principles")
    kind = row.type
    return PivotalLine(
        id=row.pk,
        key=kind.key,
        name=kind.own_name or kind.name,
        side=kind.side,
        description=kind.own_description or kind.description,
        needed=needed_words(row.needed_by, row.needed_days, row.needed_stage),
        behind=_behind(finding, chosen_by=row.finding_id is not None) if finding else None,
        **{name: getattr(row, name) for name in same},
        **{name: tuple(getattr(row, name)) for name in lists},
    )


def needed_words(needed_by: str, days: int | None, stage: str) -> str:
    """Return by when an agreement is needed, in words."""
    if needed_by == NeededBy.STAGE:
        return f"before the deal leaves {stage}"
    if needed_by == NeededBy.DAYS_BEFORE_CLOSE:
        return f"{days or 0} days before the expected close"
    return f"{days or 0} days after the deal was created"


_UNITS = {"share": "points", "days": "days"}


def _behind(finding: Finding, *, chosen_by: bool) -> Behind:
    metric = metrics.parse(finding.run.metric)
    return Behind(
        run_id=finding.run_id,
        grade=finding.grade,
        effect=finding.effect,
        low=finding.low,
        high=finding.high,
        metric=metric.name,
        unit=_UNITS.get(metric.kind, ""),
        better=metric.better,
        in_words=finding.facts.get("in_words", ""),
        chosen_by=chosen_by,
    )


# ---- do the findings behind it still hold ----


@dataclass(frozen=True, slots=True)
class RunBehind:
    """The run of discovery that a strategy's playbook rests on, and its agreements' names by key."""

    strategy: Strategy
    run_id: int
    names: Mapping[str, str]


def runs_behind(strategies: QuerySet[Strategy]) -> list[RunBehind]:
    """Return, for each strategy that has one, the newest run on our deals that the published playbook's
    agreements were chosen from, else the newest with a signed finding on its metric. Two SQL queries."""
    rows = PivotalAgreement.objects.filter(
        playbook__strategy__in=strategies, playbook__published_at__isnull=False
    ).select_related("type", "playbook__strategy", "finding__run")
    books: dict[int, list[PivotalAgreement]] = {}
    for row in rows.defer("finding__run__record").order_by("-playbook__number", "position"):
        book = books.setdefault(row.playbook.strategy_id, [])
        if not book or book[0].playbook_id == row.playbook_id:
            book.append(row)
    signed = Finding.objects.signed().filter(run__source=Source.DATABASE)
    newest = dict(signed.order_by("run_id").values_list("run__metric", "run_id"))
    found = [(book, _run_of(book) or newest.get(book[0].playbook.strategy.metric)) for book in books.values()]
    return [
        RunBehind(book[0].playbook.strategy, run_id, {row.type.key: str(row.type) for row in book})
        for book, run_id in found
        if run_id
    ]


def _run_of(book: Sequence[PivotalAgreement]) -> int | None:
    """Return the newest run on our deals that agreements of a playbook were chosen from."""
    chosen = [row.finding for row in book if row.finding and row.finding.run.source == Source.DATABASE]
    return max((finding.run_id for finding in chosen), default=None)


@dataclass(frozen=True, slots=True)
class StillHolds:
    """Whether the findings behind a strategy still hold on later deals. ``refreshed`` None: not asked yet."""

    strategy_id: int
    strategy: str
    base: int
    refreshed: discovery.Refreshed | None


def still_holds(viewer: Any, *, at: dt.datetime, strategy_id: int | None = None) -> list[StillHolds]:
    """Return, for each strategy in force (or one strategy) with findings behind it, whether they still
    hold; nothing for those who do not see all findings. Four SQL queries."""
    if not viewer.sees_everything:
        return []
    rows = Strategy.objects.visible_to(viewer)
    found = runs_behind(rows.in_force() if strategy_id is None else rows.filter(pk=strategy_id))
    said = discovery.refreshed(viewer, {one.run_id: one.names for one in found}, at=at)
    return [StillHolds(one.strategy.pk, one.strategy.name, one.run_id, said.get(one.run_id)) for one in found]


# ---- playbooks ----


@dataclass(frozen=True, slots=True)
class VersionLine:
    """One version of a playbook."""

    number: int
    published_at: dt.datetime | None
    published_by: str
    note: str


@dataclass(frozen=True, slots=True)
class PlaybookPage:
    """One version of a strategy's playbook, and which versions there are."""

    strategy: StrategyLine
    id: int
    number: int
    draft: bool
    version: int
    lines: tuple[PivotalLine, ...]
    versions: tuple[VersionLine, ...]
    may_edit: bool
    full: bool


def playbook_page(viewer: Any, strategy_id: int, number: int | None = None) -> PlaybookPage | None:
    """Return a version of a playbook, the last published one unless asked; None before the first one is
    published, to those who only read. Raises Hidden."""
    strategy = _strategy(viewer, strategy_id)
    keeper = may_keep(viewer)
    books = [b for b in strategy.playbooks.select_related("published_by") if keeper or b.published_at]
    if number is None:
        book = next((b for b in books if b.published_at), books[0] if books else None)
    else:
        book = _version(books, number)
    if book is None:
        return None
    lines = _pivotal_lines(book, strategy)
    return PlaybookPage(
        strategy=_line(strategy, len(lines)),
        id=book.pk,
        number=book.number,
        draft=book.published_at is None,
        version=book.version,
        lines=tuple(lines),
        versions=tuple(_version_line(b) for b in books),
        may_edit=keeper,
        full=len(lines) >= MOST_REQUIRED,
    )


def _version(books: Sequence[Playbook], number: int) -> Playbook:
    for book in books:
        if book.number == number:
            return book
    raise Hidden("no such version")


def _version_line(book: Playbook) -> VersionLine:
    by = book.published_by.name if book.published_by else ""
    return VersionLine(book.number, book.published_at, by, book.note)


@dataclass(frozen=True, slots=True)
class Asked:
    """What publishing a draft would change for one agreement type, on open deals."""

    name: str
    deals: int  # that would need it
    new: int  # of them, that do not need it now
    released: int  # that need it now and would no more


def preview(viewer: Any, strategy_id: int) -> tuple[list[Asked], int]:
    """Return what publishing the draft would ask of open deals, and of how many of them. Reads all open
    deals. Raises Hidden where there is no draft."""
    draft = drafted(viewer, strategy_id)
    books, days = books_in_force(draft), usual_days_to_stage()
    wanted: set[tuple[int, int]] = set()
    for deal in Deal.objects.open().iterator(chunk_size=2_000):
        wanted |= {(deal.pk, need.type_id) for need in wanted_of(deal, books, days)}
    rows = Agreement.objects.filter(required=True, deal__status=DealStatus.OPEN)
    now = set(rows.values_list("deal_id", "type_id"))
    counts = [Counter(type_id for _, type_id in pairs) for pairs in (wanted, wanted - now, now - wanted)]
    names = _names(set().union(*counts))
    asked = [
        Asked(names[pk], *(count[pk] for count in counts)) for pk in sorted(names, key=lambda k: names[k])
    ]
    return asked, len({deal_id for deal_id, _ in wanted})


def _names(type_ids: set[int]) -> dict[int, str]:
    return {row.pk: str(row) for row in AgreementType.objects.filter(pk__in=type_ids)}


def drafted(viewer: Any, strategy_id: int) -> Playbook:
    """Return the draft of a strategy to a keeper. Raises Hidden."""
    draft = _strategy(viewer, strategy_id).playbooks.filter(published_at__isnull=True).first()
    if draft is None or not may_keep(viewer):
        raise Hidden("no draft")
    return draft


@dataclass(frozen=True, slots=True)
class Difference:
    """What became of one agreement between two versions: ``what`` is added, dropped or changed."""

    name: str
    what: str
    changes: tuple[tuple[str, str, str], ...] = ()  # what, before, after


_COMPARED = {
    "position": "place",
    "needed": "needed",
    "counterpart": "counterpart",
    "evidence_wanted": "evidence",
    "recheck_days": "days until re-check",
    "segments": "segments",
    "least_amount": "least amount",
    "checks": "checks",
    "questions": "questions",
    "demands": "demands and trades",
    "principles": "principles",
    "judgement": "why it was chosen",
}


def compare(viewer: Any, strategy_id: int, older: int, newer: int) -> list[Difference]:
    """Return what changed from one version to another, by name. Raises Hidden."""
    before = {line.key: line for line in _lines_of(viewer, strategy_id, older)}
    after = {line.key: line for line in _lines_of(viewer, strategy_id, newer)}
    found = [Difference(after[key].name, "added") for key in after.keys() - before.keys()]
    found += [Difference(before[key].name, "dropped") for key in before.keys() - after.keys()]
    for key in after.keys() & before.keys():
        if changes := _changes(before[key], after[key]):
            found.append(Difference(after[key].name, "changed", changes))
    return sorted(found, key=lambda one: (one.what, one.name))


def _lines_of(viewer: Any, strategy_id: int, number: int) -> tuple[PivotalLine, ...]:
    page = playbook_page(viewer, strategy_id, number)
    return page.lines if page else ()


def _changes(before: PivotalLine, after: PivotalLine) -> tuple[tuple[str, str, str], ...]:
    pairs = [(words, getattr(before, name), getattr(after, name)) for name, words in _COMPARED.items()]
    return tuple((words, _told(old), _told(new)) for words, old, new in pairs if old != new)


def _told(value: Any) -> str:
    if isinstance(value, tuple):
        return "; ".join(one["demand"] if isinstance(one, dict) else str(one) for one in value)
    return "" if value is None else str(value)


@dataclass(frozen=True, slots=True)
class PivotalPage:
    """One pivotal agreement for its readers: the standard, and how well-executed deals did it."""

    strategy: StrategyLine
    number: int
    draft: bool
    version: int
    line: PivotalLine
    benchmark: benchmarks.Benchmark
    may_edit: bool


def pivotal_page(
    viewer: Any, strategy_id: int, key: str, *, today: dt.date, number: int | None = None
) -> PivotalPage:
    """Return one pivotal agreement with its benchmark. Raises Hidden. Reads three years of won deals."""
    page = playbook_page(viewer, strategy_id, number)
    line = next((one for one in page.lines if one.key == key), None) if page else None
    if page is None or line is None:
        raise Hidden("not in this playbook")
    deals = benchmarks.well_executed(_strategy(viewer, strategy_id), today=today)
    return PivotalPage(
        strategy=page.strategy,
        number=page.number,
        draft=page.draft,
        version=page.version,
        line=line,
        benchmark=benchmarks.benchmark(line.type_id, deals),
        may_edit=page.may_edit,
    )


@dataclass(frozen=True, slots=True)
class Candidate:
    """An agreement type that a playbook may choose; ``behind`` when a finding on it is signed."""

    key: str
    name: str
    side: str
    late: bool
    suggested: bool
    behind: Behind | None


def candidates(viewer: Any, strategy_id: int) -> list[Candidate]:
    """Return the types not yet in the draft: signed findings first, by effect, then the preset's, then
    the rest in the order of the catalogue. Raises Hidden where there is no draft."""
    draft = drafted(viewer, strategy_id)
    metric = draft.strategy.metric
    types = list(AgreementType.objects.in_use().exclude(pivotal__playbook=draft).order_by("pk"))
    signed = _signed_facts([row.key for row in types], metric)
    preset = presets.for_metric(metric)
    suggested = preset.candidates if preset else ()
    found = [
        Candidate(
            key=row.key,
            name=str(row),
            side=row.side,
            late=row.proximity == "late",
            suggested=row.key in suggested,
            behind=_behind(signed[row.key], chosen_by=False) if row.key in signed else None,
        )
        for row in types
    ]
    sign = metrics.parse(metric).sign
    return sorted(found, key=lambda one: (-_helps(one, sign), not one.suggested))


def _helps(one: Candidate, sign: int) -> float:
    return one.behind.effect * sign if one.behind and one.behind.effect is not None else float("-inf")


# ---- the next best agreement of a deal ----


@dataclass(frozen=True, slots=True)
class NextBest:
    """The agreement to gain next on a deal. ``effect`` None: no signed finding helps here, the playbook's
    order decided. ``others`` counts what else the deal needs."""

    type_id: int
    name: str
    from_whom: str
    state: str
    needed_by: dt.date | None
    effect: float | None
    low: float | None
    high: float | None
    similar: int
    unit: str
    better: str
    why: str
    playbook: tuple[int, str]  # the strategy and the type's key: its page of the playbook
    others: int


def next_best(viewer: Any, deal_id: int, *, today: dt.date) -> NextBest | None:
    """Return the required agreement whose gain is expected to help the strategy's metric most on this
    deal now; None when it needs none any more. At most three SQL queries."""
    rows = Agreement.objects.visible_to(viewer).filter(deal_id=deal_id, deal__status=DealStatus.OPEN)
    rows = rows.filter(required=True, state__in=WAITING)
    waiting = {row.type_id: row for row in rows.select_related("deal", "type", "person", "asked_of")}
    if not waiting:
        return None
    deal = next(iter(waiting.values())).deal
    pivotal = [row for row in _asked_of(deal) if row.type_id in waiting]
    if not pivotal:
        return None
    strategy = pivotal[0].playbook.strategy
    signed = _signed_facts([row.type.key for row in pivotal], strategy.metric)
    metric = metrics.parse(strategy.metric)
    chosen = next_best_choice.choose(
        [_candidate(row, signed.get(row.type.key)) for row in pivotal],
        metric,
        age_weeks=_age_weeks(deal, today),
        facts=_facts_of(deal),
    )
    if chosen is None:
        return None
    line = next(row for row in pivotal if row.type_id == chosen.type_id)
    return _next_best(waiting[chosen.type_id], line, chosen, metric, strategy.pk, len(waiting) - 1)


@dataclass(frozen=True, slots=True)
class Expected:
    """What gaining one agreement may be expected to change on one deal now, from the signed finding of a
    run; on ``similar`` deals that gained it."""

    effect: float
    low: float
    high: float
    similar: int
    unit: str
    better: str
    why: str
    run_id: int
    key: str


def expected(viewer: Any, deal_id: int, type_id: int, *, today: dt.date) -> Expected | None:
    """Return what gaining an agreement of a type may change on an open deal; None where no signed finding
    on its strategy's metric says. At most three SQL queries."""
    deal = Deal.objects.visible_to(viewer).open().filter(pk=deal_id).first()
    asked = [row for row in _asked_of(deal) if row.type_id == type_id] if deal else []
    if deal is None or not asked:
        return None
    key, metric = asked[0].type.key, metrics.parse(asked[0].playbook.strategy.metric)
    finding = _signed_facts([key], metric.name).get(key)
    found = next_best_choice.expected(
        _candidate(asked[0], finding), metric, age_weeks=_age_weeks(deal, today), facts=_facts_of(deal)
    )
    if finding is None or found is None or found.effect is None or found.low is None or found.high is None:
        return None
    unit = _UNITS.get(metric.kind, "")
    return Expected(
        found.effect,
        found.low,
        found.high,
        found.similar,
        unit,
        metric.better,
        found.in_words,
        finding.run_id,
        key,
    )


def _age_weeks(deal: Deal, today: dt.date) -> float:
    return (today - deal.created_at.date()).days / 7


def _facts_of(deal: Deal) -> dict[str, str]:
    """Return what findings are split by, of a deal."""
    return {"segment": deal.segment, "region": deal.region, "product": deal.product}


def _asked_of(deal: Deal) -> list[PivotalAgreement]:
    """Return the pivotal agreements of the playbook that holds for ``deal``. One SQL query."""
    rows = PivotalAgreement.objects.filter(
        playbook__published_at__isnull=False,
        playbook__strategy__status=Strategy.Status.IN_FORCE,
        playbook__strategy__segment__in=("", deal.segment),
    ).select_related("type", "playbook__strategy")
    order = ("playbook__strategy__rank", "playbook__strategy_id", "-playbook__number", "position")
    found = list(rows.order_by(*order))
    return [row for row in found if row.playbook_id == found[0].playbook_id]


def standard_for(deal: Deal, type_id: int) -> PivotalAgreement | None:
    """Return what the playbook that holds for ``deal`` says of an agreement type. One SQL query."""
    return next((row for row in _asked_of(deal) if row.type_id == type_id), None)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the playbook that holds for a deal wants of one agreement."""

    strategy_id: int
    strategy: str
    counterpart: str
    evidence: int
    checks: tuple[str, ...]
    questions: tuple[str, ...]


def wanted(viewer: Any, deal_id: int, type_id: int) -> Wanted | None:
    """Return what the playbook wants of an agreement of a visible open deal; None when it asks for no such.
    Two SQL queries."""
    deal = Deal.objects.visible_to(viewer).open().filter(pk=deal_id).first()
    row = standard_for(deal, type_id) if deal else None
    if row is None:
        return None
    strategy = row.playbook.strategy
    own = {"checks": tuple(row.checks), "questions": tuple(row.questions)}
    return Wanted(strategy.pk, strategy.name, row.counterpart, row.evidence_wanted, **own)


def _candidate(row: PivotalAgreement, finding: Finding | None) -> next_best_choice.Candidate:
    return next_best_choice.Candidate(row.type_id, str(row.type), row.position, finding and finding.facts)


def _next_best(
    row: Agreement,
    pivotal: PivotalAgreement,
    chosen: next_best_choice.Choice,
    metric: metrics.Metric,
    strategy_id: int,
    others: int,
) -> NextBest:
    person = row.person or row.asked_of
    return NextBest(
        type_id=row.type_id,
        name=str(row.type),
        from_whom=person.name if person else row.person_name or pivotal.counterpart,
        state=row.state,
        needed_by=row.needed_by,
        effect=chosen.effect,
        low=chosen.low,
        high=chosen.high,
        similar=chosen.similar,
        unit=_UNITS.get(metric.kind, ""),
        better=metric.better,
        why=chosen.in_words,
        playbook=(strategy_id, row.type.key),
        others=others,
    )


def sponsors(viewer: Any) -> list[tuple[int, str]]:
    """Return the people who can sponsor a strategy, by name, to those who write strategies."""
    if not may_keep(viewer):
        return []
    return list(
        User.objects.filter(role=Role.SPONSOR, is_active=True).order_by("name").values_list("pk", "name")
    )


def sponsor(viewer: Any, user_id: int | None) -> User | None:
    """Return the sponsor chosen in a form; None for nobody or for somebody who is no sponsor."""
    known = User.objects.filter(role=Role.SPONSOR, is_active=True)
    return known.filter(pk=user_id).first() if user_id and may_keep(viewer) else None


def editable(viewer: Any, strategy_id: int) -> Strategy:
    """Return a strategy to those who write strategies, for the actions. Raises Hidden."""
    if not may_keep(viewer):
        raise Hidden("not theirs to change")
    return _strategy(viewer, strategy_id)


def choosable(viewer: Any, draft: Playbook, key: str) -> tuple[AgreementType, Finding | None]:
    """Return the type to choose for a draft and the signed finding on it, if any. Raises Hidden."""
    kind = AgreementType.objects.in_use().filter(key=key).exclude(pivotal__playbook=draft).first()
    if kind is None or not may_keep(viewer):
        raise Hidden("no such type")
    return kind, _signed_facts([key], draft.strategy.metric).get(key)


def chosen(viewer: Any, strategy_id: int, key: str) -> PivotalAgreement:
    """Return a pivotal agreement of the draft to a keeper, for the actions. Raises Hidden."""
    found = drafted(viewer, strategy_id).pivotal.select_related("playbook", "type").filter(type__key=key)
    row = found.first()
    if row is None:
        raise Hidden("not in the draft")
    return row
