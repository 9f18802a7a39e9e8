"""How far chance alone goes: an estimate is made anew under every order that the lot could have drawn.

An estimate is linear in the values, so all orders cost one matrix product, and the effects that the lot does not
refuse follow in closed form (``trials.redraws``). Without a lottery the same orders are taken as if they had been
drawn; that is an assumption, and results say so.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from hingepoint.analysis.trials import redraws

#: With fewer teams there is no test: a judgement, too few orders and too few clusters.
LEAST_TEAMS = 6
#: With fewer orders nothing can be rarer than one in twenty.
LEAST_ORDERS = 20
#: Numbers that weights may take at a time.
_CELLS = 1_000_000

#: orders x teams of starts -> orders x effects x teams x periods of weights
Weights = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Reading:
    """An effect, the 95% interval of effects that the lot does not refuse, and how often chance goes as far.

    ``low``, ``high`` are infinite where there are too few orders to say, ``p`` is NaN then.
    """

    effect: float
    low: float = -math.inf
    high: float = math.inf
    p: float = math.nan

    @property
    def seen(self) -> bool:
        """Whether chance is refused as the reason."""
        return self.p <= redraws.LEVEL


def products(weights: Weights, starts: np.ndarray, columns: np.ndarray, *, effects: int) -> np.ndarray:
    """Return orders x effects x columns, the estimates of every column under every order.

    starts     orders x teams; columns: columns x teams x periods; effects: how many ``weights`` gives an order
    """

    def estimate(part: np.ndarray) -> np.ndarray:
        return np.einsum("oknt,cnt->okc", weights(part), columns, optimize=True)

    return in_parts(estimate, starts, columns.shape[1:], width=effects)


def in_parts(estimate: Weights, starts: np.ndarray, shape: tuple[int, ...], *, width: int) -> np.ndarray:
    """Return ``estimate`` of all orders, some at a time, so that ``width`` x teams x periods an order fit into memory."""
    size = max(int(_CELLS // max(width * shape[0] * shape[1], min(shape) ** 2)), 1)
    return np.concatenate([estimate(starts[first : first + size]) for first in range(0, len(starts), size)])


def reading(real: np.ndarray, drawn: np.ndarray) -> Reading:
    """Return the reading of one effect.

    real     (estimate of the values, estimate of having lived it): the second is 1 where an effect is 1
    drawn    orders x 2, the same under every order, the real one among them
    """
    outcome, dose = float(real[0]), float(real[1])
    if len(drawn) < LEAST_ORDERS or dose == 0:
        return Reading(outcome)
    low, high = redraws.likely((outcome, dose), (drawn[:, 0], drawn[:, 1]))
    return Reading(outcome / dose, low, high, redraws.chance(outcome, drawn[:, 0]))


def joint(real: np.ndarray, drawn: np.ndarray) -> float:
    """Return how often chance moves several effects together as far from nothing, NaN with too few orders.

    real     effects; drawn: orders x effects. How far is measured by the spread over the orders.
    """
    if len(drawn) < LEAST_ORDERS:
        return math.nan
    spread = np.linalg.pinv(drawn.T @ drawn / len(drawn), hermitian=True)
    far = np.einsum("ok,kl,ol->o", drawn, spread, drawn)
    return redraws.chance(float(real @ spread @ real), far)
