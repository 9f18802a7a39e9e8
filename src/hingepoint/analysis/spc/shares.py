"""Shares and rates of periods on one scale, however many deals a period has.

Laney (2002): a p' or u' chart divides each period's distance from the mean by what chance alone makes of it at that
number of deals, and lets the series say how far real periods vary beyond that.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hingepoint.analysis.spc.charts import D2

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Laney:
    """``centre`` is the share of all periods, ``beyond`` (sigma z) how far periods vary in units of chance alone;
    ``low`` and ``high`` are the 3-sigma limits of each period."""

    centre: float
    beyond: float
    low: Floats
    high: Floats


def laney_p(hits: Floats, counts: Floats) -> Laney:
    """Return the p' chart of ``hits`` among ``counts`` a period. Raises ValueError for fewer than two periods."""
    centre = _centre(hits, counts)
    return _laney(hits / counts, centre, np.sqrt(centre * (1 - centre) / counts), most=1.0)


def laney_u(hits: Floats, exposures: Floats) -> Laney:
    """Return the u' chart of ``hits`` a unit of exposure. Raises ValueError for fewer than two periods."""
    centre = _centre(hits, exposures)
    return _laney(hits / exposures, centre, np.sqrt(centre / exposures), most=np.inf)


def standardised(hits: Floats, counts: Floats, *, usual: int) -> Floats:
    """Return each period's distance from the share of the first ``usual`` periods, in units of chance alone.

    That is what a chart follows where periods differ in size. NaN for a period without deals, 0 everywhere where
    the usual share is 0 or 1 and stays so.
    """
    centre = _centre(hits[:usual], counts[:usual])
    inside = min(max(centre, 0.5 / counts[:usual].sum()), 1 - 0.5 / counts[:usual].sum())
    with np.errstate(invalid="ignore", divide="ignore"):
        return (hits / counts - centre) / np.sqrt(inside * (1 - inside) / counts)


def _centre(hits: Floats, counts: Floats) -> float:
    if len(hits) < 2 or counts.sum() <= 0:
        raise ValueError("a share over time needs at least two periods with deals")
    return float(hits.sum() / counts.sum())


def _laney(shares: Floats, centre: float, chance: Floats, *, most: float) -> Laney:
    beyond = float(np.mean(np.abs(np.diff((shares - centre) / chance)))) / D2
    reach = 3 * beyond * chance
    return Laney(centre, beyond, np.maximum(centre - reach, 0.0), np.minimum(centre + reach, most))
