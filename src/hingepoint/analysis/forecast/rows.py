"""Which deals were open when a quarter began, how far they held by then what was due, and what of them counted in the quarter."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import polars as pl

from hingepoint.analysis import metrics, prediction
from hingepoint.analysis.prediction import Standard

#: The first day of a quarter, and that of the next.
Quarter = tuple[dt.date, dt.date]

#: The steps that decide whether an agreement stands: of which deal and type,
#: when it happened, the day on which that was known, and whether the agreement stands since.
STEPS: dict[str, pl.DataType] = {
    "id": pl.Int64(),
    "type_id": pl.Int64(),
    "at": pl.Datetime("us"),
    "known": pl.Date(),
    "stands": pl.Boolean(),
}
#: How much a deal holds of what was due, by its number.
BANDS = (
    "Nothing due yet",
    "Nothing of what was due",
    "Less than half of it",
    "Half of it or more",
    "All that was due",
)


def rows(
    metric: metrics.Metric,
    deals: pl.DataFrame,
    steps: pl.DataFrame,
    standards: Sequence[Standard],
    quarters: Sequence[Quarter],
) -> pl.DataFrame:
    """Return a row for each quarter and each deal that was open when it began: ``quarter`` (its number), ``id``, ``owner``, the
    ``age`` in days, the ``band``, and ``value`` where it counted by ``metric`` in the quarter.

    ``deals`` come from ``metrics.with_derived``, with ``owner``; ``steps`` are ``STEPS``. Nothing that was on record only later is
    looked at, but the value. Raises MetricError.
    """
    counted = metrics.values(metric, deals).select("id", "value", on=pl.col("closed").dt.date())
    dated = deals.with_columns(pl.col("created", "closed").dt.date())
    steps = steps.sort("at", maintain_order=True)
    return pl.concat(
        _of_quarter(number, one, dated, steps, standards, counted) for number, one in enumerate(quarters)
    )


def _of_quarter(
    number: int,
    quarter: Quarter,
    deals: pl.DataFrame,
    steps: pl.DataFrame,
    standards: Sequence[Standard],
    counted: pl.DataFrame,
) -> pl.DataFrame:
    begins, ends = quarter
    was_open = pl.col("closed").is_null() | (pl.col("closed") >= begins)
    there = deals.filter((pl.col("created") < begins) & was_open)
    came = counted.filter(pl.col("on").is_between(begins, ends, closed="left"))
    return (
        there.select("id", "owner", age=(pl.lit(begins) - pl.col("created")).dt.total_days())
        .join(_held(there, steps, standards, begins), on="id", how="left", maintain_order="left")
        .with_columns(quarter=pl.lit(number), band=pl.col("band").fill_null(0))
        .join(came.select("id", "value"), on="id", how="left", maintain_order="left")
    )


def _held(
    there: pl.DataFrame, steps: pl.DataFrame, standards: Sequence[Standard], begins: dt.date
) -> pl.DataFrame:
    """Return the ``band`` of each deal for which something was due before a day."""
    last = (
        steps.filter(pl.col("known") < begins)
        .group_by("id", "type_id", maintain_order=True)
        .agg(pl.col("stands").last())
    )
    standing = last.filter("stands").select("id", "type_id", there=pl.lit(True))
    due = pl.concat(_due(there, one, begins) for one in standards)
    held = due.join(standing, on=["id", "type_id"], how="left")
    share = pl.col("there").sum() / pl.len()
    band = pl.when(share == 0).then(1).when(share < 0.5).then(2).when(share < 1).then(3).otherwise(4)
    return held.group_by("id").agg(band=band)


def _due(there: pl.DataFrame, standard: Standard, begins: dt.date) -> pl.DataFrame:
    day = pl.col("created").dt.offset_by(f"{standard.days}d")
    asked = there.filter(prediction.asks(standard) & (day < begins))
    return asked.select("id", type_id=pl.lit(standard.type_id, pl.Int64))
