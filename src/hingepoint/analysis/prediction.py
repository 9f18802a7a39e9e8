"""Whether agreements gained by the day they are needed still go with the result, on deals later than those that they
were chosen on; and how far they are gained by that day, on every deal, asked or not.

Compared are deals that were open on the day (a landmark): what came after it cannot have decided whether the agreement
was there. Each deal counts by how far its result lies from what was usual of deals like it. It is a comparison, not
an effect: who gains agreements in time may sell better anyway.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from hingepoint.analysis import intervals, metrics, period
from hingepoint.analysis.period_numbers import number_of, parts_of_years, start_of
from hingepoint.records.strategy import Predicts

#: Of fewer deals with it, or without it, nothing is compared.
LEAST = 20
#: So many months before a month's end are looked at together.
WINDOW = 6
#: Eight agreements are asked at once: "surely less" has an interval as wide as that needs (5% of eight, two-sided).
WIDER = 2.734 / intervals.Z
#: How far an agreement is gained now: on deals whose day came in so many months.
LATELY = 6


@dataclass(frozen=True, slots=True)
class Standard:
    """By when an agreement type is needed: ``days`` after creation, on deals of ``segments`` (empty: all) of at least
    ``least_amount``; chosen on what was known until ``chosen_on``."""

    type_id: int
    days: int
    chosen_on: dt.date
    segments: tuple[str, ...] = ()
    least_amount: float | None = None


@dataclass(frozen=True, slots=True)
class Predicted:
    """How much more often, or by how much more, deals with the agreement in time serve the metric than those without.

    ``learned`` on deals closed until it was chosen, ``later`` on all closed since, ``lately`` in the last window; None
    with too few deals. ``n`` deals were closed since. ``stopped``: the first month since which each window is surely
    below what was learned, where the last one shows nothing.
    """

    type_id: int
    verdict: Predicts
    learned: intervals.Difference | None
    later: intervals.Difference | None
    lately: intervals.Difference | None
    n: int
    stopped: dt.date | None = None


@dataclass(frozen=True, slots=True)
class Executed:
    """On which share of deals a type, one of so many ``asked``, was gained by its day: in the year ``before`` the start, and
    ``lately``."""

    type_id: int
    before: intervals.Estimate
    lately: intervals.Estimate
    asked: int = 1

    @property
    def change(self) -> intervals.Difference | None:
        return intervals.difference(self.lately, self.before)

    @property
    def moved(self) -> bool | None:
        """Whether it is gained more often now; None where that may be luck, of all that are asked."""
        return self.change.surely(self.asked) if self.change else None


@dataclass(frozen=True, slots=True)
class Pace:
    """By how much one more agreement gained in time goes with a better result, on ``n`` deals closed in the quarter that
    ``begins``: in the metric's unit, above 0 is better."""

    begins: dt.date
    slope: intervals.Estimate


def landmarks(
    deals: pl.DataFrame, gained: pl.DataFrame, standards: Sequence[Standard], *, today: dt.date
) -> pl.DataFrame:
    """Return ``id``, ``type_id``, ``day`` and whether it was ``there`` of each deal that was open on its day for a type.

    ``gained`` holds ``id``, ``type_id`` and ``on``, the day it was gained.
    """
    parts = [_landmarks(deals, gained.filter(pl.col("type_id") == one.type_id), one) for one in standards]
    if not parts:
        return pl.DataFrame(schema={"id": pl.Int64, "type_id": pl.Int64, "day": pl.Date, "there": pl.Boolean})
    return pl.concat(parts).filter(pl.col("day") <= today)


def asks(standard: Standard) -> pl.Expr:
    """Return of which deals an agreement is asked."""
    wanted = []
    if standard.segments:
        wanted.append(pl.col("segment").is_in(list(standard.segments)))
    if standard.least_amount is not None:
        wanted.append(pl.col("amount") >= standard.least_amount)
    return pl.all_horizontal(wanted) if wanted else pl.lit(True)


def _landmarks(deals: pl.DataFrame, gained: pl.DataFrame, standard: Standard) -> pl.DataFrame:
    wanted = deals.filter(asks(standard))
    day = pl.col("created").dt.date().dt.offset_by(f"{standard.days}d")
    open_then = pl.col("closed").is_null() | (pl.col("closed").dt.date() >= day)
    return (
        wanted.filter(open_then)
        .select("id", type_id=pl.lit(standard.type_id, pl.Int64), day=day)
        .join(gained.select("id", "on"), on="id", how="left", maintain_order="left")
        .select("id", "type_id", "day", there=(pl.col("on") <= pl.col("day")).fill_null(False))
    )


def executed(
    marks: pl.DataFrame, types: Sequence[int], *, start: dt.date, today: dt.date
) -> tuple[Executed, ...]:
    """Return on which share of the deals of ``landmarks`` each type was gained by its day, before and lately."""
    lately = max(start, start_of(number_of(today, "month") - LATELY, "month"))
    times = (
        pl.col("day").is_between(start - dt.timedelta(days=365), start, closed="left"),
        pl.col("day") >= lately,
    )

    def share(type_id: int, time: pl.Expr) -> intervals.Estimate:
        rows = marks.filter((pl.col("type_id") == type_id) & time)
        return intervals.share(int(rows["there"].sum()), rows.height)

    return tuple(
        Executed(one, before=share(one, times[0]), lately=share(one, times[1]), asked=len(types))
        for one in types
    )


