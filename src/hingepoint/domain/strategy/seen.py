"""The strategy as it is seen over the years: its results month by month, how far its agreements are gained on every deal,
and whether they still predict the result. For those who see every deal; kept in a large company."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl
from django.conf import settings
from django.db.models import Count, Min, Q

from hingepoint.analysis import intervals, margin_split, metrics, period, prediction, result_course
from hingepoint.analysis.margin_split import Split
from hingepoint.analysis.prediction import Executed, Pace, Predicted, Standard
from hingepoint.analysis.result_course import Aim, ResultCourse
from hingepoint.domain.agreements.models import Agreement
from hingepoint.domain.agreements.rules import counted_quality
from hingepoint.domain.deals import frames
from hingepoint.domain.deals.models import Deal, that_count
from hingepoint.domain.strategy import results
from hingepoint.domain.strategy.models import AskingRound, PivotalAgreement, ResultMetric, Strategy
from hingepoint.domain.upkeep.kept import Question, Shelf
from hingepoint.records.strategy import NeededBy

#: Two to three years are looked at, so that the usual time is in them.
LOOKS_BACK = dt.timedelta(days=3 * 365)
#: The quality told is that of what was gained in so long.
LASTS = dt.timedelta(days=365)
#: What is read of a gain.
_GAINED = {"id": pl.Int64(), "type_id": pl.Int64(), "on": frames.FILE_MOMENT}
#: Metrics of which the money behind them is split.
OF_MONEY = frozenset({"net", "margin", "revenue", "price_realisation", "contract_size"})


@dataclass(frozen=True, slots=True)
class ResultSeen:
    """A result metric month by month; ``split`` of what won deals contributed a month before the start and since, for
    metrics of money where prices and costs are known, in the ``currencies`` of the deals that it is of."""

    course: ResultCourse | None
    split: Split | None = None
    currencies: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AgreementSeen:
    """A pivotal agreement over the years. ``executed`` and ``predicted`` are None where deals of the past do not tell its
    day; ``quality``, of seven points, is that of what was gained in the last year."""

    key: str
    name: str
    executed: Executed | None
    predicted: Predicted | None
    quality: intervals.Estimate | None


@dataclass(frozen=True, slots=True)
class AgreementsSeen:
    """The agreements of the published playbook in its order, and ``paces`` quarter by quarter since they were chosen."""

    agreements: tuple[AgreementSeen, ...]
    paces: tuple[Pace, ...]


#: How the results of a strategy are seen, in the order of its targets, and how its agreements are: kept in a large company.
RESULTS = Question[list[ResultSeen]]("results seen", list[ResultSeen])
AGREEMENTS = Question[AgreementsSeen]("agreements seen", AgreementsSeen)


def results_seen(
    viewer: Any, strategy: Strategy, *, today: dt.date, shelf: Shelf | None = None
) -> list[ResultSeen]:
    """Return how each result metric is seen by one who sees every deal. At most three SQL queries, and one for each team
    that a target is set on; reads the deals closed in three years."""
    targets = list(strategy.result_metrics.select_related("team"))
    return RESULTS.told(
        lambda: results_now(viewer, strategy, targets, today=today),
        about=results.what_it_wants(strategy, targets),
        shelf=shelf,
    )


def agreements_seen(viewer: Any, strategy: Strategy, *, today: dt.date) -> AgreementsSeen:
    """Return how the pivotal agreements are seen by one who sees every deal. At most seven SQL queries; reads the deals of
    three years, and what was gained on them."""
    chosen = chosen_of(strategy)
    return AGREEMENTS.told(
        lambda: agreements_now(viewer, strategy, chosen, today=today), about=what_it_asks(strategy, chosen)
    )


def what_it_asks(strategy: Strategy, chosen: Sequence[PivotalAgreement]) -> str:
    """Return what decides how agreements are seen: the version of the playbook, what they are to serve, and when quarters begin."""
    book = max((row.playbook_id for row in chosen), default=0)
    return f"{strategy.metric} in {strategy.segment} since {strategy.starts_on}: {book}, {settings.FISCAL_YEAR_BEGINS}"


def chosen_of(strategy: Strategy) -> list[PivotalAgreement]:
    """Return the agreements of the published playbook, with the findings that they were chosen by."""
    newest = strategy.playbooks.published()[:1]
    rows = PivotalAgreement.objects.filter(playbook__in=newest).select_related(
        "type", "finding__run", "playbook"
    )
    return list(rows.defer("finding__run__record"))


def results_now(
    viewer: Any, strategy: Strategy, targets: Sequence[ResultMetric], *, today: dt.date
) -> list[ResultSeen]:
    """Return the same as ``results_seen``, asked at this moment."""
    if not targets:
        return []
    start = strategy.starts_on or today
    since = result_course.first_day(start)
    wanted = [one.metric for one in targets]
    deals = results.counted_deals(viewer, wanted, since=since, segment=strategy.segment)
    return [_result(one, deals, start, today) for one in targets]


def agreements_now(
    viewer: Any, strategy: Strategy, chosen: Sequence[PivotalAgreement], *, today: dt.date
) -> AgreementsSeen:
    """Return the same as ``agreements_seen``, asked at this moment."""
    standards, quality = standards_of(strategy, chosen), _quality(viewer, strategy, chosen, today)
    told: dict[int, Executed] = {}
    foretold: dict[int, Predicted] = {}
    paces: tuple[Pace, ...] = ()
    if standards:
        start = strategy.starts_on or today
        since = min(start - period.BEFORE, today - LOOKS_BACK)
        deals = _deals(viewer, strategy, since)
        gained = _gained(viewer, strategy, standards, since)
        marks = prediction.landmarks(deals, gained, standards, today=today)
        types = [one.type_id for one in standards]
        told = {one.type_id: one for one in prediction.executed(marks, types, start=start, today=today)}
        closed = deals.filter(pl.col("closed").is_not_null())
        foretold, paces = _predicted(strategy, closed, marks, standards, today)
    seen = tuple(
        AgreementSeen(
            key=row.type.key,
            name=str(row.type),
            executed=told.get(row.type_id),
            predicted=foretold.get(row.type_id),
            quality=quality.get(row.type_id),
        )
        for row in chosen
    )
    return AgreementsSeen(seen, paces)


def _quality(
    viewer: Any, strategy: Strategy, chosen: Sequence[PivotalAgreement], today: dt.date
) -> dict[int, intervals.Estimate]:
    """Return the mean quality of what was gained in the last year, by type. One SQL query."""
    if not chosen:
        return {}
    rows = Agreement.objects.visible_to(viewer).filter(
        that_count("deal"), type_id__in=[one.type_id for one in chosen], gained_at__date__gt=today - LASTS
    )
    rows = rows.filter(deal__segment=strategy.segment) if strategy.segment else rows
    counted = rows.annotate(points=counted_quality()).exclude(points=None)
    told = counted.order_by().values_list("type_id", "points").annotate(n=Count("pk"))
    by_type: dict[int, list[float]] = {}
    for kind, points, n in told:
        by_type.setdefault(kind, []).extend([float(points)] * n)
    return {kind: intervals.mean(points) for kind, points in by_type.items()}


def _deals(viewer: Any, strategy: Strategy, since: dt.date) -> pl.DataFrame:
    wanted = Q(closed_at__isnull=True) | Q(closed_at__date__gte=since)
    rows = Deal.objects.visible_to(viewer).filter(wanted)
    rows = rows.filter(segment=strategy.segment) if strategy.segment else rows
    return results.read(rows)


def _gained(viewer: Any, strategy: Strategy, standards: Sequence[Standard], since: dt.date) -> pl.DataFrame:
    """Return the day on which each deal gained each type. What became of it later is not looked at: nobody knew it."""
    wanted = Q(deal__closed_at__isnull=True) | Q(deal__closed_at__date__gte=since)
    rows = Agreement.objects.visible_to(viewer).filter(
        that_count("deal"), wanted, type_id__in=[one.type_id for one in standards], gained_at__isnull=False
    )
    rows = rows.filter(deal__segment=strategy.segment) if strategy.segment else rows
    told = frames.read(rows, {"id": "deal_id", "type_id": "type_id", "on": "gained_at"}, _GAINED)
    return told.with_columns(pl.col("on").dt.date())


def _result(target: ResultMetric, counted: pl.DataFrame, start: dt.date, today: dt.date) -> ResultSeen:
    metric = metrics.parse(target.metric)
    deals = counted.filter(results.of_target(target))
    aim = Aim(start, target.target, target.target_on)
    try:
        course = result_course.course(metric, deals, aim=aim, today=today)
    except metrics.MetricError:
        return ResultSeen(None)
    if metric.name not in OF_MONEY:
        return ResultSeen(course)
    won = deals.filter(pl.col("status") == "won", pl.col("closed").dt.date() >= start - period.BEFORE)
    return ResultSeen(course, _split(won, start), tuple(sorted(won["currency"].fill_null("").unique())))


def _split(won: pl.DataFrame, start: dt.date) -> Split | None:
    """Return what moved the contribution a month, from the year before the start; None where prices or costs are not known."""
    day = pl.col("closed").dt.date()
    times = (day.is_between(start - period.BEFORE, start, closed="left"), day >= start)
    before, since = (margin_split.a_month(won.filter(time), at="closed") for time in times)
    if not (before.height and since.height and before["quantity"].sum() > 0):
        return None
    return margin_split.split(before, since, by=margin_split.GROUPS)


def standards_of(strategy: Strategy, chosen: Sequence[PivotalAgreement]) -> list[Standard]:
    """Return by when each agreement is needed, of those of which deals of the past tell it: a day before the expected
    close would know how the deal ended."""
    if not chosen:
        return []
    first = dict(
        PivotalAgreement.objects.filter(playbook__strategy=strategy, playbook__published_at__isnull=False)
        .order_by()
        .values("type_id")
        .annotate(first=Min("playbook__published_at"))
        .values_list("type_id", "first")
    )
    by_stage = any(row.needed_by == NeededBy.STAGE for row in chosen)
    stages = AskingRound.objects.values_list("days_to_stage", flat=True).first() if by_stage else None
    found = []
    for row in chosen:
        days = row.needed_days if row.needed_by == NeededBy.DAYS_FROM_CREATION else None
        if row.needed_by == NeededBy.STAGE:
            days = (stages or {}).get(row.needed_stage)
        if days is None:
            continue
        asked_at = row.finding.run.asked_at if row.finding else first[row.type_id]
        amount = None if row.least_amount is None else float(row.least_amount)
        found.append(Standard(row.type_id, days, asked_at.date(), tuple(row.segments), amount))
    return found


def _predicted(
    strategy: Strategy,
    closed: pl.DataFrame,
    marks: pl.DataFrame,
    standards: Sequence[Standard],
    today: dt.date,
) -> tuple[dict[int, Predicted], tuple[Pace, ...]]:
    """Return whether each agreement still predicts the strategy's own metric, and the pace since the first was chosen;
    nothing where the deals lack what the metric is computed from."""
    metric, first = metrics.parse(strategy.metric), min(one.chosen_on for one in standards)
    try:
        beside = {
            day: prediction.results_beside(metric, closed, chosen_on=day)
            for day in {one.chosen_on for one in standards}
        }
    except metrics.MetricError:
        return {}, ()
    found = {
        one.type_id: prediction.predicted(marks, beside[one.chosen_on], one, today=today) for one in standards
    }
    month = settings.FISCAL_YEAR_BEGINS
    return found, prediction.paces(marks, beside[first], first_month=month, since=first, today=today)
