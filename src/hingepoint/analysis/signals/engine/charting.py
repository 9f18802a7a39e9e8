"""All charts of all signals followed at one rate of false raises, and each change told where it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from hingepoint.analysis.signals.engine import places
from hingepoint.analysis.signals.engine.calendar import Calendar
from hingepoint.analysis.signals.engine.places import Prepared
from hingepoint.analysis.signals.shape import COMPANY, Earlier, Floats, Place, Series, Signal
from hingepoint.analysis.spc import baseline, charts, run_lengths
from hingepoint.analysis.spc.baseline import Baseline
from hingepoint.analysis.spc.charts import Chart

#: However few charts there are, each raises falsely at most once in so many points.
SHORTEST = 120.0
#: The spread of the charts beside it counts as so many points of a chart's own.
WORTH = 12.0
#: Chance alone makes scores vary by about one; steadier than this no chart is taken to be.
STEADIEST = 0.9
#: Beyond this share of the way to its limit a line is watched.
NEAR = 2 / 3
#: A place is raised beside its parts when it is, without them, still so far beyond its limit as it is with them.
OWN = 0.6
#: A place of which so much belongs to another one is a part of it.
PART = 0.9


@dataclass(frozen=True)
class Charted:
    """``by_place`` has the chart of each signal's place, ``because_of`` the place that explains a raise away;
    ``charts`` of them can raise, at ``limit``."""

    charts: int
    limit: float
    by_place: dict[tuple[Signal, Place], Chart]
    because_of: dict[tuple[Signal, Place], Place]


@dataclass(frozen=True)
class _Pool:
    """What a signal's charts have in common: from which side they look, how much they vary, how alike neighbours are."""

    side: int
    spread: float
    alike: float


def follow(prepared: Sequence[Prepared], calendar: Calendar, *, beside: int = 0) -> Charted:
    """Return all charts, each looked at from its worse side. ``beside``: charts of other signals that share the budget."""
    pools = {each.signal: _pool(each) for each in prepared}
    able = beside + sum(_can_raise(series) for each in prepared for series in each.series)
    wanted = run_lengths.budget(charts=able, points_a_quarter=calendar.points_a_quarter)
    # from one side a chart runs twice as long as a two-sided one with the same limit
    limit = run_lengths.limit_for(max(wanted, SHORTEST) / 2, weight=calendar.weight)
    by_place = {
        (each.signal, series.place): chart
        for each in prepared
        for series in each.series
        if (chart := _chart(series, pools[each.signal], limit, calendar.weight))
    }
    found = Charted(able, limit, by_place, {})
    because = {
        (each.signal, place): other
        for each in prepared
        for place, other in _explained(each, found, pools[each.signal], calendar).items()
    }
    return replace(found, because_of=because)


def followed_before(
    prepared: Prepared, charted: Charted, calendar: Calendar
) -> dict[Place, tuple[Earlier, ...]]:
    """Return each place as it was followed under earlier rules, with the limits that it would have had then."""
    found: dict[Place, tuple[Earlier, ...]] = {}
    for era in prepared.under_earlier:
        pool = _pool(era)
        for series in era.series:
            chart = _chart(series, pool, charted.limit, calendar.weight)
            found[series.place] = (*found.get(series.place, ()), Earlier(series, chart))
    return found


def _usual(scores: Floats, points: int) -> Baseline | None:
    known = scores[:points][~np.isnan(scores[:points])]
    return baseline.estimate(known) if len(known) >= 2 else None


def _can_raise(series: Series) -> bool:
    usual = _usual(series.scores, series.baseline)
    return usual is not None and not usual.is_trial


def _pool(prepared: Prepared) -> _Pool:
    found = [_usual(one.scores, one.baseline) for one in prepared.series]
    known = [one for one in found if one is not None and not one.is_trial]
    spread = float(np.sqrt(np.mean([one.spread**2 for one in known]))) if known else 1.0
    alike = float(np.mean([one.alike for one in known])) if known else 0.0
    return _Pool(prepared.signal.side, max(spread, 1.0), alike)


def _chart(series: Series, pool: _Pool, limit: float, weight: float) -> Chart | None:
    usual = _usual(series.scores, series.baseline)
    if usual is None:
        return None
    drawn = baseline.drawn_to(usual, spread=pool.spread, alike=pool.alike, worth=WORTH, steadiest=STEADIEST)
    return charts.follow(
        series.scores[series.baseline :], baseline=drawn, limit=limit, weight=weight, side=pool.side
    )


def _explained(prepared: Prepared, charted: Charted, pool: _Pool, calendar: Calendar) -> dict[Place, Place]:
    """Return the raised places that would not be, or hardly, without another one, and that one.

    The place furthest beyond its limit is told first, the company last: it is the sum of its parts. A place that is a part of
    one that is told, or raised without it, is told too.
    """
    key = prepared.signal
    raised = [
        one
        for one in prepared.series
        if (chart := charted.by_place.get((key, one.place))) and chart.is_raised
    ]
    raised.sort(key=lambda one: (one.place == COMPANY, -beyond(charted.by_place[key, one.place])))
    told: list[Place] = []
    found: dict[Place, Place] = {}
    for series in raised:
        if not told or any(_is_part(prepared, series.place, other) for other in told):
            told.append(series.place)
            continue
        left = places.without(prepared, series.place, told, calendar)
        chart = _chart(left, pool, charted.limit, calendar.weight) if left else None
        if chart and chart.is_raised and beyond(chart) > OWN * beyond(charted.by_place[key, series.place]):
            told.append(series.place)
        else:
            found[series.place] = told[0]
    return found


def beyond(chart: Chart) -> float:
    """Return how far the line is on its way to the limit of its worse side; 1 at the limit."""
    return float(
        (chart.line[-1] - chart.baseline.level) * chart.side / (chart.high[-1] - chart.baseline.level)
    )


def _is_part(prepared: Prepared, place: Place, other: Place) -> bool:
    mine = prepared.at(place)["_row"]
    return bool(mine.is_in(prepared.at(other)["_row"].implode()).mean() >= PART)  # type: ignore[operator]
