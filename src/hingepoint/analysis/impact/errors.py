"""The error of a weighted sum before there is an outcome, from two correlations; and what it can prove."""

from __future__ import annotations

import math

import numpy as np
import scipy  # its parts load when they are first used: the server starts without them

#: The chance to see an effect that a plan promises.
POWER = 0.8


def exact(weights: np.ndarray, deals: np.ndarray, *, noise: float, within: float, between: float) -> float:
    """Return the error of ``sum(weights * values)``, the root of w'Sigma w.

    weights, deals    teams x periods; noise: standard deviation of the metric over deals
    within            correlation of two deals of a team in one period
    between           share of it that is left one period later: 1, teams differ for good; 0, anew each period

    Two deals of a team that lie k periods apart correlate by ``within * between ** k`` (Kasza et al. 2019).
    """
    periods = weights.shape[1]
    apart = np.abs(np.arange(periods)[:, None] - np.arange(periods)[None, :])
    shared = within * np.where(apart == 0, 1.0, float(between) ** apart)
    single = np.divide(weights**2, deals, out=np.zeros_like(weights), where=deals > 0).sum()
    together = np.einsum("nt,ts,ns->", weights, shared, weights)
    return noise * math.sqrt(max((1 - within) * single + together, 0.0))


def smallest_provable(error: float, *, teams: int, power: float = POWER) -> float:
    """Return the smallest effect that is seen with the chance ``power``: Student's t with a degree of freedom less
    than teams, which is close to what drawing the order again does (decision 0221)."""
    if not math.isfinite(error):
        return math.inf
    bound = float(scipy.special.stdtrit(teams - 1, 0.975))
    return error * float(scipy.special.nctdtrinc(teams - 1, 1 - power, bound))
