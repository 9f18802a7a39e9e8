"""6: executives' help turns to price. Executives join hard deals, so a move is held against deals without a visit."""

from __future__ import annotations

import datetime as dt

import polars as pl

from hingepoint.analysis.signals.shape import Facts, Signal, no_units
from hingepoint.records.languages import words_of

#: Days after a visit in which a move of price or terms is laid to it.
DAYS = 5
#: So many moves and deals are added to those of a period, that few of them say little.
FEW = 10


def units(facts: Facts) -> pl.DataFrame:
    """Return executives' visits, and whether price or terms moved within five days.

    ``tide`` is how often they move in the same period on deals without a visit: where every deal is haggled over more, no
    executive is to blame. How far the talks were is held equal: executives join hard deals. Visits of the last five days wait.
    Without any quote or concession on record nobody knows whether something moved.
    """
    if facts.quotes.is_empty() and facts.concessions.is_empty():
        return no_units()
    told = (pl.col("at").dt.date() + pl.duration(days=DAYS)) <= facts.as_of
    visits = facts.visits.filter((pl.col("state") == "attended") & told).select("deal_id", "at").unique()
    moves = moved(facts)
    near = visits.join(moves, on="deal_id").filter(_within(pl.col("moved")))
    hit = near.select("deal_id", "at").unique().with_columns(value=pl.lit(1.0))
    found = visits.join(hit, on=["deal_id", "at"], how="left").with_columns(pl.col("value").fill_null(0.0))
    found = _with_hardness(facts, found).with_columns(time=pl.col("at").dt.truncate(facts.step))
    tides = _elsewhere(facts, moves, visits)
    return found.join(tides, on="time", how="left").select("deal_id", "at", "value", "hard", "tide")


def _with_hardness(facts: Facts, visits: pl.DataFrame) -> pl.DataFrame:
    """Return ``visits`` with how far the deal was: before a quote, quoted, or with demands or moves already."""
    talked = pl.concat([facts.demands.select("deal_id", "at"), facts.concessions.select("deal_id", "at")])
    firsts = {"quoted": facts.quotes.select("deal_id", "at"), "talked": talked}
    for name, table in firsts.items():
        first = table.group_by("deal_id").agg(pl.col("at").min().alias(name))
        visits = visits.join(first, on="deal_id", how="left")
    stages = (pl.when(pl.col("at") >= pl.col(name)).then(pl.lit(name)) for name in ("talked", "quoted"))
    return visits.with_columns(hard=pl.coalesce(*stages, pl.lit("early")))


def moved(facts: Facts) -> pl.DataFrame:
    """Return when price or terms moved on a deal: concessions, and quotes below the one before."""
    quotes = facts.quotes.sort("deal_id", "at").with_columns(last=pl.col("value").shift(1).over("deal_id"))
    lower = quotes.filter(pl.col("value") < pl.col("last")).select("deal_id", moved="at")
    return pl.concat([facts.concessions.select("deal_id", moved="at"), lower])


def _within(moment: pl.Expr) -> pl.Expr:
    days = (moment.dt.date() - pl.col("at").dt.date()).dt.total_days()
    return (days >= 0) & (days <= DAYS) & ((moment >= pl.col("at")) | (moment.dt.time() == pl.time(0)))  # type: ignore[comparison-overlap]


def _elsewhere(facts: Facts, moves: pl.DataFrame, visits: pl.DataFrame) -> pl.DataFrame:
    """Return, by period, how many moves there were for each open deal, of the deals that no executive visited."""
    visited, step = visits.select("deal_id").unique(), facts.step
    end = pl.lit(facts.as_of).cast(pl.Datetime("us"))
    last = pl.min_horizontal(pl.col("closed").fill_null(end), end)
    life = facts.deals.join(visited, on="deal_id", how="anti").filter(pl.col("created") <= last)
    times = pl.datetime_ranges(pl.col("created").dt.truncate(step), last, step)
    alive = life.select(time=times).explode("time").group_by("time").len("alive")
    counted = moves.join(visited, on="deal_id", how="anti").group_by(time=pl.col("moved").dt.truncate(step))
    rate = (pl.col("moves").fill_null(0) + FEW) / (pl.col("alive") + FEW)
    return alive.join(counted.len("moves"), on="time", how="left").select("time", tide=rate)


SIGNAL = Signal(
    number=6,
    key="executives_on_price",
    name=words_of("Executives' help turns to price"),
    unit=words_of("share of executives' visits after which price or terms moved within five days"),
    kind="share",
    worse="higher",
    levels=("company", "team"),
    units=units,
    news=("visits", "concessions", "quotes"),
    waits=dt.timedelta(days=DAYS),
    stated=(0.10, 0.20, 0.30),
    question=words_of(
        "What did the executive and {where} agree before the visit that they would not talk about?"
    ),
    needs=words_of(
        "Executives' visits (events of kind executive), and quotes or concessions with their dates."
    ),
    facts=("hard",),
)
