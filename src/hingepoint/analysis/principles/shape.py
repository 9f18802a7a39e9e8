"""What is read of principles, and what the register says of each."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import polars as pl

from hingepoint.analysis.frames import MOMENT
from hingepoint.records.principles import Check, Shown

#: Something that was written about a deal, at the time it was really written.
WRITTEN: dict[str, pl.DataType] = {"deal_id": pl.String(), "at": MOMENT}


@dataclass(frozen=True)
class Log:
    """The history of all deals (``analysis.frames``: DEALS and EVENTS), and when plans of talks, reasons and corridors were
    really written (``WRITTEN``)."""

    deals: pl.DataFrame
    events: pl.DataFrame
    plans: pl.DataFrame
    reasons: pl.DataFrame
    corridors: pl.DataFrame


@dataclass(frozen=True, slots=True)
class Told:
    """What the register says of one principle: so many deals ``came`` to it and were followed for ``horizon`` days, so many of
    them ``kept`` it that first time, and by which share more of these were won than of deals alike (None: not estimated),
    with its 95% range. ``robustness``: which share of what is left unexplained something unseen would have to explain, of
    both, to take all of it away."""

    check: Check
    shown: Shown
    came: int
    kept: int
    horizon: int
    effect: float | None = None
    low: float | None = None
    high: float | None = None
    robustness: float | None = None
    words: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """What the register says of the principles it can see. ``since`` and ``until``: of which deals; None where there are none."""

    since: dt.date | None
    until: dt.date | None
    told: tuple[Told, ...]

    @property
    def by_check(self) -> dict[Check, Told]:
        return {one.check: one for one in self.told}
