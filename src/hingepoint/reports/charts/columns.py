"""Columns: how many there were, period by period. What is too little to be a chart yet has a dashed frame: it is no reading."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hingepoint.records.languages import say
from hingepoint.reports.charts import numbers, svg, tables

HEIGHT, TOP, BOTTOM, GAP = 180, 26, 146, 0.16


@dataclass(frozen=True, slots=True)
class Column:
    """A period and how many there were; ``tick`` stands under it."""

    period: str
    count: int
    tick: str = ""


def draw(columns: Sequence[Column], *, title: str, width: int = 720, framed: bool = True) -> str:
    """Return the columns from zero, each with its number; ``framed``: it is no reading."""
    step = (width - 16) / max(len(columns), 1)
    most = max([one.count for one in columns] + [1])
    body = (_frame(width) if framed else "") + "".join(
        _column(one, 8 + index * step, step, most) for index, one in enumerate(columns)
    )
    said = say(
        "{columns}, {value} in all.",
        columns=numbers.plural(len(columns), "period"),
        value=numbers.number(sum(one.count for one in columns)),
    )
    return svg.document(width, HEIGHT, body, kind="columns", title=title, description=said)


def table(columns: Sequence[Column], *, counted: str) -> tables.Table:
    """Return the same numbers, the newest first."""
    rows = [(one.period, numbers.number(one.count)) for one in reversed(columns)]
    return tables.build([(say("Period"), False), (counted, True)], rows)


def _frame(width: int) -> str:
    corners = [(4.0, 6.0), (width - 4.0, 6.0), (width - 4.0, float(BOTTOM)), (4.0, float(BOTTOM)), (4.0, 6.0)]
    return svg.polyline(corners, "line-strong", width=1, dash="4 4")


def _column(one: Column, x: float, step: float, most: int) -> str:
    height, middle = (BOTTOM - TOP) * one.count / most, x + step / 2
    bar = svg.rect(x + step * GAP, BOTTOM - height, step * (1 - 2 * GAP), height, "quiet-solid", radius=1.5)
    number = svg.text(
        middle, BOTTOM - height - 5, numbers.number(one.count), size=11, fill="ink-3", anchor="middle"
    )
    tick = svg.text(middle, BOTTOM + 18, one.tick, size=11, fill="ink-3", anchor="middle") if one.tick else ""
    return (bar if one.count else "") + number + tick
