"""Deals beside those that were open at the same age: who could have gained what, and how they ended.

What is gained late is gained by deals that lived so long. Held against all deals, also against those lost
early, it looks like winning itself: immortal-time bias (Suissa 2008). So each gain is held against the deals
that were alive at its age without it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hingepoint.analysis.discovery.reading.history import History

#: Ages are told apart by so many bounds when gains are counted; deals are counted so many at a time.
AGE_BOUNDS, TOGETHER = 8, 20_000
#: Of more gains than that, deals are looked at beside so many.
AGES_ASKED = 500


@dataclass(frozen=True)
class Peers:
    """The decided deals that gained a type, beside those that did not.

    won             per deal; ``wins`` of all decided deals, ``wins_with`` of those that gained it
    with_it         deals that gained it; ``without`` that did not
    win_rate_alive  share won of the deals alive at the age of each gain that did not have it then
    wins_expected   wins among the deals without it, had those that lived long enough to gain it won as others did
    """

    won: np.ndarray
    with_it: int
    without: int
    wins: int
    wins_with: int
    win_rate_alive: float
    wins_expected: float

    @property
    def rate(self) -> float:
        """Share won of the deals that gained it."""
        return self.wins_with / self.with_it


@dataclass(frozen=True)
class Alive:
    """The decided deals: weeks until the close, and whether won; both sorted by the close in ``ends``."""

    closed: np.ndarray
    won: np.ndarray
    ends: np.ndarray
    won_ends: np.ndarray

    @classmethod
    def of(cls, closed: np.ndarray, won: np.ndarray) -> Alive:
        return cls(closed, won, np.sort(closed), np.sort(closed[won]))

    def beside(self, week: np.ndarray) -> Peers:
        """Return the deals that gained a type beside those of their age; ``week`` is of the gain, infinite if none."""
        has = np.isfinite(week)
        ages = np.sort(week[has])
        beside, won_beside = self._without_at(_picked(ages), week, has)
        known = beside > 0
        rate = float((won_beside[known] / beside[known]).mean()) if known.any() else float(self.won.mean())
        lived = np.searchsorted(ages, self.closed, side="right") / ages.size
        return Peers(
            won=self.won,
            with_it=int(has.sum()),
            without=int((~has).sum()),
            wins=int(self.won.sum()),
            wins_with=int(self.won[has].sum()),
            win_rate_alive=rate,
            wins_expected=float(lived[~has].sum() * lived[self.won].sum() / max(lived.sum(), 1e-9)),
        )

    def _without_at(
        self, ages: np.ndarray, week: np.ndarray, has: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return how many deals were alive at each age without the type, and how many of them were won later."""
        counts = []
        for ends, some in ((self.ends, has), (self.won_ends, has & self.won)):
            alive = ends.size - np.searchsorted(ends, ages, side="right")
            gained = np.searchsorted(np.sort(week[some]), ages, side="right")
            gone = np.searchsorted(np.sort(self.closed[some]), ages, side="right")
            counts.append(alive - (gained - gone))
        return counts[0], counts[1]


def _picked(ages: np.ndarray) -> np.ndarray:
    """Return the ages, of many only some that lie evenly among them."""
    return ages[np.linspace(0, ages.size - 1, min(ages.size, AGES_ASKED)).astype(int)]


@dataclass(frozen=True)
class GainRates:
    """How often each type is gained in deals that end one way, as logarithms of how many times as often as in others.

    late        in their last weeks, beside all other deals of that age; ``error`` of what is left less ``early``
    early       before those weeks, beside deals of that age that end the other way
    beside_end  in their last weeks, beside the last weeks at that age of deals that end the other way
    """

    late: np.ndarray
    early: np.ndarray
    beside_end: np.ndarray
    error: np.ndarray
    late_gains: np.ndarray


