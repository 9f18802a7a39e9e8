"""Whether lots fell evenly: what was known of deals when they were created, on both sides of a comparison."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import polars as pl

from hingepoint.analysis import frames

#: A standardised difference from here on is worth a look (Austin 2009).
WORTH_A_LOOK = 0.1
#: Of a column so many of its values are told, each with so many deals or more.
MOST_VALUES, LEAST_DEALS = 4, 20


@dataclass(frozen=True)
class Line:
    """One fact on both sides: a share of deals, or the mean size as a number.

    ``column`` and ``value`` name the fact (the value is empty for a number); ``apart`` is the difference in
    standard deviations; ``by_chance`` the size that lots alone exceed in one of twenty such lines.
    """

    column: str
    value: str
    asked: float
    usual: float
    apart: float
    by_chance: float


def table(counted: pl.DataFrame, *, by: str = "") -> tuple[Line, ...]:
    """Return the facts known at creation on both sides of ``asked``, in the order of the columns.

    counted    deals with ``asked``, and with the columns of ``frames.KNOWN_AT_CREATION``, ``team`` and
               ``initial_amount`` where they are known
    by         what the lots parted as a whole, such as ``team``: facts are averaged within each first, and
               no fact is told that is one of it
    """
    if counted.is_empty():
        return ()
    lines: list[Line | None] = []
    if "initial_amount" in counted.columns:
        known = counted.filter(pl.col("initial_amount") > 0)
        lines.append(_size(known, by))
    for column in (*frames.KNOWN_AT_CREATION, "team"):
        if column in counted.columns and column != by:
            lines += [_value(counted, column, value, by) for value in _common(counted[column])]
    return tuple(line for line in lines if line)


def _size(known: pl.DataFrame, by: str) -> Line | None:
    """Return the line of the geometric mean, compared as logarithms: a few large deals say little of the others."""
    line = _line("initial_amount", "", known.with_columns(fact=pl.col("initial_amount").log()), by)
    return line and replace(line, asked=math.exp(line.asked), usual=math.exp(line.usual))


def _common(values: pl.Series) -> list[str]:
    counts = values.drop_nulls().value_counts(sort=True).sort("count", values.name, descending=[True, False])
    common = counts.filter(pl.col("count") >= LEAST_DEALS)[values.name].to_list()
    return common[:MOST_VALUES] if len(common) > 1 else []


def _value(counted: pl.DataFrame, column: str, value: str, by: str) -> Line | None:
    same = (pl.col(column) == value).fill_null(False).cast(pl.Float64)
    return _line(column, value, counted.with_columns(fact=same), by)


def _line(column: str, value: str, deals: pl.DataFrame, by: str) -> Line | None:
    """Return both sides of ``fact``; None with fewer than two on a side."""
    units = deals.group_by(by).agg(pl.col("asked").first(), pl.col("fact").mean()) if by else deals
    sides = [units.filter(pl.col("asked") == side)["fact"].to_numpy() for side in (True, False)]
    mine, theirs = sides
    if min(mine.size, theirs.size) < 2:
        return None
    spread = math.sqrt((mine.var() + theirs.var()) / 2)
    apart = float((mine.mean() - theirs.mean()) / spread) if spread else 0.0
    by_chance = 1.96 * math.sqrt(1 / mine.size + 1 / theirs.size)
    return Line(column, value, float(mine.mean()), float(theirs.mean()), apart, by_chance)
