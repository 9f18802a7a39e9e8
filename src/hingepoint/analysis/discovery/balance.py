"""Whether lots fell evenly: what was known of deals when they were created, on both sides of a comparison."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
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


def table(counted: pl.DataFrame) -> tuple[Line, ...]:
    """Return the facts known at creation on both sides of ``asked``, in the order of the columns.

    counted    deals with ``asked``, and with the columns of ``frames.KNOWN_AT_CREATION``, ``team`` and
               ``initial_amount`` where they are known
    """
    asked = counted["asked"].to_numpy().astype(bool)
    if min(asked.sum(), (~asked).sum()) < 2:
        return ()
    lines = []
    if "initial_amount" in counted.columns:
        lines += _of_size(counted["initial_amount"].to_numpy().astype(float), asked)
    for column in (*frames.KNOWN_AT_CREATION, "team"):
        if column in counted.columns:
            lines += _of_values(column, counted[column], asked)
    return tuple(lines)


def _of_size(amount: np.ndarray, asked: np.ndarray) -> list[Line]:
    """Return a line of the geometric mean, compared as logarithms: a few large deals say little of the others."""
    known = amount > 0
    if min((known & asked).sum(), (known & ~asked).sum()) < LEAST_DEALS:
        return []
    line = _line("initial_amount", "", np.log(amount[known]), asked[known])
    return [Line(line.column, "", math.exp(line.asked), math.exp(line.usual), line.apart, line.by_chance)]


def _of_values(column: str, values: pl.Series, asked: np.ndarray) -> list[Line]:
    counts = values.drop_nulls().value_counts(sort=True).sort("count", column, descending=[True, False])
    common = counts.filter(pl.col("count") >= LEAST_DEALS)[column].to_list()
    if len(common) < 2:
        return []
    filled = values.fill_null("")
    return [
        _line(column, value, (filled == value).to_numpy().astype(float), asked)
        for value in common[:MOST_VALUES]
    ]


def _line(column: str, value: str, fact: np.ndarray, asked: np.ndarray) -> Line:
    mine, theirs = fact[asked], fact[~asked]
    spread = math.sqrt((mine.var() + theirs.var()) / 2)
    apart = float((mine.mean() - theirs.mean()) / spread) if spread else 0.0
    by_chance = 1.96 * math.sqrt(1 / mine.size + 1 / theirs.size)
    return Line(column, value, float(mine.mean()), float(theirs.mean()), apart, by_chance)
