"""Control chart: a metric over time against its baseline, limits and target."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hingepoint.reports.charts import numbers, scale, svg, tables

WIDTH, HEIGHT = 760, 280
LEFT, RIGHT, TOP, BOTTOM = 58, 668, 22, 232


@dataclass(frozen=True, slots=True)
class Point:
    """A period's value on ``deals`` deals, with the limits for that many; ``flagged`` when it is a
    raise by the chart's rule; ``note`` starts a new version of policy there (a break of the series)."""

    period: str
    value: float
    low: float
    high: float
    deals: int = 0
    flagged: bool = False
    note: str = ""


def draw(
    points: Sequence[Point], *, metric: str, centre: float, target: float | None = None, unit: str = "share"
) -> str:
    """Return the chart: the line of values, the band between the limits (wider where deals are few),
    the baseline ``centre``, and the target. ``unit`` is ``share``, or a word such as ``days``."""
    ends = [v for p in points for v in (p.value, p.low, p.high)]
    axis = scale.nice(ends, BOTTOM, TOP, about=4, include=(centre, *([target] if target is not None else [])))
    step = (RIGHT - LEFT) / max(len(points), 1)
    places = [LEFT + step * (i + 0.5) for i in range(len(points))]
    body = _grid(axis, unit) + _band(points, axis, step)
    body += _level(axis, centre, f"baseline {_value(centre, unit)}", "ink-3", "")
    if target is not None:
        near = abs(axis(target) - axis(centre)) < 13
        body += _level(
            axis,
            target,
            f"target {_value(target, unit)}",
            "brass",
            "5 4",
            shift=(13 if target < centre else -13) if near else 0,
        )
    body += "".join(_break(p, x - step / 2) for x, p in zip(places, points, strict=True) if p.note)
    body += (
        svg.polyline([(x, axis(p.value)) for x, p in zip(places, points, strict=True)], "accent", width=1.8)
        if points
        else ""
    )
    body += "".join(_point(p, x, axis, unit) for x, p in zip(places, points, strict=True))
    body += _periods(points, places)
    return svg.document(
        WIDTH,
        HEIGHT,
        body,
        kind="control",
        title=f"{metric} over time",
        description=_description(points, unit),
    )


def table(points: Sequence[Point], *, unit: str = "share") -> tables.Table:
    rows = [
        (
            p.period,
            _value(p.value, unit),
            f"{_value(p.low, unit)} to {_value(p.high, unit)}",
            numbers.number(p.deals),
            "Raised" if p.flagged else "",
        )
        for p in points
    ]
    return tables.build(
        [("Period", False), ("Value", True), ("Limits", True), ("Deals", True), ("Reading", False)], rows
    )


def _value(value: float, unit: str) -> str:
    return numbers.share(value) if unit == "share" else f"{numbers.number(value)} {unit}".strip()


def _grid(axis: scale.Scale, unit: str) -> str:
    parts = []
    for tick in axis.ticks():
        parts.append(svg.line(LEFT, axis(tick), RIGHT, axis(tick), "line-soft"))
        parts.append(
            svg.text(
                LEFT - 10,
                axis(tick) + 4,
                numbers.tick(tick, unit, axis.step),
                size=svg.SMALL,
                fill="ink-3",
                anchor="end",
            )
        )
    return "".join(parts)


def _band(points: Sequence[Point], axis: scale.Scale, step: float) -> str:
    """The band has steps, for each period has its own number of deals."""
    upper, lower = [], []
    for i, point in enumerate(points):
        left, right = LEFT + i * step, LEFT + (i + 1) * step
        upper += [(left, axis(point.high)), (right, axis(point.high))]
        lower += [(left, axis(point.low)), (right, axis(point.low))]
    return svg.area(upper + lower[::-1], "accent-soft") if points else ""


def _level(axis: scale.Scale, value: float, words: str, tone: str, dash: str, shift: float = 0) -> str:
    y = axis(value)
    return svg.line(LEFT, y, RIGHT, y, tone, width=1.2, dash=dash) + svg.text(
        RIGHT + 8, y + 4 + shift, words, size=svg.SMALL, fill=tone, room=WIDTH - RIGHT - 8
    )


def _break(point: Point, x: float) -> str:
    return svg.line(x, TOP, x, BOTTOM, "ink-3", dash="2 3") + svg.text(
        x + 5, TOP + 9, point.note, size=11, fill="ink-3", room=130
    )


def _point(point: Point, x: float, axis: scale.Scale, unit: str) -> str:
    hover = f"{point.period}: {_value(point.value, unit)}, {numbers.plural(point.deals, 'deal')}"
    if point.flagged:
        return svg.diamond(x, axis(point.value), 6.5, "bad-solid", hover=f"{hover}. Raised.")
    return svg.circle(x, axis(point.value), 3.4, "accent", stroke="surface", width=1.2, hover=hover)


def _periods(points: Sequence[Point], places: list[float]) -> str:
    room = max((svg.text_width(p.period, svg.SMALL) for p in points), default=0) + 12
    every = max(1, -(-int(room * len(points)) // int(RIGHT - LEFT)))
    shown = [i for i in range(len(points)) if (len(points) - 1 - i) % every == 0]
    return "".join(
        svg.text(places[i], BOTTOM + 20, points[i].period, size=svg.SMALL, fill="ink-3", anchor="middle")
        for i in shown
    )


def _description(points: Sequence[Point], unit: str) -> str:
    if not points:
        return "No periods yet."
    raised = [p.period for p in points if p.flagged]
    last = points[-1]
    said = f"{numbers.plural(len(points), 'period')}; last {last.period}: {_value(last.value, unit)}."
    return f"{said} {'Raised in ' + ', '.join(raised) if raised else 'Within limits throughout'}."
