"""Faults of record: the ways in which a CRM tells another story than what happened, laid over a lived world."""

import numpy as np
import polars as pl

WEEK = pl.duration(weeks=1)


def lost_closed_at_quarter_end(deals):
    """Return the deals with lost ones closed in the clean-up at the end of the quarter in which they died."""
    end = pl.col("closed").dt.truncate("1q").dt.offset_by("1q").dt.offset_by("-1d")
    return _closed_later(deals, pl.max_horizontal("closed", end))


def lost_closed_late(deals, seed=1, most=26.0):
    """Return the deals with lost ones closed 1 to ``most`` weeks after they died."""
    days = np.random.default_rng(seed).uniform(7, 7 * most, deals.height)
    late = pl.col("closed") + pl.Series("late", days * 86_400_000_000).cast(pl.Duration("us"))
    return _closed_later(deals, late)


def _closed_later(deals, when):
    """What would close after the last day of the data is still open on it."""
    last = deals["closed"].max()
    moved = deals.with_columns(closed=pl.when(pl.col("status") == "lost").then(when).otherwise("closed"))
    is_open = (pl.col("closed") > last).fill_null(False)
    return moved.with_columns(
        status=pl.when(is_open).then(pl.lit("open")).otherwise("status"),
        closed=pl.when(is_open).then(None).otherwise("closed"),
    )


def early_losses(deals, seed=1, kept=0.08):
    """Return a business that loses early: of the deals lost after week 8 only the share ``kept`` is left."""
    luck = pl.Series("luck", np.random.default_rng(seed).random(deals.height))
    late_loss = (pl.col("status") == "lost") & (pl.col("closed") - pl.col("created") > 8 * WEEK)
    return deals.filter(~late_loss | (luck < kept))


def only_late(events, deals, keys, week=9):
    """Return the events with the types in ``keys`` never gained before a week of the deal's life."""
    created = events.join(deals.select("deal_id", "created"), on="deal_id", how="left")["created"]
    early = pl.col("agreement").is_in(keys) & (pl.col("at") - created < pl.duration(weeks=week))
    return events.filter(~early)


def faded(deals, events, key, seed=1):
    """Return the deals with a type that helped in the first half of time and does nothing in the second.

    Of deals that gained it within twelve weeks, before the middle of time two in three of the lost ones were won.
    """
    early = events.filter(pl.col("agreement") == key).join(deals.select("deal_id", "created"), on="deal_id")
    gained = early.filter(pl.col("at") - pl.col("created") < 12 * WEEK)["deal_id"]
    luck = pl.Series("luck", np.random.default_rng(seed).random(deals.height)) < 2 / 3
    mine = pl.col("deal_id").is_in(gained.implode()) & luck & (pl.col("created") <= deals["created"].median())
    won = mine & (pl.col("status") == "lost")
    return deals.with_columns(status=pl.when(won).then(pl.lit("won")).otherwise("status"))


def two_names(events, key, second, seed=1):
    """Return the events with half of the deals that gained a type saying so under a second name."""
    deals = events.filter(pl.col("agreement") == key)["deal_id"].unique(maintain_order=True)
    some = deals.sample(fraction=0.5, seed=seed).implode()
    theirs = (pl.col("agreement") == key) & pl.col("deal_id").is_in(some)
    return events.with_columns(agreement=pl.when(theirs).then(pl.lit(second)).otherwise("agreement"))


def turned(deals, events, key, seed=1):
    """Return the deals, and the day in the middle, with a type that first helps and later harms.

    Of deals that gained it within twelve weeks, before the middle of time half of the lost ones were won; after
    it half of the won ones were lost.
    """
    middle = deals["created"].median()
    early = events.filter(pl.col("agreement") == key).join(deals.select("deal_id", "created"), on="deal_id")
    gained = early.filter(pl.col("at") - pl.col("created") < 12 * WEEK)["deal_id"]
    luck = pl.Series("luck", np.random.default_rng(seed).random(deals.height)) < 0.5
    mine = pl.col("deal_id").is_in(gained.implode()) & luck
    before = pl.col("created") <= middle
    status = (
        pl.when(mine & before & (pl.col("status") == "lost"))
        .then(pl.lit("won"))
        .when(mine & ~before & (pl.col("status") == "won"))
        .then(pl.lit("lost"))
        .otherwise("status")
    )
    return deals.with_columns(status=status), middle


def back_dated(deals, events, keys, seed=1, share=0.35):
    """Return the events with each type in ``keys`` written down after ``share`` of the wins without it, dated to
    some day of the deal's life. Like all others, these entries say when they were written: ``recorded_at``."""
    honest = events.with_columns(recorded_at=pl.col("at") + pl.duration(hours=20))
    won = deals.filter(pl.col("status") == "won")
    rng = np.random.default_rng(seed)
    planted = [_planted(won, events, key, rng, share) for key in keys]
    return pl.concat([honest, *planted], how="diagonal_relaxed")


def _planted(won, events, key, rng, share):
    has = events.filter(pl.col("agreement") == key)["deal_id"].implode()
    chosen = won.filter(pl.Series("luck", rng.random(won.height) < share) & ~pl.col("deal_id").is_in(has))
    life = (chosen["closed"] - chosen["created"]).dt.total_microseconds().to_numpy()
    at = chosen["created"] + pl.Series("at", life * rng.random(chosen.height)).cast(pl.Duration("us"))
    later = pl.Series("later", rng.uniform(1, 20, chosen.height) * 86_400_000_000).cast(pl.Duration("us"))
    return pl.DataFrame(
        {"deal_id": chosen["deal_id"], "agreement": key, "at": at, "kind": "agreement", "side": "customer"}
    ).with_columns(recorded_at=chosen["closed"] + later)


def lost_with_the_deal(deals, events, keys, seed=1, share=0.6):
    """Return the events with ``share`` of the entries of each type in ``keys`` gone from lost deals."""
    lost = deals.filter(pl.col("status") == "lost")["deal_id"].implode()
    luck = pl.Series("luck", np.random.default_rng(seed).random(events.height)) < share
    return events.filter(~(luck & pl.col("agreement").is_in(keys) & pl.col("deal_id").is_in(lost)))
