"""What each person opens the day with: a worklist that can be finished, not a dashboard.

Seller, manager, sponsor, analyst and inside partner have a page each. Everything here is put together
from agreements, deals, strategies, runs and imports; nothing is kept.
"""

from __future__ import annotations

import datetime as dt
import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl
from django.db.models import Count, F, Q

from hingepoint.analysis import metric_words, metrics
from hingepoint.domain.agreements.models import IN_MOTION, WAITING, Agreement, AgreementEvent, AgreementType
from hingepoint.domain.agreements.queries import AgreementLine, line_of
from hingepoint.domain.deals.frames import deals_frame
from hingepoint.domain.deals.models import Deal, DealEvent
from hingepoint.domain.detection.sureness import unconfirmed_agreements
from hingepoint.domain.discovery.queries import readiness as readiness_page
from hingepoint.domain.discovery.queries import runs
from hingepoint.domain.home import effort
from hingepoint.domain.imports import queries as imports
from hingepoint.domain.plans.queries import lines as lines_page
from hingepoint.domain.plans.queries import reviews
from hingepoint.domain.plans.queries import talks as talks_page
from hingepoint.domain.strategy import queries as strategies
from hingepoint.domain.strategy.models import PivotalAgreement, Playbook, Strategy
from hingepoint.records.agreements import STANDING, AgreementState, Origin
from hingepoint.records.deals import DealStatus, EventKind
from hingepoint.records.people import Role

#: How far a worklist looks ahead.
DAYS_AHEAD = 14
#: What one line of a worklist takes, in seconds: two minutes a deal a week, and rarely more than one line.
SECONDS_A_LINE = 30
#: What a plan takes that is half filled already.
SECONDS_A_PLAN = 120
MOST_LINES = 40
#: Late by more days than this is rather a question of whether the deal lives.
LONG_LATE = 60
#: A manager has time for so many conversations a week.
CONVERSATIONS, QUEUE = 3, 12
#: A group smaller than this is not shown with a share.
LEAST_IN_A_SHARE = 5
WEEK = dt.timedelta(days=7)


def _worklist(viewer: Any):
    """Return the agreements worth anybody's attention: of open deals, required or in motion."""
    rows = Agreement.objects.visible_to(viewer).filter(deal__status=DealStatus.OPEN)
    return rows.filter(Q(required=True) | Q(state__in=IN_MOTION))


# ---- seller ----


@dataclass(frozen=True, slots=True)
class WorkLine:
    """One agreement to move, with its deal; ``more`` further ones of the same deal are due as well."""

    line: AgreementLine
    deal_title: str
    account: str
    owner: str
    amount: Any
    currency: str
    more: int = 0

    @property
    def promised(self) -> bool:
        """Whether it was gained, and what they promised is due."""
        return self.line.state == AgreementState.GAINED


@dataclass(frozen=True, slots=True)
class SellerDay:
    """A seller's worklist: one line a deal, late ones first, and what was agreed long ago.

    ``stale`` deals have nothing due but what is late by more than ``LONG_LATE`` days. ``quiet_until`` is
    the next day on which something is due, when nothing is now; ``deals`` counts the open deals behind
    the page.
    """

    late: tuple[WorkLine, ...]
    soon: tuple[WorkLine, ...]
    stale: tuple[WorkLine, ...]
    again: tuple[WorkLine, ...]
    minutes: int
    deals: int
    required: int
    quiet_until: dt.date | None
    prepare: tuple[talks_page.Talk, ...] = ()
    debriefs: tuple[talks_page.Talk, ...] = ()

    @property
    def nothing_due(self) -> bool:
        return not (self.late or self.soon or self.stale)

    @property
    def finished(self) -> bool:
        return self.nothing_due and not (self.prepare or self.debriefs)