def gain_rates(history: History, period: float) -> tuple[GainRates, GainRates]:
    """Return the rates of gain in won deals and in lost ones, their last ``period`` weeks told from those before."""
    gains, weeks = _counted(history, period)
    won_late, won_early, lost_late, lost_early = zip(gains, weeks, strict=True)
    return (
        _rates(won_late, won_early, lost_late, lost_early),
        _rates(lost_late, lost_early, won_late, won_early),
    )


#: Gains, and weeks at risk, ages x types.
_Counts = tuple[np.ndarray, np.ndarray]


def _rates(late: _Counts, early: _Counts, other_late: _Counts, other_early: _Counts) -> GainRates:
    other = _both(other_late, other_early)
    times_late, late_expected = _times(late, _both(early, other))
    times_early, early_expected = _times(early, other)
    counts = late[0].sum(axis=0), late_expected, early[0].sum(axis=0), early_expected
    error = np.sqrt(sum(1 / (count + 0.5) for count in counts))
    return GainRates(times_late, times_early, _times(late, other_late)[0], error, counts[0])


def _both(one: _Counts, other: _Counts) -> _Counts:
    return one[0] + other[0], one[1] + other[1]


def _times(some: _Counts, others: _Counts) -> _Counts:
    """Return per type the logarithm of gains over those expected at the rates of others, and how many gains
    of others say so."""
    (gains, weeks), (other_gains, other_weeks) = some, others
    rates = (other_gains + 0.5 / AGE_BOUNDS) / np.maximum(other_weeks, 1.0)
    expected = (weeks * rates).sum(axis=0)
    share = weeks / np.maximum(weeks + other_weeks, 1e-9)
    return np.log((gains.sum(axis=0) + 0.5) / (expected + 0.5)), (share * other_gains).sum(axis=0)


def _counted(history: History, period: float) -> tuple[np.ndarray, np.ndarray]:
    """Return gains and weeks at risk: (late in won deals, before that, both in lost deals) x ages x types."""
    decided = np.nonzero(history.decided)[0]
    bounds = np.quantile(history.closed[decided], np.linspace(0, 1, AGE_BOUNDS + 1)[1:]).astype(np.float32)
    gains = np.zeros((4, AGE_BOUNDS, len(history.types)))
    weeks = np.zeros_like(gains)
    for start in range(0, decided.size, TOGETHER):
        deals = decided[start : start + TOGETHER]
        for place, some in ((0, deals[history.won[deals]]), (2, deals[~history.won[deals]])):
            closed, gained = history.closed[some, None].astype(np.float32), history.gained[some]
            turn = np.maximum(closed - np.float32(period), 0)
            until = np.minimum(gained, closed)
            before, after = np.minimum(until, turn), np.maximum(until, turn)
            weeks[place] += _by_age(turn, after, bounds)
            gains[place] += _counted_by_age(gained, (gained <= after) & (gained > turn), bounds)
            weeks[place + 1] += _by_age(np.zeros(1, dtype=np.float32), before, bounds)
            gains[place + 1] += _counted_by_age(gained, gained <= before, bounds)
    return gains, weeks


def _by_age(since: np.ndarray, upto: np.ndarray, bounds: np.ndarray) -> np.ndarray:
    """Return ages x types, the weeks between ``since`` and ``upto`` of all deals in each age."""
    up_to = [np.minimum(upto, bound).sum(axis=0, dtype=float) for bound in bounds]
    less = [
        (np.minimum(since, bound) + np.zeros_like(upto[:, :1])).sum(axis=0, dtype=float) for bound in bounds
    ]
    return np.diff(np.array(up_to) - np.array(less), axis=0, prepend=0.0)


def _counted_by_age(gained: np.ndarray, counts: np.ndarray, bounds: np.ndarray) -> np.ndarray:
    """Return ages x types, how many gains that count came in each age."""
    came = [((gained <= bound) & counts).sum(axis=0) for bound in bounds]
    return np.diff(np.array(came), axis=0, prepend=0)
