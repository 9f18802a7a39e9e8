"""5: executives save the day. Planned sponsors are good: only a late first visit without a role agreed before counts."""

from __future__ import annotations

import polars as pl

from hingepoint.analysis.signals.shape import Facts, Signal
from hingepoint.records.languages import words_of

#: Without quotes a visit is late when the deal is older than this share of the usual age at which deals are decided.
LATE = 0.8
#: A deal is important from this share of all deals on, by the value known at its creation.
LARGE = 0.75


def units(facts: Facts) -> pl.DataFrame:
    """Return each deal's first visit of an executive, and whether it came late and no role had been agreed."""
    attended = pl.col("state") == "attended"
    first = facts.visits.filter(attended).group_by("deal_id").agg(pl.col("at").min())
    roles = (
        facts.visits.filter(pl.col("state") == "agreed").group_by("deal_id").agg(agreed=pl.col("at").min())
    )
    quoted = facts.quotes.group_by("deal_id").agg(quoted=pl.col("at").min())
    both = first.join(roles, on="deal_id", how="left").join(quoted, on="deal_id", how="left")
    both = both.join(facts.deals.select("deal_id", "created", "initial_amount"), on="deal_id", how="left")
    alone = ~(pl.col("agreed") <= pl.col("at")).fill_null(False)
    late = _late(facts)
    rescued = (late & alone).cast(pl.Float64)
    least = pl.lit(facts.deals["initial_amount"].quantile(LARGE, "lower"), dtype=pl.Float64)
    large = pl.col("initial_amount") >= least
    return both.select(
        "deal_id",
        "at",
        value=rescued,
        important=pl.when(large).then(rescued),
        late=late.cast(pl.Float64),
        alone=alone.cast(pl.Float64),
    )


def _late(facts: Facts) -> pl.Expr:
    """Return whether a visit came after the first quote; where no quote is on record, late by the deal's age."""
    if facts.quotes.height:
        return (pl.col("at") > pl.col("quoted")).fill_null(False)
    closed = facts.deals.filter(pl.col("closed").is_not_null())
    usual = (closed["closed"] - closed["created"]).median()
    if usual is None:
        return pl.lit(False)
    return (pl.col("at") - pl.col("created") > LATE * usual).fill_null(False)  # type: ignore[operator]


SIGNAL = Signal(
    number=5,
    key="executive_rescues",
    name=words_of("Executives save the day"),
    unit=words_of("share of executives' first visits that came late and without a role"),
    kind="share",
    worse="higher",
    levels=("company", "team"),
    units=units,
    news=("visits",),
    stated=(0.10, 0.20, 0.30),
    question=words_of(
        "When did {where} first know that an executive would be needed, and what was asked of them?"
    ),
    needs=words_of("Executives' visits and the roles agreed before (events of kind executive), and quotes."),
    drivers=(
        ("late", words_of("came after the quote")),
        ("alone", words_of("without a role agreed")),
        ("important", words_of("rescues among the largest quarter of deals")),
    ),
)
