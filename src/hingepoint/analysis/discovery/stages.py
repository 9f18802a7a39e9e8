"""Stages as landmarks: when each deal entered them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl

from hingepoint import records
from hingepoint.analysis import frames
from hingepoint.analysis.discovery import gathering, history
from hingepoint.analysis.discovery.gathering import MICROSECONDS_PER_WEEK


def entered(read: history.History, events: Any, names: Sequence[str]) -> history.History:
    """Return the history with the first entry of its deals into each stage; events before creation count as at it."""
    places = pl.DataFrame({"agreement": [_plain(name) for name in names], "place": range(len(names))})
    index = read.deals.select("deal_id", "created").with_row_index("index")
    entries = np.full((read.size, len(names)), np.inf, dtype=np.float32)
    for batch in gathering.batches(events):
        if "kind" not in batch.columns:
            continue
        some = _entries(batch).join(places, on="agreement").join(index, on="deal_id")
        week = (pl.col("at") - pl.col("created")).dt.total_microseconds() / MICROSECONDS_PER_WEEK
        some = some.filter(pl.col("at") <= read.end).with_columns(week=week.clip(lower_bound=0.0))
        where = some["index"].to_numpy(), some["place"].to_numpy()
        np.minimum.at(entries, where, some["week"].to_numpy().astype(np.float32))
    return replace(read, entries=entries)


def _entries(events: pl.DataFrame) -> pl.DataFrame:
    typed = gathering.typed(events, frames.EVENTS, frames.EVENT_REQUIRED, "events").drop_nulls(
        ["deal_id", "at"]
    )
    of_stages = typed.filter(pl.col("kind").str.to_lowercase() == str(records.EventKind.STAGE))
    return of_stages.select(
        "deal_id", "at", agreement=pl.col("agreement").str.strip_chars().str.to_lowercase()
    )


def _plain(name: str) -> str:
    return name.strip().lower()
