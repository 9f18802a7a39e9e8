"""How long a chart runs before it raises: in control, and after a shift; and limits for a wanted run length.

Average run lengths are solved from their integral equations by Gauss-Legendre quadrature (Crowder 1987 for the
EWMA, Page 1954 and Goel & Wu 1971 for the CUSUM). All are in points, shifts in standard deviations of one point.
"""

from __future__ import annotations

import functools

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, stats

from hingepoint.analysis.spc.baseline import LAMBDA

NODES = 81

Floats = NDArray[np.float64]


def ewma(*, limit: float, weight: float = LAMBDA, shift: float = 0.0) -> float:
    """Return the average run length of a two-sided EWMA that starts at the usual level.

    ``limit`` is in standard deviations of the smoothed line once it has run long (L), ``shift`` the step of the
    mean from the first point on.
    """
    reach = limit * np.sqrt(weight / (2 - weight))
    nodes, weights = _quadrature(-reach, reach)
    starts = np.append(nodes, 0.0)
    kernel = stats.norm.pdf((nodes[None, :] - (1 - weight) * starts[:, None]) / weight - shift) / weight
    return float(_solved(kernel * weights)[-1])


def cusum(*, reference: float = 0.5, decision: float = 5.0, shift: float = 0.0) -> float:
    """Return the average run length of a two-sided CUSUM with both sums at 0 in the beginning.

    ``reference`` (k) is what a point may lie beside the usual level without adding to a sum, ``decision`` (h)
    where a sum raises.
    """
    sides = (_one_sided(reference, decision, sign * shift) for sign in (1, -1))
    return float(1 / sum(1 / length for length in sides))


def limit_for(run_length: float, *, weight: float = LAMBDA) -> float:
    """Return the limit (L) of an EWMA that runs ``run_length`` points in control on average.

    Raises ValueError below 5 points: such a chart would raise all the time.
    """
    if run_length < 5:
        raise ValueError(f"a chart that raises every {run_length:.1f} points shows nothing")
    return _limit(round(float(run_length), 6), weight)


def budget(*, charts: int, points_a_quarter: float, raises_a_quarter: float = 1.0) -> float:
    """Return the run length that each of ``charts`` needs so that all together raise falsely at most so often.

    Every chart that can raise counts, at every level: company, team, segment, account.
    """
    return max(charts, 1) * points_a_quarter / raises_a_quarter


@functools.lru_cache(maxsize=512)
def _limit(run_length: float, weight: float) -> float:
    return float(
        optimize.brentq(lambda limit: ewma(limit=limit, weight=weight) - run_length, 0.3, 6.5, xtol=1e-7)
    )


def _one_sided(reference: float, decision: float, shift: float) -> float:
    nodes, weights = _quadrature(0.0, decision)
    starts = np.append(nodes, 0.0)
    kernel = stats.norm.pdf(nodes[None, :] + reference - starts[:, None] - shift) * weights
    back = stats.norm.cdf(reference - starts - shift)  # the sum falls to 0 and begins anew
    return float(_solved(kernel, back)[-1])


def _quadrature(low: float, high: float) -> tuple[Floats, Floats]:
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    return (high - low) / 2 * nodes + (high + low) / 2, (high - low) / 2 * weights


def _solved(kernel: Floats, to_start: Floats | None = None) -> Floats:
    """Return the run length from each start; the last start is 0, and is reached with ``to_start`` besides."""
    moves = np.zeros((len(kernel), len(kernel)))
    moves[:, :-1] = kernel
    if to_start is not None:
        moves[:, -1] = to_start
    return np.asarray(np.linalg.solve(np.eye(len(kernel)) - moves, np.ones(len(kernel))), np.float64)
