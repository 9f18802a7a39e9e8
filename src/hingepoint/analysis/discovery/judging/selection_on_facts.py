"""What nobody recorded about deals, as far as what is recorded gives it away, is taken out of the order of types.

A type that is gained on good deals looks as if it helped. Where facts tell a part of how good a deal is, such a type
goes with what they tell: how much looking at the facts takes off its effect says which way the rest that no fact
tells will lean (Altonji, Elder and Taber 2005; Oster 2019). How many times as much that rest is, nobody can know from
one type. All types together can say it, since most do nothing: whatever their effects owe to it goes with what the
facts take off. Few deals say little of either, and then next to nothing is taken out (decision 148).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from hingepoint.analysis.discovery.judging import combining
from hingepoint.analysis.discovery.sums import gram

#: The rest is thought to be no more than so many times what the facts take off, until the types say more.
TIMES = 3.0
#: A type this many times further off than a typical one says less (Huber 1964): levers are not what is sought.
FAR = 1.5
#: Rounds of weighing types anew, after which nothing moves any more.
ROUNDS = 30
#: Fewer types say nothing.
ENOUGH = 10
#: Standard deviations that are tried for what the facts take off, in units of a typical error.
_TRIED = np.linspace(0.0, 6.0, 121)


@dataclass(frozen=True)
class Taken:
    """What looking at the facts takes off the effect of each type, and the standard errors; NaN where nobody knows."""

    off: np.ndarray
    errors: np.ndarray

    def divided(self, times: float) -> Taken:
        """Return the same in units so many times as large."""
        return Taken(self.off / times, self.errors / times)

    def likely(self) -> tuple[np.ndarray, np.ndarray]:
        """Return what it is likely to be beside chance, around the mean of all types, and how sure (a variance)."""
        known = np.isfinite(self.off) & np.isfinite(self.errors) & (self.errors > 0)
        if known.sum() < ENOUGH:
            return np.zeros(self.off.size), np.zeros(self.off.size)
        away = np.where(known, self.off - self.off[known].mean(), 0.0)
        sampling = np.where(known, self.errors, 1.0) ** 2
        spread = combining.beside_chance(away[known], sampling[known], _TRIED) ** 2
        share = np.where(known, spread / (spread + sampling), 0.0)
        return share * away, share * sampling


def taken(within: gram.Within, facts: int, known: gram.Fit) -> Taken:
    """Return what the first columns, so many as there are of ``facts``, take off the effects of the types of a fit.

    The outcome that a deal's facts let one expect, regressed on all other columns: what is left out of a regression
    moves its effects by just that (Yule 1907). What to expect is told by the facts without the types, which would hide
    how good a deal is behind themselves.
    """
    products, first = within.products, np.arange(known.targets[0])
    told = np.linalg.lstsq(products[np.ix_(first, first)], products[first, -1], rcond=None)[0][:facts]
    others = np.arange(facts, products.shape[0] - 1)
    along = products[others, :facts] @ told
    square = told @ products[:facts, :facts] @ told
    put = np.block([[products[np.ix_(others, others)], along[:, None]], [along[None], np.array([[square]])]])
    around = replace(within, products=put, means=within.means[:, np.append(others, products.shape[0] - 1)])
    fitted = gram.fit(around, np.eye(others.size), known.targets - facts, known.estimable[others])
    own = np.diag(fitted.inverse)[fitted.targets]
    errors = np.sqrt(fitted.residual / max(fitted.freedom, 1) * own)
    return Taken(fitted.effects, np.where(np.isfinite(fitted.effects), errors, np.nan))


def without_the_rest(look: combining.Look, taken: Taken) -> combining.Look:
    """Return a look less what its effects owe to what no fact tells, as far as the facts give it away."""
    likely, unsure = taken.likely()
    known = np.isfinite(look.effects) & np.isfinite(look.errors) & (look.errors > 0)
    if not likely[known].any():
        return look
    times = _times(look.effects[known], look.errors[known] ** 2, likely[known])
    return replace(
        look, effects=look.effects - times * likely, errors=np.sqrt(look.errors**2 + times**2 * unsure)
    )


def _times(effects: np.ndarray, sampling: np.ndarray, likely: np.ndarray) -> float:
    """Return how many times what the facts take off the rest is, never less than 0: a robust ridge regression.

    No more of it than goes beyond its own error (the positive part of James and Stein 1961).
    """
    total = sampling + np.median(sampling)
    design = np.column_stack([np.ones(likely.size), likely])
    prior = np.diag([0.0, 1 / TIMES**2])
    weight = 1 / total
    found = np.zeros(2)
    for _ in range(ROUNDS):
        products = design.T @ (design * weight[:, None]) + prior
        found = np.linalg.solve(products, design.T @ (weight * effects))
        away = np.abs(effects - design @ found) / np.sqrt(total)
        weight = np.minimum(1.0, FAR / np.maximum(away, 1e-9)) / total
    times, unsure = float(found[1]), float(np.linalg.inv(products)[1, 1])
    return max(times - unsure / times, 0.0) if times > 0 else 0.0
