"""What the lots would have shown had they fallen otherwise: inference by drawing again (Fisher 1935).

A comparison is made anew under every way in which the lots could have fallen, or under many of them. How
many of those come out as far from nothing as the real one is the chance that lots alone explain it; effects
that are not refused in this way are likely. Nothing is assumed about how outcomes are distributed.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator

import numpy as np
import scipy  # its parts load when they are first used: the server starts without them

#: All ways are gone through if they are no more than that; otherwise so many are drawn.
EVERY, DRAWN = 20_000, 4_999
#: What counts as equal, as a share of the real comparison: a tie must not hang on the last digit.
TIE = 1e-9
LEVEL = 0.05
_CELLS = 4_000_000


def halves(asked: np.ndarray, values: np.ndarray, *, rng: np.random.Generator) -> tuple[np.ndarray, bool]:
    """Return mean(asked) - mean(others) of each column of ``values`` under other lots, and whether these are
    all the ways in which as many deals could have been asked.

    asked    deals: whether the lot says to ask; values: deals x columns
    """
    number = math.comb(asked.size, int(asked.sum()))
    drawn = _all_halves(asked) if number <= EVERY else _some_halves(asked, rng)
    return np.vstack([differences(some, values) for some in drawn]), number <= EVERY


def differences(asked: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Return draws x columns, the mean of those asked less that of the others; ``asked`` is draws x deals."""
    inside = asked.sum(axis=1, keepdims=True)
    total = asked @ values
    return total / inside - (values.sum(axis=0) - total) / (asked.shape[1] - inside)


def _all_halves(asked: np.ndarray) -> Iterator[np.ndarray]:
    chosen = np.array(list(itertools.combinations(range(asked.size), int(asked.sum()))))
    drawn = np.zeros((len(chosen), asked.size))
    np.put_along_axis(drawn, chosen, 1.0, axis=1)
    yield drawn


def _some_halves(asked: np.ndarray, rng: np.random.Generator) -> Iterator[np.ndarray]:
    """Yield draws in parts that fit into memory, the lots as they fell first."""
    yield asked[None, :].astype(float)
    size = max(_CELLS // asked.size, 1)
    for start in range(0, DRAWN, size):
        rows = min(size, DRAWN - start)
        yield rng.permuted(np.tile(asked.astype(float), (rows, 1)), axis=1)


def chance_of_shares(asked: np.ndarray, served: np.ndarray) -> float:
    """Return the chance that lots alone part two shares as far, exactly: the hypergeometric distribution.

    asked, served    deals: yes or no (Fisher's exact test, by the size of the difference)
    """
    size, inside, total = asked.size, int(asked.sum()), int(served.sum())
    counts = np.arange(max(0, inside + total - size), min(inside, total) + 1)
    parted = np.abs(counts / inside - (total - counts) / (size - inside))
    real = abs(served[asked].mean() - served[~asked].mean())
    as_far = parted >= real * (1 - TIE)
    ways = _log_ways(total, counts) + _log_ways(size - total, inside - counts) - _log_ways(size, inside)
    return float(min(np.exp(ways[as_far]).sum(), 1.0))


def _log_ways(number: int, chosen: np.ndarray | int) -> np.ndarray:
    """Return the logarithm of in how many ways so many can be chosen of a number."""
    log = scipy.special.gammaln
    return log(number + 1) - log(np.asarray(chosen) + 1) - log(number - np.asarray(chosen) + 1)


def orders(starts: np.ndarray, *, rng: np.random.Generator) -> tuple[np.ndarray, bool]:
    """Return draws x teams, the step at which each team starts under other orders, and whether these are all.

    As many teams start at each step as really do. The real order is among them.
    """
    sizes = np.unique(starts, return_counts=True)[1]
    number = math.factorial(starts.size) // math.prod(math.factorial(int(size)) for size in sizes)
    if number <= EVERY:
        return np.array(list(_rearranged(sorted(starts.tolist())))), True
    return np.vstack([starts[None, :], rng.permuted(np.tile(starts, (DRAWN, 1)), axis=1)]), False


def _rearranged(left: list[int]) -> Iterator[tuple[int, ...]]:
    """Yield every different arrangement of a sorted list once."""
    if not left:
        yield ()
    for first in sorted(set(left)):
        rest = left.copy()
        rest.remove(first)
        for others in _rearranged(rest):
            yield (first, *others)


def chance(real: float, drawn: np.ndarray) -> float:
    """Return the share of draws as far from nothing as the real comparison, itself among them."""
    return float((np.abs(drawn) >= abs(real) * (1 - TIE)).mean())


def likely(
    real: tuple[float, float], drawn: tuple[np.ndarray, np.ndarray], *, level: float = LEVEL
) -> tuple[float, float]:
    """Return the lowest and the highest effect that drawing again does not refuse; infinite where none is.

    real    the comparison of the outcome and that of the dose; drawn the same under other lots

    An effect ``b`` of the dose is refused if outcome - b * dose is parted by the real lots as by few others.
    With the lot itself as the dose this is the effect of the lot; with the agreement gained it is the
    Anderson-Rubin set of the effect of gaining it, valid however few the lot moved (Imbens & Rosenbaum 2005).
    """
    outcome, dose = real
    lows, highs, outside, always = _covered(real, drawn)
    count = len(drawn[0])
    if (always + outside.sum()) / count > level:
        return -math.inf, math.inf
    inside = ~outside
    ends = np.sort(np.concatenate([lows, highs, [outcome / dose]]))
    covering = always + _between(ends, lows[inside], highs[inside])
    covering = covering + outside.sum() - _between(ends, lows[outside], highs[outside], strict=True)
    kept = ends[covering / count > level]
    return float(kept[0]), float(kept[-1])


def _covered(
    real: tuple[float, float], drawn: tuple[np.ndarray, np.ndarray]
) -> tuple[np.ndarray, np.ndarray, np.ndarray, int]:
    """Return for each draw between which effects it is as far as the real lots, or outside which; and how many
    draws are so at every effect."""
    (outcome, dose), (outcomes, doses) = real, drawn
    open_ended = np.abs(doses) >= abs(dose) * (1 - TIE)
    same = open_ended & (np.abs(doses) <= abs(dose) * (1 + TIE))  # counted as always: on the safe side
    y, d = outcomes[~same], doses[~same]
    roots = np.stack([(outcome - y) / (dose - d), (outcome + y) / (dose + d)])
    return roots.min(axis=0), roots.max(axis=0), open_ended[~same], int(same.sum())


def _between(ends: np.ndarray, lows: np.ndarray, highs: np.ndarray, *, strict: bool = False) -> np.ndarray:
    """Return how many of the ranges hold each end; their own ends count unless ``strict``."""
    begun = np.searchsorted(np.sort(lows), ends, side="left" if strict else "right")
    return begun - np.searchsorted(np.sort(highs), ends, side="right" if strict else "left")
