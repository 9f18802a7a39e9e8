"""The same tests where there is nothing to find: every effect taken away, chance alone left."""

from __future__ import annotations

import numpy as np

from hingepoint.analysis.discovery import result
from hingepoint.analysis.discovery.judging import calibration
from hingepoint.analysis.discovery.sums import gram

REPEATS = 5
LEVEL = 0.05


def without_effects(
    real: gram.Estimate, rng: np.random.Generator, groups: np.ndarray | None = None
) -> result.Placebo:
    """Return how many types passed the test for an effect when there was none; ``groups`` have nulls of their own.

    What no column explains in the outcomes of a cluster gets a sign by lot, the same for all of its deals,
    and is fitted anew: a wild cluster bootstrap with the null imposed (Cameron, Gelbach & Miller 2008), which
    for least squares is a sum over the influences (Kline & Santos 2012). Whatever levers do is taken out
    first, so that they cannot come back as time to close does when outcomes are dealt among deals alike.
    """
    passed = [calibration.adjusted(p_values) for p_values in chances(real, rng, groups)]
    tested = sum(int(np.isfinite(one).sum()) for one in passed)
    return result.Placebo(tested, sum(int((one < LEVEL).sum()) for one in passed))


def chances(
    real: gram.Estimate, rng: np.random.Generator, groups: np.ndarray | None = None
) -> list[np.ndarray]:
    """Return the p-values of all types in each history without effects; NaN where one is not estimable."""
    return [_chances(effects, real.errors, groups) for effects in _drawn(real, rng)]


def _drawn(real: gram.Estimate, rng: np.random.Generator) -> np.ndarray:
    """Return repeats x types, what chance alone makes of the effects."""
    signs = rng.choice([-1.0, 1.0], (REPEATS, real.influence.shape[0]))
    scale = np.sqrt(gram.small_sample(real.clusters, real.fit.within.rows, real.fit.freedom))
    return np.where(np.isfinite(real.effects), scale * (signs @ real.influence), np.nan)


def _chances(effects: np.ndarray, errors: np.ndarray, groups: np.ndarray | None) -> np.ndarray:
    null = calibration.empirical_null(effects, errors, groups)
    return calibration.interval_p_values(null.centred(effects), null.widened(errors), 0.0)
