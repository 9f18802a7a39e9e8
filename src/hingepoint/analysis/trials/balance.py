"""Whether lots fell evenly: what was known of deals when they were created, on both sides of a comparison."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
import scipy  # its parts load when they are first used: the server starts without them

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


def chance(counted: pl.DataFrame) -> float:
    """Return the chance that lots alone part deals as far, over all facts known at creation taken together; NaN
    without facts. The chi-squared test of Hansen & Bowers (2008), for lots drawn deal by deal."""
    asked = counted["asked"].to_numpy().astype(float)
    if min(asked.sum(), (1 - asked).sum()) < 2:
        return math.nan
    facts = _matrix(counted)
    rank = int(np.linalg.matrix_rank(facts))
    asked -= asked.mean()
    told = facts @ np.linalg.lstsq(facts, asked, rcond=None)[0] if rank else np.zeros_like(asked)
    distance = (asked.size - 1) * (told**2).sum() / (asked**2).sum()
    return float(scipy.special.chdtrc(rank, distance)) if rank else math.nan


def _matrix(counted: pl.DataFrame) -> np.ndarray:
    """Return deals x facts, each about its mean: the logarithm of the size, and every common value."""
    facts = []
    if "initial_amount" in counted.columns:
        size = pl.when(pl.col("initial_amount") > 0).then(pl.col("initial_amount").log())
        facts.append(size.fill_null(size.mean()).alias("initial_amount"))
    for column in (*frames.KNOWN_AT_CREATION, "team"):
        if column in counted.columns:
            values = enumerate(_common(counted[column], most=None))
            facts += [(pl.col(column) == one).fill_null(False).alias(f"{column}{n}") for n, one in values]
    made = counted.select(pl.lit(1.0).alias("one"), *facts).cast(pl.Float64).fill_null(0.0).to_numpy()
    return made[:, 1:] - made[:, 1:].mean(axis=0)


def _size(known: pl.DataFrame, by: str) -> Line | None:
    """Return the line of the geometric mean, compared as logarithms: a few large deals say little of the others."""
    line = _line("initial_amount", "", known.with_columns(fact=pl.col("initial_amount").log()), by)
    return line and replace(line, asked=math.exp(line.asked), usual=math.exp(line.usual))


def _common(values: pl.Series, *, most: int | None = MOST_VALUES) -> list[str]:
    """Return the most frequent values of a column, those of enough deals; none where all have one."""
    counts = values.drop_nulls().value_counts(sort=True).sort("count", values.name, descending=[True, False])
    common = counts.filter(pl.col("count") >= LEAST_DEALS)[values.name].to_list()
    return common[:most] if len(common) > 1 else []


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
