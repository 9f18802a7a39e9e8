"""Event study: the effect of a rollout by time since a team started, with its interval; before the start there is to be nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hingepoint.records.languages import say, words_of
from hingepoint.reports.charts import numbers, scale, svg, tables

WIDE, NARROW = 640, 330
HEIGHT, TOP, BOTTOM = 260, 30, 214
LEFT, EDGE = 52, 12


@dataclass(frozen=True, slots=True)
class Point:
    """The effect so many periods after the start (negative: before); the interval is None where there is none."""

    period: int
    effect: float
    low: float | None = None
    high: float | None = None


_SINCE = words_of(
    {
        "week": "weeks since a team started",
        "month": "months since a team started",
        "quarter": "quarters since a team started",
    }
)
_BY = words_of(
    {
        "week": "Effect on {metric} by weeks since the start",
        "month": "Effect on {metric} by months since the start",
        "quarter": "Effect on {metric} by quarters since the start",
    }
)
_START = words_of(
    {
        "week": "The week of the start",
        "month": "The month of the start",
        "quarter": "The quarter of the start",
    }
)


def draw(
    points: Sequence[Point], *, metric: str, period: str, unit: str = "points", width: int = WIDE
) -> str:
    """Return the effects in the order of time, those before the start hollow; ``period`` is week, month or quarter."""
    ends = [end for p in points for end in (p.effect, p.low, p.high) if end is not None]
    axis = scale.nice(ends, BOTTOM, TOP, about=4, include=(0.0,))
    step = (width - EDGE - LEFT) / max(len(points), 1)
    places = [LEFT + step * (number + 0.5) for number in range(len(points))]
    body = _grid(axis, unit, width) + _start(points, places, step)
    body += "".join(_point(p, x, axis, unit, period) for p, x in zip(points, places, strict=True))
    body += _periods(points, places, step)
    body += svg.text(4, TOP - 18, unit, size=11, fill="ink-3")
    body += svg.text(
        width - EDGE,
        HEIGHT - 6,
        say(_SINCE[period]),
        size=11,
        fill="ink-3",
        anchor="end",
    )
    title = say(_BY[period], metric=metric)
    return svg.document(
        width, HEIGHT, body, kind="event-study", title=title, description=_description(points, unit, period)
    )


def table(points: Sequence[Point], *, period: str, unit: str = "points") -> tables.Table:
    """Return the same as rows: when, the effect, its interval."""
    rows = [
        (_when(p.period, period), numbers.effect(p.effect, unit), numbers.interval(p.low, p.high, unit))
        for p in points
    ]
    return tables.build([(say("When"), False), (say("Effect"), True), (say("95% interval"), True)], rows)


def _when(number: int, period: str) -> str:
    if number == 0:
        return say(_START[period])
    far = numbers.plural(abs(number), period)
    return say("{far} after", far=far) if number > 0 else say("{far} before", far=far)


def _grid(axis: scale.Scale, unit: str, width: int) -> str:
    parts = []
    for at in axis.ticks():
        none = abs(at) < axis.step * 1e-6
        parts.append(svg.line(LEFT, axis(at), width - EDGE, axis(at), "ink-3" if none else "line-soft"))
        label = numbers.tick(at, unit, axis.step)
        parts.append(svg.text(LEFT - 8, axis(at) + 4, label, size=11, fill="ink-3", anchor="end"))
    return "".join(parts)


def _start(points: Sequence[Point], places: Sequence[float], step: float) -> str:
    """Return the line at which teams start, where something before it is drawn."""
    x = next((x - step / 2 for p, x in zip(points, places, strict=True) if p.period >= 0), None)
    if x is None or points[0].period >= 0:
        return ""
    words = svg.text(x + 5, TOP - 12, say("teams start"), size=11, fill="ink-2")
    return svg.line(x, TOP - 18, x, BOTTOM, "ink-3", dash="2 3") + words


def _point(p: Point, x: float, axis: scale.Scale, unit: str, period: str) -> str:
    reach = ""
    if p.low is not None and p.high is not None:
        reach = svg.line(x, axis(p.low), x, axis(p.high), "accent-line", width=5, cap="round")
    fill = "surface" if p.period < 0 else "accent"
    hover = f"{_when(p.period, period)}: {numbers.effect(p.effect, unit)}"
    return reach + svg.circle(x, axis(p.effect), 3.6, fill, stroke="accent", width=1.6, hover=hover)


def _periods(points: Sequence[Point], places: Sequence[float], step: float) -> str:
    """Return the numbers below: that of the start, and others where there is room."""
    every = max(1, -(-26 // int(max(step, 1))))
    return "".join(
        svg.text(x, BOTTOM + 18, numbers.signed(p.period), size=11, fill="ink-3", anchor="middle")
        for p, x in zip(points, places, strict=True)
        if p.period % every == 0
    )


def _description(points: Sequence[Point], unit: str, period: str) -> str:
    told = [p for p in points if p.period >= 0]
    if not told:
        return say("No effect can be told yet.")
    first, last = told[0], told[-1]
    return (
        f"{_when(first.period, period)}: {numbers.effect(first.effect, unit)}; "
        f"{_when(last.period, period)}: {numbers.effect(last.effect, unit)}."
    )
