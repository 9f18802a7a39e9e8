"""Units side by side in one period: which lie apart by more than chance and the usual differences of units.

Spiegelhalter (2005): z of each unit against the whole; the spread of winsorised z beyond 1 is overdispersion (phi),
from which follows the variance between units (tau squared, additive: DerSimonian & Laird 1986). The variant is
part of the result, because the variants differ in whom they name.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

#: Share of z at each end that is drawn in before the spread is taken.
WINSORISED = 0.1

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Funnel:
    """Shares of units about ``centre``.

    ``z`` is adjusted for overdispersion, ``naive`` is not. ``between`` (tau) is the standard deviation between
    units, in the unit of the share; ``shrunk`` draws each unit towards the whole by how little it knows.
    """

    variant: str
    centre: float
    phi: float
    between: float
    naive: Floats
    z: Floats
    shrunk: Floats

    def apart(self, level: float = 0.998) -> Flags:
        """Return which units lie outside the two-sided limits of ``level``."""
        return np.abs(self.z) > stats.norm.ppf((1 + level) / 2)


def of_shares(hits: Floats, counts: Floats) -> Funnel:
    """Return the funnel of ``hits`` among ``counts`` a unit, untransformed. Raises ValueError without any count."""
    if not counts.sum() > 0:
        raise ValueError("a funnel needs at least one unit that was counted")
    centre = float(hits.sum() / counts.sum())
    inside = min(max(centre, 0.5 / counts.sum()), 1 - 0.5 / counts.sum())
    chance = np.sqrt(inside * (1 - inside) / counts)
    shares = hits / counts
    naive = (shares - centre) / chance
    phi, between = dispersion(naive, 1 / chance**2)
    known = between**2 / (between**2 + chance**2)
    return Funnel(
        f"shares, {WINSORISED:.0%} winsorised, additive",
        centre,
        phi,
        between,
        naive,
        (shares - centre) / np.sqrt(chance**2 + between**2),
        centre + known * (shares - centre),
    )


def dispersion(z: Floats, weights: Floats, *, winsorised: float = WINSORISED) -> tuple[float, float]:
    """Return phi of the ``z`` and the standard deviation between units; ``weights`` are 1 / variance by chance.

    With N units tau squared is (N phi - (N - 1)) / (sum w - sum w^2 / sum w), or 0 where that is negative.
    """
    low, high = np.quantile(z, [winsorised, 1 - winsorised])
    phi = float(np.mean(np.clip(z, low, high) ** 2))
    room = weights.sum() - (weights**2).sum() / weights.sum()
    squared = (len(z) * phi - (len(z) - 1)) / room if room > 0 else 0.0
    return phi, float(np.sqrt(max(squared, 0.0)))
