"""What goes in and comes out when the five pressures are read.

Numbers are in the unit of their metric (``analysis.metrics``): shares between 0 and 1, days. Ranges are 95%.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import polars as pl

from hingepoint.analysis import frames, intervals
from hingepoint.records.pressures import Pressure, Verdict

#: What a pressure is measured on, in the order in which it is told.
METRICS = ("won", "discount", "cycle_days")
#: A deal counts as under a pressure when that was seen within so many days of its creation.
SEEN_WITHIN = dt.timedelta(days=30)
#: An effect is told of so many deals under the pressure, and as many without it.
LEAST_UNDER = 60
#: An answer is told where each of the four groups (under it or not, with the agreement or without) has so many deals.
LEAST_EACH = 30
#: A trend is told of so many complete months.
LEAST_MONTHS = 12
#: So many of the newest decided deals are read at most.
MOST_DEALS = 200_000
#: How sure a statement is, counted over all that were tested at once.
LEVEL = 0.05

TAGS: dict[str, tuple[pl.DataType, str]] = {
    "deal_id": (pl.String(), "the deal"),
    "pressure": (pl.String(), "one of records.pressures"),
    "seen": (frames.MOMENT, "when it showed"),
}
GAINED: dict[str, tuple[pl.DataType, str]] = {
    "deal_id": (pl.String(), "the deal"),
    "agreement": (pl.String(), "key of a pivotal agreement"),
    "at": (frames.MOMENT, "when it was first gained"),
}
ROLES: dict[str, tuple[pl.DataType, str]] = {
    "deal_id": (pl.String(), "the deal"),
    "role": (pl.String(), "part of a person of the customer"),
    "at": (frames.MOMENT, "since when"),
}
#: What deals say beside ``frames.DEALS``: empty where no file said it.
ALSO_OF_DEALS = ("country", "competitor", "loss_reason", "requested_date", "countries", "competitor_price")


@dataclass(frozen=True)
class Facts:
    """What is read. ``deals`` have the columns of ``frames.DEALS`` and, as text, of ``ALSO_OF_DEALS``; ``demands`` and
    ``concessions`` those of ``frames``; ``pivotal`` are the keys that may answer a pressure, in order."""

    as_of: dt.date
    deals: pl.DataFrame
    tags: pl.DataFrame
    gained: pl.DataFrame
    demands: pl.DataFrame
    concessions: pl.DataFrame
    roles: pl.DataFrame
    pivotal: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Range:
    """A number with its 95% range."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Month:
    """The deals created in a month, and those of them under the pressure. One that is not ``complete`` has deals
    younger than ``SEEN_WITHIN``, on which it may still show."""

    begins: dt.date
    deals: int
    under: int
    complete: bool

    @property
    def share(self) -> intervals.Estimate:
        return intervals.share(self.under, self.deals)


@dataclass(frozen=True, slots=True)
class Trend:
    """By how much the share moved a year, over so many complete months. ``chance`` that nothing but luck is behind it, adjusted
    for the trends of all five."""

    a_year: Range
    months: int
    chance: float

    @property
    def clear(self) -> bool:
        return self.chance < LEVEL


@dataclass(frozen=True, slots=True)
class Effect:
    """The difference in ``metric`` between deals under the pressure and deals alike without it.

    ``range`` is None of too few deals. ``deals`` were compared, ``under`` of them feel it. ``chance`` that nothing
    but luck is behind it, adjusted for all effects tested at once.
    """

    metric: str
    deals: int
    under: int
    range: Range | None = None
    chance: float | None = None

    @property
    def clear(self) -> bool:
        return self.chance is not None and self.chance < LEVEL


@dataclass(frozen=True, slots=True)
class Answer:
    """Whether gaining an agreement changes what a pressure does to ``metric``.

    ``with_it`` and ``without_it`` are the effect of the pressure among deals with the agreement and without,
    ``difference`` the first less the second; None of too few deals. ``least`` is the smallest of the four groups,
    ``chance`` adjusted for all answers tested at once.
    """

    key: str
    metric: str
    least: int
    verdict: Verdict
    with_it: Range | None = None
    without_it: Range | None = None
    difference: Range | None = None
    chance: float | None = None


@dataclass(frozen=True, slots=True)
class Indicator:
    """A number that moves with a pressure, told without any tag: in the last twelve months and in the twelve before.

    ``unit`` is ``share``, ``days`` or ``number``. Without data ``now`` is None, and ``needs`` says what to record. ``chance``
    that nothing but luck is between the two years, adjusted for all indicators that are told; None where either is not.
    """

    key: str
    words: str
    unit: str
    now: intervals.Estimate | None
    before: intervals.Estimate | None
    needs: str
    chance: float | None = None

    @property
    def moved(self) -> bool:
        """Whether the two years differ by more than chance, of a share or a mean."""
        return self.chance is not None and self.chance < LEVEL


@dataclass(frozen=True, slots=True)
class Told:
    """All that is told of one pressure. ``now`` is the share of the last three complete months."""

    pressure: Pressure
    tagged: int
    months: tuple[Month, ...]
    now: intervals.Estimate
    trend: Trend | None
    effects: tuple[Effect, ...]
    answers: tuple[Answer, ...]
    indicators: tuple[Indicator, ...]

    def effect(self, metric: str) -> Effect:
        return next(one for one in self.effects if one.metric == metric)

    @property
    def answered_by(self) -> tuple[Answer, ...]:
        return tuple(one for one in self.answers if one.verdict is Verdict.ANSWERS)


@dataclass(frozen=True, slots=True)
class Report:
    """The five on a day. ``decided`` deals are old enough for the outcome to count: won within ``horizon`` days or
    not. ``landmark`` is the age in days up to which an agreement must be gained to count as an answer; ``tested`` is
    how many answers were tested at once. ``sellers`` are the groups within which deals may go together."""

    as_of: dt.date
    deals: int
    decided: int
    horizon: int
    landmark: int
    tested: int
    sellers: int
    pressures: tuple[Told, ...]

    def of(self, pressure: Pressure) -> Told:
        return next(one for one in self.pressures if one.pressure is pressure)
