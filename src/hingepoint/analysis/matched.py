"""Matched deals: what became of deals most alike by what was known at a landmark, with something in hand and without it.

Nearest neighbours on facts known when a deal was created (Gower 1971): words count 0 where they are the same and 1 where they
differ, size by its ratio. Only deals that were still open at the same age are held against it, so that none is put with those
without merely because it ended early. It shows how alike deals went and proves nothing: good deals make agreements easier.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from itertools import islice

from hingepoint.analysis import intervals

#: At most so many of the nearest deals are held against one, none of them farther off than this (of 1).
MOST, FARTHEST = 200, 0.5
#: On either side so many deals at least; of fewer nothing is told.
LEAST = 10
#: A size so many times the other is as far off as another word.
FAR_SIZE = 8.0


@dataclass(frozen=True, slots=True)
class Case:
    """A closed deal: what was known when it was created (``words``, ``size``), for how many ``days`` it was open, and how it
    ended; ``discount`` of a won one, where it is known."""

    id: int
    words: tuple[str, ...]
    size: float | None
    days: float
    won: bool
    discount: float | None


@dataclass(frozen=True, slots=True)
class Group:
    """What became of matched deals: the share that was won, and the discount of those."""

    won: intervals.Estimate
    discount: intervals.Estimate

    @property
    def deals(self) -> int:
        return self.won.n


@dataclass(frozen=True, slots=True)
class Compared:
    """Matched deals that had something in hand at the landmark, and those that had not. The differences are None where either
    side has too few to tell."""

    having: Group
    lacking: Group
    won: intervals.Difference | None
    discount: intervals.Difference | None


def nearest(one: Case, pool: Iterable[Case]) -> list[Case]:
    """Return the deals of ``pool`` that are like ``one``, the nearest first."""
    ranked = sorted((distance(one, other), other.id, other) for other in pool if other.id != one.id)
    return [other for far, _, other in ranked if far <= FARTHEST]


def open_at(ranked: Iterable[Case], days: float) -> list[Case]:
    """Return the nearest deals that were still open at an age of so many days."""
    return list(islice((case for case in ranked if case.days > days), MOST))


def distance(one: Case, other: Case) -> float:
    """Return how far two deals are apart, from 0 to 1: the mean over what is known of both; 1 where nothing is."""
    pairs = [(mine, theirs) for mine, theirs in zip(one.words, other.words, strict=True) if mine and theirs]
    parts = [float(mine != theirs) for mine, theirs in pairs]
    if one.size and other.size and one.size > 0 and other.size > 0:
        parts.append(min(1.0, abs(math.log(one.size / other.size)) / math.log(FAR_SIZE)))
    return sum(parts) / len(parts) if parts else 1.0


def compared(cases: Collection[Case], *, having: Collection[int]) -> Compared:
    """Return how ``cases`` ended, those whose numbers are in ``having`` against the others."""
    had, lacked = (_group([c for c in cases if (c.id in having) is side]) for side in (True, False))
    return Compared(had, lacked, _apart(had.won, lacked.won), _apart(had.discount, lacked.discount))


def _group(cases: Collection[Case]) -> Group:
    discounts = [case.discount for case in cases if case.won and case.discount is not None]
    return Group(intervals.share(sum(case.won for case in cases), len(cases)), intervals.mean(discounts))


def _apart(one: intervals.Estimate, other: intervals.Estimate) -> intervals.Difference | None:
    return intervals.difference(one, other) if min(one.n, other.n) >= LEAST else None
