"""Marks and spans on one scale, a row a thing: where something lies, how sure that is, and how far two of them are apart.

Two drawings of the same rows: WIDE for a desk, with the names beside them, NARROW for a phone, with the names above.
What a mark is of only the caller knows, who makes the table too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from hingepoint.reports.charts import scale, svg

#: ``ring`` is hollow; ``tick`` is a short upright line.
Shape = Literal["dot", "ring", "diamond", "tick"]


@dataclass(frozen=True, slots=True)
class Size:
    """A drawing's paper, in user units; without ``label`` the names stand above their rows."""

    width: int
    left: int
    right: int
    row: int
    top: int = 34
    label: bool = True


WIDE = Size(720, 260, 696, 34)
NARROW = Size(330, 14, 316, 46, label=False)


@dataclass(frozen=True, slots=True)
class Mark:
    """One value; what it is of is said by its shape, and in ``hover``."""

    at: float
    shape: Shape
    tone: str = "ink-2"
    hover: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """A name, its marks, and what is drawn below them: a broad ``band``, a thin ``whisker`` with ends, and a line that joins the first and
    the last mark in the colour ``joined`` where one is named. ``url`` is where the name leads."""

    label: str
    marks: tuple[Mark, ...]
    band: tuple[float, float] | None = None
    whisker: tuple[float, float] | None = None
    whisker_tone: str = "ink-3"
    joined: str = ""
    url: str = ""
    strong: bool = False


@dataclass(frozen=True, slots=True)
class Axis:
    """From ``low`` to ``high``, with words at some places; ``line`` is drawn through all rows, such as none or usual."""

    low: float
    high: float
    ticks: tuple[tuple[float, str], ...]
    line: float | None = None


def draw(
    rows: Sequence[Row], axis: Axis, *, title: str, description: str, kind: str = "spans", size: Size = WIDE
) -> str:
    """Return the rows as one picture, in the order given."""
    place = scale.Scale(axis.low, axis.high, size.left, size.right, 1.0)
    bottom = size.top + size.row * len(rows)
    body = _grid(axis, place, size, bottom)
    body += "".join(_row(row, place, size, size.top + index * size.row) for index, row in enumerate(rows))
    return svg.document(size.width, bottom + 8, body, kind=kind, title=title, description=description)


def _grid(axis: Axis, place: scale.Scale, size: Size, bottom: float) -> str:
    lines = [svg.line(place(at), size.top - 6, place(at), bottom, "line-soft") for at, _ in axis.ticks]
    last = len(axis.ticks) - 1
    words = [
        svg.text(
            place(at),
            size.top - 14,
            said,
            size=svg.SMALL,
            fill="ink-3",
            anchor="start" if not index else "end" if index == last else "middle",
        )
        for index, (at, said) in enumerate(axis.ticks)
        if said
    ]
    usual = (
        []
        if axis.line is None
        else [svg.line(place(axis.line), size.top - 6, place(axis.line), bottom, "line-strong", dash="2 3")]
    )
    return "".join([*lines, *words, *usual])


def _row(row: Row, place: scale.Scale, size: Size, top: float) -> str:
    middle = top + size.row / 2 if size.label else top + size.row - 13
    return "".join(
        [
            _name(row, size, top, middle),
            _band(row, place, middle),
            _whisker(row, place, middle),
            _join(row, place, middle),
            *(_mark(mark, place(mark.at), middle) for mark in row.marks),
        ]
    )


def _name(row: Row, size: Size, top: float, middle: float) -> str:
    weight = 560 if row.strong else 0
    if size.label:
        words = svg.text(
            size.left - 14,
            middle + 4.3,
            row.label,
            anchor="end",
            weight=weight,
            size=12,
            room=size.left - 20,
        )
    else:
        words = svg.text(size.left, top + 15, row.label, weight=weight, size=12, room=size.right - size.left)
    return svg.link(row.url, words)


def _band(row: Row, place: scale.Scale, y: float) -> str:
    if row.band is None:
        return ""
    low, high = place(row.band[0]), place(row.band[1])
    return svg.rect(low - 3, y - 4, high - low + 6, 8, "accent-soft", radius=4, stroke="accent-line")


def _whisker(row: Row, place: scale.Scale, y: float) -> str:
    if row.whisker is None:
        return ""
    low, high = place(row.whisker[0]), place(row.whisker[1])
    ends = [(low, y - 4), (low, y + 4), (low, y), (high, y), (high, y - 4), (high, y + 4)]
    return svg.polyline(ends, row.whisker_tone, width=1.6)


def _join(row: Row, place: scale.Scale, y: float) -> str:
    if not row.joined or len(row.marks) < 2:
        return ""
    width = 2.6 if row.strong else 1.2
    return svg.line(place(row.marks[0].at), y, place(row.marks[-1].at), y, row.joined, width=width)


def _mark(mark: Mark, x: float, y: float) -> str:
    if mark.shape == "ring":
        return svg.circle(x, y, 5, "surface", stroke=mark.tone, width=1.8, hover=mark.hover)
    if mark.shape == "diamond":
        return svg.diamond(x, y, 6, mark.tone, hover=mark.hover)
    if mark.shape == "tick":
        return svg.line(x, y - 8, x, y + 8, mark.tone, width=1.6)
    return svg.circle(x, y, 5, mark.tone, hover=mark.hover)