def results_beside(metric: metrics.Metric, deals: pl.DataFrame, *, chosen_on: dt.date) -> pl.DataFrame:
    """Return ``id``, ``closed`` (a day) and ``beside`` of each deal that counts: how far its result lies above what was
    usual of deals like it until ``chosen_on``, in the direction that is better."""
    values = metrics.values(metric, deals)
    learned = values["closed"].dt.date() <= chosen_on
    usual = period.usual_of(metric, values, deals, learned=learned)
    beside = (values["value"].to_numpy() - usual) * metric.sign
    found = values.select("id", pl.col("closed").dt.date()).with_columns(beside=pl.Series(beside))
    return found.filter(pl.col("beside").is_finite())


def predicted(marks: pl.DataFrame, beside: pl.DataFrame, standard: Standard, *, today: dt.date) -> Predicted:
    """Return whether a type still predicts. ``marks`` from ``landmarks``, ``beside`` from ``results_beside``."""
    mine = marks.filter(pl.col("type_id") == standard.type_id).join(beside, on="id", how="inner")
    since = mine.filter(pl.col("closed") > standard.chosen_on)
    learned = _difference(mine.filter(pl.col("closed") <= standard.chosen_on))
    windows = _windows(since, standard.chosen_on, today)
    lately = windows[-1][1] if windows else None
    verdict = _verdict(learned, lately)
    stopped = _stopped(learned, windows) if verdict is Predicts.STOPPED else None
    later = _difference(since)
    return Predicted(standard.type_id, verdict, learned, later, lately, since.height, stopped)


def _difference(rows: pl.DataFrame) -> intervals.Difference | None:
    """Return how far deals with it lie above those without; None with fewer than ``LEAST`` of either."""
    sides = [rows.filter(pl.col("there") == there)["beside"].to_list() for there in (True, False)]
    if min(map(len, sides)) < LEAST:
        return None
    return intervals.difference(*(intervals.mean(side) for side in sides))


def _windows(
    since: pl.DataFrame, chosen_on: dt.date, today: dt.date
) -> list[tuple[dt.date, intervals.Difference | None]]:
    """Return what each ``WINDOW`` whole months show that began after the choice, by the first day of the last of them."""
    first, ends = number_of(chosen_on, "month") + WINDOW, number_of(today, "month")
    found = []
    for last in range(first, ends):
        begins, ends_before = (start_of(number, "month") for number in (last - WINDOW + 1, last + 1))
        rows = since.filter(pl.col("closed").is_between(begins, ends_before, closed="left"))
        found.append((start_of(last, "month"), _difference(rows)))
    return found


def _verdict(learned: intervals.Difference | None, lately: intervals.Difference | None) -> Predicts:
    if lately is None:
        return Predicts.UNKNOWN
    less = _surely_less(lately, learned)
    if lately.low > 0:
        return Predicts.WEAKER if less else Predicts.STILL
    return Predicts.STOPPED if less else Predicts.UNKNOWN


def _surely_less(now: intervals.Difference, learned: intervals.Difference | None) -> bool:
    """Return whether ``now`` is below what was ``learned``, beyond what chance does to eight agreements."""
    if learned is None:
        return False
    reach = np.hypot(now.high - now.value, learned.value - learned.low)
    return bool(now.value - learned.value + WIDER * reach < 0)


def _stopped(
    learned: intervals.Difference | None, windows: Sequence[tuple[dt.date, intervals.Difference | None]]
) -> dt.date | None:
    """Return the first month of the unbroken run of windows, up to the last, that are surely below what was learned."""
    found = None
    for month, window in reversed(windows):
        if window is None or window.low > 0 or not _surely_less(window, learned):
            break
        found = month
    return found


def paces(
    marks: pl.DataFrame, beside: pl.DataFrame, *, first_month: int, since: dt.date, today: dt.date
) -> tuple[Pace, ...]:
    """Return, for each quarter of the fiscal year after ``since``, how the result goes with the number of agreements
    gained in time, of those whose day came while the deal was open. ``first_month`` of the fiscal year: 1 to 12."""
    held = marks.group_by("id").agg(held=pl.col("there").sum().cast(pl.Float64), asked=pl.len())
    rows = held.join(beside, on="id", how="inner")
    found = []
    for begins, ends in parts_of_years(since, today, first_month=first_month):
        own = rows.filter(pl.col("closed").is_between(begins, ends, closed="left"))
        found.append(Pace(begins, _slope(own)))
    return tuple(found)


def _slope(rows: pl.DataFrame) -> intervals.Estimate:
    """Return the slope of ``beside`` on ``held`` with its 95% interval, robust to unequal spread (HC1); deals that were
    asked for as many are compared."""
    n = rows.height
    nothing = intervals.Estimate(None, None, None, n)
    if n < 2 * LEAST:
        return nothing
    apart = rows.with_columns(
        x=pl.col("held") - pl.col("held").mean().over("asked"),
        y=pl.col("beside") - pl.col("beside").mean().over("asked"),
    )
    x, y = apart["x"].to_numpy(), apart["y"].to_numpy()
    spread, freedom = float(x @ x), n - rows["asked"].n_unique() - 1
    if spread < LEAST / 2 or freedom < 1:
        return nothing
    slope = float(x @ y) / spread
    half = intervals.Z * float(np.sqrt(((x * (y - slope * x)) ** 2).sum() * n / freedom)) / spread
    return intervals.Estimate(slope, slope - half, slope + half, n)
