"""The strategy as it is seen over the years: its results month by month, how far its agreements are gained on every deal,
and whether they still predict the result. For those who see every deal; kept in a large company."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl
from django.conf import settings
from django.db.models import Min, Q

from hingepoint.analysis import margin_split, metrics, period, prediction, result_course
from hingepoint.analysis.margin_split import Split
from hingepoint.analysis.prediction import Executed, Pace, Predicted, Standard
from hingepoint.analysis.result_course import Aim, ResultCourse
from hingepoint.domain.agreements.models import Agreement
from hingepoint.domain.deals.models import Deal
from hingepoint.domain.strategy import results
from hingepoint.domain.strategy.models import AskingRound, PivotalAgreement, ResultMetric, Strategy
from hingepoint.domain.upkeep.kept import Question, Shelf
from hingepoint.records.strategy import NeededBy

#: Two to three years are looked at, so that the usual time is in them.
LOOKS_BACK = dt.timedelta(days=3 * 365)
#: Metrics of which the money behind them is split.
OF_MONEY = frozenset({"net", "margin", "revenue"})


@dataclass(frozen=True, slots=True)
class ResultSeen:
    """A result metric month by month; ``split`` of what won deals contributed a month before the start and since, for
    metrics of money where prices and costs are known."""

    course: ResultCourse | None
    split: Split | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """``results`` in the order of the targets; ``executed`` and ``predicted`` by agreement type: one without a day of its
    own for deals of the past is in neither; ``paces`` quarter by quarter since the agreements were chosen."""

    results: tuple[ResultSeen, ...]
    executed: dict[int, Executed]
    predicted: dict[int, Predicted]
    paces: tuple[Pace, ...]


#: How a strategy is seen over the years; about what it wants: kept in a large company.
SEEN = Question[Seen]("strategy seen", Seen)


def seen(viewer: Any, strategy: Strategy, *, today: dt.date, shelf: Shelf | None = None) -> Seen:
    """Return how a strategy is seen by one who sees every deal. At most six SQL queries; reads its deals of three years."""
    targets = list(strategy.result_metrics.select_related("team"))
    chosen = chosen_of(strategy)
    return SEEN.told(
        lambda: seen_now(viewer, strategy, targets, chosen, today=today),
        about=what_it_asks(strategy, targets, chosen),
        shelf=shelf,
    )


def what_it_asks(
    strategy: Strategy, targets: Sequence[ResultMetric], chosen: Sequence[PivotalAgreement]
) -> str:
    """Return what decides how a strategy is seen: what it wants, and the version of its playbook."""
    book = max((row.playbook_id for row in chosen), default=0)
    return f"{results.what_it_wants(strategy, targets)}: {book}"


def chosen_of(strategy: Strategy) -> list[PivotalAgreement]:
    """Return the agreements of the published playbook, with the findings that they were chosen by."""
    newest = strategy.playbooks.published()[:1]
    rows = PivotalAgreement.objects.filter(playbook__in=newest).select_related("finding__run", "playbook")
    return list(rows.defer("finding__run__record"))


def seen_now(
    viewer: Any,
    strategy: Strategy,
    targets: Sequence[ResultMetric],
    chosen: Sequence[PivotalAgreement],
    *,
    today: dt.date,
) -> Seen:
    """Return the same, asked at this moment."""
    start = strategy.starts_on or today
    since = min(result_course.first_day(start), today - LOOKS_BACK)
    deals = _deals(viewer, strategy, since)
    closed = deals.filter(pl.col("closed").is_not_null())
    found = tuple(_result(one, closed, start, today) for one in targets)
    standards = _standards(strategy, chosen)
    if not standards:
        return Seen(found, {}, {}, ())
    marks = prediction.landmarks(deals, _gained(viewer, strategy, standards, since), standards, today=today)
    types = [one.type_id for one in standards]
    told = {one.type_id: one for one in prediction.executed(marks, types, start=start, today=today)}
    return Seen(found, told, *_predicted(strategy, closed, marks, standards, today))


def _deals(viewer: Any, strategy: Strategy, since: dt.date) -> pl.DataFrame:
    wanted = Q(closed_at__isnull=True) | Q(closed_at__date__gte=since)
    rows = Deal.objects.visible_to(viewer).filter(wanted)
    rows = rows.filter(segment=strategy.segment) if strategy.segment else rows
    return results.frame(rows.values_list(*results.COLUMNS.values()))


def _gained(viewer: Any, strategy: Strategy, standards: Sequence[Standard], since: dt.date) -> pl.DataFrame:
    """Return the day on which each deal gained each type. What became of it later is not looked at: nobody knew it."""
    wanted = Q(deal__closed_at__isnull=True) | Q(deal__closed_at__date__gte=since)
    rows = Agreement.objects.visible_to(viewer).filter(
        wanted, type_id__in=[one.type_id for one in standards], gained_at__isnull=False
    )
    rows = rows.filter(deal__segment=strategy.segment) if strategy.segment else rows
    types = {"id": pl.Int64(), "type_id": pl.Int64(), "on": pl.Datetime("us", "UTC")}
    told = pl.DataFrame(list(rows.values_list("deal_id", "type_id", "gained_at")), schema=types, orient="row")
    return told.with_columns(pl.col("on").dt.convert_time_zone(settings.TIME_ZONE).dt.date())


def _result(target: ResultMetric, closed: pl.DataFrame, start: dt.date, today: dt.date) -> ResultSeen:
    metric = metrics.parse(target.metric)
    deals = closed.filter(results.of_target(target))
    aim = Aim(start, target.target, target.target_on)
    try:
        course = result_course.course(metric, deals, aim=aim, today=today)
    except metrics.MetricError:
        return ResultSeen(None)
    return ResultSeen(course, _split(deals, start) if metric.name in OF_MONEY else None)


def _split(deals: pl.DataFrame, start: dt.date) -> Split | None:
    """Return what moved the contribution a month, from the year before the start; None where prices or costs are not known."""
    won, day = deals.filter(pl.col("status") == "won"), pl.col("closed").dt.date()
    times = (day.is_between(start - period.BEFORE, start, closed="left"), day >= start)
    before, since = (margin_split.a_month(won.filter(time), at="closed") for time in times)
    if not (before.height and since.height and before["quantity"].sum() > 0):
        return None
    return margin_split.split(before, since, by=margin_split.GROUPS)


def _standards(strategy: Strategy, chosen: Sequence[PivotalAgreement]) -> list[Standard]:
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
