"""2: more deals are escalated for exceptional price or terms."""

from __future__ import annotations

import datetime as dt

import polars as pl

from hingepoint.analysis.signals.shape import Facts, Signal, no_units
from hingepoint.records.languages import words_of

#: A quoted deal is counted when it had so long to be escalated; the youngest ones are not complete.
WINDOW = dt.timedelta(days=28)
#: Without quotes a deal counts in each period of its life, for so many periods at most.
PERIODS = 104
TOPICS = ("price", "terms")


def units(facts: Facts) -> pl.DataFrame:
    """Return the quoted deals, and whether an exception was asked for within four weeks; without any quote on record
    the deals open in each period, and whether one was asked for in it."""
    asked = asked_for(facts)
    if asked.is_empty():
        return no_units()
    if facts.quotes.is_empty():
        return _periods_open(facts, asked)
    quoted = facts.quotes.group_by("deal_id").agg(pl.col("at").min())
    complete = pl.lit(facts.as_of) >= (pl.col("at") + WINDOW).dt.date()
    first = asked.sort("at").unique("deal_id", keep="first").rename({"at": "asked"})
    both = quoted.filter(complete).join(first, on="deal_id", how="left")
    within = (pl.col("asked") <= pl.col("at") + WINDOW).fill_null(False)
    return _by_topic(both.with_columns(value=within.cast(pl.Float64)))


def asked_for(facts: Facts) -> pl.DataFrame:
    """Return the requests for exceptional price or terms: deal_id, at, topic."""
    return facts.exceptions.filter(pl.col("state") == "asked").select("deal_id", "at", "topic")


def _periods_open(facts: Facts, asked: pl.DataFrame) -> pl.DataFrame:
    step = facts.step
    end = pl.lit(facts.as_of).cast(pl.Datetime("us"))
    life = facts.deals.select(
        "deal_id", "created", last=pl.min_horizontal(pl.col("closed").fill_null(end), end)
    )
    life = life.filter(pl.col("last") >= pl.col("created"))
    starts = pl.datetime_ranges(pl.col("created").dt.truncate(step), "last", step).list.head(PERIODS)
    rows = life.with_columns(start=starts).explode("start").drop_nulls("start")
    once = asked.with_columns(start=pl.col("at").dt.truncate(step)).unique(["deal_id", "start"], keep="first")
    both = rows.join(once.rename({"at": "asked"}), on=["deal_id", "start"], how="left")
    at = pl.coalesce("asked", pl.max_horizontal("start", "created"))
    return _by_topic(both.with_columns(at=at, value=pl.col("asked").is_not_null().cast(pl.Float64)))


def _by_topic(rows: pl.DataFrame) -> pl.DataFrame:
    topics = [
        ((pl.col("topic") == name) & (pl.col("value") == 1)).fill_null(False).cast(pl.Float64).alias(name)
        for name in TOPICS
    ]
    return rows.select("deal_id", "at", "value", *topics)


SIGNAL = Signal(
    number=2,
    key="exceptions",
    name=words_of("More deals escalated"),
    unit=words_of("share of quoted deals with a request for exceptional price or terms"),
    kind="share",
    worse="higher",
    levels=("company", "team", "segment", "account"),
    units=units,
    news=("exceptions",),
    waits=WINDOW,
    stated=(0.05, 0.10, 0.15),
    question=words_of(
        "Which deals of {where} would have been won without the exception, and what was tried first?"
    ),
    needs=words_of(
        "Requests for exceptions with the day they were asked (events of kind escalation), and quotes."
    ),
    breaks=True,
    drivers=(("price", words_of("asked for a price")), ("terms", words_of("asked for terms"))),
)
