"""Which agreements were missing or weak when a deal was quoted: of deals that fell short, against those beside them."""

from __future__ import annotations

import polars as pl

from hingepoint.analysis import intervals
from hingepoint.analysis.signals.shape import Facts, Lacked
from hingepoint.records.agreements import STANDING, AgreementState, Evidence

#: So many agreements are told at most: those that differ most.
SHOWN = 5
#: With fewer deals on either side nothing is told: one deal more would move a share by a fifth.
LEAST = 5


def at_the_quote(facts: Facts, deals: pl.DataFrame) -> pl.DataFrame:
    """Return ``deals`` with the agreements that each ``had``, and those it was said not to need (``waived``), when it was first quoted; of
    a deal without a quote when it closed.

    What stood that day counts, unless nobody but the seller says so. Gained later, broken by then or met with kind words alone is
    missing or weak. Empty lists where nothing is on record.
    """
    first = facts.quotes.group_by("deal_id").agg(quoted=pl.col("at").min())
    until = deals.join(first, on="deal_id", how="left").select("deal_id", until=pl.coalesce("quoted", "at"))
    steps = facts.steps.join(until, on="deal_id").filter(pl.col("at").dt.date() <= pl.col("until").dt.date())
    last = steps.sort("at", maintain_order=True).unique(
        ["deal_id", "agreement"], keep="last", maintain_order=True
    )
    weak = (pl.col("evidence") < Evidence.TOLD).fill_null(False)
    stood = pl.col("state").is_in(sorted(STANDING)) & ~weak
    waived = pl.col("state") == AgreementState.NOT_NEEDED
    lists = last.group_by("deal_id").agg(
        had=pl.col("agreement").filter(stood), waived=pl.col("agreement").filter(waived)
    )
    nothing = pl.lit([], dtype=pl.List(pl.String))
    return deals.join(lists, on="deal_id", how="left", maintain_order="left").with_columns(
        pl.col("had").fill_null(nothing), pl.col("waived").fill_null(nothing)
    )


def against_those_beside(there: pl.DataFrame, newest: pl.DataFrame) -> tuple[Lacked, ...]:
    """Return the agreements that were missing or weak more often on the ``newest`` units whose value lies below what was expected of them
    than on the others, those first that surely differ, then those that differ most; units as ``at_the_quote`` gives them.

    An agreement counts in the segments in which a deal of this place (``there``) ever had it, and on no deal that was said not to need it.
    """
    short, kept = newest.filter(_falls_short()), newest.filter(~_falls_short())
    if min(short.height, kept.height) < LEAST:
        return ()
    wanted = _by_segment(there, "had").select("segment", "agreement")
    both = (
        _counts(short, wanted).join(_counts(kept, wanted), on="agreement", suffix="_kept").sort("agreement")
    )
    rows = both.filter(pl.min_horizontal("deals", "deals_kept") >= LEAST).rows()
    found = [_told(*row, asked=len(rows)) for row in rows]
    more = sorted((one for one in found if one.more > 0), key=lambda one: (not one.surely, -one.more))
    return tuple(more[:SHOWN])


def _falls_short() -> pl.Expr:
    return pl.col("value") < pl.col("_usual")


def _segment() -> pl.Expr:
    return pl.col("segment").fill_null("")


def _by_segment(units: pl.DataFrame, column: str) -> pl.DataFrame:
    """Return on how many units of each segment each agreement stands in the list ``column``."""
    each = units.select(segment=_segment(), agreement=column).explode("agreement").drop_nulls("agreement")
    return each.group_by("segment", "agreement").len(column)


def _counts(units: pl.DataFrame, wanted: pl.DataFrame) -> pl.DataFrame:
    """Return, by agreement, on how many of the units that need it it was lacked, and how many those are."""
    keys = ["segment", "agreement"]
    counted = wanted.join(units.group_by(segment=_segment()).len("all"), on="segment")
    for column in ("had", "waived"):
        counted = counted.join(_by_segment(units, column), on=keys, how="left")
    deals = (pl.col("all") - pl.col("waived").fill_null(0)).cast(pl.Int64)
    lacked = deals - pl.col("had").fill_null(0).cast(pl.Int64)
    return counted.group_by("agreement").agg(lacked=lacked.sum(), deals=deals.sum())


def _told(
    agreement: str, lacked: int, deals: int, lacked_kept: int, deals_kept: int, *, asked: int
) -> Lacked:
    apart = intervals.difference(intervals.share(lacked, deals), intervals.share(lacked_kept, deals_kept))
    assert apart is not None  # both have deals
    surely = apart.surely(asked) is True
    return Lacked(
        agreement, (lacked, deals), (lacked_kept, deals_kept), apart.value, (apart.low, apart.high), surely
    )
