"""What followed when an executive joined a deal by an agreed role, against deals alike that nobody joined.

Each joined deal is set beside the nearest deals of its segment that were open at the same age and that no executive
joined: near in size and in how many agreements stood by then (matching with replacement, Abadie & Imbens 2006). Counted is what
was gained in the time after. The range is Student's t over the joined deals.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import polars as pl
import scipy  # its parts load when they are first used: the server starts without them
from numpy.typing import NDArray

from hingepoint.analysis.frames import MOMENT
from hingepoint.records import conventions
from hingepoint.records.languages import say

#: Agreements are counted for so long after a deal was joined.
DAYS = 60
#: Fewer joined deals than this are only counted.
LEAST = 10
#: How many deals alike stand beside each.
BESIDE = 5

_NEVER = dt.datetime.combine(dt.date.max, dt.time())
GAINS: dict[str, pl.DataType] = {"deal_id": pl.String(), "at": MOMENT}
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Followed:
    """What followed on the ``deals`` that were joined long enough ago and have deals alike: agreements gained within ``DAYS`` on
    the mean, on those alike, and the difference with its 95% range; None where too few were joined."""

    deals: int
    gained: float | None = None
    alike: float | None = None
    low: float | None = None
    high: float | None = None

    @property
    def difference(self) -> float | None:
        return None if self.gained is None or self.alike is None else self.gained - self.alike

    @property
    def clear(self) -> bool:
        """Whether the range leaves out 0."""
        return self.low is not None and self.high is not None and not self.low <= 0 <= self.high


def followed(deals: pl.DataFrame, joined: pl.DataFrame, gains: pl.DataFrame, *, as_of: dt.date) -> Followed:
    """Return what followed. ``deals`` has columns of ``frames.DEALS``; ``joined`` and ``gains`` are ``GAINS``: when a role was first
    agreed, and each agreement that was gained."""
    table = _Table.of(deals, gains, end=dt.datetime.combine(as_of, dt.time()))
    first = dict(joined.group_by("deal_id").agg(pl.col("at").min()).iter_rows())
    free = np.array([key not in first for key in table.ids], bool)
    pairs = [pair for key in sorted(first) if (pair := table.beside(key, first[key], free))]
    if len(pairs) < LEAST:
        return Followed(len(pairs))
    own, others = (np.array(side, np.float64) for side in zip(*pairs, strict=True))
    apart = own - others
    half = float(scipy.special.stdtrit(len(apart) - 1, 0.975) * apart.std(ddof=1) / np.sqrt(len(apart)))
    middle = float(apart.mean())
    return Followed(len(pairs), float(own.mean()), float(others.mean()), middle - half, middle + half)


@dataclass(frozen=True, eq=False)
class _Table:
    """Deals as arrays; ``gains`` holds the days of each deal's gains since its creation, in their order."""

    ids: list[str]
    place: dict[str, int]
    created: list[dt.datetime]
    lived: Floats
    known: Floats
    size: Floats
    segment: NDArray[np.str_]
    gains: list[Floats]

    @classmethod
    def of(cls, deals: pl.DataFrame, gains: pl.DataFrame, *, end: dt.datetime) -> _Table:
        ids, created = deals["deal_id"].to_list(), deals["created"].to_list()
        place = {key: n for n, key in enumerate(ids)}
        closed = [at or _NEVER for at in deals["closed"].to_list()]
        days: list[list[float]] = [[] for _ in ids]
        for key, at in gains.sort("at").iter_rows():
            if key in place:
                days[place[key]].append(_days(at - created[place[key]]))
        amounts = deals["initial_amount"].fill_null(0.0).to_numpy()
        return cls(
            ids=ids,
            place=place,
            created=created,
            lived=np.array([_days(last - at) for at, last in zip(created, closed, strict=True)], np.float64),
            known=np.array([_days(end - at) for at in created], np.float64),
            size=np.log1p(np.maximum(amounts, 0.0)),
            segment=deals["segment"].fill_null("").to_numpy().astype(str),
            gains=[np.array(one, np.float64) for one in days],
        )

    def beside(self, key: str, at: dt.datetime, free: NDArray[np.bool_]) -> tuple[float, float] | None:
        """Return what a joined deal gained in the time after, and deals alike on the mean; None where it was not open, the time
        is not over, or none is alike."""
        one = self.place.get(key)
        if one is None:
            return None
        age = _days(at - self.created[one])
        able = (self.lived > age) & (self.known >= age + DAYS)
        there = np.flatnonzero(able & free & (self.segment == self.segment[one]))
        if age < 0 or not able[one] or not len(there):
            return None
        stood = np.array([_until(self.gains[n], age) for n in there])
        far = np.abs(self.size[there] - self.size[one]) + np.abs(stood - _until(self.gains[one], age))
        nearest = there[np.argsort(far, kind="stable")[:BESIDE]]
        return self._after(one, age), float(np.mean([self._after(n, age) for n in nearest]))

    def _after(self, place: int, age: float) -> float:
        return _until(self.gains[place], age + DAYS) - _until(self.gains[place], age)


def _until(days: Floats, age: float) -> float:
    return float(np.searchsorted(days, age, side="right"))


def _days(length: dt.timedelta) -> float:
    return length.total_seconds() / 86_400


def in_words(told: Followed) -> str:
    """Return what followed as one sentence or two."""
    if told.difference is None:
        return say(
            "{deals} joined deals can be followed for {days} days and have deals alike; from {least} on they are compared.",
            deals=conventions.number(told.deals),
            days=DAYS,
            least=LEAST,
        )
    both = say(
        "In the {days} days after a role was agreed {gained} pivotal agreements were gained on the mean, on deals alike that nobody joined {alike}",
        days=DAYS,
        gained=conventions.conventions().number(f"{told.gained:.1f}"),
        alike=conventions.conventions().number(f"{told.alike:.1f}"),
    )
    between = say(
        "({low} to {high})",
        low=conventions.conventions().number(f"{told.low:+.2f}"),
        high=conventions.conventions().number(f"{told.high:+.2f}"),
    )
    if not told.clear:
        return say(
            "{both}: the difference {between} may be chance, so nothing can be concluded.",
            both=both,
            between=between,
        )
    more = f"{abs(told.difference):.1f} {'more' if told.difference > 0 else 'fewer'}"
    return say(
        "{both}: {more} {between}. Executives choose what they join, hard deals too: it is no proof.",
        both=both,
        more=more,
        between=between,
    )
