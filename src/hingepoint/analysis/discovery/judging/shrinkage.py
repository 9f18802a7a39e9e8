"""What to expect of a type, given all others: the chance of a wrong sign, and of being among the best.

Most types do nothing, some do something, and how many and how much is itself not known. So a grid of
possibilities is weighed by what all types together say, and every chance is averaged over it instead of
being read at the likeliest one (Stephens 2017 for the mixture; the averaging is what keeps the chances
honest where data are few, decision 0120).
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
import scipy  # its parts load when they are first used: the server starts without them

#: Shares of types that do something; how much, in standard deviations of the outcome; and where the middle
#: of that lies, in units of its own size (agreements are kept because somebody thinks that they help).
SHARES = (0.01, 0.02, 0.04, 0.07, 0.11, 0.16, 0.23, 0.32)
SIZES = (0.03, 0.05, 0.08, 0.13, 0.2, 0.32, 0.5, 0.8)
CENTRES = (0.0, 1.0)
#: Bias beside sampling error, as multiples of the spread of the empirical null.
SPREADS = (0.0, 0.25, 0.5, 0.75, 1.0, 1.3)
#: Typical: one type in nine does something, of about an eighth of a standard deviation.
SHARE_COUNTS, SIZE, SIZE_FACTOR, SPREAD = (2.0, 16.0), 0.12, 0.5, 0.7


@dataclass(frozen=True)
class Prior:
    """Possibilities for what types do, one entry each, with their ``weights``.

    shares   of types that do something; centres, scales   of the normal that it comes from
    spreads  of the bias, as a multiple of each type's ``unit``
    """

    weights: np.ndarray
    shares: np.ndarray
    centres: np.ndarray
    scales: np.ndarray
    spreads: np.ndarray
    unit: np.ndarray

    def thinned(self, number: int) -> Prior:
        """Return about this many possibilities of equal weight that stand for all: for repeated use."""
        steps = (np.arange(number) + 0.5) / number
        chosen = np.minimum(np.searchsorted(np.cumsum(self.weights), steps), self.weights.size - 1)
        return self.select(chosen, np.ones(number))

    def select(self, chosen: np.ndarray, weights: np.ndarray) -> Prior:
        """Return some of the possibilities with other weights, which need not add up to one."""
        return Prior(
            weights=weights / weights.sum(),
            shares=self.shares[chosen],
            centres=self.centres[chosen],
            scales=self.scales[chosen],
            spreads=self.spreads[chosen],
            unit=self.unit,
        )


@dataclass(frozen=True)
class Posterior:
    """Effects after shrinkage: under each possibility, nothing or a normal for each type.

    something, means, deviations   possibilities x types; ``something`` is the chance of not being nothing
    """

    prior: Prior
    something: np.ndarray
    means: np.ndarray
    deviations: np.ndarray

    @functools.cached_property
    def mean(self) -> np.ndarray:
        return self.prior.weights @ (self.something * self.means)

    @functools.cached_property
    def false_sign(self) -> np.ndarray:
        """Local false sign rate: the smaller of the chances of being no gain and of being no loss."""
        losing = scipy.special.ndtr(-self.means / self.deviations)
        loss = self.prior.weights @ (self.something * losing)
        gain = self.prior.weights @ (self.something * (1 - losing))
        return np.minimum(1 - gain, 1 - loss)

    def draws(self, rng: np.random.Generator, number: int) -> np.ndarray:
        """Return number x types draws; those of one row share their possibility."""
        which = rng.choice(self.prior.weights.size, size=number, p=self.prior.weights)
        shape = (number, self.means.shape[1])
        drawn = self.means[which] + self.deviations[which] * rng.standard_normal(shape)
        return np.where(rng.random(shape) < self.something[which], drawn, 0.0)


def learn_prior(
    effects: np.ndarray, errors: np.ndarray, noise: float, spread: np.ndarray | None = None
) -> Prior:
    """Return the possibilities, weighed by what the effects of all types suggest.

    noise    standard deviation of the outcome, which tells what a usual effect is
    spread   of the empirical null, per type, where one was learned: bias beside the ``errors``
    """
    prior = _possibilities(noise, np.zeros(effects.size) if spread is None else spread)
    known = _known(effects, errors)
    nothing, something, *_ = _chances(effects[known], errors[known], prior, prior.unit[known])
    logs = np.log(prior.weights) + np.logaddexp(nothing, something).sum(axis=1)
    weights = np.exp(logs - logs.max())
    likely = weights > 1e-4
    return prior.select(likely, weights[likely])


def _possibilities(noise: float, unit: np.ndarray) -> Prior:
    shares, sizes = np.array(SHARES), np.array(SIZES)
    spreads = np.array(SPREADS if unit.any() else (0.0,))
    first, second = SHARE_COUNTS
    of_share = shares ** (first - 1) * (1 - shares) ** (second - 1) * np.gradient(shares)
    of_size = np.exp(-0.5 * (np.log(sizes / SIZE) / SIZE_FACTOR) ** 2)
    of_spread = np.exp(-0.5 * (spreads / SPREAD) ** 2)
    share, size, centre, spread = (
        part.ravel() for part in np.meshgrid(shares, sizes, np.array(CENTRES), spreads, indexing="ij")
    )
    weights = np.einsum("i,j,k,l->ijkl", of_share, of_size, np.ones(len(CENTRES)), of_spread).ravel()
    scale = size * noise / np.sqrt(1 + centre**2)
    return Prior(weights / weights.sum(), share, centre * scale, scale, spread, unit)


def _known(effects: np.ndarray, errors: np.ndarray) -> np.ndarray:
    return np.isfinite(effects) & np.isfinite(errors) & (errors > 0)


def _chances(
    effects: np.ndarray, errors: np.ndarray, prior: Prior, unit: np.ndarray
) -> tuple[np.ndarray, ...]:
    """Return logs of the chances of nothing and of something, and mean and deviation of something."""
    variance = errors**2 + (prior.spreads[:, None] * unit) ** 2
    wide = variance + prior.scales[:, None] ** 2
    centre = prior.centres[:, None]
    nothing = np.log1p(-prior.shares)[:, None] - 0.5 * (np.log(variance) + effects**2 / variance)
    something = np.log(prior.shares)[:, None] - 0.5 * (np.log(wide) + (effects - centre) ** 2 / wide)
    kept = prior.scales[:, None] ** 2 / wide
    return nothing, something, centre + kept * (effects - centre), np.sqrt(variance * kept)


def shrink(effects: np.ndarray, errors: np.ndarray, prior: Prior) -> Posterior:
    """Return the posterior of the effects, centred on the empirical null, under a learned prior.

    Types that are not estimable are NaN and stay at the prior.
    """
    known = _known(effects, errors)
    x, s = np.where(known, effects, 0.0), np.where(known, errors, 1e6)
    nothing, something, means, deviations = _chances(x, s, prior, prior.unit)
    chance = scipy.special.expit(something - nothing)
    return Posterior(prior, chance, means, deviations)


def top_chances(draws: np.ndarray, top: int) -> np.ndarray:
    """Return the share of draws in which each type is among the ``top`` best and better than nothing."""
    types = draws.shape[1]
    if types <= top:
        return (draws > 0).mean(axis=0)
    bound = np.partition(draws, types - top, axis=1)[:, types - top][:, None]
    return ((draws >= bound) & (draws > 0)).mean(axis=0)
