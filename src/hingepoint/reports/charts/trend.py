"""Trend: a metric by stretches of time, each with its interval, against its target."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hingepoint.records.languages import say
from hingepoint.reports.charts import numbers, scale, svg, tables

WIDE, NARROW = 500, 330
HEIGHT, TOP, BOTTOM = 232, 30, 190
LEFT, EDGE = 46, 14


@dataclass(frozen=True, slots=True)
class Point:
    """A stretch with its value and interval on ``deals`` deals; without a value where they are too few to tell.
    ``going`` is not over yet; ``note`` stands where something began with it."""

    period: str
    value: float | None
    low: float | None = None
    high: float | None = None
    deals: int = 0
    going: bool = False
    note: str = ""


def draw(
    points: Sequence[Point],
    *,
    metric: str,
    target: float | None = None,
    unit: str = "share",
    width: int = WIDE,
    include: tuple[float, ...] = (),
) -> str:
    """Return the line of values, each with its interval, and the target; ``width`` WIDE for a desk, NARROW for a
    phone. ``unit`` is ``share``, a currency such as ``EUR``, or a word such as ``days``; the axis reaches to what it is to ``include``."""
    ends = [end for p in points for end in (p.value, p.low, p.high) if end is not None]
    axis = scale.nice(ends, BOTTOM, TOP, about=4, include=(*include, *(() if target is None else (target,))))
    step = (width - EDGE - LEFT) / max(len(points), 1)
    places = [LEFT + step * (i + 0.5) for i in range(len(points))]
    body = _grid(axis, unit, width) + _notes(points, places, step)
    body += _target(axis, target, unit, width) if target is not None else ""
    for run in _runs(points, places):
        body += svg.polyline([(x, axis(value)) for x, value in run], "accent", width=1.8)
    body += "".join(_point(p, x, axis, unit) for p, x in zip(points, places, strict=True))
    body += _periods(points, places, width)
    title = say("{metric} over time", metric=metric)
    return svg.document(
        width, HEIGHT, body, kind="trend", title=title, description=_description(points, target, unit)
    )


def table(points: Sequence[Point], *, unit: str = "share") -> tables.Table:
    """Return the same as rows: when, the value, its interval, on how many deals."""
    rows = [
        (
            say("{period}, so far", period=p.period) if p.going else p.period,
            _value(p.value, unit) if p.value is not None else say("too few to tell"),
            say("{low} to {high}", low=_value(p.low, unit), high=_value(p.high, unit))
            if p.low is not None
            else numbers.MISSING,
            numbers.number(p.deals),
        )
        for p in points
    ]
    return tables.build(
        [(say("When"), False), (say("Value"), True), (say("95% interval"), True), (say("Deals"), True)], rows
    )


def _value(value: float | None, unit: str) -> str:
    if _is_currency(unit):
        return numbers.money_short(value, unit)
    return numbers.share(value) if unit == "share" else f"{numbers.number(value)} {unit}".strip()


def _is_currency(unit: str) -> bool:
    return len(unit) == 3 and unit.isupper()


def _tick(value: float, axis: scale.Scale, unit: str) -> str:
    """Return a label of the axis; money stands there without the sign of a change."""
    return numbers.money_short(value, unit) if _is_currency(unit) else numbers.tick(value, unit, axis.step)


def _grid(axis: scale.Scale, unit: str, width: int) -> str:
    ticks = axis.ticks()
    lines = "".join(svg.line(LEFT, axis(t), width - EDGE, axis(t), "line-soft") for t in ticks)
    return lines + "".join(
        svg.text(LEFT - 8, axis(t) + 4, _tick(t, axis, unit), size=11, fill="ink-3", anchor="end")
        for t in ticks
    )


def _notes(points: Sequence[Point], places: Sequence[float], step: float) -> str:
    return "".join(
        svg.line(x - step / 2, TOP - 8, x - step / 2, BOTTOM, "ink-3", dash="2 3")
        + svg.text(x - step / 2 + 4, TOP - 12, p.note, size=11, fill="ink-3", room=120)
        for p, x in zip(points, places, strict=True)
        if p.note
    )


def _target(axis: scale.Scale, target: float, unit: str, width: int) -> str:
    line = svg.line(LEFT, axis(target), width - EDGE, axis(target), "brass", width=1.2, dash="5 4")
    sample = svg.line(2, TOP - 16, 18, TOP - 16, "brass", width=1.2, dash="5 4")
    words = say("target {target}", target=_value(target, unit))
    return line + sample + svg.text(24, TOP - 12, words, size=11, fill="brass", weight=560)


def _runs(points: Sequence[Point], places: Sequence[float]) -> list[list[tuple[float, float]]]:
    """Return the unbroken stretches of values: what cannot be told leaves a gap."""
    runs: list[list[tuple[float, float]]] = [[]]
    for point, x in zip(points, places, strict=True):
        if point.value is None:
            runs.append([])
        else:
            runs[-1].append((x, point.value))
    return [run for run in runs if len(run) > 1]


def _point(point: Point, x: float, axis: scale.Scale, unit: str) -> str:
    if point.value is None:
        return ""
    hover = f"{point.period}: {_value(point.value, unit)}, {numbers.plural(point.deals, 'deal')}"
    reach = ""
    if point.low is not None and point.high is not None:
        reach = svg.line(x, axis(point.low), x, axis(point.high), "accent-line", width=5, cap="round")
    fill = "surface" if point.going else "accent"
    return reach + svg.circle(x, axis(point.value), 3.6, fill, stroke="accent", width=1.6, hover=hover)


def _periods(points: Sequence[Point], places: Sequence[float], width: int) -> str:
    """Return the names of the stretches below, the last one always, others where there is room."""
    room = max((svg.text_width(p.period, 11) for p in points), default=0) + 10
    every = max(1, -(-int(room * len(points)) // (width - EDGE - LEFT)))
    return "".join(
        svg.text(x, BOTTOM + 20, p.period, size=11, fill="ink-3", anchor="middle")
        for i, (p, x) in enumerate(zip(points, places, strict=True))
        if (len(points) - 1 - i) % every == 0
    )


def _description(points: Sequence[Point], target: float | None, unit: str) -> str:
    known = [p for p in points if p.value is not None]
    if not known:
        return say("Too few deals to tell.")
    said = say(
        "From {value} in {period} to {value_2} in {period_2}",
        value=_value(known[0].value, unit),
        period=known[0].period,
        value_2=_value(known[-1].value, unit),
        period_2=known[-1].period,
    )
    return (
        say("{said}; target {target}.", said=said, target=_value(target, unit))
        if target is not None
        else f"{said}."
    )
