"""A result metric month by month, as if its deals were alike: what was usual, when it changed, where it leads.

The months wholly before a start are the usual time; later ones are followed by a smoothed line with limits
(``spc.charts``) and by a straight one up to the day of the target.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from hingepoint.analysis import intervals, metrics, period
from hingepoint.analysis.period_numbers import months_of, number_of, start_of
from hingepoint.analysis.spc import baseline, change, charts
from hingepoint.records.strategy import Reach

Floats = NDArray[np.float64]

#: Limit (L) of the smoothed line: one chart raises falsely once in 120 months, eight together once in fifteen.
LIMIT = 2.2312
#: The spread that chance alone gives months counts as so many months of a chart's own.
WORTH, STEADIEST = 12.0, 0.9
#: A line through fewer months leads anywhere.
LEAST_MONTHS = 6
#: So many months before the start are the usual time, as for ``period.movement``; so many are shown.
USUAL_MONTHS, SHOWN_BEFORE = 12, 24


@dataclass(frozen=True, slots=True)
class Month:
    """The metric on ``n`` deals closed in the month that ``begins``: ``value`` as if they were like the usual ones, and
    in the metric's unit the smoothed ``line`` with its limits, None in the usual time. ``changed``: the line is
    outside, and the change had begun."""

    begins: dt.date
    n: int
    value: float | None
    line: float | None = None
    low: float | None = None
    high: float | None = None
    changed: bool = False


@dataclass(frozen=True, slots=True)
class Since:
    """The month in which a change began, the earliest and the latest that it may have been; ``better`` than usual."""

    began: dt.date
    earliest: dt.date
    latest: dt.date
    better: bool


@dataclass(frozen=True, slots=True)
class Ahead:
    """Where the metric is led to by its course since the start: ``at_day``, on the mean of the target's month, from
    ``months`` whole months. ``reach`` says what that means for the target."""

    reach: Reach
    at_day: intervals.Estimate
    months: int


@dataclass(frozen=True, slots=True)
class ResultCourse:
    """Whole months up to before the present one, from the first that has half as many deals as a usual one: a record that
    only begins holds the quick deals alone. ``usual`` is the mean of the usual time, None where nothing was
    closed in it; ``trial``: it has fewer than twelve months, and nothing is said to have changed."""

    months: tuple[Month, ...]
    usual: float | None
    trial: bool
    since: Since | None
    ahead: Ahead


@dataclass(frozen=True, slots=True)
class Aim:
    """What is wanted of a metric: to be at ``target`` by a day, since the ``start``."""

    start: dt.date
    target: float
    target_on: dt.date


def first_day(start: dt.date) -> dt.date:
    """Return the first day that is shown before ``start``."""
    return start_of(number_of(start, "month") - SHOWN_BEFORE, "month")


def course(metric: metrics.Metric, deals: pl.DataFrame, *, aim: Aim, today: dt.date) -> ResultCourse:
    """Return how ``metric`` went month by month on deals closed from ``first_day`` on, and where it leads.

    ``deals`` as for ``period.movement``. Raises MetricError where they lack what the metric is computed from.
    """
    values = metrics.values(metric, deals)
    sums = _sums(metric, values, deals, aim.start, today)
    chart, began = _followed(sums), None
    if chart is not None and chart.is_raised:
        began = _since(chart, sums, metric)
    ahead = _ahead(metric, values, aim, today)
    trial = chart is None or chart.baseline.is_trial
    return ResultCourse(_months(metric, sums, chart, began), sums.usual, trial, began, ahead)


@dataclass(frozen=True)
class _Sums:
    """Counts of deals, their weights and the totals of their weighted distance from what was usual of them, by month from
    ``first`` on; a deal of the usual time weighs 1 on average. The months from ``usual_from`` to before ``begins`` are the
    usual time. ``spread``: of one deal about what was usual of it."""

    first: int
    usual_from: int
    begins: int
    counts: Floats
    weights: Floats
    beside: Floats
    usual: float | None
    spread: float

    @property
    def scores(self) -> Floats:
        """Return each month's distance from what is usual in standard errors of chance; NaN without a deal."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(self.beside / np.sqrt(self.counts) / self.spread, np.float64)

    @property
    def worth(self) -> float:
        """Return what a score of one is worth in a month of the usual size."""
        some = self.counts[self.counts > 0]
        return self.spread / float(np.sqrt(np.median(some))) if len(some) else 0.0


def _sums(
    metric: metrics.Metric, values: pl.DataFrame, deals: pl.DataFrame, start: dt.date, today: dt.date
) -> _Sums:
    """Add up the whole months from the first with a deal, at most ``SHOWN_BEFORE`` before the start."""
    numbers, days = months_of(values["closed"]).to_numpy(), values["closed"].dt.date()
    begins, ends = number_of(start, "month"), number_of(today, "month")
    numbers_from = _begins_to_tell(numbers, begins)
    learned = days.is_between(start - period.BEFORE, start, closed="left")
    beside = values["value"].to_numpy() - period.usual_of(metric, values, deals, learned=learned)
    shown = (numbers >= numbers_from) & (numbers < ends)
    if not (shown.any() and learned.any()):
        return _Sums(begins, 0, 0, np.zeros(0), np.zeros(0), np.zeros(0), None, 0.0)
    first, usual = int(numbers[shown].min()), values.filter(learned)
    weights = values["weight"].to_numpy() / float(usual["weight"].to_numpy().mean())
    at, count, beside = numbers[shown] - first, ends - first, beside * weights
    return _Sums(
        first,
        max(begins - USUAL_MONTHS - first, 0),
        max(begins - first, 0),
        np.bincount(at, minlength=count).astype(float),
        np.bincount(at, weights[shown], minlength=count).astype(float),
        np.bincount(at, beside[shown], minlength=count).astype(float),
        metrics.level(usual),
        max(float(beside[learned.to_numpy()].std()), 1e-9),
    )


