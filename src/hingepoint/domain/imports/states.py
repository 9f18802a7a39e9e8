"""How agreements stand after their events: a pure function, whichever events there are."""

from __future__ import annotations

import polars as pl

from hingepoint.records.agreements import STANDING

#: What is known of an agreement after its events -> how it is held in a staged table.
STATE_COLUMNS = {
    "state": "text",
    "evidence": "whole",
    "quality": "whole",
    "person_name": "text",
    "act": "text",
    "due_on": "day",
    "gained_at": "moment",
    "last_standing": "moment",
}


def present_states(events: pl.DataFrame, *, by: list[str]) -> pl.DataFrame:
    """Return how each agreement stands: columns ``by``, and those of ``STATE_COLUMNS``.

    ``events`` are sorted by ``by`` and then from the oldest to the newest, with ``state``, ``occurred_at``
    (text that sorts as time), ``evidence``, ``quality``, ``counterpart``, ``act`` and ``due_on``. The newest
    says the state; evidence, quality, person, act and its day are what was said last; gained at the first
    state that stands.
    """
    standing = pl.col("occurred_at").filter(pl.col("state").is_in(sorted(STANDING)))
    return events.group_by(by, maintain_order=True).agg(
        pl.col("state").last(),
        pl.col("evidence").drop_nulls().last().fill_null(0),
        pl.col("quality").drop_nulls().last(),
        _last_said("counterpart").alias("person_name"),
        _last_said("act"),
        pl.col("due_on").drop_nulls().last(),
        standing.first().alias("gained_at"),
        standing.last().alias("last_standing"),
    )


def _last_said(name: str) -> pl.Expr:
    return pl.col(name).filter(pl.col(name) != "").last().fill_null("")
