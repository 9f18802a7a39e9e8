"""Whether lost deals were closed in the records long after they died: the clean-up at the end of a quarter."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

import numpy as np

from hingepoint.analysis.discovery.reading.history import History

#: Told from so many weeks on, if that is this share of the usual life of a lost deal.
LEAST_WEEKS, LEAST_SHARE = 2.0, 0.1
#: Fewer lost deals say nothing; an owner is named whose deals wait so many times as long as the rest.
LEAST_DEALS, NAMED_FROM, MOST_NAMED = 30, 2.0, 3
#: A quarter's last week holds this share of closes that do not mind the calendar; told from three times that.
LAST_WEEK, TOLD_FROM = 7 / 91.3, 3.0
TOGETHER = 20_000
#: A deal that has been silent for so many of its usual gaps is dead.
SILENT = 3.0


@dataclass(frozen=True)
class LateCloses:
    """How many ``weeks`` after they died lost deals were closed, at the median.

    at_quarter_end   share of lost deals closed in the last seven days of a quarter
    owners           weeks by owner where it is far longer, the longest first
    """

    weeks: float
    at_quarter_end: float
    owners: tuple[tuple[str, float], ...]

    @property
    def in_words(self) -> str:
        parts = [f"Lost deals look closed about {self.weeks:.0f} weeks later than they died."]
        if self.at_quarter_end > TOLD_FROM * LAST_WEEK:
            parts.append(f"{self.at_quarter_end:.0%} of them were closed in the last week of a quarter.")
        if self.owners:
            named = ", ".join(f"{owner} ({weeks:.0f} weeks)" for owner, weeks in self.owners)
            parts.append(f"It is longest with {named}.")
        parts.append(
            "Each agreement was held against what is usual for all of them; close lost deals when they die, and "
            "effects become larger and surer."
        )
        return " ".join(parts)


def late_closes(history: History) -> LateCloses | None:
    """Return how late lost deals were closed; None where it is not worth a word.

    A deal's last sign of life is its last gain or activity. Between signs of life lies a usual gap, and a
    deal that is closed when it dies ends about as long after its last one: what lost deals wait beyond
    that, and beyond what won deals do, is how late they were closed.
    """
    lost = history.decided & ~history.won
    if int(lost.sum()) < LEAST_DEALS or int(history.won.sum()) < LEAST_DEALS:
        return None
    beyond = _silence_beyond_usual(history)
    usual = max(float(np.median(beyond[history.won])), 0.0)
    weeks = float(np.median(beyond[lost])) - usual
    if weeks < max(LEAST_WEEKS, LEAST_SHARE * float(np.median(history.closed[lost]))):
        return None
    return LateCloses(weeks, _at_quarter_end(history, lost), _owners(history, lost, beyond - usual, weeks))


def died(history: History) -> np.ndarray:
    """Return, per deal, the week by which a lost one was surely dead: its last sign of life and three usual gaps.

    Where signs of life come by chance, one deal in twenty that lives is silent for so long. All others: never.
    """
    last, signs = _signs_of_life(history)
    lost = history.decided & ~history.won
    return np.where(lost, last + SILENT * last / np.maximum(signs, 1.0), np.inf)


def _silence_beyond_usual(history: History) -> np.ndarray:
    """Return, per deal, the weeks between its last sign of life and its close beyond half its usual gap."""
    last, signs = _signs_of_life(history)
    gap = last / np.maximum(signs, 1.0)
    with np.errstate(invalid="ignore"):
        return np.where(history.decided, history.closed - last - np.log(2) * gap, np.nan)


def _signs_of_life(history: History) -> tuple[np.ndarray, np.ndarray]:
    """Return, per deal, the week of its last gain or activity up to the close, and how many there were."""
    last, signs = np.zeros(history.size), np.zeros(history.size)
    for start in range(0, history.size, TOGETHER):
        some = slice(start, start + TOGETHER)
        gained = history.gained[some]
        seen = gained <= history.closed[some, None].astype(np.float32)
        seen &= np.isfinite(gained)
        last[some] = np.where(seen, gained, 0.0).max(axis=1, initial=0.0)
        signs[some] = seen.sum(axis=1)
    deal = history.activity.index.astype(np.int64)
    before = history.activity.week <= history.closed[deal]
    np.maximum.at(last, deal[before], history.activity.week[before])
    return last, signs + np.bincount(deal[before], minlength=history.size)


def _at_quarter_end(history: History, lost: np.ndarray) -> float:
    start = datetime.date(1970, 1, 1)
    days = np.floor((history.created[lost] + history.closed[lost]) * 7).astype("timedelta64[D]")
    closed = np.datetime64(start) + days
    month = closed.astype("datetime64[M]").astype(int)
    next_quarter = ((month // 3 + 1) * 3).astype("datetime64[M]").astype("datetime64[D]")
    return float(((next_quarter - closed).astype(int) <= 7).mean())


def _owners(
    history: History, lost: np.ndarray, waited: np.ndarray, weeks: float
) -> tuple[tuple[str, float], ...]:
    if "owner" not in history.deals.columns:
        return ()
    found = []
    for seller in np.unique(history.seller[lost]):
        mine = lost & (history.seller == seller)
        if int(mine.sum()) >= LEAST_DEALS:
            theirs = float(np.median(waited[mine]))
            if theirs >= NAMED_FROM * weeks:
                name = history.deals["owner"][int(np.nonzero(mine)[0][0])]
                found.append((str(name), theirs))
    return tuple(sorted(found, key=lambda one: (-one[1], one[0]))[:MOST_NAMED])
