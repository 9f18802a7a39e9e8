"""What is usual of deals like these: expected values from what was known when a deal was created.

Fitted on the usual time alone, so that a change later is not explained away. A ridge keeps rare kinds of deals near
the whole. Where a deal says nothing, it counts as an average one.
"""

from __future__ import annotations

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
    centre = float(np.average(values[usual], weights=None if weights is None else weights[usual]))
    design = _design(rows, usual, facts)
    if usual.sum() < FEWEST or not design.shape[1]:
        return np.full(len(values), centre)
    if weights is not None:
        return _quotient(design, values, usual, weights)
    fit = _share if kind == "share" else _mean
    return fit(design, values, usual)


def _design(rows: pl.DataFrame, usual: NDArray[np.bool_], facts: tuple[str, ...]) -> Floats:
    """Return a column for the size and one a frequent value, each with mean 0 in the usual time."""
    columns = []
    if "initial_amount" in rows.columns:
        size = rows["initial_amount"].cast(pl.Float64).to_numpy().copy()
        with np.errstate(invalid="ignore", divide="ignore"):
            size = np.where(size > 0, np.log(size), np.nan)
        columns.append(np.where(np.isnan(size), _centre(size[usual]), size))
    for name in (*KNOWN, *facts):
        if name in rows.columns:
            columns += _values(rows[name].cast(pl.String), usual)
    kept = [column - column[usual].mean() for column in columns if column[usual].std() > 0]
    scaled = [column / column[usual].std() for column in kept]
    return np.column_stack(scaled) if scaled else np.zeros((len(rows), 0))


def _centre(values: Floats) -> float:
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else 0.0


def _values(column: pl.Series, usual: NDArray[np.bool_]) -> list[Floats]:
    counts = column.filter(pl.Series(usual)).drop_nulls().alias("name").value_counts(name="rows")
    often = counts.sort("rows", "name", descending=[True, False]).filter(pl.col("rows") >= FEWEST_ROWS)
    names = often["name"].head(MOST_VALUES)
    return [(column == name).fill_null(False).to_numpy().astype(float) for name in names]


def _mean(design: Floats, values: Floats, usual: NDArray[np.bool_]) -> Floats:
    x, centre = design[usual], values[usual].mean()
    slopes = np.linalg.solve(x.T @ x + RIDGE * np.eye(x.shape[1]), x.T @ (values[usual] - centre))
    return np.asarray(centre + design @ slopes, np.float64)


def _quotient(design: Floats, values: Floats, usual: NDArray[np.bool_], weights: Floats) -> Floats:
    """Fit by weighted least squares; slopes are held near 0, the level is not."""
    x, each = np.column_stack([np.ones(usual.sum()), design[usual]]), weights[usual] / weights[usual].mean()
    holding = np.diag([0.0, *[RIDGE] * design.shape[1]])
    slopes = np.linalg.solve((x.T * each) @ x + holding, (x.T * each) @ values[usual])
    return np.asarray(slopes[0] + design @ slopes[1:], np.float64)


def _share(design: Floats, values: Floats, usual: NDArray[np.bool_]) -> Floats:
    """Fit a logistic regression by Newton's steps; slopes are held near 0, the level is not."""
    x, y = np.column_stack([np.ones(usual.sum()), design[usual]]), values[usual]
    holding = np.diag([0.0, *[RIDGE] * design.shape[1]])
    centre = float(np.clip(y.mean(), 0.5 / len(y), 1 - 0.5 / len(y)))
    slopes = np.array([np.log(centre / (1 - centre)), *[0.0] * design.shape[1]])
    for _ in range(15):
        chance = 1 / (1 + np.exp(-np.clip(x @ slopes, -30, 30)))
        weights = np.maximum(chance * (1 - chance), 1e-9)
        step = np.linalg.solve(
            (x.T * weights) @ x + holding + 1e-6 * np.eye(x.shape[1]), x.T @ (y - chance) - holding @ slopes
        )
        slopes = slopes + step
        if np.abs(step).max() < 1e-8:
            break
    every = np.column_stack([np.ones(len(design)), design])
    return np.asarray(1 / (1 + np.exp(-np.clip(every @ slopes, -30, 30))), np.float64)
