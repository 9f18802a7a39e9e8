"""1: account margins creep. The margin of won deals as if their mix were the usual one, and what moved it."""

from __future__ import annotations

import polars as pl

from hingepoint.analysis import margin_split
from hingepoint.analysis.signals.shape import Driver, Facts, Signal, in_one_currency
from hingepoint.records.languages import say, words_of


def units(facts: Facts) -> pl.DataFrame:
    """Return the won deals with their margin. A rise of cost for everybody moves the company and no team:
    places below it are read against the rest."""
    net = pl.col("net_price")
    margin = pl.coalesce("margin", pl.when(net > 0).then((net - pl.col("cost")) / net))
    won = facts.won.with_columns(at=pl.col("closed"), value=margin).filter(pl.col("value").is_finite())
    money = ("currency", "list_price", "net_price", "cost")
    return won.select("deal_id", "at", "value", *money, *margin_split.GROUPS)


def what_moved(before: pl.DataFrame, since: pl.DataFrame) -> tuple[Driver, ...]:
    """Return the contribution a month, and how price, volume, mix and cost changed it."""
    before, since, currency, of_which = in_one_currency(before, since)
    one, other = (margin_split.a_month(units, at="at") for units in (before, since))
    if not (one.height and other.height and one["quantity"].sum() > 0):
        return ()
    found = margin_split.split(one, other, by=margin_split.GROUPS)
    parts = (("volume", found.volume), ("mix", found.mix), ("price", found.price), ("cost", found.cost))
    whole = Driver(f"contribution a month{of_which}", "money", found.before, found.since, currency)
    return (
        whole,
        *(
            Driver(say("of that by {words}", words=words), "money", None, value, currency)
            for words, value in parts
        ),
    )


SIGNAL = Signal(
    number=1,
    key="account_margins",
    name=words_of("Account margins creep"),
    unit=words_of("margin of won deals"),
    kind="mean",
    worse="lower",
    levels=("company", "team", "segment", "account"),
    units=units,
    news=("won",),
    stated=(0.02, 0.03, 0.05),
    question=words_of("What do we give {where} today that we did not give before, and who agreed to it?"),
    needs=words_of("Won deals with their close date and margin, or net price and cost."),
    tell=what_moved,
)