def _begins_to_tell(numbers: NDArray[np.int64], begins: int) -> int:
    """Return the first month that is shown: at most ``SHOWN_BEFORE`` before the start, with at least half the deals of a
    middle month of the usual time; of the usual time itself each month is."""
    months = np.arange(begins - SHOWN_BEFORE, begins - USUAL_MONTHS)
    counts = [int((numbers == month).sum()) for month in months]
    usual = [int((numbers == month).sum()) for month in range(begins - USUAL_MONTHS, begins)]
    full = [int(month) for month, n in zip(months, counts, strict=True) if n and n >= np.median(usual) / 2]
    return full[0] if full else begins - USUAL_MONTHS


def _followed(sums: _Sums) -> charts.Chart | None:
    """Return the chart of the months since the start; None where fewer than two months are usual."""
    scores = sums.scores
    usual = scores[sums.usual_from : sums.begins]
    known = usual[np.isfinite(usual)]
    if len(known) < 2:
        return None
    own = baseline.estimate(known)
    spread = max(own.spread, 1.0)
    drawn = baseline.drawn_to(own, spread=spread, alike=own.alike, worth=WORTH, steadiest=STEADIEST)
    return charts.follow(scores[sums.begins :], baseline=drawn, limit=LIMIT)


def _since(chart: charts.Chart, sums: _Sums, metric: metrics.Metric) -> Since:
    places = change.began(chart, began_by=chart.raised_at)
    began, earliest, latest = (start_of(sums.first + sums.begins + place, "month") for place in places)
    higher = chart.line[-1] > chart.baseline.level
    return Since(began, earliest, latest, bool(higher) == (metric.better == "higher"))


def _months(
    metric: metrics.Metric, sums: _Sums, chart: charts.Chart | None, since: Since | None
) -> tuple[Month, ...]:
    def shown(score: float) -> float:
        level = chart.baseline.level if chart else 0.0
        return float((sums.usual or 0.0) + (score - level) * sums.worth)

    found = []
    months = zip(sums.counts, sums.weights, sums.beside, strict=True)
    for place, (count, weight, beside) in enumerate(months):
        begins, at = start_of(sums.first + place, "month"), place - sums.begins
        drawn = {}
        if chart is not None and at >= 0:
            drawn = {name: shown(getattr(chart, name)[at]) for name in ("line", "low", "high")}
        value = _possible(metric, float((sums.usual or 0.0) + beside / weight)) if count else None
        changed = since is not None and begins >= since.began
        found.append(Month(begins, int(count), value, changed=changed, **drawn))
    return tuple(found)


def _ahead(metric: metrics.Metric, values: pl.DataFrame, aim: Aim, today: dt.date) -> Ahead:
    """Return where the straight line through the whole months since the start is in the target's month.

    Months count by their deals; the error holds what they scatter about the line, beyond chance too. Values are as they
    were, deals of all kinds: so is the target.
    """
    numbers = months_of(values["closed"])
    begun = (values["closed"].dt.date() >= aim.start) & (numbers < number_of(today, "month"))
    by_month = (
        values.with_columns(month=numbers)
        .filter(begun)
        .group_by("month")
        .agg(mean=(pl.col("value") * pl.col("weight")).sum() / pl.col("weight").sum(), n=pl.len())
        .sort("month")
    )
    if by_month.height < LEAST_MONTHS:
        return Ahead(Reach.UNKNOWN, intervals.Estimate(None, None, None, int(begun.sum())), by_month.height)
    x = by_month["month"].to_numpy().astype(float)
    found = _line_at(
        float(number_of(aim.target_on, "month")),
        x,
        by_month["mean"].to_numpy(),
        by_month["n"].to_numpy().astype(float),
    )
    low, high = (_possible(metric, end) for end in found[1:])
    at_day = intervals.Estimate(_possible(metric, found[0]), low, high, int(begun.sum()))
    return Ahead(_reach(low, high, aim.target, metric.better), at_day, by_month.height)


def _line_at(place: float, x: Floats, y: Floats, weights: Floats) -> tuple[float, float, float]:
    """Return the weighted line of least squares at ``place`` with the 95% interval of that mean."""
    centre = float(np.average(x, weights=weights))
    level = float(np.average(y, weights=weights))
    spread = float((weights * (x - centre) ** 2).sum())
    slope = float((weights * (x - centre) * (y - level)).sum()) / spread
    beside = y - level - slope * (x - centre)
    freedom = len(x) - 2
    variance = float((weights * beside**2).sum()) / freedom
    error = np.sqrt(variance * (1 / weights.sum() + (place - centre) ** 2 / spread))
    value, half = level + slope * (place - centre), intervals.t_quantile(freedom) * float(error)
    return value, value - half, value + half


def _possible(metric: metrics.Metric, value: float) -> float:
    """Return a value that the metric can have: a share of deals never lies below 0 or above 1, a share of money never
    above 1 or below -1, a time never below 0. What is late may be early, and a quotient of one's own be anything."""
    if metrics.is_counted(metric):
        return min(max(value, 0.0), 1.0)
    if metric.own or metric.name in ("slippage", "price_realisation"):
        return value
    if metric.kind == "share":
        return min(max(value, -1.0), 1.0)
    return max(value, 0.0) if metric.kind == "days" else value


def _reach(low: float, high: float, target: float, better: str) -> Reach:
    worse, best = (low, high) if better == "higher" else (-high, -low)
    wanted = target if better == "higher" else -target
    if worse >= wanted:
        return Reach.REACHES
    return Reach.SHORT if best < wanted else Reach.OPEN
