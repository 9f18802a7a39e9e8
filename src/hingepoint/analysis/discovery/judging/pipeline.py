"""The open pipeline as a control: what is on record before the outcome is known.

An open deal of some age should have, of every type, what earlier deals that lived past that age had by then.
What is entered only with the outcome is missing there; what is lost with it is more frequent there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy  # its parts load when they are first used: the server starts without them

from hingepoint.analysis.discovery.judging import calibration
from hingepoint.analysis.discovery.judging.following import BULK_TYPES
from hingepoint.analysis.discovery.reading.history import History

#: Fewer open or earlier deals than that, or fewer entries expected of a type, say nothing.
LEAST_DEALS, LEAST_ENTRIES = 100, 20.0
#: Earlier deals were created so long ago that this share of deals had closed by that age.
FOLLOWED = 0.95
#: A type stands out if it is so many times as frequent, or as rare, at these false discoveries over all types;
#: use that moves the same way between earlier deals, by so many errors, explains it.
TIMES, FALSE_SHARE, MOVES = 1.15, 0.05, 2.0
#: Of what would be strong it takes less to speak against it: so many errors (5 % one-sided), or so many where other
#: types are surely entered only with the outcome.
LEANS, LEANS_WITH_OTHERS = 1.645, 1.0
#: Open deals that have more of nearly everything, by so many errors, tell that lost deals do not keep their entries.
MORE_OF_ALL = 1.645


@dataclass(frozen=True)
class Control:
    """Open deals held against earlier ones; per type ``times`` as often as expected.

    missing, more   types that open deals have clearly less, or more often than earlier deals had at that age
    may_be_missing  types that may be entered only with the outcome, and cannot be told from such
    judged          types with enough entries to say so
    away            how many errors each is away from what is expected; 0 for what is not judged
    kept            share of the entries of lost deals that seem to be on record yet, of all types alike: what is
                    likely, and the lower end of its 90 % interval; 1 mostly
    """

    open: int
    earlier: int
    times: np.ndarray
    judged: np.ndarray
    missing: np.ndarray
    more: np.ndarray
    may_be_missing: np.ndarray
    away: np.ndarray
    kept: tuple[float, float] = (1.0, 1.0)

    def together(self, places: Sequence[int]) -> tuple[float, bool]:
        """Return how many times as often as expected open deals have these types, all together, and whether that is
        so rare that some of them may be entered only with the outcome (Stouffer et al. 1949).

        Each alone may be within its error where all of them lean the same way.
        """
        here = np.array([place for place in places if self.judged[place]], dtype=int)
        if not here.size:
            return 1.0, False
        rare = self.away[here].sum() < -LEANS * np.sqrt(here.size)
        return float(np.exp(np.log(self.times[here]).mean())), bool(rare)


def control(history: History) -> Control | None:
    """Return how open deals compare with earlier ones; None where there are too few of either, or of types.

    What most types share (more is written down than before) is taken off, as in the lag profile. A type whose
    use grew or shrank between earlier deals already is not held against open ones.
    """
    decided = history.decided
    if not decided.any():
        return None
    age = float(np.quantile(history.closed[decided], FOLLOWED))
    earlier = np.nonzero(history.observed >= age)[0]
    still_open = np.nonzero(~decided & (history.observed < age))[0]
    if min(earlier.size // 2, still_open.size) < LEAST_DEALS:
        return None
    ages = np.sort(history.observed[still_open])
    first, second = np.array_split(earlier, 2)
    expected = _at_ages(history, earlier, ages)
    before, since = _at_ages(history, first, ages), _at_ages(history, second, ages)
    lost = _at_ages(history, earlier, ages, ~history.won[earlier])
    has = np.isfinite(history.gained[still_open[np.argsort(history.observed[still_open], kind="stable")]])
    gained = has.sum(axis=0).astype(float)
    judged = (expected.entries >= LEAST_ENTRIES) & np.isinf(history.recorded)
    judged[[key in history.steps for key in history.types]] = False
    if int(judged.sum()) < BULK_TYPES:
        return None
    log, away, shared = _away(gained, expected, expected.own_error, judged)
    _, moved, grew = _away(since.entries, before, np.hypot(before.error, since.error), judged)
    explained = (np.abs(moved) > MOVES) & (np.sign(moved) == np.sign(away))
    apart = judged & (np.abs(log) > np.log(TIMES)) & ~explained
    clear = apart & _surely(away, judged)
    leans = LEANS_WITH_OTHERS if (clear & (log < 0)).any() else LEANS
    return Control(
        open=still_open.size,
        earlier=earlier.size,
        times=np.exp(log),
        judged=judged,
        missing=clear & (log < 0),
        more=clear & (log > 0),
        may_be_missing=apart & ~clear & (away < -leans),
        away=np.where(judged, away, 0.0),
        kept=_kept(
            shared - max(grew, 0.0),
            _error_of_all(has[:, judged].sum(axis=1), expected, judged),
            expected.entries[judged].sum(),
            lost.entries[judged].sum(),
        ),
    )


def _error_of_all(entries: np.ndarray, expected: _Expected, judged: np.ndarray) -> float:
    """Return the error of how much more of everything open deals have (a logarithm), by how the ``entries`` of each
    differ from what its age lets one expect; the entries of one deal go together.

    Earlier deals have the like, and what is taken off for how much more was entered from time to time has that of
    both halves of them.
    """
    by_age = expected.shares[:, judged].sum(axis=1)
    rest = entries - by_age * entries.sum() / by_age.sum()
    of_open = float(np.sqrt((rest**2).sum())) / max(float(entries.sum()), 1.0)
    return of_open * float(np.sqrt(1 + 5 * entries.size / expected.alive))


def _kept(excess: float, error: float, entries: float, of_lost: float) -> tuple[float, float]:
    """Return which share of the entries of lost deals is on record if open deals have of everything by ``excess``
    (a logarithm) more than earlier deals had, beyond how much more was entered from time to time, and the least share;
    1 where the excess is within its error."""
    half = MORE_OF_ALL * error
    if excess <= half or of_lost <= 0:
        return 1.0, 1.0
    likely, least = (float(of_lost / (of_lost + np.expm1(one) * entries)) for one in (excess, excess + half))
    return likely, least


def _surely(away: np.ndarray, judged: np.ndarray) -> np.ndarray:
    """Return which types are too many errors away for chance, counted over all that are judged."""
    p_values = np.where(judged, 2 * scipy.special.ndtr(-np.abs(away)), np.nan)
    with np.errstate(invalid="ignore"):
        return calibration.adjusted(p_values) < FALSE_SHARE


@dataclass(frozen=True)
class _Expected:
    """Entries that deals of some ages should have, per type: with the ``error`` of that, and with that of what such
    deals then have by chance too (``own_error``).

    shares   per age and type, the share of deals that have it; ``alive`` deals on average tell of an age
    """

    entries: np.ndarray
    error: np.ndarray
    own_error: np.ndarray
    shares: np.ndarray
    alive: float


def _at_ages(
    history: History, deals: np.ndarray, ages: np.ndarray, counted: np.ndarray | None = None
) -> _Expected:
    """Return what deals of these ``ages`` (sorted) should have by what ``deals`` had that lived past each of them,
    counting what those in the mask ``counted`` had."""
    closed = history.closed[deals]
    alive = deals.size - np.searchsorted(np.sort(closed), ages, side="right")
    known = np.maximum(alive, 1)
    shares = np.zeros((ages.size, len(history.types)))
    for place in range(len(history.types)):
        week = history.gained[deals, place]
        has = np.isfinite(week) if counted is None else np.isfinite(week) & counted
        gained = np.searchsorted(np.sort(week[has]), ages, side="right")
        gone = np.searchsorted(np.sort(closed[has]), ages, side="right")
        shares[:, place] = np.maximum(gained - gone, 0) / known
    entries, chance = shares.sum(axis=0), (shares * (1 - shares)).sum(axis=0)
    mean = float(known.mean())
    from_them = chance * ages.size / mean
    return _Expected(entries, np.sqrt(from_them), np.sqrt(from_them + chance), shares, mean)


def _away(
    entries: np.ndarray, expected: _Expected, error: np.ndarray, judged: np.ndarray
) -> tuple[np.ndarray, np.ndarray, float]:
    """Return per type the logarithm of how many times as often as expected, less what is usual, and how many
    errors that is: the errors of chance, or the spread of the bulk where that is wider; and what is usual."""
    log = np.log((entries + 0.5) / (expected.entries + 0.5))
    shared = float(np.median(log[judged]))
    log -= shared
    with np.errstate(divide="ignore", invalid="ignore"):
        away = np.nan_to_num(log * (expected.entries + 0.5) / error)
    spread = 1.4826 * float(np.median(np.abs(away[judged])))
    return log, away / max(spread, 1.0), shared
