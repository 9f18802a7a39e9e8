"""Reliability: what was said against what came. On the broken line what was said came true; hollow lies clearly beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hingepoint.records.languages import say
from hingepoint.reports.charts import control, numbers, scale, svg, tables

WIDE, NARROW = 440, 330
TOP, LEFT, EDGE, BELOW = 30, 52, 16, 46


@dataclass(frozen=True, slots=True)
class Point:
    """What was ``said`` of so many ``deals``, and what ``came`` with its interval; ``off``: clearly something else."""

    said: float
    came: float
    low: float | None
    high: float | None
    deals: int
    off: bool = False


def draw(points: Sequence[Point], *, title: str, unit: str = "share", width: int = WIDE) -> str:
    """Return the points on one scale either way; ``width`` WIDE for a desk, NARROW for a phone."""
    ends = [end for p in points for end in (p.said, p.came, p.low, p.high) if end is not None]
    bottom = TOP + width - LEFT - EDGE
    along = scale.nice(ends, LEFT, width - EDGE, about=5, include=(0.0,))
    up = scale.nice(ends, bottom, TOP, about=5, include=(0.0,))
    body = "".join(_tick(at, along, up, unit) for at in along.ticks())
    body += svg.line(along(along.low), up(along.low), along(along.high), up(along.high), "ink-3", dash="4 4")
    body += "".join(_point(p, along, up, unit) for p in points)
    body += svg.text(4, TOP - 14, "came", size=11, fill="ink-3")
    body += svg.text(width - EDGE, bottom + 38, "said", size=11, fill="ink-3", anchor="end")
    said = "; ".join(
        say(
            "said {said}, came {came}",
            said=control.value_of(p.said, unit),
            came=control.value_of(p.came, unit),
        )
        for p in points
    )
    kind = "reliability-narrow" if width == NARROW else "reliability"
    return svg.document(width, bottom + BELOW, body, kind=kind, title=title, description=f"{said}.")


def table(points: Sequence[Point], *, unit: str = "share") -> tables.Table:
    """Return the same as rows."""
    columns = [
        (say("Said"), True),
        (say("Came"), True),
        (say("95% interval"), True),
        (say("Deals"), True),
        (say("Reading"), False),
    ]
    rows = [
        (
            control.value_of(p.said, unit),
            control.value_of(p.came, unit),
            say("{low} to {high}", low=control.value_of(p.low, unit), high=control.value_of(p.high, unit))
            if p.low is not None
            else numbers.MISSING,
            numbers.number(p.deals),
            say("Clearly beside") if p.off else say("As said, within chance"),
        )
        for p in points
    ]
    return tables.build(columns, rows)


def _tick(at: float, along: scale.Scale, up: scale.Scale, unit: str) -> str:
    label = numbers.tick(at, unit, along.step)
    return (
        svg.line(along(along.low), up(at), along(along.high), up(at), "line-soft")
        + svg.line(along(at), up(up.low), along(at), up(up.high), "line-soft")
        + svg.text(LEFT - 8, up(at) + 4, label, size=11, fill="ink-3", anchor="end")
        + svg.text(along(at), up(up.low) + 18, label, size=11, fill="ink-3", anchor="middle")
    )


def _point(p: Point, along: scale.Scale, up: scale.Scale, unit: str) -> str:
    x, reach = along(p.said), ""
    if p.low is not None and p.high is not None:
        reach = svg.line(x, up(p.low), x, up(p.high), "accent-line", width=5, cap="round")
    hover = say(
        "Said {said}, came {came}, {deals}",
        said=control.value_of(p.said, unit),
        came=control.value_of(p.came, unit),
        deals=numbers.plural(p.deals, "deal"),
    )
    fill = "surface" if p.off else "accent"
    return reach + svg.circle(x, up(p.came), 4.5, fill, stroke="accent", width=1.6, hover=hover)
