"""9: inside staff see sellers take the customer's side.

Raised on low advocacy for the company: who argues for both sides does no harm. At least five answers, never by name, and never
of so few people that a reading tells who answered, or about whom.
"""

from __future__ import annotations

import polars as pl

from hingepoint.analysis.signals.shape import Facts, Signal
from hingepoint.records.languages import words_of


def units(facts: Facts) -> pl.DataFrame:
    """Return the answers of inside partners about how far the seller stood for the company."""
    for_us = facts.pulses.filter((pl.col("position") == "company") & pl.col("value").is_between(0, 1))
    sellers = facts.deals.select("deal_id", seller="owner")
    told = for_us.join(sellers, on="deal_id", how="left", maintain_order="left")
    return told.select("deal_id", "at", "value", "partner", "seller")


SIGNAL = Signal(
    number=9,
    key="low_advocacy",
    name=words_of("Sellers take the customer's side"),
    unit=words_of("advocacy of sellers for the company, from 0 to 1, as inside partners see it"),
    kind="share",
    worse="lower",
    levels=("company", "team"),
    units=units,
    news=("pulses",),
    stated=(0.10, 0.15, 0.25),
    question=words_of(
        "What do sellers of {where} need from us to hold our position before they ask for an exception?"
    ),
    needs=words_of(
        "Answers of at least three inside partners to requests of two sellers (events of kind pulse)."
    ),
    least=5,
    people=(("partner", 3), ("seller", 2)),
    named=False,
)