def seller_day(viewer: Any, *, today: dt.date) -> SellerDay:
    """Return what a seller moves next: of each open deal the most pressing agreement, and the talks that
    wait for a plan or a debrief. Seven SQL queries."""
    until = today + dt.timedelta(days=DAYS_AHEAD)
    rows = _with_deals(_worklist(viewer))
    due = _one_a_deal(rows.filter(late_after__lte=until).order_by("late_after", "id"), today)
    alive = today - dt.timedelta(days=LONG_LATE)
    stale = [work for work in due if work.line.late_after < alive]
    old = Q(state__in=sorted(STANDING), expires_on__lt=today) | Q(state=AgreementState.LAPSED)
    again = rows.filter(old, required=True)
    busy = {work.line.deal_id for work in due}
    ask_again = [
        w for w in _one_a_deal(again.order_by("expires_on", "id"), today) if w.line.deal_id not in busy
    ]
    late = [work for work in due if work.line.late and work not in stale]
    soon = [work for work in due if not work.line.late]
    next_day = _worklist(viewer).filter(late_after__gt=until).order_by("late_after")
    talks = talks_page.waiting(viewer, today=today)
    counts = _worklist(viewer).aggregate(required=Count("pk", filter=Q(required=True)))
    return SellerDay(
        late=tuple(late),
        soon=tuple(soon),
        stale=tuple(stale),
        again=tuple(ask_again[:5]),
        minutes=_minutes(lines=len(due) + len(talks.debrief), plans=len(talks.prepare)),
        deals=Deal.objects.visible_to(viewer).open().count(),
        required=counts["required"],
        quiet_until=None if due else next_day.values_list("late_after", flat=True).first(),
        prepare=talks.prepare,
        debriefs=talks.debrief,
    )


def _minutes(*, lines: int, plans: int) -> int:
    return math.ceil((lines * SECONDS_A_LINE + plans * SECONDS_A_PLAN) / 60)


def _with_deals(rows):
    return rows.select_related("type", "person", "asked_of", "deal__account", "deal__owner")


def _one_a_deal(rows: Iterable[Agreement], today: dt.date) -> list[WorkLine]:
    """Return the first agreement of each deal that is not late beyond telling, and how many others it has."""
    alive = today - dt.timedelta(days=LONG_LATE)
    by_deal: dict[int, list[Agreement]] = defaultdict(list)
    for row in rows:
        by_deal[row.deal_id].append(row)
    chosen = [
        _work(
            next((r for r in group if r.late_after and r.late_after >= alive), group[0]),
            today,
            more=len(group) - 1,
        )
        for group in by_deal.values()
    ]
    return sorted(chosen, key=lambda work: work.line.late_after or today)[:MOST_LINES]


def _work(row: Agreement, today: dt.date, *, more: int = 0) -> WorkLine:
    return WorkLine(
        line=line_of(row, today),
        deal_title=str(row.deal),
        account=row.deal.account.name if row.deal.account else "",
        owner=row.deal.owner.name if row.deal.owner else "",
        amount=row.deal.amount,
        currency=row.deal.currency,
        more=more,
    )


# ---- manager ----


@dataclass(frozen=True, slots=True)
class Conversation:
    """One agreement worth a talk with its seller: ``weight`` is value x gap x time, ``why`` in words."""

    work: WorkLine
    weight: float
    why: str


@dataclass(frozen=True, slots=True)
class TypeCoverage:
    """One agreement over open deals: it stands on ``standing`` of the ``of`` deals that need it, ``found`` of
    them by a rule's word that nobody confirmed yet; ``late`` are past the day it was needed."""

    key: str
    name: str
    standing: int
    of: int
    late: int
    found: int

    @property
    def share(self) -> float | None:
        return self.standing / self.of if self.of >= LEAST_IN_A_SHARE else None


@dataclass(frozen=True, slots=True)
class Changed:
    """One change of the last week."""

    state: str
    name: str
    deal_id: int
    deal_title: str
    at: dt.datetime


@dataclass(frozen=True, slots=True)
class LateDeal:
    deal_id: int
    title: str
    owner: str
    late: int
    days: int
    amount: Any
    currency: str


@dataclass(frozen=True, slots=True)
class ManagerWeek:
    """A manager's week. ``currencies``: in how many the deals are; values of different ones are ranked
    as written."""

    queue: tuple[Conversation, ...]
    coverage: tuple[TypeCoverage, ...]
    changed: tuple[Changed, ...]
    changes: dict[str, int]
    pushed: int
    late: tuple[LateDeal, ...]
    deals: int
    currencies: int
    review: tuple[lines_page.PlanLine, ...] = ()
    debriefs: int = 0  # talks of the teams without debrief

    @property
    def review_first(self) -> tuple[lines_page.PlanLine, ...]:
        """Plans of the talks of today and the next working day."""
        return tuple(line for line in self.review if line.soon)


