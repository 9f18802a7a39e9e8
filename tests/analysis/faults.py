"""Faults of record: the ways in which a CRM tells another story than what happened, laid over a lived world."""

import numpy as np
import polars as pl

WEEK = pl.duration(weeks=1)


def lost_closed_at_quarter_end(deals):
    """Return the deals with lost ones closed in the clean-up at the end of the quarter in which they died."""
    end = pl.col("closed").dt.truncate("1q").dt.offset_by("1q").dt.offset_by("-1d")
    return _closed_later(deals, pl.max_horizontal("closed", end))


def lost_closed_late(deals, seed=1, most=26.0):
    """Return the deals with lost ones closed 1 to ``most`` weeks after they died."""
    days = np.random.default_rng(seed).uniform(7, 7 * most, deals.height)
    late = pl.col("closed") + pl.Series("late", days * 86_400_000_000).cast(pl.Duration("us"))
    return _closed_later(deals, late)


def _closed_later(deals, when):
    """What would close after the last day of the data is still open on it."""
    last = deals["closed"].max()
    moved = deals.with_columns(closed=pl.when(pl.col("status") == "lost").then(when).otherwise("closed"))
    is_open = (pl.col("closed") > last).fill_null(False)
    return moved.with_columns(
        status=pl.when(is_open).then(pl.lit("open")).otherwise("status"),
        closed=pl.when(is_open).then(None).otherwise("closed"),
    )
