"""What rows that cannot be read may have said: an older row is not used in the place of a newer one that is left out.

Rows may be skipped. Where a deal or an agreement has several rows and the one that decides may be among those,
none of them is used, and the rule ``beside_unreadable_row`` counts them.
"""

from __future__ import annotations

import polars as pl

from hingepoint.connectors.files.mapping import TableMapping
from hingepoint.connectors.files.reading import histories
from hingepoint.records.names import key_of


def deals_in_doubt(
    deals: pl.DataFrame, unread: pl.DataFrame, headings: dict[str, str], mapping: TableMapping
) -> pl.Series:
    """Return which rows of ``deals`` have a row beside them in ``unread`` that may be the one to use.

    ``headings`` are those of the columns that are kept as text: where one says of which day a row is, an older
    row is no doubt.
    """
    beside = deals["deal_id"].is_in(unread["deal_id"].drop_nulls().implode())
    column = histories.snapshot_column(headings)
    if not beside.any() or column is None:
        return beside
    rows = pl.concat([each.select("deal_id", "_row", column) for each in (deals, unread)])
    text = rows[column].fill_null("").str.strip_chars()
    at = histories.moments_of(rows["_row"], text, mapping).alias("at")
    dated = rows.select("deal_id").with_columns(at)
    newest = dated.head(deals.height).group_by("deal_id").agg(pl.col("at").max().alias("newest"))
    others = dated.tail(unread.height).join(newest, on="deal_id")
    newer = others.filter(
        pl.col("at").is_null() | pl.col("newest").is_null() | (pl.col("at") >= pl.col("newest"))
    )
    return deals["deal_id"].is_in(newer["deal_id"].implode())


def outcomes_in_doubt(unread: pl.DataFrame, steps: list[str]) -> pl.Series:
    """Return the deals of which a row in ``unread`` may be one of ``steps``, which decide their outcome."""
    wanted = {key_of(step) for step in steps}
    names = unread["agreement"].to_list()
    decides = pl.Series([name is None or key_of(name) in wanted for name in names], dtype=pl.Boolean)
    return unread["deal_id"].filter(decides).drop_nulls()