#: How far an agreement in a state is from being got, 0 to 1.
_GAP = {
    AgreementState.NEEDED: 1.0,
    AgreementState.BROKEN: 1.0,
    AgreementState.LAPSED: 0.9,
    AgreementState.PLANNED: 0.8,
    AgreementState.ASKED: 0.6,
    AgreementState.SOFT: 0.7,
    AgreementState.GAINED: 0.4,
}
_NEWS = (
    AgreementState.GAINED,
    AgreementState.DECLINED,
    AgreementState.LAPSED,
    AgreementState.BROKEN,
)


def manager_week(viewer: Any, *, today: dt.date, now: dt.datetime) -> ManagerWeek:
    """Return what a manager does about the team's deals this week. Nine SQL queries."""
    until = today + dt.timedelta(days=DAYS_AHEAD)
    pressing = Q(late_after__lte=until) | Q(state=AgreementState.BROKEN, required=True)
    rows = _with_deals(_worklist(viewer).filter(pressing)).order_by(F("deal__amount").desc(nulls_last=True))
    found = [_work(row, today) for row in rows[:1_000]]
    pivotal = [work for work in found if work.line.required] or found
    changed = _changed(viewer, since=now - WEEK)
    open_deals = Deal.objects.visible_to(viewer).open()
    counts = open_deals.aggregate(deals=Count("pk"), currencies=Count("currency", distinct=True))
    return ManagerWeek(
        queue=tuple(_queue(pivotal, today)),
        coverage=tuple(coverage(viewer, today=today)),
        changed=tuple(changed[:8]),
        changes=dict(Counter(change.state for change in changed)),
        pushed=_pushed(viewer, since=now - WEEK),
        late=tuple(_late_deals(pivotal, today)),
        review=tuple(reviews.to_review(viewer, today=today)),
        debriefs=len(talks_page.to_debrief(viewer, today=today)),
        **counts,
    )


def _queue(found: Sequence[WorkLine], today: dt.date) -> list[Conversation]:
    """Return the talks worth having, one a deal, the weightiest first."""
    talks = sorted((_conversation(work, today) for work in found), key=lambda talk: -talk.weight)
    first: dict[int, Conversation] = {}
    for talk in talks:
        first.setdefault(talk.work.line.deal_id, talk)
    return list(first.values())[:QUEUE]


def _conversation(work: WorkLine, today: dt.date) -> Conversation:
    gap = _GAP.get(AgreementState(work.line.state), 0.5)
    days = (work.line.late_after - today).days if work.line.late_after else None
    weight = float(work.amount or 0) * gap * time_pressure(days)
    return Conversation(work, weight, _why(work.line, days))


def time_pressure(days: int | None) -> float:
    """Return how much a talk presses: 1 when due, half in a week; late ones cool slowly, since after two
    months a late agreement is rather a question of whether the deal lives. None: it has no day."""
    if days is None:
        return 0.5
    return 1 / (1 + days / 7) if days >= 0 else max(0.2, 1 + days / 75)


def _why(line: AgreementLine, days: int | None) -> str:
    stand = {
        AgreementState.NEEDED: "nobody has planned how to ask",
        AgreementState.PLANNED: "planned, not asked yet",
        AgreementState.ASKED: "asked, no answer yet",
        AgreementState.SOFT: "kind words, nobody promised an act",
        AgreementState.BROKEN: "they agreed and did not do it",
        AgreementState.GAINED: "they promised to act; was it done?",
        AgreementState.LAPSED: "it lapsed",
    }.get(AgreementState(line.state), "open")
    return stand if days is None else f"{stand}; {_when(days)}"


def _when(days: int) -> str:
    if days == 0:
        return "due today"
    number = f"{abs(days)} day" + ("" if abs(days) == 1 else "s")
    return f"due in {number}" if days > 0 else f"{number} late"


