"""How a result metric moved: a period against the time before it, with the error of both.

Whatever says *better* or *worse* of a metric asks ``movement``. A verdict that forgets the error of the earlier
time calls one in six draws a change in which nothing changed; one that forgets that other deals were closed calls
a change of customers a change of conduct.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from hingepoint.analysis import intervals, metrics
from hingepoint.analysis.period_numbers import parts_of_years
from hingepoint.analysis.spc import adjusting

#: Month by month the same growing pile is looked at: the looks of two years are worth so many (decision 306).
LOOKS = 8
#: What was usual is told by the deals closed in so long a time before a start.
BEFORE = dt.timedelta(days=365)
#: With fewer deals than this on either side a mean says nothing of a move: values as uneven as amounts and days
#: are would call one draw in ten a change. A share needs no such floor: its interval is made for few deals.
LEAST_FOR_A_MEAN = 50


@dataclass(frozen=True, slots=True)
class Movement:
    """A metric on the deals closed ``since`` a day and on those closed ``before`` it: different deals. ``asked``: of so many
    metrics at once it is said whether they moved.

    ``mix`` is how much of the difference comes from deals of other kinds (segment, product, source, size) than
    before. ``better`` says which way is better, higher or lower; with fewer than ``least`` deals on either side
    nothing is said.
    """

    since: intervals.Estimate
    before: intervals.Estimate
    better: str
    least: int = 0
    mix: float = 0.0
    asked: int = 1

    @property
    def change(self) -> intervals.Difference | None:
        """How far it moved like for like, ``mix`` taken out, with the 95% interval of that; None with too few deals
        on either side. What is seen is this and the mix, exactly."""
        if min(self.since.n, self.before.n) < self.least:
            return None
        seen = intervals.difference(self.since, self.before)
        return seen and intervals.Difference(seen.value - self.mix, seen.low - self.mix, seen.high - self.mix)

    @property
    def moved(self) -> bool | None:
        """Whether it moved the right way; None without a change, and while the interval of it holds 0 that is wide enough for
        all that are asked, and for two years of looks."""
        higher = self.change.surely(LOOKS * self.asked) if self.change else None
        return None if higher is None else higher == (self.better == "higher")


def movement(metric: metrics.Metric, deals: pl.DataFrame, *, start: dt.date, asked: int = 1) -> Movement:
    """Return how ``metric``, one of so many ``asked``, moved from the deals closed before ``start`` to those closed on it or later.

    ``deals`` come from ``metrics.with_derived``; ``closed`` holds moments in the time zone in which days are
    counted. Raises MetricError where the deals lack what the metric is computed from.
    """
    day = pl.col("closed").dt.date()
    values = metrics.values(metric, deals).filter(day >= start - BEFORE)
    begun = day >= start
    usual = usual_of(metric, values, deals, learned=values.select(~begun).to_series())
    expected = values.with_columns(value=pl.Series(usual))
    times = [expected.filter(time) for time in (begun, ~begun)]
    return Movement(
        since=metrics.estimate(metric, values.filter(begun)),
        before=metrics.estimate(metric, values.filter(~begun)),
        better=metric.better,
        least=0 if metrics.is_counted(metric) else LEAST_FOR_A_MEAN,
        mix=metrics.level(times[0]) - metrics.level(times[1]) if all(map(len, times)) else 0.0,
        asked=asked,
    )


def usual_of(
    metric: metrics.Metric, values: pl.DataFrame, deals: pl.DataFrame, *, learned: pl.Series
) -> NDArray[np.float64]:
    """Return what was usual of deals like each of ``values`` (from ``metrics.values``), as ``learned`` from those for
    which it is true; NaN where it is of none. ``deals`` holds what was known of them at their creation."""
    known = [name for name in (*adjusting.KNOWN, "initial_amount") if name in deals.columns]
    is_weighed = values["weight"].n_unique() > 1
    facts = values.join(deals.select("id", *known), on="id", how="left", maintain_order="left")
    kind: Literal["share", "mean"] = "share" if metrics.is_counted(metric) else "mean"
    return adjusting.expected(
        values["value"].to_numpy(),
        facts,
        learned.to_numpy(),
        kind=kind,
        weights=values["weight"].to_numpy() if is_weighed else None,
    )


@dataclass(frozen=True, slots=True)
class Stretch:
    """A metric on the deals closed in the quarter or half-year from ``begins`` to before ``ends``."""

    begins: dt.date
    ends: dt.date
    estimate: intervals.Estimate


def course(
    metric: metrics.Metric,
    deals: pl.DataFrame,
    *,
    since: dt.date,
    until: dt.date,
    months: int,
    first_month: int,
) -> list[Stretch]:
    """Return ``metric`` by stretches of so many months (3: quarters) of the fiscal year that begins with ``first_month``, from
    that of ``since`` to that of ``until``, those without a deal too. ``deals`` as for ``movement``. Raises MetricError."""
    values, day = metrics.values(metric, deals), pl.col("closed").dt.date()
    return [
        Stretch(
            begins,
            ends,
            metrics.estimate(metric, values.filter(day.is_between(begins, ends, closed="left"))),
        )
        for begins, ends in parts_of_years(since, until, first_month=first_month, months=months)
    ]


def unknown(metric: metrics.Metric) -> Movement:
    """Return the movement of a metric that the deals say nothing of."""
    nothing = intervals.Estimate(None, None, None, 0)
    return Movement(nothing, nothing, metric.better)
