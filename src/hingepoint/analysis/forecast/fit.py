"""What deals that hold so much, and are so old, came to in the quarters before: means drawn towards that of all.

Each mean is drawn the farther the fewer deals it is of, by how far the means differ beyond chance (empirical Bayes, Efron & Morris 1973;
the spread by DerSimonian & Laird 1986). Where they differ no more than chance makes them, all are told that of all.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from hingepoint.analysis.forecast.rows import BANDS

Floats = NDArray[np.float64]
#: Deals of each band are told apart by age: younger, or older than half of those learned from.
CELLS = 2 * len(BANDS)


@dataclass(frozen=True, eq=False)
class Means:
    """``told`` of each cell, the mean of ``all``, the variance ``within`` cells, and how many each is learned ``of``."""

    told: Floats
    all: float
    within: float
    of: Floats


@dataclass(frozen=True, eq=False)
class Fit:
    """What was learned of the ``value`` of deals that counted, and of how many ``counts`` in a quarter, by cell; older is above
    ``age``."""

    age: float
    value: Means
    counts: Means

    def cells(self, rows: pl.DataFrame) -> NDArray[np.int64]:
        return _cells(rows, self.age)


def fit(rows: pl.DataFrame) -> Fit:
    """Return what ``rows`` of quarters that are over tell; at least one of them counted."""
    age = float(np.median(rows["age"].to_numpy()))
    counted = rows.filter(pl.col("value").is_not_null())
    value = means(_cells(counted, age), counted["value"].to_numpy())
    counts = means(_cells(rows, age), rows["value"].is_not_null().to_numpy().astype(float))
    return Fit(age, value, counts)


def _cells(rows: pl.DataFrame, age: float) -> NDArray[np.int64]:
    old = (rows["age"].to_numpy() > age).astype(np.int64)
    return rows["band"].to_numpy().astype(np.int64) * 2 + old


def means(cells: NDArray[np.int64], values: Floats) -> Means:
    """Return the mean of ``values`` in each cell, drawn towards the mean of all."""
    n = np.bincount(cells, minlength=CELLS).astype(float)
    some, everything = n > 0, float(values.mean())
    own = np.full(CELLS, everything)
    own[some] = np.bincount(cells, values, minlength=CELLS)[some] / n[some]
    freedom = len(values) - int(some.sum())
    within = float(((values - own[cells]) ** 2).sum()) / freedom if freedom > 0 else 0.0
    between = _between(n[some], own[some], everything, within)
    kept = np.zeros(CELLS)
    if between > 0:
        kept[some] = between / (between + within / n[some])
    return Means(everything + kept * (own - everything), everything, within, n)


def _between(n: Floats, own: Floats, everything: float, within: float) -> float:
    """Return the variance of the cells' true means: how far they differ beyond what ``within`` makes them."""
    if len(n) < 2 or within <= 0:
        return 0.0
    beyond = float((n * (own - everything) ** 2).sum()) - within * (len(n) - 1)
    return max(beyond / float(n.sum() - (n**2).sum() / n.sum()), 0.0)