def coverage(viewer: Any, *, today: dt.date) -> list[TypeCoverage]:
    """Return, per agreement that open deals need, on how many it stands. One SQL query."""
    rows = Agreement.objects.visible_to(viewer).filter(deal__status=DealStatus.OPEN, required=True)
    standing = Q(state__in=sorted(STANDING))
    counts = (
        rows.exclude(state=AgreementState.NOT_NEEDED)
        .values("type__key", "type__own_name", "type__name")
        .annotate(
            of=Count("pk"),
            standing=Count("pk", filter=standing),
            found=Count("pk", filter=standing & Q(pk__in=unconfirmed_agreements())),
            late=Count("pk", filter=Q(late_after__lt=today, state__in=WAITING)),
        )
    )
    found = [
        TypeCoverage(
            row["type__key"],
            row["type__own_name"] or row["type__name"],
            row["standing"],
            row["of"],
            row["late"],
            row["found"],
        )
        for row in counts
    ]
    return sorted(found, key=lambda one: (one.standing / one.of, one.name))


def _changed(viewer: Any, *, since: dt.datetime) -> list[Changed]:
    """Return what was gained and lost lately of what deals need, newest first."""
    steps = AgreementEvent.objects.standing().filter(
        agreement__in=_worklist(viewer), occurred_at__gte=since, state__in=_NEWS
    )
    rows = steps.select_related("agreement__type", "agreement__deal").order_by("-occurred_at")
    return [
        Changed(
            row.state,
            str(row.agreement.type),
            row.agreement.deal_id,
            str(row.agreement.deal),
            row.occurred_at,
        )
        for row in rows[:2_000]
    ]


def _pushed(viewer: Any, *, since: dt.datetime) -> int:
    """Return how many open deals had their expected close moved in the last week."""
    moved = DealEvent.objects.filter(
        kind=EventKind.FIELD, name__icontains="close", occurred_at__gte=since,
        deal__in=Deal.objects.visible_to(viewer).open(),
    )  # fmt: skip
    return moved.values("deal_id").distinct().count()


def _late_deals(found: Sequence[WorkLine], today: dt.date) -> list[LateDeal]:
    by_deal: dict[int, list[WorkLine]] = defaultdict(list)
    for work in found:
        if work.line.late:
            by_deal[work.line.deal_id].append(work)
    deals = [
        LateDeal(
            deal_id,
            works[0].deal_title,
            works[0].owner,
            len(works),
            max((today - work.line.late_after).days for work in works if work.line.late_after),
            works[0].amount,
            works[0].currency,
        )
        for deal_id, works in by_deal.items()
    ]
    return sorted(deals, key=lambda deal: (-deal.late, -deal.days))[:8]


# ---- sponsor ----


@dataclass(frozen=True, slots=True)
class Reading:
    """A result metric now and before. For a share, ``low`` and ``high`` are its Wilson interval; for a
    mean of money or days, mean +- 1.96 standard errors. ``n`` closed deals of the last twelve months."""

    metric: str
    label: str
    kind: str
    better: str
    now: float | None
    low: float | None
    high: float | None
    n: int
    before: float | None
    n_before: int
    baseline: float
    target: float
    target_on: dt.date
    population: str
    missing: str = ""

    @property
    def improved(self) -> bool | None:
        """Whether it is better than the year before; None while the year before is within the interval."""
        if self.before is None or self.now is None or self.low is None or self.high is None:
            return None
        if self.low <= self.before <= self.high:
            return None
        return (self.now > self.before) == (self.better == "higher")

    @property
    def on_target(self) -> bool | None:
        """Whether the present value is at least the target; None when nothing can be said."""
        if self.now is None:
            return None
        return self.now >= self.target if self.better == "higher" else self.now <= self.target


@dataclass(frozen=True, slots=True)
class InTime:
    """One pivotal agreement on open deals whose day has come: gained by that day on ``in_time`` of ``of``,
    ``found`` of them by a rule's word that nobody confirmed yet."""

    key: str
    name: str
    in_time: int
    of: int
    found: int

    @property
    def share(self) -> float | None:
        return self.in_time / self.of if self.of >= LEAST_IN_A_SHARE else None


@dataclass(frozen=True, slots=True)
class SponsorWeek:
    """The strategy in force, whether it is executed, what changed, and what waits for a decision."""

    strategy: str
    statement: str
    strategy_id: int | None
    readings: tuple[Reading, ...]
    pivotal: tuple[InTime, ...]
    playbook: int | None
    last_run: runs.RunLine | None
    changes: dict[str, int]
    waiting: tuple[tuple[str, str, int], ...]  # what waits, the name of the page, how many


