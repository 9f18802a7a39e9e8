"""What is usual of deals like these: expected values from what was known when a deal was created.

Fitted on the usual time alone, so that a change later is not explained away. A ridge keeps rare kinds of deals near
the whole. Where a deal says nothing, it counts as an average one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

Floats = NDArray[np.float64]

#: Known of a deal at its creation and no place: the places are what is compared.
KNOWN = ("segment", "product", "source")
#: Of a column so many frequent values count, with so many rows each.
MOST_VALUES, FEWEST_ROWS = 8, 20
#: With fewer usual rows everything counts as an average one.
FEWEST = 60
RIDGE = 2.0
#: So many rows at a time are told what is expected of them: a column a frequent value is much for all at once.
AT_ONCE = 50_000


def expected(
    values: Floats,
    rows: pl.DataFrame,
    usual: NDArray[np.bool_],
    *,
    kind: Literal["share", "mean"],
    facts: tuple[str, ...] = (),
    weights: Floats | None = None,
) -> Floats:
    """Return the expected value of each row, from the ``usual`` ones; a share stays within (0, 1). With ``weights`` each
    row counts by its own: what is expected is a quotient of sums."""
    if not usual.any():
        return np.full(len(values), np.nan)
    learned, known = rows.filter(pl.Series(usual)), values[usual]
    weight = None if weights is None else weights[usual]
    design = _design(learned, facts) if len(known) >= FEWEST else ()
    if not design:
        return np.full(len(values), float(np.average(known, weights=weight)))
    x = _matrix(design, learned)
    if weight is not None:
        slopes = _quotient(x, known, weight)
    else:
        slopes = _share(x, known) if kind == "share" else _mean(x, known)
    told = np.concatenate([_matrix(design, part) @ slopes for part in rows.iter_slices(AT_ONCE)])
    return _chance(told) if kind == "share" and weights is None else told


@dataclass(frozen=True)
class _Column:
    """What is known of a row, as a number with mean 0 and deviation 1 in the usual time: whether the column ``name`` has a
    ``value``, or without one the size, where ``centre`` stands in for one that is not known."""

    name: str
    value: str | None = None
    centre: float = 0.0
    mean: float = 0.0
    deviation: float = 1.0

    def of(self, rows: pl.DataFrame) -> Floats:
        told = rows[self.name]
        if self.value is not None:
            found = (told.cast(pl.String) == self.value).fill_null(False).to_numpy().astype(float)
        else:
            size = _size(told)
            found = np.where(np.isnan(size), self.centre, size)
        return np.asarray((found - self.mean) / self.deviation, np.float64)

    def scaled(self, usual: pl.DataFrame) -> _Column | None:
        """Return the same with mean 0 and deviation 1 in the usual time; None where it never differs."""
        found = self.of(usual)
        mean = float(found.mean())
        deviation = float((found - mean).std())
        return replace(self, mean=mean, deviation=deviation) if found.std() > 0 else None


def _design(usual: pl.DataFrame, facts: tuple[str, ...]) -> tuple[_Column, ...]:
    """Return a column for the size and one a frequent value."""
    sized = "initial_amount" in usual.columns
    columns = [_Column("initial_amount", centre=_centre(_size(usual["initial_amount"])))] if sized else []
    for name in (*KNOWN, *facts):
        if name in usual.columns:
            columns += [_Column(name, value) for value in _frequent(usual[name].cast(pl.String))]
    return tuple(each for column in columns if (each := column.scaled(usual)))


def _matrix(design: tuple[_Column, ...], rows: pl.DataFrame) -> Floats:
    """Return ones, and the columns of a design, a row each."""
    found = np.ones((rows.height, 1 + len(design)))
    for number, column in enumerate(design, start=1):
        found[:, number] = column.of(rows)
    return found


def _size(amounts: pl.Series) -> Floats:
    amount = amounts.cast(pl.Float64).to_numpy()
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(amount > 0, np.log(amount), np.nan)


def _centre(values: Floats) -> float:
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else 0.0


def _frequent(column: pl.Series) -> list[str]:
    counts = column.drop_nulls().alias("name").value_counts(name="rows")
    often = counts.sort("rows", "name", descending=[True, False]).filter(pl.col("rows") >= FEWEST_ROWS)
    return often["name"].head(MOST_VALUES).to_list()


def _holding(x: Floats) -> Floats:
    """Return the ridge: slopes are held near 0, the level is not."""
    return np.diag([0.0, *[RIDGE] * (x.shape[1] - 1)])


def _mean(x: Floats, values: Floats) -> Floats:
    """Fit by least squares; every column of ``x`` but the first has mean 0."""
    inner, centre = x[:, 1:], values.mean()
    held = inner.T @ inner + RIDGE * np.eye(inner.shape[1])
    return np.concatenate([[centre], np.linalg.solve(held, inner.T @ (values - centre))])


def _quotient(x: Floats, values: Floats, weights: Floats) -> Floats:
    """Fit by weighted least squares."""
    each = weights / weights.mean()
    return np.asarray(np.linalg.solve((x.T * each) @ x + _holding(x), (x.T * each) @ values), np.float64)


def _share(x: Floats, y: Floats) -> Floats:
    """Fit a logistic regression by Newton's steps."""
    holding, centre = _holding(x), float(np.clip(y.mean(), 0.5 / len(y), 1 - 0.5 / len(y)))
    slopes = np.array([np.log(centre / (1 - centre)), *[0.0] * (x.shape[1] - 1)])
    for _ in range(15):
        chance = _chance(x @ slopes)
        curve = _curvature(x, np.maximum(chance * (1 - chance), 1e-9))
        step = np.linalg.solve(
            curve + holding + 1e-6 * np.eye(x.shape[1]), x.T @ (y - chance) - holding @ slopes
        )
        slopes = slopes + step
        if np.abs(step).max() < 1e-8:
            break
    return slopes


def _curvature(x: Floats, weights: Floats) -> Floats:
    """Return the sum of the weighted squares of rows, some rows at a time."""
    found = np.zeros((x.shape[1], x.shape[1]))
    for first in range(0, len(x), AT_ONCE):
        here = slice(first, first + AT_ONCE)
        found += (x[here].T * weights[here]) @ x[here]
    return found


def _chance(logits: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-np.clip(logits, -30, 30))), np.float64)
