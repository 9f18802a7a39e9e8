"""How sure: the empirical null, shrinkage, and errors counted over all types tested.

With a hundred types of which most do little, the bulk of the estimates shows how far bias and
unmodelled dependence really spread them; intervals are recentred and widened to that (Efron 2004;
Schuemie et al. 2014).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy  # its parts load when they are first used: the server starts without them

#: Below so many types the bulk cannot be told from the rest.
ENOUGH_TYPES = 20
#: Errors are widened by this share of themselves where no empirical null can be had.
ASSUMED_SPREAD = 0.5


@dataclass(frozen=True)
class Null:
    """What estimates of types that do nothing look like, per type: their mean and spread beside sampling error.

    ``nonzero`` is the share of types that stand out of it; ``learned`` is False where too few types
    were there and the spread is an assumption.
    """

    mean: np.ndarray
    spread: np.ndarray
    nonzero: float
    learned: bool

    def centred(self, effects: np.ndarray) -> np.ndarray:
        return effects - self.mean

    def widened(self, errors: np.ndarray) -> np.ndarray:
        return np.sqrt(errors**2 + self.spread**2)


def empirical_null(effects: np.ndarray, errors: np.ndarray, groups: np.ndarray | None = None) -> Null:
    """Return the null of the bulk, from a two-group normal mixture.

    effects ~ nonzero N(mean, (error^2 + spread^2) (1 + S^2)) + (1 - nonzero) N(mean, error^2 + spread^2).
    The weak priors (one type in ten does something; the spread is of the size of a typical error)
    matter only where the data are few. The spread is averaged over what the data allow, not taken at
    its likeliest, which is too often nothing. ``groups`` that are large enough have a null of their own:
    what moves everything a customer agrees to need not move what is agreed inside.
    """
    known = np.isfinite(effects) & np.isfinite(errors) & (errors > 0)
    if int(known.sum()) < ENOUGH_TYPES:
        typical = float(np.median(errors[known])) if known.any() else 0.0
        return _constant(effects.size, 0.0, ASSUMED_SPREAD * typical, 0.0, learned=False)
    if groups is not None:
        sizes = [int((known & (groups == group)).sum()) for group in np.unique(groups)]
        if len(sizes) > 1 and min(sizes) >= ENOUGH_TYPES:
            return _by_group(effects, errors, groups)
    return _constant(effects.size, *_bulk(effects[known], errors[known]), learned=True)


def _constant(types: int, mean: float, spread: float, nonzero: float, *, learned: bool) -> Null:
    return Null(np.full(types, mean), np.full(types, spread), nonzero, learned)


def _by_group(effects: np.ndarray, errors: np.ndarray, groups: np.ndarray) -> Null:
    mean, spread, nonzero = np.zeros(effects.size), np.zeros(effects.size), 0.0
    for group in np.unique(groups):
        inside = groups == group
        one = empirical_null(effects[inside], errors[inside])
        mean[inside], spread[inside] = one.mean, one.spread
        nonzero += one.nonzero * inside.mean()
    return Null(mean, spread, nonzero, learned=True)


#: Spreads that are tried, in units of a typical error.
_SPREADS = np.array([0.0, 0.2, 0.4, 0.6, 0.8, 1.0, 1.3, 1.6, 2.0, 2.5, 3.0, 4.0])


def _bulk(effects: np.ndarray, errors: np.ndarray) -> tuple[float, float, float]:
    """Return mean, spread and the share that stands out."""
    unit = float(np.median(errors))
    x, s = effects / unit, errors / unit
    point = np.array([np.median(x), scipy.special.logit(0.1), np.log(5.0)])
    losses, means, shares = [], [], []
    for spread in _SPREADS:
        found = scipy.optimize.minimize(
            _null_loss, point, args=(spread, x, s), method="L-BFGS-B", jac=True, bounds=_BOUNDS
        )
        point = _polished(found.x, spread, x, s)
        losses.append(_null_loss(point, spread, x, s)[0])
        means.append(point[0])
        shares.append(scipy.special.expit(point[1]))
    weight = np.exp(min(losses) - np.array(losses)) * np.gradient(_SPREADS)
    weight /= weight.sum()
    spread = float(np.sqrt(weight @ _SPREADS**2))
    return float(weight @ means) * unit, spread * unit, float(weight @ shares)


#: Of mean, log odds to stand out, and log of how far, in units of a typical error.
_BOUNDS = [(-np.inf, np.inf), (-8.0, 2.0), (0.5, 4.0)]


def _polished(point: np.ndarray, spread: float, x: np.ndarray, s: np.ndarray) -> np.ndarray:
    """Return the minimum to the last digits by Newton steps, so that it does not hang on the way to it.

    The search stops where the loss is flat to rounding, and there effects that differ in the sixteenth
    digit would give calibrations that differ in the eighth.
    """
    low, high = np.array(_BOUNDS).T
    free = np.nonzero((point > low + 1e-6) & (point < high - 1e-6))[0]
    for _ in range(4):
        slope = _null_loss(point, spread, x, s)[1][free]
        bend = np.column_stack([_bend(point, one, spread, x, s)[free] for one in free.tolist()])
        step = np.linalg.lstsq(bend, slope, rcond=None)[0]
        if np.abs(step).max(initial=0.0) > 0.01:
            return point
        point = point.copy()
        point[free] = np.clip(point[free] - step, low[free], high[free])
    return point


def _bend(point: np.ndarray, one: int, spread: float, x: np.ndarray, s: np.ndarray) -> np.ndarray:
    """Return how the gradient changes along one coordinate."""
    aside = np.zeros(point.size)
    aside[one] = 1e-4
    ahead, behind = (_null_loss(at, spread, x, s)[1] for at in (point + aside, point - aside))
    return (ahead - behind) / 2e-4


def _null_loss(point: np.ndarray, spread: float, x: np.ndarray, s: np.ndarray) -> tuple[float, np.ndarray]:
    """Return the loss and its gradient."""
    mean, logit, log_far = point
    far2 = np.exp(2 * log_far)
    variance = s**2 + spread**2
    distance2 = (x - mean) ** 2 / variance
    bulk = scipy.special.log_expit(-logit) - 0.5 * (np.log(variance) + distance2)
    rest = scipy.special.log_expit(logit) - 0.5 * (np.log(variance * (1 + far2)) + distance2 / (1 + far2))
    prior = scipy.special.log_expit(logit) + 9 * scipy.special.log_expit(-logit)
    prior -= 0.5 * spread**2 + 2 * (log_far - np.log(5.0)) ** 2
    both = np.logaddexp(bulk, rest)
    stands_out = np.exp(rest - both)
    odds = scipy.special.expit(logit)
    slope = np.array(
        [
            ((x - mean) / variance * (1 - stands_out * far2 / (1 + far2))).sum(),
            (stands_out - odds).sum() + 1 - 10 * odds,
            (stands_out * far2 / (1 + far2) * (distance2 / (1 + far2) - 1)).sum()
            - 4 * (log_far - np.log(5.0)),
        ]
    )
    return -float(both.sum() + prior), -slope


def interval_p_values(effects: np.ndarray, errors: np.ndarray, smallest: float) -> np.ndarray:
    """Return p-values of 'the effect is no larger than the smallest worth having, either way'."""
    size = np.abs(effects)
    return scipy.special.ndtr((smallest - size) / errors) + scipy.special.ndtr((-smallest - size) / errors)


def adjusted(p_values: np.ndarray) -> np.ndarray:
    """Return p-values adjusted for the number tested (Benjamini & Hochberg 1995); NaN stays NaN."""
    result = np.full(p_values.shape, np.nan)
    known = np.nonzero(np.isfinite(p_values))[0]
    if not known.size:
        return result
    order = known[np.argsort(p_values[known], kind="stable")]
    scaled = p_values[order] * known.size / np.arange(1, known.size + 1)
    result[order] = np.minimum(np.minimum.accumulate(scaled[::-1])[::-1], 1.0)
    return result
