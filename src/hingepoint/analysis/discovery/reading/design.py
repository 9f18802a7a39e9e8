"""Landmarks: at which ages deals are looked at, and which deals are looked at there.

A deal is in the row of landmark L if it is still open at L and its outcome up to L + H lies within
the data; agreements count as they stood at L and the outcome is what happened in (L, L + H]. That is
the sequential-trials design (van Houwelingen 2007; Hernan & Robins 2016): it knows no immortal time,
because nobody is put into a group by what happened later.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from hingepoint.analysis.discovery.reading.history import History
from hingepoint.analysis.discovery.settings import DiscoveryError, Settings, weeks_label

#: Landmarks divide this much of the median cycle of won deals into so many windows (decision 0101).
COVERED = 1.2
WINDOWS = 8
#: The outcome is counted for this share of the time in which nearly all deals close.
HORIZON = 0.75
#: A landmark needs this share of deals with the whole horizon within the data.
FOLLOWED = 0.2


@dataclass(frozen=True)
class Grid:
    """Landmarks in weeks since creation, the horizon of the outcome, and the lags of the lag profile.

    Where landmarks are ``stages``, a deal's landmark is the moment it enters the stage, and ``landmarks``
    holds the median weeks in which that happens.
    """

    landmarks: tuple[float, ...]
    horizon: float
    lags: tuple[float, ...]
    cycle: float
    stages: tuple[str, ...] = ()

    @classmethod
    def of(cls, chosen: dict[str, Any]) -> Grid:
        """Return the grid of plain values."""
        landmarks, lags, stages = (tuple(chosen[name]) for name in ("landmarks", "lags", "stages"))
        return cls(landmarks, chosen["horizon"], lags, chosen["cycle"], stages)

    @property
    def labels(self) -> tuple[str, ...]:
        """What the landmarks are called: ``6w``, or the stage."""
        return self.stages or tuple(weeks_label(length) for length in self.landmarks)

    @property
    def course(self) -> float:
        """Weeks until the last outcome of a deal is known."""
        return max(self.landmarks) + self.horizon

    def window_start(self, landmark: int) -> float:
        """Return the start of the window that ends at a landmark; the first takes in creation itself."""
        return self.landmarks[landmark - 1] if landmark else -1.0


@dataclass(frozen=True)
class Rows:
    """One entry per deal and landmark: the deal's index, the landmark's, and the outcome.

    ``remaining`` is the weeks from the landmark to the close, infinite while open.
    """

    deal: np.ndarray
    landmark: np.ndarray
    outcome: np.ndarray
    remaining: np.ndarray

    @property
    def size(self) -> int:
        return self.deal.size

    def select(self, mask: np.ndarray | slice) -> Rows:
        return Rows(self.deal[mask], self.landmark[mask], self.outcome[mask], self.remaining[mask])

    def of(self, deals: slice) -> Rows:
        """Return the rows of some deals, which are counted from the first of them."""
        start, stop = np.searchsorted(self.deal, (deals.start, deals.stop))
        some = self.select(slice(int(start), int(stop)))
        return replace(some, deal=some.deal - deals.start)


def choose_grid(history: History, settings: Settings) -> Grid:
    """Return landmarks, horizon and lags: as set, otherwise from the cycle of the won deals.

    Raises DiscoveryError for deals that close at the moment they are created.
    """
    closed = history.closed[history.decided]
    won = history.closed[history.won]
    if closed.size == 0:  # there is nothing to learn, but deals are counted: their ages stand in
        closed = np.maximum(history.observed, 1 / 7)
    cycle = float(np.median(won if won.size >= 30 else closed))
    if cycle <= 0:
        raise DiscoveryError("deals close at the moment they are created; discovery needs their real dates")
    if settings.landmarks_at:
        return _stage_grid(history, settings, closed, cycle)
    spread = settings.landmarks or _spread(cycle)
    horizon = settings.horizon_weeks or _horizon(history, closed, cycle, spread[0])
    landmarks = settings.landmarks or _observed(history, spread, horizon)
    return Grid(landmarks, horizon, _lags(history, landmarks, horizon), cycle)


def _stage_grid(history: History, settings: Settings, closed: np.ndarray, cycle: float) -> Grid:
    """Return the grid of the entries into stages; a stage that no deal enters is refused."""
    assert history.entries is not None
    entered = np.isfinite(history.entries)
    for name, some in zip(settings.landmarks_at, entered.any(axis=0), strict=True):
        if not some:
            raise DiscoveryError(f"no deal has an event of kind stage that is called {name!r}")
    middle = tuple(
        float(np.median(history.entries[entered[:, number], number])) for number in range(entered.shape[1])
    )
    horizon = settings.horizon_weeks or _horizon(history, closed, cycle, min(middle))
    return Grid(middle, horizon, _lags(history, tuple(sorted(middle)), horizon), cycle, settings.landmarks_at)


def _spread(cycle: float) -> tuple[float, ...]:
    step = cycle * COVERED / WINDOWS
    unit = 1.0 if step >= 1.5 else 1 / 7 if step >= 1.5 / 7 else step
    width = max(round(step / unit), 1) * unit
    return tuple(width * (number + 1) for number in range(WINDOWS))


def _horizon(history: History, closed: np.ndarray, cycle: float, first: float) -> float:
    """Return three quarters of the time in which nine of ten closes fall (decision 0121).

    Half the deals must have it after the first landmark.
    """
    wanted = HORIZON * max(float(np.quantile(closed, 0.9)) - cycle / 2, cycle / 2)
    available = float(np.quantile(history.observed, 0.5)) - first
    chosen = max(min(wanted, available), wanted / 4)
    return float(round(chosen)) if chosen >= 3 else chosen


def _observed(history: History, landmarks: tuple[float, ...], horizon: float) -> tuple[float, ...]:
    """Return the landmarks after which enough deals have the whole horizon within the data."""
    long_enough = [float((history.observed >= landmark + horizon).mean()) for landmark in landmarks]
    kept = [landmark for landmark, share in zip(landmarks, long_enough, strict=True) if share >= FOLLOWED]
    return tuple(kept) or landmarks[:1]


def _lags(history: History, landmarks: tuple[float, ...], horizon: float) -> tuple[float, ...]:
    """Return 0, a quarter and a half of the median time that open deals still take after a landmark."""
    middle = landmarks[len(landmarks) // 2]
    remaining = history.closed - middle
    soon = remaining[(remaining > 0) & (remaining <= horizon)]
    median = float(np.median(soon)) if soon.size else horizon / 2
    return (0.0, median / 4, median / 2)


def make_rows(history: History, grid: Grid) -> Rows:
    """Return the rows of all landmarks, sorted by deal, then landmark."""
    landmarks = _moments(history, grid)
    enough = history.observed[:, None] >= landmarks + grid.horizon
    still_open = history.closed[:, None] > landmarks
    if history.entered is not None:
        still_open &= landmarks >= history.entered[:, None]
    deal, landmark = np.nonzero(enough & still_open)
    remaining = history.closed[deal] - np.broadcast_to(landmarks, enough.shape)[deal, landmark]
    sold = history.won[deal] & (remaining <= grid.horizon)
    rows = Rows(deal, landmark, _outcome(history, deal, sold, remaining, grid.horizon), remaining)
    return rows.select(sold) if history.metric.among_won else rows


def _outcome(
    history: History, deal: np.ndarray, sold: np.ndarray, weeks: np.ndarray, most: float
) -> np.ndarray:
    """Return the outcome of rows: the value of what was sold, or the days to it, at most those of ``most`` weeks."""
    if history.metric.name == "sale_days":
        return 7 * np.where(sold, np.minimum(weeks, most), most)
    return np.where(sold, np.nan_to_num(history.value[deal]), 0.0)


def _moments(history: History, grid: Grid) -> np.ndarray:
    """Return deals (or one for all) x landmarks: the week of each; infinite for a stage that is not entered.

    Going back to a stage, or entering it out of order, is no landmark.
    """
    if not grid.stages:
        return np.asarray(grid.landmarks)[None, :]
    assert history.entries is not None
    reached = np.maximum.accumulate(np.where(np.isfinite(history.entries), history.entries, -1.0), axis=1)
    before = np.column_stack([np.full(history.size, -1.0), reached[:, :-1]])
    return np.where(history.entries > before, history.entries, np.inf)


def landmark_weeks(history: History, rows: Rows, grid: Grid) -> np.ndarray:
    """Return, per row, the week of its landmark."""
    if not grid.stages:
        return np.asarray(grid.landmarks)[rows.landmark]
    assert history.entries is not None
    return history.entries[rows.deal, rows.landmark]


def start_weeks(history: History, rows: Rows, grid: Grid) -> np.ndarray:
    """Return, per row, the week in which the window before its landmark starts; -1 takes in creation itself."""
    if not grid.stages:
        return np.asarray([grid.window_start(j) for j in range(len(grid.landmarks))])[rows.landmark]
    assert history.entries is not None
    entered = np.where(np.isfinite(history.entries), history.entries, -1.0)
    reached = np.column_stack([np.full(history.size, -1.0), np.maximum.accumulate(entered, axis=1)])
    return reached[rows.deal, rows.landmark]


def standing(history: History, rows: Rows, grid: Grid) -> tuple[np.ndarray, np.ndarray]:
    """Return rows x types twice: settled before the window, and gained in the window, both standing at L.

    Their sum is what stands at the landmark.
    """
    landmark = landmark_weeks(history, rows, grid).astype(np.float32)[:, None]
    start = start_weeks(history, rows, grid).astype(np.float32)[:, None]
    gained = history.gained[rows.deal]
    stands = gained <= landmark
    if history.ended is not None:
        stands &= history.ended[rows.deal] > landmark
    before = stands & (gained <= start)
    return before, stands & ~before


def ever_rows(history: History, grid: Grid) -> Rows:
    """Return one row a deal whose whole course is known: the naive design shown beside the landmark one."""
    whole = history.observed >= grid.course
    if history.entered is not None:
        whole &= history.entered == 0
    deal = np.nonzero(whole)[0]
    sold = history.won[deal] & (history.closed[deal] <= grid.course)
    weeks = history.closed[deal]
    rows = Rows(deal, np.zeros_like(deal), _outcome(history, deal, sold, weeks, grid.course), weeks)
    return rows.select(sold) if history.metric.among_won else rows