def sponsor_week(viewer: Any, *, today: dt.date, now: dt.datetime) -> SponsorWeek:
    """Return whether the strategy is executed. Seven SQL queries; reads two years of closed deals."""
    strategy = Strategy.objects.visible_to(viewer).in_force().first()
    targets = list(strategy.result_metrics.all()) if strategy else []
    book = (
        Playbook.objects.filter(strategy=strategy, published_at__isnull=False).first() if strategy else None
    )
    deals = closed_deals(viewer, today=today) if targets else None
    run = next((r for r in runs.runs(viewer, at=now, limit=5) if r.state == "done"), None)
    changes = Counter(change.state for change in _changed(viewer, since=now - WEEK))
    return SponsorWeek(
        strategy=strategy.name if strategy else "",
        statement=strategy.statement if strategy else "",
        strategy_id=strategy.pk if strategy else None,
        readings=tuple(reading(target, deals, today=today) for target in targets),
        pivotal=tuple(_in_time(viewer, book, today)) if book else (),
        playbook=book.number if book else None,
        last_run=run,
        changes=dict(changes),
        waiting=tuple(_decisions(run)),
    )


def _decisions(run: runs.RunLine | None) -> list[tuple[str, str, int]]:
    unsigned = max(0, run.shown - run.signed - run.rejected) if run else 0
    return [("findings wait for the analyst's signature", "discovery", unsigned)] if unsigned else []


def closed_deals(viewer: Any, *, today: dt.date) -> pl.DataFrame:
    """Return the closed deals of the last two years with discount, margin and cycle time derived."""
    since = today - dt.timedelta(days=730)
    frame = deals_frame(viewer)
    frame = frame.filter(pl.col("status").is_in(["won", "lost"]) & (pl.col("closed").dt.date() >= since))
    return metrics.with_derived(frame)


def reading(target: Any, deals: pl.DataFrame | None, *, today: dt.date) -> Reading:
    """Return a result metric in the last twelve months, and in the twelve before."""
    metric = metrics.parse(target.metric)
    year_ago = today - dt.timedelta(days=365)
    population = "won deals" if metric.among_won else "closed deals"
    known = {
        "metric": metric.name,
        "label": metric_words.title(metric.name),
        "kind": metric.kind,
        "better": metric.better,
        "baseline": target.baseline,
        "target": target.target,
        "target_on": target.target_on,
        "population": population + (f" in {target.segment}" if target.segment else ""),
    }
    frame = deals.filter(pl.col("segment") == target.segment) if target.segment else deals
    try:
        values = _values(metric, frame)
    except metrics.MetricError as problem:
        return Reading(
            **known, now=None, low=None, high=None, n=0, before=None, n_before=0, missing=str(problem)
        )
    recent = values.filter(pl.col("closed").dt.date() > year_ago)["value"]
    earlier = values.filter(pl.col("closed").dt.date() <= year_ago)["value"]
    low, high = wilson(recent) if metric.kind == "share" and not metric.among_won else mean_interval(recent)
    return Reading(
        **known,
        now=recent.mean(),
        low=low,
        high=high,
        n=recent.len(),
        before=earlier.mean(),
        n_before=earlier.len(),
    )


def _values(metric: metrics.Metric, deals: pl.DataFrame) -> pl.DataFrame:
    """Return closed and value of each deal that counts: lost ones count 0 unless only won ones exist."""
    value = metrics.value_if_won(metric, deals).alias("value")
    told = deals.select("closed", "status").with_columns(value)
    won = pl.col("status") == "won"
    if metric.among_won:
        return told.filter(won).drop_nulls("value")
    return told.with_columns(pl.when(won).then(pl.col("value")).otherwise(0.0).alias("value")).drop_nulls(
        "value"
    )


def wilson(values: pl.Series, *, z: float = 1.96) -> tuple[float | None, float | None]:
    """Return the 95% interval of a share (Wilson 1927), None without values."""
    n = values.len()
    if n == 0:
        return None, None
    share = float(values.mean() or 0.0)
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return middle - half, middle + half


