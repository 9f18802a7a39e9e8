"""How good stated chances were: Brier's score with its parts, and how often what was called so likely happened.

Brier (1950) is the mean squared distance of chance and outcome, 0 at best. Murphy (1973) splits it: ``reliability`` says how far
chances lie from what then happened (less is better), ``resolution`` how far they tell cases apart (more is better), ``uncertainty`` how
hard the cases were. Brier = reliability - resolution + uncertainty, exactly.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from hingepoint.analysis import intervals

#: Of fewer chances than this nothing is told: their score says more about luck than about judgement.
LEAST = 20
#: Chances are shown in bands between these.
EDGES = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)


@dataclass(frozen=True, slots=True)
class Score:
    """Brier's score of ``happened.n`` chances and its three parts. ``usual`` is the score of always saying the share that
    happened, known only afterwards: who does better told cases apart."""

    brier: float
    reliability: float
    resolution: float
    uncertainty: float
    said: float
    happened: intervals.Estimate

    @property
    def usual(self) -> float:
        return self.uncertainty


@dataclass(frozen=True, slots=True)
class Band:
    """Chances from ``low`` to below ``high`` (the last one to 1): their mean, and the share of what happened of them."""

    low: float
    high: float
    said: float
    happened: intervals.Estimate

    @property
    def off(self) -> bool:
        """Whether what happened lies clearly beside what was said."""
        low, high = self.happened.low, self.happened.high
        return low is not None and high is not None and not low <= self.said <= high


def score(chances: Sequence[float], happened: Sequence[bool]) -> Score:
    """Return the score of chances against what happened, one or more of each. Raises ValueError without any."""
    if not chances or len(chances) != len(happened):
        raise ValueError("chances and outcomes come in pairs, one at least")
    n, base = len(chances), sum(happened) / len(happened)
    by_chance: dict[float, list[bool]] = defaultdict(list)
    for chance, outcome in zip(chances, happened, strict=True):
        by_chance[chance].append(outcome)
    shares = [(said, len(group), sum(group) / len(group)) for said, group in by_chance.items()]
    return Score(
        brier=math.fsum((c - o) ** 2 for c, o in zip(chances, happened, strict=True)) / n,
        reliability=math.fsum(size * (said - share) ** 2 for said, size, share in shares) / n,
        resolution=math.fsum(size * (share - base) ** 2 for _, size, share in shares) / n,
        uncertainty=base * (1 - base),
        said=math.fsum(chances) / n,
        happened=intervals.share(sum(happened), n),
    )


def bands(chances: Sequence[float], happened: Sequence[bool], edges: Sequence[float] = EDGES) -> list[Band]:
    """Return the bands between ``edges`` in which a chance lies, the lowest first."""
    pairs = list(zip(chances, happened, strict=True))
    found = []
    for low, high in pairwise(edges):
        group = [(c, o) for c, o in pairs if low <= c < high or c == high == edges[-1]]
        if group:
            said = math.fsum(c for c, _ in group) / len(group)
            found.append(Band(low, high, said, intervals.share(sum(o for _, o in group), len(group))))
    return found
