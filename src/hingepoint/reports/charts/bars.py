"""Bars: one number a row with its interval, against a target if there is one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hingepoint.records.languages import say, words_of
from hingepoint.reports.charts import numbers, scale, svg, tables

TOP = 26


@dataclass(frozen=True, slots=True)
class Paper:
    """How the rows lie on the paper: how high one is, where bars begin and end, and where in a row its name and its
    bar stand."""

    width: int
    row: int
    left: int
    right: int
    name: int
    bar: int


#: On a desk the name stands beside its bar, in one column or in one of two; on a phone above it.
WIDE = Paper(width=640, row=30, left=190, right=520, name=19, bar=15)
COLUMN = Paper(width=500, row=28, left=212, right=398, name=18, bar=14)
NARROW = Paper(width=330, row=44, left=4, right=222, name=14, bar=28)


@dataclass(frozen=True, slots=True)
class Bar:
    """A row: ``value`` with its interval if known, on ``n`` cases; no value where they are too few to tell. ``tone``
    names a palette colour."""

    label: str
    value: float | None
    low: float | None = None
    high: float | None = None
    n: int = 0
    tone: str = "accent"
    url: str = ""


def draw(
    bars: Sequence[Bar], *, title: str, unit: str = "share", target: float | None = None, paper: Paper = WIDE
) -> str:
    """Return the bars from zero; the interval is a thin line over the bar's end. ``paper`` WIDE or COLUMN for a
    desk, NARROW for a phone."""
    ends = [v for b in bars for v in (b.value, b.low, b.high) if v is not None]
    include = (0.0, *([target] if target is not None else []), *([] if ends else [1.0]))
    axis = scale.nice(ends, paper.left, paper.right, about=4, include=include)
    bottom = TOP + paper.row * len(bars)
    body = "".join(svg.line(axis(t), TOP, axis(t), bottom, "line-soft") for t in axis.ticks())
    body += "".join(_bar(bar, TOP + i * paper.row, axis, unit, paper) for i, bar in enumerate(bars))
    body += svg.line(axis(0), TOP, axis(0), bottom, "ink-3")
    body += _target(axis, target, unit, bottom) if target is not None else ""
    body += "".join(
        svg.text(
            axis(t), bottom + 17, numbers.tick(t, unit, axis.step), size=11, fill="ink-3", anchor="middle"
        )
        for t in axis.ticks()
    )
    return svg.document(
        paper.width,
        bottom + 24,
        body,
        kind="bars-narrow" if paper is NARROW else "bars",
        title=title,
        description="; ".join(f"{b.label} {_value(b.value, unit)}" for b in bars) + ".",
    )


def _target(axis: scale.Scale, target: float, unit: str, bottom: int) -> str:
    line = svg.line(axis(target), TOP - 4, axis(target), bottom + 4, "brass", width=1.5, dash="4 3")
    words = say("target {target}", target=_value(target, unit))
    return line + svg.text(
        axis(target), TOP - 10, words, size=svg.SMALL, fill="brass", anchor="middle", weight=560
    )


def table(
    bars: Sequence[Bar], *, unit: str = "share", what: str = "", counted: str = words_of("Deals")
) -> tables.Table:
    """Return the same as rows; ``what`` a row is, and what is ``counted`` in it."""
    rows = [
        (b.label, _value(b.value, unit), _interval(b, unit), numbers.number(b.n) if b.n else numbers.MISSING)
        for b in bars
    ]
    return tables.build(
        [(what or say("Row"), False), (say("Value"), True), (say("Likely"), True), (counted, True)], rows
    )


def _value(value: float | None, unit: str) -> str:
    if value is None:
        return say("too few to tell")
    return numbers.share(value) if unit == "share" else f"{numbers.number(value)} {unit}".strip()


def _interval(bar: Bar, unit: str) -> str:
    if bar.low is None or bar.high is None:
        return numbers.MISSING
    return say("{low} to {high}", low=_value(bar.low, unit), high=_value(bar.high, unit))


def _bar(bar: Bar, top: float, axis: scale.Scale, unit: str, paper: Paper) -> str:
    middle = top + paper.bar
    room = paper.width - 8 if paper is NARROW else paper.left - 16
    name = svg.link(bar.url, svg.text(2, top + paper.name, bar.label, room=room))
    of = say(" of {n}", n=numbers.number(bar.n)) if bar.n and bar.value is not None else ""
    words = _value(bar.value, unit) + of
    said = svg.text(
        paper.width - 4, middle + 4, words, size=12, fill="ink-2", anchor="end",
        room=paper.width - paper.right - 12,
    )  # fmt: skip
    return name + _drawn(bar, middle, axis) + said


def _drawn(bar: Bar, middle: float, axis: scale.Scale) -> str:
    """Return the bar itself with its interval; nothing of a value that cannot be told."""
    if bar.value is None:
        return ""
    start, end = sorted((axis(0), axis(bar.value)))
    parts = [svg.rect(start, middle - 6, end - start, 12, bar.tone, radius=2)]
    if bar.low is not None and bar.high is not None:
        parts.append(svg.line(axis(bar.low), middle, axis(bar.high), middle, "ink", width=1.4))
        parts += [
            svg.line(axis(e), middle - 3, axis(e), middle + 3, "ink", width=1.4) for e in (bar.low, bar.high)
        ]
    return "".join(parts)
