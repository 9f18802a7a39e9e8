"""The proposed set: the few confirmed agreements that would bring the most, never filled up."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hingepoint.analysis.discovery.judging import grading, shrinkage
from hingepoint.analysis.discovery.sums import gram

#: A refresh lets a type in above the first chance and out below the second.
IN, OUT = 0.7, 0.3
#: Refits look at so many possibilities of what types do.
POSSIBILITIES = 24


def choose(
    eligible: Sequence[bool] | np.ndarray,
    leverage: np.ndarray,
    size: int,
    bundles: Sequence[tuple[int, ...]] = (),
    previous: Sequence[int] = (),
    p_top: np.ndarray | None = None,
) -> list[int]:
    """Return the positions of the chosen types, best first.

    ``leverage`` is what each would bring with 80 % chance. One member speaks for a bundle. With a
    ``previous`` set, its members stay while their chance to be on top is above OUT, and newcomers
    need IN, so that a monthly refresh does not flutter.
    """
    chance = np.ones(leverage.size) if p_top is None else p_top
    member = {place: group for group in bundles for place in group}
    keep = set(previous)
    order = sorted(
        (place for place in range(leverage.size) if eligible[place] and leverage[place] > 0),
        key=lambda place: (place not in keep, -leverage[place], place),
    )
    chosen: list[int] = []
    taken: set[int] = set()
    for place in order:
        allowed = not keep or chance[place] > (OUT if place in keep else IN)
        if allowed and place not in taken and len(chosen) < size:
            chosen.append(place)
            taken.update(member.get(place, (place,)))
    return sorted(chosen, key=lambda place: (-leverage[place], place))


def stability(
    estimate: gram.Estimate,
    judged: grading.Judged,
    sign: int,
    weight: np.ndarray,
    allowed: np.ndarray,
    size: int,
    bundles: Sequence[tuple[int, ...]],
    rng: np.random.Generator,
    refits: int = 200,
) -> np.ndarray:
    """Return the share of refits that choose each type.

    A refit is a cluster bootstrap of the effects through their influences (one Newton step, which for
    least squares differs from refitting only in the second order). ``weight`` turns an effect into
    what it would bring; ``allowed`` leaves out what is excluded.
    """
    clusters = estimate.influence.shape[0]
    chosen = np.zeros(judged.effects.size)
    prior = judged.posterior.prior.thinned(POSSIBILITIES)
    for _ in range(refits):
        weights = rng.poisson(1.0, clusters) - 1.0
        shift = sign * (weights @ estimate.influence)
        effects = np.where(np.isfinite(judged.effects), judged.effects + shift, np.nan)
        posterior = shrinkage.shrink(effects, judged.sampling, prior)
        confirmed = (
            allowed & np.isfinite(effects) & (posterior.false_sign < grading.CONFIDENCE) & (effects > 0)
        )
        low = np.where(np.isfinite(effects), posterior.mean, -1.0)
        chosen[choose(confirmed, low * weight, size, bundles)] += 1
    return chosen / refits
