"""What is written down because the decision has fallen, told by when it is gained.

A deal does not know when it will close. Per week in which it could still gain an agreement, a lever is gained somewhat
more in deals that are won, early and late alike; what follows the decision is gained in the last weeks only. Counts of
gains say so long before an effect can be estimated. Nobody knows how many weeks before the close a decision falls, so
several are tried, up to half the time that a win takes: where they are too few, part of what follows the decision
counts as gained early, and hides the rest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hingepoint.analysis.discovery.judging import risk
from hingepoint.analysis.discovery.judging.screens import Exclusion
from hingepoint.analysis.discovery.reading.design import Grid
from hingepoint.analysis.discovery.reading.history import History
from hingepoint.analysis.discovery.settings import Settings

#: From so many types on, what most of them share is told from what is one type's own.
BULK_TYPES = 5
#: Fewer late gains than that say nothing for sure, and fewer than the second nothing at all.
ENOUGH, FEWEST = 20, 8
#: So many spans of last weeks are tried.
PERIODS = 3
#: Gained so many times as often in the last weeks, and so many times as often as before them, with 5 % one-sided.
LATE, BESIDE_EARLY, SURE = 3.0, 2.0, 1.645
#: Gained hardly more in the last weeks of one ending than in those of the other, it comes at the end of any deal.
BESIDE_END = 2.0


@dataclass(frozen=True)
class Following:
    """A type that is gained far more in the last ``period`` weeks of deals that are ``won``, or else lost.

    times   as often as in other deals of that age; ``bulk`` the same of most types
    sure    whether gains are enough to tell that it follows the decision; otherwise they cannot tell that it does not
    """

    won: bool
    period: float
    times: float
    bulk: float
    sure: bool

    @property
    def exclusion(self) -> Exclusion:
        fallen = "the decision has fallen" if self.won else "the deal is lost"
        return Exclusion(
            "leading", f"{self._counted}, and earlier it is not, so it is recorded once {fallen}"
        )

    @property
    def doubt(self) -> str:
        """Why nothing strong is said of it."""
        return (
            f"{self._counted}, and too few gains tell whether it brings that or is written down after it: "
            "the day on which each was agreed would"
        )

    @property
    def _counted(self) -> str:
        usual = f" (most agreements {self.bulk:.1f} times)" if self.bulk >= 1.5 else ""
        ending = "won" if self.won else "lost"
        return (
            f"in the last {self.period * 7:.0f} days before the close it is gained {self.times:.0f} times as often in "
            f"deals that are then {ending} as in others of the same age{usual}"
        )


def periods(grid: Grid) -> tuple[float, ...]:
    """Return the spans of last weeks that are tried: from half the time that open deals still take to half a win's."""
    shortest = grid.lags[-1]
    return tuple(float(one) for one in np.geomspace(shortest, max(grid.cycle / 2, shortest), PERIODS))


def following(history: History, settings: Settings, periods: Sequence[float]) -> dict[str, Following]:
    """Return the types that are, or may be, gained because a decision has fallen, by their key.

    Where deals are closed in the records long after they died, every type looks gained late in those that end the
    other way: what most types share is the records' doing, and a type must stand out of it.
    """
    won = history.won.any()
    found: dict[str, Following] = {}
    for period in dict.fromkeys(periods) if won else ():
        for ending, rates in zip((True, False), risk.gain_rates(history, period), strict=True):
            for place, one in _standing_out(rates, ending, period).items():
                key = history.types[place]
                if key not in settings.not_mechanical and (key not in found or one.sure > found[key].sure):
                    found[key] = one
    return found


def _standing_out(rates: risk.GainRates, ending: bool, period: float) -> dict[int, Following]:
    enough, early = rates.late_gains >= ENOUGH, np.maximum(rates.early, 0.0)
    bulk = _shared(rates.late[enough])
    late = rates.late - bulk
    beside_early = rates.late - early - _shared((rates.late - early)[enough])
    stands_out = (rates.late_gains >= FEWEST) & (late >= np.log(LATE)) & (beside_early > np.log(BESIDE_EARLY))
    stands_out &= rates.beside_end >= np.log(BESIDE_END)
    sure = enough & (beside_early - SURE * rates.error > np.log(BESIDE_EARLY))
    return {
        int(place): Following(
            ending, period, float(np.exp(rates.late[place])), float(np.exp(bulk)), bool(sure[place])
        )
        for place in np.nonzero(stands_out)[0]
    }


def _shared(logs: np.ndarray) -> float:
    """Return how much more often than expected the bulk of types is gained, as a logarithm; never less than 0."""
    return max(float(np.median(logs)), 0.0) if logs.size >= BULK_TYPES else 0.0
