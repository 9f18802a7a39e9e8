"""Dumbbell: a share before and now, a row each; the earlier one hollow, the present one full with its interval."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hingepoint.records.languages import say
from hingepoint.reports.charts import control, numbers, scale, svg, tables

TOP = 26


@dataclass(frozen=True, slots=True)
class Paper:
    """How the rows lie on the paper: how high one is, where the scale begins and ends, and where in a row its name and
    its marks stand."""

    width: int
    row: int
    left: int
    right: int
    name: int
    mark: int


#: On a desk the name stands beside its marks, on a phone above them.
WIDE = Paper(width=720, row=28, left=270, right=700, name=18, mark=14)
NARROW = Paper(width=330, row=46, left=12, right=318, name=14, mark=30)


@dataclass(frozen=True, slots=True)
class Row:
    """A share ``before`` and ``now``, from ``low`` to ``high``; None where too few tell it. ``n`` is counted now."""

    label: str
    before: float | None
    now: float | None
    low: float | None = None
    high: float | None = None
    n: int = 0
    reading: str = ""
    url: str = ""


def draw(
    rows: Sequence[Row],
    *,
    title: str,
    paper: Paper = WIDE,
    unit: str = "share",
    words: tuple[str, str] = ("before", "now"),
) -> str:
    """Return the rows on one scale from zero; ``paper`` WIDE for a desk, NARROW for a phone. ``words``: what is hollow and what
    full."""
    ends = [end for one in rows for end in (one.before, one.now, one.low, one.high) if end is not None]
    axis = scale.nice(
        ends, paper.left, paper.right, about=5, include=(0.0, *((0.5,) if unit == "share" else ()))
    )
    bottom = TOP + paper.row * len(rows)
    body = "".join(svg.line(axis(tick), TOP, axis(tick), bottom, "line-soft") for tick in axis.ticks())
    body += "".join(
        svg.text(
            axis(tick),
            TOP - 8,
            numbers.tick(tick, unit, axis.step),
            size=11,
            fill="ink-3",
            anchor="middle",
        )
        for tick in axis.ticks()
    )
    body += "".join(_row(one, TOP + place * paper.row, axis, paper) for place, one in enumerate(rows))
    was, now = words
    said = "; ".join(
        f"{one.label} {_value(one.before, unit)} {was}, {_value(one.now, unit)} {now}" for one in rows
    )
    kind = "dumbbell-narrow" if paper is NARROW else "dumbbell"
    return svg.document(paper.width, bottom + 8, body, kind=kind, title=title, description=f"{said}.")


def table(rows: Sequence[Row], *, what: str) -> tables.Table:
    """Return the same as rows; ``what`` a row is."""
    columns = [
        (what, False),
        (say("Before"), True),
        (say("Now"), True),
        (say("Likely"), True),
        (say("Deals now"), True),
        (say("Reading"), False),
    ]
    told = [
        (one.label, _value(one.before), _value(one.now), _likely(one), numbers.number(one.n), one.reading)
        for one in rows
    ]
    return tables.build(columns, told)


def _value(value: float | None, unit: str = "share") -> str:
    return say("too few to tell") if value is None else control.value_of(value, unit)


def _likely(row: Row) -> str:
    if row.low is None or row.high is None:
        return numbers.MISSING
    return say("{low} to {high}", low=numbers.share(row.low), high=numbers.share(row.high))


def _row(row: Row, top: float, axis: scale.Scale, paper: Paper) -> str:
    y = top + paper.mark
    room = paper.width - 8 if paper is NARROW else paper.left - 20
    body = svg.link(row.url, svg.text(2, top + paper.name, row.label, room=room))
    if row.before is not None and row.now is not None:
        body += svg.line(axis(row.before), y, axis(row.now), y, "accent-line", width=2)
    if row.low is not None and row.high is not None:
        body += svg.rect(axis(row.low), y - 4, axis(row.high) - axis(row.low), 8, "accent-line", radius=4)
    if row.before is not None:
        body += svg.circle(axis(row.before), y, 4, "surface", stroke="ink-3")
    if row.now is not None:
        body += svg.circle(axis(row.now), y, 4.5, "accent")
    return body
