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
    "gained_at": "moment",
    "last_standing": "moment",
}


def present_states(events: pl.DataFrame, *, by: list[str]) -> pl.DataFrame:
    """Return how each agreement stands: columns ``by``, and those of ``STATE_COLUMNS``.

    ``events`` are sorted by ``by`` and then from the oldest to the newest, with ``state``, ``occurred_at``
    (text that sorts as time), ``evidence``, ``quality`` and ``counterpart``. The newest says the state;
    evidence, quality and person are what was said last; gained at the first state that stands.
    """
    standing = pl.col("occurred_at").filter(pl.col("state").is_in(sorted(STANDING)))
    said = pl.col("counterpart").filter(pl.col("counterpart") != "")
    return events.group_by(by, maintain_order=True).agg(
        pl.col("state").last(),
        pl.col("evidence").drop_nulls().last().fill_null(0),
        pl.col("quality").drop_nulls().last(),
        said.last().fill_null("").alias("person_name"),
        standing.first().alias("gained_at"),
        standing.last().alias("last_standing"),
    )