def mean_interval(values: pl.Series, *, z: float = 1.96) -> tuple[float | None, float | None]:
    """Return mean +- z standard errors, None for fewer than two values."""
    if values.len() < 2:
        return None, None
    half = z * float(values.std() or 0.0) / math.sqrt(values.len())
    return float(values.mean()) - half, float(values.mean()) + half


def _in_time(viewer: Any, book: Playbook, today: dt.date) -> list[InTime]:
    """Return, per pivotal agreement, on how many open deals it was gained by the day it was needed."""
    wanted = PivotalAgreement.objects.filter(playbook=book).select_related("type")
    rows = Agreement.objects.visible_to(viewer).filter(
        deal__status=DealStatus.OPEN, required=True, needed_by__lte=today
    )
    rows = rows.exclude(state=AgreementState.NOT_NEEDED).values("type_id")
    in_time = Q(state__in=sorted(STANDING), gained_at__date__lte=F("needed_by"))
    counts = rows.annotate(
        of=Count("pk"),
        in_time=Count("pk", filter=in_time),
        found=Count("pk", filter=in_time & Q(pk__in=unconfirmed_agreements())),
    )
    by_type = {row["type_id"]: (row["in_time"], row["of"], row["found"]) for row in counts}
    return [
        InTime(pivotal.type.key, str(pivotal.type), *by_type.get(pivotal.type_id, (0, 0, 0)))
        for pivotal in wanted
    ]


# ---- analyst ----


@dataclass(frozen=True, slots=True)
class AnalystDay:
    """What an analyst looks after. ``unknown`` types came with files and are in no catalogue yet."""

    readiness: tuple[Any, ...]
    imports: tuple[imports.ImportLine, ...]
    last_run: runs.RunLine | None
    unsigned: int
    unknown: tuple[tuple[str, str, int], ...]  # key, name, on how many deals
    still: tuple[strategies.StillHolds, ...]
    questions: tuple[effort.WeekOfQuestions, ...]


def analyst_day(viewer: Any, *, now: dt.datetime) -> AnalystDay:
    """Return the state of data, analysis and catalogue."""
    run = next((r for r in runs.runs(viewer, at=now, limit=5) if r.state == "done"), None)
    unknown = (
        AgreementType.objects.filter(origin=Origin.IMPORTED, own_name__isnull=True, hidden=False)
        .annotate(used=Count("agreements"))
        .order_by("-used", "key")
    )
    return AnalystDay(
        readiness=(readiness_page.readiness(viewer),),
        imports=tuple(imports.history(viewer, most=4)),
        last_run=run,
        unsigned=max(0, run.shown - run.signed - run.rejected) if run else 0,
        unknown=tuple((row.key, str(row), row.used) for row in unknown[:6]),
        still=tuple(strategies.still_holds(viewer, at=now)),
        questions=tuple(effort.questions(viewer, now=now)),
    )


# ---- inside partner ----


@dataclass(frozen=True, slots=True)
class PartnerDay:
    """What was asked of an inside partner: what waits for an answer, and what they answered lately."""

    waiting: tuple[WorkLine, ...]
    answered: tuple[WorkLine, ...]
    late: int


def partner_day(viewer: Any, *, today: dt.date, now: dt.datetime) -> PartnerDay:
    """Return what was asked of ``viewer``, late first. Two SQL queries."""
    rows = _with_deals(Agreement.objects.visible_to(viewer).filter(asked_of=viewer))
    asked = rows.filter(state__in=WAITING, deal__status=DealStatus.OPEN)
    waiting = [
        _work(row, today) for row in asked.order_by(F("due_on").asc(nulls_last=True), "id")[:MOST_LINES]
    ]
    settled = rows.exclude(state__in=WAITING).filter(changed_at__gte=now - 4 * WEEK)
    return PartnerDay(
        waiting=tuple(waiting),
        answered=tuple(_work(row, today) for row in settled.order_by("-changed_at")[:6]),
        late=sum(work.line.due_on is not None and work.line.due_on < today for work in waiting),
    )


def page_for(viewer: Any) -> str:
    """Return which of the five pages a person opens the day with."""
    return {
        Role.SELLER: "seller",
        Role.MANAGER: "manager",
        Role.SPONSOR: "sponsor",
        Role.ANALYST: "analyst",
        Role.INSIDE_PARTNER: "partner",
    }[Role(viewer.role)]
