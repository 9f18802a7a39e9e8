"""Months or weeks as numbers, and which of them are complete on a day."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Literal

import numpy as np
import polars as pl

from hingepoint.analysis.period_numbers import MONDAY, number_of, start_of


@dataclass(frozen=True, slots=True)
class Calendar:
    """Periods counted since 1970, of which those that end on ``as_of`` or before are complete.

    ``baseline_until`` is the last day of the usual time, where it was said.
    """

    period: Literal["month", "week"]
    as_of: dt.date
    baseline_until: dt.date | None = None

    def numbers(self, moments: pl.Series) -> np.ndarray:
        """Return the number of the period of each moment."""
        if self.period == "month":
            return (moments.dt.year().cast(pl.Int64) * 12 + moments.dt.month() - 1 - 1970 * 12).to_numpy()
        return ((moments.dt.epoch("d") - (MONDAY - dt.date(1970, 1, 1)).days) // 7).to_numpy()

    def number(self, day: dt.date) -> int:
        return number_of(day, self.period)

    def start(self, number: int) -> dt.date:
        """Return the first day of a period."""
        return start_of(number, self.period)

    @property
    def last(self) -> int:
        """The last complete period."""
        return self.number(self.as_of + dt.timedelta(days=1)) - 1

    @property
    def points_a_quarter(self) -> int:
        return 3 if self.period == "month" else 13

    @property
    def half_a_year(self) -> int:
        return 2 * self.points_a_quarter

    @property
    def longest_baseline(self) -> int:
        return 24 if self.period == "month" else 104

    @property
    def weight(self) -> float:
        """How much the newest point counts in the smoothed line: four weeks say about as much as a month."""
        return 0.2 if self.period == "month" else 0.1

    def ends_baseline(self, first: int, points: int) -> int:
        """Return how many of ``points`` periods from ``first`` on are usual: those until the end that was said, the first
        twelve of a series that begins after it; without one the first half in whole half years, from twelve points to two years.

        In steps, so that limits stay where they are from one reading to the next.
        """
        if self.baseline_until is not None:
            ended = self.number(self.baseline_until + dt.timedelta(days=1))
            return min(ended - first if ended > first else 12, points)
        halves = points // 2 // self.half_a_year
        return min(max(12, halves * self.half_a_year), self.longest_baseline, points)
