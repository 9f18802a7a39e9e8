"""Two looks at one effect, put together to say which types are probably the best.

What an agreement does when it is gained in a window, and what it does while it stands, are two noisy
looks at nearly the same thing. Their errors are known to go together (the influences say how much), so
the best of both is generalised least squares (Aitken 1936). The second look may differ for other
reasons than chance; how much it does so is learned from all types (decision 127).
"""

from __future__ import annotations

import numpy as np

from hingepoint.analysis.discovery.sums import gram

#: What stands has had longer to work: its effects are so many times those of the window in which it was gained.
STANDING = 1.15
#: Deviations between the looks beside chance that are tried, in units of a typical error.
_DEVIATIONS = np.linspace(0.0, 4.0, 81)


def together(
    effects: np.ndarray, errors: np.ndarray, second: np.ndarray, second_errors: np.ndarray, shared: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return effects and errors, per type, from two estimates of the same effects; the first where it is alone.

    ``shared`` is the correlation of their sampling errors.
    """
    covariance = shared * errors * second_errors
    apart = np.maximum(errors**2 + second_errors**2 - 2 * covariance, 0.0)
    deviation = _deviation(second - effects, apart)
    own = second_errors**2 + deviation**2
    both = np.isfinite(effects) & np.isfinite(second) & (apart > 0)
    weight = np.where(both, (errors**2 - covariance) / np.where(both, apart + deviation**2, 1.0), 0.0)
    put = np.where(both, (1 - weight) * effects + weight * np.where(both, second, 0.0), effects)
    variance = (1 - weight) ** 2 * errors**2
    variance += np.where(both, weight**2 * own + 2 * weight * (1 - weight) * covariance, 0.0)
    return put, np.sqrt(variance)


def _deviation(difference: np.ndarray, variance: np.ndarray) -> float:
    """Return the likeliest standard deviation of the differences beside chance."""
    known = np.isfinite(difference) & np.isfinite(variance) & (variance > 0)
    if not known.any():
        return 0.0
    x2, sampling = difference[known] ** 2, variance[known]
    tried = _DEVIATIONS * np.sqrt(np.median(sampling))
    total = sampling + tried[:, None] ** 2
    return float(tried[np.argmin((np.log(total) + x2 / total).sum(axis=1))])


def shared(first: gram.Estimate, second: gram.Estimate) -> np.ndarray:
    """Return, per type, the correlation of the sampling errors of two estimates on the same clusters."""
    lengths = np.sqrt((first.influence**2).sum(axis=0) * (second.influence**2).sum(axis=0))
    product = (first.influence * second.influence).sum(axis=0)
    return np.where(lengths > 0, product / np.where(lengths > 0, lengths, 1.0), 0.0)
