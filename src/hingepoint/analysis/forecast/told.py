"""A result metric, forecast from the deals that are open and what they hold of what is due; and how good that was before.

Each past quarter is forecast from the quarters before it alone: of the deals open when it began, how many count in it and what they
come to. That is held against two naive forecasts, the mean of all quarters before and that of the last. Where it is not surely
better than both, it is not told. Deals that come in the quarter itself are in none of it.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from hingepoint.analysis import calibration, intervals, metrics
from hingepoint.analysis.forecast.fit import Fit, fit
from hingepoint.analysis.forecast.rows import BANDS, Quarter, rows
from hingepoint.analysis.prediction import Standard
from hingepoint.records.strategy import Refuses

Floats = NDArray[np.float64]
#: So many quarters with so many deals that counted are learned from before the first is forecast.
LEARNS_FROM, LEARNS_FROM_DEALS = 2, 60
#: So many quarters are forecast and over before any forecast is told.
LEAST = 6
#: Farther ahead than so many quarters nobody says when a forecast could be told.
FAR = 20
#: A quarter ahead has so many days.
DAYS = 91
#: Chances are shown in bands of a tenth; what is no chance, in fifths of what was told.
TENTHS = tuple(n / 10 for n in range(11))
FIFTHS = 5
#: The score is split into parts by chances to the nearest twentieth: of single chances the parts say more about luck.
STEPS = 20


@dataclass(frozen=True, slots=True)
class Range:
    """What was ``told``, where it lies with 95% and with 80% confidence, and what ``came``; None before the quarter is over."""

    told: float
    low: float
    high: float
    likely_low: float
    likely_high: float
    came: float | None

    @property
    def held(self) -> bool:
        """Whether what came lies within 95%."""
        return self.came is not None and self.low <= self.came <= self.high

    @property
    def likely_held(self) -> bool:
        """Whether it lies within 80%."""
        return self.came is not None and self.likely_low <= self.came <= self.likely_high


@dataclass(frozen=True, slots=True)
class Told:
    """A forecast quarter: of ``open`` deals ``counts`` count in it; their ``level`` is the metric of those, and ``total`` how many meet it,
    or the money, None where neither is asked."""

    begins: dt.date
    ends: dt.date
    open: int
    counts: Range
    level: Range
    total: Range | None


@dataclass(frozen=True, slots=True)
class Against:
    """The score of a naive forecast, and how much better ours is, with its 95% interval."""

    score: float
    gain: intervals.Difference

    @property
    def beaten(self) -> bool:
        return self.gain.low > 0


@dataclass(frozen=True, slots=True)
class Cell:
    """What the forecast ahead says of ``deals`` open deals that hold so much and are ``older`` than most; of ``learned`` that counted."""

    band: str
    older: bool
    deals: int
    told: float
    learned: int


@dataclass(frozen=True, slots=True)
class Forecast:
    """The forecast of ``metric`` and how good it was; where it ``refuses``, ``ahead`` is None and ``could_be`` says when it may be told, if
    that can be said. ``score`` is the mean squared distance on ``deals``: Brier's, and then with its ``parts``."""

    metric: str
    refuses: Refuses
    ahead: Told | None = None
    cells: tuple[Cell, ...] = ()
    past: tuple[Told, ...] = ()
    deals: int = 0
    score: float | None = None
    parts: calibration.Score | None = None
    always: Against | None = None
    last: Against | None = None
    bands: tuple[calibration.Band, ...] = ()
    could_be: dt.date | None = None
    problem: str = ""

    @property
    def against(self) -> tuple[Against, ...]:
        return tuple(one for one in (self.always, self.last) if one)


def forecast(
    metric: metrics.Metric,
    deals: pl.DataFrame,
    steps: pl.DataFrame,
    standards: Sequence[Standard],
    *,
    quarters: Sequence[Quarter],
    today: dt.date,
) -> Forecast:
    """Return the forecast of the three months after ``today``. ``quarters`` are those of the past, one after the other; the others as
    for ``rows``."""
    if problem := _cannot(metric, standards):
        return Forecast(metric.name, Refuses.UNTOLD, problem=problem)
    over = [one for one in quarters if one[1] <= today]
    tomorrow = today + dt.timedelta(days=1)
    ahead = (tomorrow, tomorrow + dt.timedelta(days=DAYS))
    try:
        found = rows(metric, deals, steps, standards, [*over, ahead])
    except metrics.MetricError as error:
        return Forecast(metric.name, Refuses.UNTOLD, problem=str(error))
    return _judged(metric, found, [*over, ahead], today)


def _cannot(metric: metrics.Metric, standards: Sequence[Standard]) -> str:
    if not standards:
        return (
            "No pivotal agreement is due so many days after a deal begins, so that open deals do not tell it."
        )
    if metric.own or metric.name == "price_realisation":
        return "It is a quotient of sums, or of other deals than those that close: what one open deal adds to it is not told."
    return ""


