"""Differences between deals that are otherwise alike: least squares with what was known of a deal at its creation.

What is known is taken out of the outcome and of all that is compared once (Frisch & Waugh 1933, Lovell 1963); the
small regressions that remain have the coefficients of the large one. Errors are clustered by seller (Liang & Zeger
1986, with the usual correction for few groups), ranges by Student's t with as many degrees of freedom as groups less
one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
import scipy  # its parts load when they are first used: the server starts without them
from numpy.typing import NDArray

from hingepoint.analysis.frames import KNOWN_AT_CREATION
from hingepoint.analysis.pressures.shape import Range

Floats = NDArray[np.float64]
#: A word counts by itself on so many deals; rarer ones together.
LEAST_OF_A_WORD = 30
#: Fewer groups than this say too little of how deals go together: each deal then stands for itself.
FEWEST_GROUPS = 10
_NEXT_TO_NOTHING = 1e-9


def known(deals: pl.DataFrame) -> Floats:
    """Return deals x columns of what was known at creation: a constant, size, the quarter, and words; no column is a
    sum of others."""
    columns = [np.ones(deals.height), *_size(deals)]
    quarter = deals["created"].dt.strftime("%Y-") + deals["created"].dt.quarter().cast(pl.String)
    words = [quarter, *(deals[name] for name in KNOWN_AT_CREATION if name in deals.columns)]
    for one in words:
        columns += _levels(one)
    return independent(np.column_stack(columns))


def _size(deals: pl.DataFrame) -> list[Floats]:
    """Return the logarithm of the size, its square, and whether the size is not known."""
    worth = deals["initial_amount"].cast(pl.Float64).to_numpy().copy()
    there = np.isfinite(worth) & (worth > 0)
    if not there.any():
        return []
    size = np.where(there, np.log(np.where(there, worth, 1.0)), 0.0)
    size = np.where(there, size - size[there].mean(), 0.0)
    return [size, size**2, (~there).astype(float)]


def _levels(words: pl.Series) -> list[Floats]:
    """Return a column a frequent word; the rare ones and the missing are what they are compared with."""
    said = words.cast(pl.String).fill_null("").to_numpy()
    names, counts = np.unique(said, return_counts=True)
    return [
        (said == name).astype(float)
        for name, count in zip(names, counts, strict=True)
        if count >= LEAST_OF_A_WORD
    ]


def independent(columns: Floats) -> Floats:
    """Leave out columns that are sums of those before them."""
    length = np.sqrt((columns**2).sum(axis=0))
    columns = columns[:, length > 0]
    corner = np.abs(np.diag(np.linalg.qr(columns, mode="r")))
    return columns[:, corner > _NEXT_TO_NOTHING * np.sqrt((columns**2).sum(axis=0))]


def groups_of(owners: pl.Series) -> NDArray[np.int64]:
    """Return the number of each deal's seller; of few sellers, or where they are not known, each deal its own."""
    codes = owners.fill_null("").rank("dense").to_numpy().astype(np.int64) - 1
    if not len(codes) or codes.max() + 1 < FEWEST_GROUPS:
        return np.arange(len(codes), dtype=np.int64)
    return codes


@dataclass(frozen=True, eq=False)
class Alike:
    """Deals with what is known of them, of which differences are asked. ``basis`` spans what is known."""

    basis: Floats
    groups: NDArray[np.int64]

    @classmethod
    def of(cls, facts: Floats, groups: NDArray[np.int64]) -> Alike:
        basis, _ = np.linalg.qr(facts)
        return cls(basis, np.unique(groups, return_inverse=True)[1].astype(np.int64))

    def beyond(self, columns: Floats) -> Floats:
        """Return columns without what is known."""
        return np.asarray(columns - self.basis @ (self.basis.T @ columns), np.float64)

    def fit(self, outcome: Floats, compared: Floats) -> Fit | None:
        """Return what each compared column goes with in the outcome, the others held; both as ``beyond`` made them.

        None where the columns cannot be told apart, or too few deals are there.
        """
        n, k = compared.shape
        used = k + self.basis.shape[1]
        many = int(self.groups.max()) + 1 if n else 0
        if n <= used or many < 2:
            return None
        spread = compared.T @ compared
        if np.linalg.cond(spread) > 1 / _NEXT_TO_NOTHING:
            return None
        inverse = np.linalg.inv(spread)
        slopes = inverse @ (compared.T @ outcome)
        pulls = compared * (outcome - compared @ slopes)[:, None]
        sums = np.column_stack([np.bincount(self.groups, pulls[:, i], minlength=many) for i in range(k)])
        few = many / (many - 1) * (n - 1) / (n - used)
        return Fit(slopes, few * inverse @ (sums.T @ sums) @ inverse, many - 1)


@dataclass(frozen=True, eq=False)
class Fit:
    """Slopes with their covariance and degrees of freedom."""

    slopes: Floats
    covariance: Floats
    freedom: int

    def sum_of(self, weights: Floats) -> tuple[Range, float]:
        """Return a weighted sum of slopes with its 95% range, and the chance of one so far from 0 by luck alone."""
        value = float(weights @ self.slopes)
        error = float(np.sqrt(max(float(weights @ self.covariance @ weights), 0.0)))
        return ranged(value, error, self.freedom)


def ranged(value: float, error: float, freedom: int) -> tuple[Range, float]:
    """Return a value with its 95% range by Student's t, and its two-sided p-value."""
    half = float(scipy.special.stdtrit(freedom, 0.975)) * error
    p = float(2 * scipy.special.stdtr(freedom, -abs(value) / error)) if error else 1.0
    return Range(value, value - half, value + half), p
