"""Timing curve: the effect of gaining an agreement by each landmark, with its interval as a band."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hingepoint.records.languages import say
from hingepoint.reports.charts import numbers, scale, svg, tables

WIDTH, HEIGHT = 640, 256
LEFT, RIGHT, TOP, BOTTOM = 58, 622, 26, 214


@dataclass(frozen=True, slots=True)
class Point:
    """The effect of gaining it by ``landmark`` (``6w``, or a stage), with interval and deals."""

    landmark: str
    effect: float
    low: float
    high: float
    deals: int = 0


def draw(
    points: Sequence[Point],
    *,
    label: str,
    metric: str,
    unit: str = "points",
    best_by: str = "",
    smallest: float = 0.0,
) -> str:
    """Return the curve, landmarks evenly spaced in the order given; ``best_by`` marks the last
    landmark by which it still pays."""
    axis = scale.nice([v for p in points for v in (p.low, p.high)], BOTTOM, TOP, about=4, include=(0.0,))
    places = _places(len(points))
    body = _grid(axis, unit, smallest)
    if len(points) > 1:
        band = [(x, axis(p.high)) for x, p in zip(places, points, strict=True)]
        band += [(x, axis(p.low)) for x, p in reversed(list(zip(places, points, strict=True)))]
        body += svg.area(band, "accent-soft")
    body += svg.line(LEFT, axis(0), RIGHT, axis(0), "ink-3")
    body += _best_by(points, places, best_by)
    body += (
        svg.polyline([(x, axis(p.effect)) for x, p in zip(places, points, strict=True)], "accent", width=2.2)
        if points
        else ""
    )
    body += "".join(_point(p, x, axis, unit) for x, p in zip(places, points, strict=True))
    body += svg.text(LEFT - 10, BOTTOM + 18, "by", size=svg.SMALL, fill="ink-3", anchor="end")
    if any(p.deals for p in points):
        body += svg.text(LEFT - 10, BOTTOM + 33, "deals", size=svg.SMALL, fill="ink-3", anchor="end")
    return svg.document(
        WIDTH,
        HEIGHT,
        body,
        kind="timing",
        title=say("{label}: effect on {metric} by when it is gained", label=label, metric=metric),
        description=_description(points, unit, best_by),
    )


def table(points: Sequence[Point], *, unit: str = "points") -> tables.Table:
    rows = [
        (
            p.landmark,
            numbers.effect(p.effect, unit),
            numbers.interval(p.low, p.high, unit),
            numbers.number(p.deals),
        )
        for p in points
    ]
    return tables.build(
        [(say("Gained by"), False), (say("Effect"), True), (say("Likely"), True), (say("Deals"), True)], rows
    )


def _places(count: int) -> list[float]:
    inner_left, inner_right = LEFT + 26, RIGHT - 26
    if count == 1:
        return [(inner_left + inner_right) / 2]
    return [inner_left + i * (inner_right - inner_left) / (count - 1) for i in range(count)]


def _grid(axis: scale.Scale, unit: str, smallest: float) -> str:
    parts = []
    if smallest:
        parts.append(
            svg.rect(LEFT, axis(smallest), RIGHT - LEFT, axis(-smallest) - axis(smallest), "quiet-soft")
        )
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
    parts.append(svg.text(LEFT - 10, TOP - 12, unit, size=svg.SMALL, fill="ink-3", anchor="end"))
    return "".join(parts)


def _best_by(points: Sequence[Point], places: list[float], best_by: str) -> str:
    found = [x for x, p in zip(places, points, strict=True) if p.landmark == best_by]
    if not found:
        return ""
    x = found[0]
    anchor = "end" if x > (LEFT + RIGHT) / 2 else "start"
    near = x - 7 if anchor == "end" else x + 7
    return svg.line(x, TOP - 6, x, BOTTOM, "brass", width=1.5, dash="4 3") + svg.text(
        near,
        TOP + 3,
        say("best by {best_by}", best_by=best_by),
        size=svg.SMALL,
        fill="brass",
        anchor=anchor,
        weight=560,
    )


def _point(point: Point, x: float, axis: scale.Scale, unit: str) -> str:
    sure = point.low > 0 or point.high < 0
    hover = say(
        "By {landmark}: {effect} ({low}), {deals}",
        landmark=point.landmark,
        effect=numbers.effect(point.effect, unit),
        low=numbers.interval(point.low, point.high, unit),
        deals=numbers.plural(point.deals, "deal"),
    )
    dot = svg.circle(
        x, axis(point.effect), 4.5, "accent" if sure else "surface", stroke="accent", hover=hover
    )
    deals = (
        svg.text(x, BOTTOM + 32, numbers.number(point.deals), size=11, fill="ink-3", anchor="middle")
        if point.deals
        else ""
    )
    return (
        dot
        + svg.text(x, BOTTOM + 18, point.landmark, size=12, fill="ink-2", anchor="middle", room=80)
        + deals
    )


def _description(points: Sequence[Point], unit: str, best_by: str) -> str:
    if not points:
        return say("No landmark could be estimated.")
    told = "; ".join(
        say("by {landmark} {effect}", landmark=p.landmark, effect=numbers.effect(p.effect, unit))
        for p in points
    )
    return (
        f"{told}. {say('Best by {best_by}.', best_by=best_by) if best_by else say('No clear last moment.')}"
    )