@dataclass(frozen=True, eq=False)
class _Said:
    """A quarter as it was forecast: its rows, what was learned, and what the last quarter before it came to."""

    quarter: Quarter
    rows: pl.DataFrame
    fit: Fit
    last: float

    @property
    def each(self) -> Floats:
        return self.fit.value.told[self.fit.cells(self.rows)]


def _said(found: pl.DataFrame, quarters: Sequence[Quarter]) -> list[_Said]:
    """Return each quarter that has quarters enough before it, forecast from these alone."""
    said = []
    for number, quarter in enumerate(quarters):
        before = found.filter(pl.col("quarter") < number)
        counted = before.filter(pl.col("value").is_not_null())
        own = found.filter(pl.col("quarter") == number)
        if (
            counted["quarter"].n_unique() < LEARNS_FROM
            or counted.height < LEARNS_FROM_DEALS
            or own.is_empty()
        ):
            continue
        latest = counted.filter(pl.col("quarter") == counted["quarter"].max())
        said.append(_Said(quarter, own, fit(before), float(latest["value"].to_numpy().mean())))
    return said


def _judged(
    metric: metrics.Metric, found: pl.DataFrame, quarters: Sequence[Quarter], today: dt.date
) -> Forecast:
    said = _said(found, quarters)
    past = [one for one in said if one.quarter[1] <= today and one.rows["value"].count()]
    if len(past) < LEAST:
        return Forecast(metric.name, Refuses.FEW, could_be=_enough(len(past), quarters, said))
    each = _each(past)
    always, last = (_against(each, name) for name in ("always", "last"))
    judged = replace(_scored(metric, each), past=tuple(_told(metric, past, today)), always=always, last=last)
    if not (always.beaten and last.beaten):
        could_be = _surer([always, last], len(past), today)
        return replace(judged, refuses=Refuses.NO_BETTER, could_be=could_be)
    if said[-1].quarter[1] <= today:
        return replace(judged, refuses=Refuses.UNTOLD, problem="No deal is open now.")
    return replace(judged, ahead=_told(metric, [*past, said[-1]], today)[-1], cells=_cells(said[-1]))


def _enough(told: int, quarters: Sequence[Quarter], said: Sequence[_Said]) -> dt.date | None:
    """Return when so many quarters are over that the least are forecast; None where too few deals count to learn from."""
    if not said:
        return None
    running = quarters[-2][1] if len(quarters) > 1 else quarters[-1][0]
    return _quarters_on(running, LEAST - told)


def _surer(against: Sequence[Against], quarters: int, today: dt.date) -> dt.date | None:
    """Return when quarters enough are over, should it go on being better by as much; None where it is not better at all, or
    that is far away."""
    if any(one.gain.value <= 0 for one in against):
        return None
    reach = max((one.gain.value - one.gain.low) / one.gain.value for one in against)
    more = math.ceil(quarters * reach**2) - quarters
    return _quarters_on(today, max(more, 1)) if more <= FAR else None


