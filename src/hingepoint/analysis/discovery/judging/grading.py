"""Grades: what the numbers of a type amount to, by rules that can be read aloud."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from hingepoint.analysis.discovery.judging import calibration, shrinkage
from hingepoint.records.findings import Grade

CONFIDENCE = 0.05
SURELY_TOP, MAYBE_TOP = 0.8, 0.3
TOP = 8


@dataclass(frozen=True)
class Judged:
    """How sure the effects are, one entry a type; signs are such that more is better.

    effects, errors   calibrated: recentred and widened by the empirical null; ``sampling`` errors before that
    p_adjusted        adjusted p-value of an effect beyond the smallest worth having
    false_sign        chance of a wrong sign; p_top chance of being among the best eight, p_bottom among the worst
    low               effect that is exceeded with 80 % chance; ``expected`` the shrunken effect
    """

    null: calibration.Null
    posterior: shrinkage.Posterior
    effects: np.ndarray
    errors: np.ndarray
    sampling: np.ndarray
    p_adjusted: np.ndarray
    false_sign: np.ndarray
    p_top: np.ndarray
    low: np.ndarray
    expected: np.ndarray
    p_bottom: np.ndarray


def judge(
    effects: np.ndarray,
    errors: np.ndarray,
    smallest: float,
    noise: float,
    rng: np.random.Generator,
    groups: np.ndarray | None = None,
) -> Judged:
    """Return how sure the effects of all judged types are, together.

    ``noise`` is the standard deviation of the outcome; ``groups`` have nulls of their own.
    """
    null = calibration.empirical_null(effects, errors, groups)
    centred, widened = null.centred(effects), null.widened(errors)
    posterior = _posterior(null, effects, errors, noise)
    known = np.isfinite(centred)
    p_top, p_bottom, low, expected = _order(posterior, known, rng)
    return Judged(
        null=null,
        posterior=posterior,
        effects=centred,
        errors=widened,
        sampling=errors if null.learned else widened,
        p_adjusted=calibration.adjusted(calibration.interval_p_values(centred, widened, smallest)),
        false_sign=np.where(known, posterior.false_sign, 1.0),
        p_top=p_top,
        low=low,
        expected=expected,
        p_bottom=p_bottom,
    )


def reordered(
    judged: Judged,
    effects: np.ndarray,
    errors: np.ndarray,
    noise: float,
    rng: np.random.Generator,
    groups: np.ndarray | None = None,
) -> Judged:
    """Return the same, with the chances to be the best and what to expect from other estimates of the effects."""
    null = calibration.empirical_null(effects, errors, groups)
    posterior = _posterior(null, effects, errors, noise)
    p_top, p_bottom, low, expected = _order(posterior, np.isfinite(effects), rng)
    return replace(judged, p_top=p_top, low=low, expected=expected, p_bottom=p_bottom)


def _posterior(
    null: calibration.Null, effects: np.ndarray, errors: np.ndarray, noise: float
) -> shrinkage.Posterior:
    sampling, spread = (errors, null.spread) if null.learned else (null.widened(errors), None)
    centred = null.centred(effects)
    return shrinkage.shrink(centred, sampling, shrinkage.learn_prior(centred, sampling, noise, spread))


def _order(
    posterior: shrinkage.Posterior, known: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return what puts the types in an order: ``p_top``, ``p_bottom``, ``low`` and ``expected``."""
    draws = posterior.draws(rng, 4000)
    draws[:, ~known] = 0.0
    return (
        np.where(known, shrinkage.top_chances(draws, TOP), 0.0),
        np.where(known, shrinkage.top_chances(-draws, TOP), 0.0),
        np.where(known, np.quantile(draws, 0.2, axis=0), np.nan),
        np.where(known, posterior.mean, np.nan),
    )


@dataclass(frozen=True)
class Checks:
    """What a strong finding must also withstand."""

    robust: bool
    lag_stable: bool
    same_sign: bool
    told_apart: bool
    calibrated: bool
    undoubted: bool
    beyond_controls: bool = True


def grade(judged: Judged, place: int, checks: Checks) -> Grade:
    """Return the grade of one type; against the metric the same tests make it harmful, the worst eight too."""
    if not np.isfinite(judged.effects[place]):
        return Grade.NONE
    against = judged.effects[place] < 0
    if judged.false_sign[place] < CONFIDENCE:
        chance = judged.p_bottom[place] if against else judged.p_top[place]
        sure = judged.p_adjusted[place] < CONFIDENCE and chance > SURELY_TOP
        withstands = (
            checks.robust
            and checks.lag_stable
            and checks.same_sign
            and checks.told_apart
            and checks.calibrated
            and checks.undoubted
            and checks.beyond_controls
        )
        return Grade.STRONG if sure and withstands else Grade.MODERATE
    if not against and judged.p_top[place] > MAYBE_TOP:
        return Grade.WEAK
    return Grade.NONE
