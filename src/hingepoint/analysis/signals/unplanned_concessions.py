"""3: costly concessions without a plan. A plan written afterwards does not count."""

from __future__ import annotations

import polars as pl

from hingepoint.analysis.signals.shape import Driver, Facts, Signal, in_one_currency
from hingepoint.records.languages import say, words_of


def units(facts: Facts) -> pl.DataFrame:
    """Return the concessions, and whether no plan, corridor or reason had been written on the deal before.
    Where no plan at all is on record, nobody knows."""
    written = facts.plans.group_by("deal_id").agg(written=pl.col("written_at").min())
    said = facts.concessions.filter("last_word").group_by("deal_id").agg(said=pl.col("at").min())
    currencies = facts.deals.select("deal_id", "currency")
    given = facts.concessions
    for known in (written, first_demands(facts), said, currencies):
        given = given.join(known, on="deal_id", how="left", maintain_order="left")
    moment = _end_of(pl.col("at"))
    late = (pl.col("written") > moment).fill_null(True) if facts.plans.height else pl.lit(None)
    after = (pl.col("said") < pl.col("at")).fill_null(False) if said.height else pl.lit(None)
    before = pl.col("value").forward_fill().shift(1).over("deal_id", "topic")
    return given.select(
        "deal_id",
        "at",
        "currency",
        money="value",
        value=late.cast(pl.Float64),
        nothing=for_nothing().cast(pl.Float64),
        early=undemanded(facts).cast(pl.Float64),
        not_smaller=(pl.col("value") >= before).cast(pl.Float64),
        after=after.cast(pl.Float64),
    )


def first_demands(facts: Facts) -> pl.DataFrame:
    """Return when the first demand came, by deal."""
    return facts.demands.group_by("deal_id").agg(demanded=pl.col("at").min())


def undemanded(facts: Facts) -> pl.Expr:
    """Return of a concession joined to ``first_demands`` whether nobody had demanded anything before; unknown without any demand on record."""
    if facts.demands.is_empty():
        return pl.lit(None)
    return (pl.col("demanded") > _end_of(pl.col("at"))).fill_null(True)


def for_nothing() -> pl.Expr:
    """Return of a concession whether nothing came back for it."""
    return pl.col("in_return").fill_null("").str.strip_chars() == ""


def _end_of(at: pl.Expr) -> pl.Expr:
    """Return the moment, the end of the day where only the day is known: what was written on it counts."""
    return pl.when(at.dt.time() == pl.time(0)).then(at.dt.offset_by("1d")).otherwise(at)  # type: ignore[comparison-overlap]


def cost(before: pl.DataFrame, since: pl.DataFrame) -> tuple[Driver, ...]:
    """Return how much was given a month without a plan."""
    before, since, currency, of_which = in_one_currency(before, since)
    one, other = (_money_a_month(units) for units in (before, since))
    return (
        Driver(
            say("given a month without a plan{of_which}", of_which=of_which), "money", one, other, currency
        ),
    )


def _money_a_month(units: pl.DataFrame) -> float | None:
    if units["money"].null_count() == units.height:
        return None
    months = max(units["at"].dt.truncate("1mo").n_unique(), 1)
    return float(units.filter(pl.col("value") == 1)["money"].sum()) / months


SIGNAL = Signal(
    number=3,
    key="unplanned_concessions",
    name=words_of("Costly concessions without plan"),
    unit=words_of("share of concessions without a plan written before"),
    kind="share",
    worse="higher",
    levels=("company", "team", "account"),
    units=units,
    news=("concessions",),
    stated=(0.10, 0.15, 0.25),
    question=words_of(
        "What stood in the way of planning before these talks of {where}, and who will read the next plans?"
    ),
    needs=words_of(
        "Concessions (events of kind concession) and plans with the time they were written (kind plan); without any plan on record it says nothing."
    ),
    drivers=(
        ("nothing", words_of("nothing came back")),
        ("early", words_of("given before any demand")),
        ("not_smaller", words_of("not smaller than the round before")),
        ("after", words_of("given after the last word")),
    ),
    tell=cost,
)