def _quarters_on(day: dt.date, quarters: int) -> dt.date:
    months = day.year * 12 + day.month - 1 + 3 * quarters
    return dt.date(months // 12, months % 12 + 1, 1)


# ---- how good it was ----


def _each(past: Sequence[_Said]) -> pl.DataFrame:
    """Return what was said of each deal that counted, and what it came to: by us, and by the naive forecasts."""
    return pl.concat(
        one.rows.with_columns(
            said=pl.Series(one.each), always=pl.lit(one.fit.value.all), last=pl.lit(one.last)
        ).drop_nulls("value")
        for one in past
    )


def _scored(metric: metrics.Metric, each: pl.DataFrame) -> Forecast:
    said, came = each["said"].to_list(), each["value"].to_list()
    score = float(((each["said"] - each["value"]) ** 2).mean())  # type: ignore[arg-type]
    parts = None
    if metrics.is_counted(metric):
        happened = [bool(one) for one in came]
        parts = calibration.score([round(one * STEPS) / STEPS for one in said], happened)
        bands = calibration.bands(said, happened, TENTHS)
    else:
        bands = _fifths(each)
    return Forecast(metric.name, Refuses.NO, deals=len(said), score=score, parts=parts, bands=tuple(bands))


def _fifths(each: pl.DataFrame) -> list[calibration.Band]:
    """Return what came in each fifth of what was told."""
    ordered = each.sort("said", "id")
    place = (pl.int_range(pl.len()) * FIFTHS) // pl.len()
    found = []
    for group in ordered.with_columns(fifth=place).partition_by("fifth", maintain_order=True):
        said = group["said"].to_numpy()
        came = intervals.mean(group["value"].to_list())
        found.append(calibration.Band(float(said.min()), float(said.max()), float(said.mean()), came))
    return found


def _against(each: pl.DataFrame, naive: str) -> Against:
    """Return how much better we are than a naive forecast. Quarters and sellers have luck of their own: of the two intervals, by
    either, the wider one is told."""
    of_naive = (each[naive] - each["value"]) ** 2
    gains = each.select("quarter", "owner", gain=of_naive - (each["said"] - each["value"]) ** 2)
    ways = [_mean(gains, by) for by in ("quarter", "owner")]
    widest = max((one for one in ways if one), key=lambda one: one.high - one.low)
    return Against(float(of_naive.mean()), widest)  # type: ignore[arg-type]


def _mean(gains: pl.DataFrame, by: str) -> intervals.Difference | None:
    """Return the mean gain with its 95% interval by groups that may err together (Liang & Zeger 1986), with Student's t; None
    of fewer than five."""
    middle = float(gains["gain"].mean())  # type: ignore[arg-type]
    beside = gains.group_by(by, maintain_order=True).agg((pl.col("gain") - middle).sum())["gain"].to_numpy()
    groups = len(beside)
    if groups < 5:
        return None
    error = math.sqrt(float((beside**2).sum()) * groups / (groups - 1)) / gains.height
    half = intervals.t_quantile(groups - 1) * error
    return intervals.Difference(middle, middle - half, middle + half)


# ---- a quarter ----


@dataclass(frozen=True, slots=True)
class _Point:
    """What is told of a quarter, the error by chance alone, and what came."""

    told: float
    error: float
    came: float | None

    @property
    def off(self) -> float:
        """Return how many errors lie between."""
        return (self.came - self.told) / self.error if self.came is not None and self.error > 0 else 0.0


def _told(metric: metrics.Metric, said: Sequence[_Said], today: dt.date) -> list[Told]:
    """Return each quarter with its ranges: as wide as chance makes them, and where the other quarters that are over lay farther off, as
    wide as those."""
    points = [_points(metric, one, is_over=one.quarter[1] <= today) for one in said]
    counts, levels, totals = (_ranges(list(column)) for column in zip(*points, strict=True))
    has_total = metrics.is_counted(metric) or metric.kind == "money"
    return [
        Told(
            *one.quarter, one.rows.height, counts[place], levels[place], totals[place] if has_total else None
        )
        for place, one in enumerate(said)
    ]


def _points(metric: metrics.Metric, one: _Said, *, is_over: bool) -> tuple[_Point, _Point, _Point]:
    """Return how many count in a quarter, what they come to on the mean, and in all: sums of independent deals, each with its own
    chance of counting (Poisson's binomial distribution)."""
    cells = one.fit.cells(one.rows)
    chance, value = np.clip(one.fit.counts.told[cells], 0, 1), one.fit.value.told[cells]
    own = value * (1 - value) if metrics.is_counted(metric) else one.fit.value.within
    count, total = float(chance.sum()), float((chance * value).sum())
    level = total / count if count else one.fit.value.all
    spread = chance * (own + (value - level) ** 2)
    came = one.rows["value"].drop_nulls().to_numpy() if is_over else None
    return (
        _Point(count, math.sqrt(float((chance * (1 - chance)).sum())), _or_none(came, len)),
        _Point(level, math.sqrt(float(spread.sum())) / max(count, 1.0), _or_none(came, np.mean)),
        _Point(
            total,
            math.sqrt(float((chance * (own + value**2) - (chance * value) ** 2).sum())),
            _or_none(came, np.sum),
        ),
    )


def _or_none(came: Floats | None, what: object) -> float | None:
    return None if came is None else float(what(came))  # type: ignore[operator]


def _ranges(points: Sequence[_Point]) -> list[Range]:
    return [_range(one, [other for other in points if other is not one]) for one in points]


def _range(one: _Point, others: Sequence[_Point]) -> Range:
    over = [other.off for other in others if other.came is not None]
    wider = max(1.0, math.sqrt(float(np.mean(np.square(over)))))
    half, likely = (
        intervals.t_quantile(len(over), confidence=confidence) * wider * one.error
        for confidence in (0.95, 0.8)
    )
    return Range(
        told=one.told,
        low=one.told - half,
        high=one.told + half,
        likely_low=one.told - likely,
        likely_high=one.told + likely,
        came=one.came,
    )


def _cells(ahead: _Said) -> tuple[Cell, ...]:
    """Return what is said of the open deals, those that hold most first."""
    deals = np.bincount(ahead.fit.cells(ahead.rows), minlength=2 * len(BANDS))
    value = ahead.fit.value
    found = [
        Cell(BANDS[cell // 2], bool(cell % 2), int(deals[cell]), float(value.told[cell]), int(value.of[cell]))
        for cell in np.flatnonzero(deals)
    ]
    return tuple(sorted(found, key=lambda one: (-BANDS.index(one.band), one.older)))
