"""How sure a share or a mean is: with its 95 % interval and the number of values behind it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist, fmean, stdev

#: The two-sided 95 % quantile of the normal distribution.
Z = 1.959964
#: What is surely so is wrong with this chance at most.
WRONG_AT_MOST = 0.05


@dataclass(frozen=True, slots=True)
class Estimate:
    """``value`` with its 95 % interval from ``low`` to ``high``; all None where ``n`` values do not say."""

    value: float | None
    low: float | None
    high: float | None
    n: int


@dataclass(frozen=True, slots=True)
class Difference:
    """How far two estimates lie apart, with the 95 % interval of that."""

    value: float
    low: float
    high: float

    @property
    def chance(self) -> float:
        """The chance that luck alone puts two such estimates so far apart either way: below .05 just where the interval leaves
        out 0."""
        reach = self.value - self.low if self.value > 0 else self.high - self.value
        if not reach:
            return float(self.value == 0)
        return 2 * NormalDist().cdf(-Z * abs(self.value) / reach)

    def surely(self, asked: int = 1) -> bool | None:
        """Return whether the first is higher, so surely that of so many ``asked`` at once none is wrong with 95%; None where it may
        be luck (Bonferroni)."""
        return None if self.chance >= WRONG_AT_MOST / asked else self.value > 0


def share(hits: float, n: float) -> Estimate:
    """Return ``hits`` of ``n`` as a share with Wilson's score interval (Wilson 1927); counts may be weighted."""
    if n == 0:
        return Estimate(None, None, None, 0)
    p = hits / n
    middle = (p + Z * Z / (2 * n)) / (1 + Z * Z / n)
    half = Z / (1 + Z * Z / n) * math.sqrt(p * (1 - p) / n + Z * Z / (4 * n * n))
    return Estimate(p, max(0.0, middle - half), min(1.0, middle + half), int(n))


def difference(one: Estimate, other: Estimate) -> Difference | None:
    """Return ``one`` minus ``other``, counted on different deals; None where either has no interval.

    The ends are put together by Newcombe's hybrid score method (Newcombe 1998, method 10); for means it is
    the usual root of the summed squares. Two intervals may overlap while that of their difference lies
    beside 0.
    """
    mine, theirs = _reach(one), _reach(other)
    if mine is None or theirs is None:
        return None
    (value, down, up), (against, their_down, their_up) = mine, theirs
    change = value - against
    return Difference(change, change - math.hypot(down, their_up), change + math.hypot(up, their_down))


def _reach(one: Estimate) -> tuple[float, float, float] | None:
    """Return the value and how far its interval reaches down and up from it."""
    if one.value is None or one.low is None or one.high is None:
        return None
    return one.value, one.value - one.low, one.high - one.value


def t_quantile(freedom: int, *, confidence: float = 0.95) -> float:
    """Return the two-sided quantile of Student's t with so many degrees of ``freedom`` (4 or more), to 0.3% and better
    (Abramowitz & Stegun 26.7.5): for pages, which load no statistics. Raises ValueError below four."""
    if freedom < 4:
        raise ValueError("the expansion holds from four degrees of freedom on")
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    terms = (
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
        (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160,
    )
    return z + sum(term / freedom**power for power, term in enumerate(terms, 1))


def mean(values: Sequence[float]) -> Estimate:
    """Return the mean with 1.96 standard errors either way; without an interval below two values."""
    n = len(values)
    if n < 2:
        return Estimate(values[0] if n else None, None, None, n)
    middle, half = fmean(values), Z * stdev(values) / math.sqrt(n)
    return Estimate(middle, middle - half, middle + half, n)


def quotient(values: Sequence[float], weights: Sequence[float]) -> Estimate:
    """Return the sum of ``values`` times ``weights`` by the sum of the weights with its 95% interval, by the linearised
    variance of a ratio (Cochran 1977, 6.4); without an interval below two values. With equal weights it is the mean."""
    n, total = len(values), math.fsum(weights)
    if n < 2:
        return Estimate(values[0] if n else None, None, None, n)
    middle = math.fsum(value * weight for value, weight in zip(values, weights, strict=True)) / total
    beside = math.fsum(
        (weight * (value - middle)) ** 2 for value, weight in zip(values, weights, strict=True)
    )
    half = Z * math.sqrt(beside * n / (n - 1)) / total
    return Estimate(middle, middle - half, middle + half, n)
