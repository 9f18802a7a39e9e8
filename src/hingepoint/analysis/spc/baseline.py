"""What is usual: the level and spread of a baseline, and how well both are known.

A baseline of m points is an estimate, and months resemble their neighbours. Limits that forget either raise
several times as often as they promise, so both are part of the spread that a chart is judged by.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

#: Weight of the newest point in the smoothed line (lambda). Small: small lasting shifts are what matters.
LAMBDA = 0.1
#: With fewer points limits are for trial: drawn, and never raising.
ENOUGH = 12
#: Neighbours are taken to resemble each other at most so much.
MOST_ALIKE = 0.9

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Baseline:
    """``level`` and ``spread`` (a standard deviation) of ``points`` usual points.

    ``alike`` is the correlation of neighbouring points (rho of an AR(1)), corrected for the shortness of the
    baseline and never negative.
    """

    level: float
    spread: float
    points: int
    alike: float

    @property
    def is_trial(self) -> bool:
        return self.points < ENOUGH

    def correlations(self, after: int) -> Floats:
        """Return the correlation matrix of the baseline's points and ``after`` points that follow them."""
        places = np.arange(self.points + after)
        return (
            np.power(self.alike, np.abs(places[:, None] - places[None, :]))
            if self.alike
            else np.eye(len(places))
        )


def estimate(values: Floats) -> Baseline:
    """Return the baseline of at least two ``values`` in the order of time.

    The correlation of neighbours is r + (1 + 3r) / m within [0, .9] (Kendall 1954: r leans down by so much); the
    variance is divided by what a mean of correlated points takes away from it. Raises ValueError for fewer
    than two values.
    """
    count = len(values)
    if count < 2:
        raise ValueError("a baseline needs at least two points")
    level = float(np.mean(values))
    around = values - level
    squares = float(around @ around)
    neighbours = float(around[1:] @ around[:-1]) / squares if squares > 0 else 0.0
    alike = float(np.clip(neighbours + (1 + 3 * neighbours) / count, 0.0, MOST_ALIKE))
    places = np.arange(count)
    together = (
        float(np.power(alike, np.abs(places[:, None] - places[None, :])).sum()) if alike else float(count)
    )
    return Baseline(level, float(np.sqrt(squares / (count - together / count))), count, alike)


def drawn_to(own: Baseline, *, spread: float, alike: float, worth: float, steadiest: float = 0.0) -> Baseline:
    """Return ``own`` with its spread, at least ``steadiest``, and its likeness drawn towards those of charts like it.

    The others count as ``worth`` points beside its own (empirical Bayes on the variance). From twelve points a spread is known
    to a fifth, and a chart that thinks itself steadier than it is raises for nothing.
    """
    mine, known = own.points - 1, own.points - 1 + worth
    variance = (mine * own.spread**2 + worth * spread**2) / known
    drawn = max(float(np.sqrt(variance)), steadiest)
    return replace(own, spread=drawn, alike=(mine * own.alike + worth * alike) / known)


def smoothed_spread(baseline: Baseline, weight: float, after: int) -> Floats:
    """Return the standard deviation of the smoothed line minus the baseline's level at each of ``after`` points.

    The line is a weighted sum of new points and, through the estimated level, of the baseline's: its variance is
    a'Ca with the weights a and the correlations C. With uncorrelated points that is the textbook variance
    of an EWMA plus (1 - (1 - weight)^t)^2 / m.
    """
    steps = np.arange(1, after + 1)
    told = 1 - (1 - weight) ** steps
    if not baseline.alike:
        own = weight / (2 - weight) * (1 - (1 - weight) ** (2 * steps))
        return baseline.spread * np.sqrt(own + told**2 / baseline.points)
    weights = np.hstack(
        [np.tile(-told[:, None] / baseline.points, baseline.points), smoothing(weight, after)]
    )
    spread = (weights @ baseline.correlations(after) * weights).sum(axis=1)
    return np.asarray(baseline.spread * np.sqrt(spread), np.float64)


def smoothing(weight: float, count: int) -> Floats:
    """Return what each of ``count`` points counts in the smoothed line at each of them, a row a point of the line."""
    steps = np.arange(count)
    lags = steps[:, None] - steps[None, :]
    return np.where(lags >= 0, weight * (1 - weight) ** np.maximum(lags, 0), 0.0)
