"""Several looks at one effect, put together to say which types are probably the best.

What an agreement does when it is gained in a window, and what it does while it stands, are two noisy
looks at nearly the same thing. Their errors are known to go together (the influences say how much), so
the best of both is generalised least squares (Aitken 1936). The second look may differ for other
reasons than chance; how much it does so is learned from all types (decision 127). A third look, at
decided deals, differs also in ways that go with what a type is like, such as how late it is gained:
that part is learned by regression and taken out first (decision 145).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hingepoint.analysis.discovery.sums import gram

#: What stands has had longer to work: its effects are so many times those of the window in which it was gained.
STANDING = 1.15
#: Deviations between the looks beside chance that are tried, in units of a typical error.
_DEVIATIONS = np.linspace(0.0, 4.0, 81)


#: A trait of types is thought to move a look by no more than so much, in units of a typical error.
TRAIT = 0.5


@dataclass(frozen=True)
class Look:
    """Estimates of the effects of all types: with their errors, and how far each cluster pulls them (clusters x types)."""

    effects: np.ndarray
    errors: np.ndarray
    influence: np.ndarray

    def divided(self, times: float) -> Look:
        """Return the same in units so many times as large."""
        return Look(self.effects / times, self.errors / times, self.influence / times)


def pooled(first: Look, second: Look) -> Look:
    """Return the best of two looks whose errors go together as their influences say; the first where it is alone."""
    correlation = shared(first, second)
    weight = _weight(first.effects, first.errors, second.effects, second.errors, correlation)[0]
    put = together(first.effects, first.errors, second.effects, second.errors, correlation)
    return Look(*put, (1 - weight) * first.influence + weight * second.influence)


def without_bias(look: Look, beside: Look, traits: np.ndarray) -> Look:
    """Return a look less what its distance from another one owes to the ``traits`` of types (types x traits).

    By ridge regression: a trait is thought to matter little until the types say more. The mean distance goes too.
    """
    distance = look.effects - beside.effects
    covariance = shared(look, beside) * look.errors * beside.errors
    variance = np.maximum(look.errors**2 + beside.errors**2 - 2 * covariance, 0.0)
    known = np.isfinite(distance) & np.isfinite(variance) & (variance > 0)
    if known.sum() <= 2 * (traits.shape[1] + 1):
        return look
    typical = float(np.median(variance[known]))
    design = np.column_stack([np.ones(distance.size), traits])
    weight = 1 / (variance[known] + typical)
    prior = np.diag([0.0] + [1 / (TRAIT**2 * typical)] * traits.shape[1])
    products = design[known].T @ (design[known] * weight[:, None]) + prior
    bias = np.linalg.solve(products, design[known].T @ (weight * distance[known]))
    return Look(look.effects - design @ bias, look.errors, look.influence)


def together(
    effects: np.ndarray, errors: np.ndarray, second: np.ndarray, second_errors: np.ndarray, shared: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return effects and errors, per type, from two estimates of the same effects; the first where it is alone.

    ``shared`` is the correlation of their sampling errors.
    """
    weight, deviation = _weight(effects, errors, second, second_errors, shared)
    both = weight != 0
    put = np.where(both, (1 - weight) * effects + weight * np.where(both, second, 0.0), effects)
    own, covariance = second_errors**2 + deviation**2, shared * errors * second_errors
    variance = (1 - weight) ** 2 * errors**2
    variance += np.where(both, weight**2 * own + 2 * weight * (1 - weight) * covariance, 0.0)
    return put, np.sqrt(variance)


def _weight(
    effects: np.ndarray, errors: np.ndarray, second: np.ndarray, second_errors: np.ndarray, shared: np.ndarray
) -> tuple[np.ndarray, float]:
    """Return the weight of the second of two estimates, per type, 0 where it is missing, and how far it strays."""
    covariance = shared * errors * second_errors
    apart = np.maximum(errors**2 + second_errors**2 - 2 * covariance, 0.0)
    deviation = beside_chance(second - effects, apart)
    both = np.isfinite(effects) & np.isfinite(second) & (apart > 0)
    weight = np.where(both, (errors**2 - covariance) / np.where(both, apart + deviation**2, 1.0), 0.0)
    return weight, deviation


def beside_chance(difference: np.ndarray, variance: np.ndarray, tried: np.ndarray = _DEVIATIONS) -> float:
    """Return the likeliest standard deviation of differences beside chance, whose sampling has these variances.

    ``tried`` are deviations in units of a typical error. Differences that nobody knows (NaN) do not count.
    """
    known = np.isfinite(difference) & np.isfinite(variance) & (variance > 0)
    if not known.any():
        return 0.0
    x2, sampling = difference[known] ** 2, variance[known]
    spread = tried * np.sqrt(np.median(sampling))
    total = sampling + spread[:, None] ** 2
    return float(spread[np.argmin((np.log(total) + x2 / total).sum(axis=1))])


def shared(first: gram.Estimate | Look, second: gram.Estimate | Look) -> np.ndarray:
    """Return, per type, the correlation of the sampling errors of two estimates on the same clusters."""
    lengths = np.sqrt((first.influence**2).sum(axis=0) * (second.influence**2).sum(axis=0))
    product = (first.influence * second.influence).sum(axis=0)
    return np.where(lengths > 0, product / np.where(lengths > 0, lengths, 1.0), 0.0)
