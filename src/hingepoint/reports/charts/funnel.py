"""Funnel plot: each unit's share against its number of deals, with limits that narrow as n grows.

Small units spread by chance alone; only what lies outside the funnel deserves a question.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hingepoint.records.languages import say, words_of
from hingepoint.reports.charts import numbers, scale, svg, tables

WIDTH, HEIGHT = 680, 340
LEFT, RIGHT, TOP, BOTTOM = 58, 660, 20, 286


@dataclass(frozen=True, slots=True)
class Unit:
    """A team, account or manager: its ``value`` on ``n`` cases; ``outside`` when beyond the limits."""

    label: str
    n: int
    value: float
    outside: bool = False
    url: str = ""


@dataclass(frozen=True, slots=True)
class Limit:
    """At ``n`` cases, the inner (about 95%) and outer (about 99.8%) limits."""

    n: int
    low: float
    high: float
    outer_low: float
    outer_high: float


def draw(
    units: Sequence[Unit],
    limits: Sequence[Limit],
    *,
    metric: str,
    centre: float,
    of: str = "deals",
    unit: str = "share",
) -> str:
    """Return the plot; only units outside the limits are named, so that nobody is ranked by noise."""
    y_axis = scale.nice(
        [u.value for u in units] + [v for x in limits for v in (x.outer_low, x.outer_high)],
        BOTTOM,
        TOP,
        about=5,
        include=(centre,),
    )
    x_axis = scale.nice([u.n for u in units] + [x.n for x in limits], LEFT, RIGHT, about=6, include=(0,))
    body = _grid(x_axis, y_axis, unit)
    for low, high, tone in (("outer_low", "outer_high", "line-soft"), ("low", "high", "accent-soft")):
        upper = [(x_axis(x.n), y_axis(getattr(x, high))) for x in limits]
        lower = [(x_axis(x.n), y_axis(getattr(x, low))) for x in limits]
        body += svg.area(upper + lower[::-1], tone) if limits else ""
    body += svg.line(LEFT, y_axis(centre), RIGHT, y_axis(centre), "ink-3", width=1.2)
    body += svg.text(
        RIGHT,
        y_axis(centre) - 6,
        say("all {centre}", centre=_value(centre, unit)),
        size=svg.SMALL,
        fill="ink-3",
        anchor="end",
    )
    body += "".join(_dot(u, x_axis, y_axis, unit) for u in units)
    body += _names([u for u in units if u.outside], x_axis, y_axis)
    body += svg.text(
        RIGHT, HEIGHT - 10, say("Number of {of}", of=of), size=svg.SMALL, fill="ink-3", anchor="end"
    )
    return svg.document(
        WIDTH,
        HEIGHT,
        body,
        kind="funnel",
        title=say("{metric} by number of {of}", metric=metric, of=of),
        description=_description(units),
    )


def table(units: Sequence[Unit], *, of: str = words_of("Deals"), unit: str = "share") -> tables.Table:
    rows = [
        (
            u.label,
            numbers.number(u.n),
            _value(u.value, unit),
            say("Outside the limits") if u.outside else say("Within"),
        )
        for u in units
    ]
    return tables.build(
        [(say("Unit"), False), (of, True), (say("Value"), True), (say("Reading"), False)], rows
    )


def _value(value: float, unit: str) -> str:
    return numbers.share(value) if unit == "share" else f"{numbers.number(value)} {unit}".strip()


def _grid(x_axis: scale.Scale, y_axis: scale.Scale, unit: str) -> str:
    parts = []
    for tick in y_axis.ticks():
        words = numbers.tick(tick, unit, y_axis.step)
        parts.append(svg.line(LEFT, y_axis(tick), RIGHT, y_axis(tick), "line-soft"))
        parts.append(svg.text(LEFT - 10, y_axis(tick) + 4, words, size=svg.SMALL, fill="ink-3", anchor="end"))
    for tick in x_axis.ticks():
        parts.append(
            svg.text(
                x_axis(tick), BOTTOM + 20, numbers.number(tick), size=svg.SMALL, fill="ink-3", anchor="middle"
            )
        )
    return "".join(parts)


def _dot(unit: Unit, x_axis: scale.Scale, y_axis: scale.Scale, kind: str) -> str:
    hover = say(
        "{unit}: {value} of {n}", unit=unit.label, value=_value(unit.value, kind), n=numbers.number(unit.n)
    )
    x, y = x_axis(unit.n), y_axis(unit.value)
    mark = (
        svg.diamond(x, y, 6.5, "bad-solid", hover=hover)
        if unit.outside
        else svg.circle(x, y, 4, "surface", stroke="accent", hover=hover)
    )
    return svg.link(unit.url, mark)


def _names(units: Sequence[Unit], x_axis: scale.Scale, y_axis: scale.Scale) -> str:
    """Names stand right of their mark, left near the edge, and below one another when they would touch."""
    parts: list[str] = []
    taken: list[tuple[float, float, float]] = []
    for unit in sorted(units, key=lambda u: y_axis(u.value)):
        x, y = x_axis(unit.n), y_axis(unit.value) + 4
        width = min(svg.text_width(unit.label), 170)
        left = x + 11 + width > RIGHT
        start = x - 11 - width if left else x + 11
        while any(
            abs(y - other_y) < 14 and start < other_end and other_start < start + width
            for other_y, other_start, other_end in taken
        ):
            y += 14
        taken.append((y, start, start + width))
        parts.append(
            svg.text(
                x - 11 if left else x + 11,
                y,
                unit.label,
                fill="bad",
                anchor="end" if left else "",
                weight=520,
                room=170,
            )
        )
    return "".join(parts)


def _description(units: Sequence[Unit]) -> str:
    outside = [unit.label for unit in units if unit.outside]
    said = f"{numbers.plural(len(units), 'unit')}."
    return (
        say("{said} Outside the limits: {outside}.", said=said, outside=", ".join(outside))
        if outside
        else say("{said} None outside the limits.", said=said)
    )
