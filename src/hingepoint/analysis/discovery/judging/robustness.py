"""How strong something unmeasured would have to be to explain an effect away (Cinelli & Hazlett 2020).

The t values are the cluster-robust ones, so that a pattern shared by a seller's or an account's deals
does not make an effect look sturdier than it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import scipy  # its parts load when they are first used: the server starts without them

from hingepoint.analysis.discovery.sums import gram


def robustness_value(t: np.ndarray | float, freedom: int, q: float = 1.0, alpha: float = 1.0) -> np.ndarray:
    """Return the share of residual variance of both agreement and outcome that a confounder must explain.

    Enough to take away the share ``q`` of the effect; with ``alpha`` below 1, enough to make the rest
    insignificant at that level.
    """
    strength = q * np.abs(t) / np.sqrt(freedom)
    if alpha < 1:
        strength = strength - scipy.special.stdtrit(freedom - 1, 1 - alpha / 2) / np.sqrt(freedom - 1)
    strength = np.maximum(strength, 0.0)
    return 0.5 * (np.sqrt(strength**4 + 4 * strength**2) - strength**2)


def bias(error: np.ndarray, freedom: int, of_outcome: np.ndarray, of_agreement: np.ndarray) -> np.ndarray:
    """Return the bias of an omitted confounder with these partial R2 (their equation 6)."""
    return error * np.sqrt(freedom) * np.sqrt(of_outcome * of_agreement / (1 - of_agreement))


def confounder_like(
    outcome: np.ndarray, agreement: np.ndarray, strength: float = 1.0
) -> tuple[np.ndarray, np.ndarray]:
    """Return the partial R2 (with outcome, with agreement) of a confounder ``strength`` times an observed one.

    ``outcome`` and ``agreement`` are the partial R2 of the observed covariate (their section 4.4).
    """
    odds = agreement / (1 - agreement)
    of_agreement = np.minimum(strength * odds, 0.99)
    crossed = strength * agreement**2 / np.maximum((1 - strength * agreement) * (1 - agreement), 1e-9)
    crossed = np.clip(crossed, 0.0, 0.99)
    grown = ((np.sqrt(strength) + np.sqrt(crossed)) / np.sqrt(1 - crossed)) ** 2
    return np.minimum(grown * outcome / (1 - outcome), 0.99), of_agreement


@dataclass(frozen=True)
class Benchmark:
    """The observed covariate that would move an effect the most if something like it were missing.

    ``bias`` is how far; ``times`` how many times as strong it would have to be to take the whole
    effect away.
    """

    covariate: str
    bias: float
    times: float


Strengths = Mapping[str, tuple[float, np.ndarray]]


def strengths(estimate: gram.Estimate, groups: Mapping[str, np.ndarray]) -> Strengths:
    """Return, per observed covariate, its partial R2 with the outcome and with each type."""
    return {name: _partial(estimate.fit, columns) for name, columns in groups.items()}


def benchmarks(estimate: gram.Estimate, measured: Strengths, effects: np.ndarray) -> list[Benchmark | None]:
    """Return, per type, the strongest observed covariate beside its effect; None without covariates."""
    return [
        next(iter(against(estimate, measured, place, effects[place], most=1)), None)
        for place in range(effects.size)
    ]


def against(
    estimate: gram.Estimate, measured: Strengths, place: int, effect: float, most: int
) -> list[Benchmark]:
    """Return how the effect of one type stands against observed covariates, the ``most`` that bite first."""
    if not np.isfinite(effect):
        return []
    moved = {
        name: _bias_like(estimate, place, outcome, agreement[place], 1.0)
        for name, (outcome, agreement) in measured.items()
    }
    strongest = sorted(moved, key=lambda name: -moved[name])[:most]
    found = []
    for name in strongest:
        outcome, agreement = measured[name]
        times = _times(estimate, place, outcome, agreement[place], abs(effect))
        found.append(Benchmark(name, moved[name], times))
    return found


def _bias_like(one: gram.Estimate, place: int, outcome: float, agreement: float, strength: float) -> float:
    of_outcome, of_agreement = confounder_like(np.asarray(outcome), np.asarray(agreement), strength)
    return float(bias(one.errors[place], one.fit.freedom, of_outcome, of_agreement))


def _times(one: gram.Estimate, place: int, outcome: float, agreement: float, effect: float) -> float:
    """Return how many times the covariate's strength takes the whole effect away, at most 20."""
    low, high = 0.0, 20.0
    if _bias_like(one, place, outcome, agreement, high) < effect:
        return high
    for _ in range(30):
        middle = (low + high) / 2
        if _bias_like(one, place, outcome, agreement, middle) < effect:
            low = middle
        else:
            high = middle
    return low


def _partial(fit: gram.Fit, columns: np.ndarray) -> tuple[float, np.ndarray]:
    """Return the partial R2 of a group of columns with the outcome, and with each type."""
    used = columns[np.diag(fit.inverse)[columns] > 0]
    agreement = np.zeros(fit.targets.size)
    if not used.size:
        return 0.0, agreement
    block = fit.inverse[np.ix_(used, used)]
    slope = fit.coefficients[used]
    explained = float(slope @ scipy.linalg.lstsq(block, slope)[0])
    for place, target in enumerate(fit.targets):
        own = fit.inverse[target, target]
        if own > 0:
            cross = fit.inverse[used, target]
            left = block - np.outer(cross, cross) / own
            by_group = float(cross @ scipy.linalg.lstsq(left, cross)[0]) / own**2
            agreement[place] = by_group / (by_group + 1 / own)
    total = explained + fit.residual
    return (explained / total if total > 0 else 0.0), np.clip(agreement, 0.0, 0.99)
