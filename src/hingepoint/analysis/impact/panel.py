"""Teams by periods: what the metric was on the deals that a team closed in a period, and since when it lives it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from hingepoint.analysis import metrics
from hingepoint.records import names
from hingepoint.records.deals import DealStatus

#: period -> (how polars calls it, periods a year, periods before the first start that are looked at)
PERIODS: dict[str, tuple[str, float, int]] = {
    "week": ("1w", 365.25 / 7, 104),
    "month": ("1mo", 12.0, 24),
    "quarter": ("1q", 4.0, 8),
}


class ImpactError(ValueError):
    """The input cannot be used; the message says why in one sentence."""


@dataclass(frozen=True)
class Panel:
    """The metric by team and period.

    teams    names, in order; periods: the first day of each period, without gaps
    values   teams x periods, the mean of the metric on the deals closed then; 0 where there are none
    deals    teams x periods, how many deals that is: each deal counts the same
    starts   teams, the place of the first period in which a team lives it, the number of periods where it waits
    """

    teams: tuple[str, ...]
    periods: tuple[dt.date, ...]
    values: np.ndarray
    deals: np.ndarray
    starts: np.ndarray

    @property
    def lived(self) -> np.ndarray:
        """teams x periods, 1 where a team lives it."""
        return (np.arange(len(self.periods)) >= self.starts[:, None]).astype(float)

    def between(self, first: int, last: int) -> Panel:
        """Return the panel of the periods ``first`` up to, not including, ``last``."""
        keep = slice(first, last)
        return replace(
            self,
            periods=self.periods[keep],
            values=self.values[:, keep],
            deals=self.deals[:, keep],
            starts=np.clip(self.starts - first, 0, last - first),
        )


def panel(
    deals: pl.DataFrame,
    *,
    metric: metrics.Metric,
    starts: Mapping[str, dt.date | None],
    period: str,
    data_end: dt.date,
) -> Panel:
    """Return the panel of the teams in ``starts`` that closed deals, up to the day ``data_end``.

    deals    frame of ``analysis.frames`` with ``team``; starts: the day on which a team starts, None for never

    A team lives it from the period in which it starts. Raises ImpactError where no deal counts, and
    MetricError where the deals lack what the metric is computed from.
    """
    counted = closed_deals(deals, metric=metric, data_end=data_end).filter(pl.col("team").is_in(list(starts)))
    if counted.is_empty():
        raise ImpactError("no team of the rollout closed a deal on which the metric is known")
    code = PERIODS[period][0]
    cells = (
        counted.group_by("team", pl.col("closed").dt.date().dt.truncate(code).alias("period"))
        .agg(pl.col("value").mean(), deals=pl.len())
        .sort("team", "period")
    )
    teams = tuple(cells["team"].unique().sort().to_list())
    days = _days(cells["period"].to_list(), data_end, code)
    rows = cells["team"].replace_strict({name: row for row, name in enumerate(teams)}, return_dtype=pl.Int64)
    columns = cells["period"].replace_strict(
        {day: column for column, day in enumerate(days)}, return_dtype=pl.Int64
    )
    shape = (len(teams), len(days))
    values, number = np.zeros(shape), np.zeros(shape)
    values[rows, columns], number[rows, columns] = cells["value"], cells["deals"]
    begun = places([starts[name] for name in teams], periods=days, data_end=data_end)
    return Panel(teams, days, values, number, begun)


def _days(seen: Sequence[dt.date], data_end: dt.date, code: str) -> tuple[dt.date, ...]:
    return tuple(pl.date_range(min(seen), data_end, code, eager=True).to_list())


def places(starts: Sequence[dt.date | None], *, periods: Sequence[dt.date], data_end: dt.date) -> np.ndarray:
    """Return in which period each start falls: the number of periods for none, or one after ``data_end``."""
    days = np.array(periods, dtype="datetime64[D]")
    waits = [start is None or start > data_end for start in starts]
    at = np.array([data_end if start is None else start for start in starts], dtype="datetime64[D]")
    found = np.maximum(np.searchsorted(days, at, side="right") - 1, 0)
    return np.where(waits, len(days), found)


def closed_deals(deals: pl.DataFrame, *, metric: metrics.Metric, data_end: dt.date) -> pl.DataFrame:
    """Return ``team``, ``closed`` and ``value`` of the deals won or lost up to ``data_end``.

    Raises ImpactError without teams, and MetricError where the metric lacks a column.
    """
    if "team" not in deals.columns:
        raise ImpactError("the deals do not say of which team they are: they need a column team")
    known = metrics.with_derived(deals.rename({"deal_id": "id"}))
    decided = known.filter(
        pl.col("status").is_in([DealStatus.WON, DealStatus.LOST])
        & (pl.col("closed").dt.date() <= data_end)
        & pl.col("team").is_not_null()
    )
    return metrics.values(metric, decided).join(decided.select("id", "team"), on="id")


def used(whole: Panel, *, period: str) -> Panel:
    """Return the part of a panel that a comparison can use: from some time before the first start until no
    team waits any more. What comes later has nothing to be held against.
    """
    last = min(len(whole.periods), int(whole.starts.max()))
    first = max(0, int(whole.starts.min()) - PERIODS[period][2])
    return whole.between(min(first, last), last)


def after(day: dt.date, *, period: str, count: int) -> list[dt.date]:
    """Return the first days of the ``count`` periods that begin after ``day``."""
    code = PERIODS[period][0]
    begun = pl.Series([day]).dt.truncate(code)[0]
    far = day + dt.timedelta(days=int((count + 2) * 366 / PERIODS[period][1]))
    return pl.date_range(begun, far, code, eager=True).to_list()[1 : count + 1]


def spelled(starts: Mapping[str, dt.date | None], deals: pl.DataFrame) -> dict[str, dt.date | None]:
    """Return the same starts with teams written as the deals write them, where only case or spaces differ."""
    there = deals["team"].drop_nulls().unique().to_list() if "team" in deals.columns else []
    known = {names.key_of(team): team for team in sorted(there)}
    return {
        team if team in there else known.get(names.key_of(team), team): day for team, day in starts.items()
    }
