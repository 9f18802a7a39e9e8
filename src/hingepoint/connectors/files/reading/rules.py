"""The named rules for rows that can be read but do not fit together: what each means and what is done.

The reference page and the printed counts are made from this table.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import polars as pl


@dataclass(frozen=True, slots=True)
class Rule:
    """``does``: kept, changed, left out, or bad row (nothing is used unless bad rows may be skipped)."""

    key: str
    table: str
    does: str
    sentence: str


RULES: tuple[Rule, ...] = (
    Rule("repeated_deal", "deals", "left out", "the same deal row stands twice; the first is used"),
    Rule(
        "duplicate_deal_id",
        "deals",
        "bad row",
        "different rows have one deal id; which is true cannot be told, so none is used",
    ),
    Rule(
        "older_snapshot",
        "deals",
        "changed",
        "an older row of the same deal; the newest is used, and what changed since becomes events",
    ),
    Rule(
        "beside_unreadable_row",
        "both",
        "left out",
        "another row of the same deal or agreement cannot be read and may be the newer one; none is used",
    ),
    Rule("closed_before_created", "deals", "left out", "the deal is closed on a day before it was created"),
    Rule(
        "open_with_close_date",
        "deals",
        "changed",
        "an open deal has a close date; it is taken as the expected close",
    ),
    Rule(
        "in_the_future",
        "both",
        "left out",
        "created, closed as won or lost, or happened after today, or in a year that stands for no date (2099-12-31)",
    ),
    Rule(
        "long_before_the_rest",
        "both",
        "left out",
        "a date that lies long before all others, or stands for no date (1900-01-01, 1970-01-01)",
    ),
    Rule(
        "no_date",
        "deals",
        "changed",
        "a close date of an open deal that stands for no date (1970-01-01, 9999-12-31); it is read as empty",
    ),
    Rule(
        "closed_without_a_date",
        "deals",
        "left out",
        "won or lost on a day that the mapping says stands for no date",
    ),
    Rule("waits_for_an_answer", "deals", "left out", "the word for its status is asked about"),
    Rule(
        "damaged_id",
        "deals",
        "kept",
        "a deal id such as 1.2E+17 that a spreadsheet has rounded; other deals may have the same one",
    ),
    Rule(
        "no_join",
        "deals",
        "kept",
        "a value has no row in the second file of the mapping; its columns stay empty",
    ),
    Rule("left_out_by_mapping", "both", "left out", "the mapping leaves this row out"),
    Rule(
        "reaches_won_and_lost", "deals", "kept", "the log has both a won and a lost step; the first decides"
    ),
    Rule("deal_without_events", "deals", "kept", "no event of this deal is in the events table"),
    Rule("duplicate_event", "events", "left out", "the same event stands twice; one is used"),
    Rule("event_of_unknown_deal", "events", "left out", "the deal of this event is not in the deals table"),
    Rule(
        "event_of_deal_left_out",
        "events",
        "left out",
        "the deal of this event was left out or cannot be read",
    ),
    Rule("event_before_created", "events", "kept", "the event is before the deal was created"),
    Rule(
        "event_after_close",
        "events",
        "kept",
        "the event is after the deal was closed, too late to have caused it",
    ),
    Rule(
        "undated_state",
        "agreements",
        "left out",
        "the agreement stands otherwise on record, and the row does not say since when",
    ),
    Rule(
        "other_transition",
        "events",
        "left out",
        "a log's life-cycle transition that does not count, such as start",
    ),
)

BY_KEY = {rule.key: rule for rule in RULES}

Counts = dict[str, int]


def count(rules: Counts, key: str, number: object) -> None:
    """Add ``number`` to the count of ``key``, which must be a rule."""
    if number:
        rules[BY_KEY[key].key] = rules.get(key, 0) + int(number)  # type: ignore[call-overload]


def _is_day(column: str) -> pl.Expr:
    """Return whether a moment is a day without a time."""
    return pl.col(column).dt.time() == pl.time(0)  # type: ignore[comparison-overlap]


def order_of_dates(deals: pl.DataFrame, rules: Counts) -> pl.DataFrame:
    """Return ``deals`` without those closed before created; a close on the day of creation is not before it."""
    if "closed" not in deals.columns or "created" not in deals.columns:
        return deals
    same_day = (pl.col("closed").dt.date() == pl.col("created").dt.date()) & _is_day("closed")
    deals = deals.with_columns(
        pl.when(same_day)
        .then(pl.max_horizontal("closed", "created"))
        .otherwise(pl.col("closed"))
        .alias("closed")
    )
    early = deals.select((pl.col("closed") < pl.col("created")).fill_null(False)).to_series()
    count(rules, "closed_before_created", early.sum())
    return deals.filter(~early)


def close_dates_of_open(deals: pl.DataFrame, rules: Counts) -> pl.DataFrame:
    """Return ``deals`` with the close date of open ones moved to ``expected_close`` where that is empty."""
    if "closed" not in deals.columns:
        return deals
    odd = (pl.col("status") == "open") & pl.col("closed").is_not_null()
    number = deals.select(odd.fill_null(False).sum()).item()
    count(rules, "open_with_close_date", number)
    if not number:
        return deals
    expected = (
        pl.col("expected_close")
        if "expected_close" in deals.columns
        else pl.lit(None, dtype=pl.Datetime("us"))
    )
    return deals.with_columns(
        pl.when(odd).then(pl.coalesce(expected, "closed")).otherwise(expected).alias("expected_close"),
        pl.when(odd).then(None).otherwise(pl.col("closed")).alias("closed"),
    )


def event_rules(events: pl.DataFrame, deals: pl.DataFrame, gone: pl.Series, rules: Counts) -> pl.DataFrame:
    """Return ``events`` of known deals only, counting what is odd about them; ``gone`` are deals left out."""
    dates = [each for each in ("created", "closed") if each in deals.columns]
    known = deals.select("deal_id", *dates, pl.lit(True).alias("known"))
    beside = events.select("deal_id", "at").join(known, on="deal_id", how="left", maintain_order="left")
    strangers = beside.filter(pl.col("known").is_null())["deal_id"]
    left_out = int(strangers.is_in(gone.implode()).sum())
    count(rules, "event_of_deal_left_out", left_out)
    count(rules, "event_of_unknown_deal", len(strangers) - left_out)
    early = _long_before(beside, deals)
    count(rules, "long_before_the_rest", early.sum())
    _count_outside(beside.filter(~early), rules)
    kept = beside["known"].is_not_null() & ~early
    return events if kept.all() else events.filter(kept)


def _long_before(events: pl.DataFrame, deals: pl.DataFrame) -> pl.Series:
    """Return which ``events`` of known deals lie two years, and all the time that deals span, before any deal."""
    first = deals["created"].min() if "created" in deals.columns else None
    if first is None:
        return pl.repeat(False, events.height, dtype=pl.Boolean, eager=True)
    span = deals["created"].max() - first  # type: ignore[operator]
    limit = first - max(span, dt.timedelta(days=730))  # type: ignore[operator]
    return ((events["at"] < limit) & events["known"].is_not_null()).fill_null(False)


def _count_outside(beside: pl.DataFrame, rules: Counts) -> None:
    """Count the events ``beside`` the dates of their deals that are before or after them."""
    if "created" in beside.columns:
        before = (pl.col("at") < pl.col("created")) & ~(
            _is_day("at") & (pl.col("at").dt.date() == pl.col("created").dt.date())
        )
        count(rules, "event_before_created", beside.select(before.sum()).item())
    if "closed" in beside.columns:
        after = (pl.col("at") > pl.col("closed")) & ~(
            _is_day("closed") & (pl.col("at").dt.date() == pl.col("closed").dt.date())
        )
        count(rules, "event_after_close", beside.select(after.sum()).item())


def decide_outcome(
    deals: pl.DataFrame, events: pl.DataFrame, *, won: list[str], lost: list[str], rules: Counts
) -> pl.DataFrame:
    """Return ``deals`` with status and close date by the first won or lost step, open without one.

    A deal whose row already says its status keeps it.
    """
    steps = events.filter(pl.col("agreement").is_in([*won, *lost]))
    steps = steps.with_columns(pl.when(pl.col("agreement").is_in(won)).then(0).otherwise(1).alias("_lost"))
    first = (
        steps.sort("at", "_lost")
        .group_by("deal_id", maintain_order=True)
        .agg(
            pl.col("at").first().alias("_at"),
            pl.col("_lost").first(),
            pl.col("_lost").n_unique().alias("_both"),
        )
    )
    count(rules, "reaches_won_and_lost", (first["_both"] > 1).sum())
    for column, dtype in (("status", pl.String()), ("closed", pl.Datetime("us"))):
        if column not in deals.columns:
            deals = deals.with_columns(pl.lit(None, dtype=dtype).alias(column))
    found = deals.join(first, on="deal_id", how="left", maintain_order="left")
    by_step = (
        pl.when(pl.col("_lost").is_null()).then(pl.lit("open")).when(pl.col("_lost") == 0).then(pl.lit("won"))
    )
    return found.with_columns(
        pl.when(pl.col("status").is_null())
        .then(pl.coalesce("closed", "_at"))
        .otherwise(pl.col("closed"))
        .alias("closed"),
        pl.coalesce("status", by_step.otherwise(pl.lit("lost"))).alias("status"),
    ).drop("_at", "_lost", "_both")


class SeenEvents:
    """Which events have been seen, as eight bytes each: sorted runs, each at least twice as long as the next."""

    def __init__(self) -> None:
        self.runs: list[np.ndarray] = []

    def new(self, events: pl.DataFrame, rules: Counts) -> pl.DataFrame:
        """Return the rows of ``events`` that were not seen before, counting the others."""
        hashed = events.hash_rows(seed=7)
        ours = np.sort(hashed.to_numpy())
        again = np.zeros(ours.size, dtype=bool)
        again[1:] = ours[1:] == ours[:-1]
        seen = np.zeros(ours.size, dtype=bool)
        for run in self.runs:
            seen |= _within(run, ours)
        self._keep(ours[~(seen | again)])
        if not seen.any() and not again.any():
            return events
        fresh = hashed.is_first_distinct() & ~hashed.is_in(pl.Series(ours[seen]).implode())
        count(rules, "duplicate_event", (~fresh).sum())
        return events.filter(fresh)

    def _keep(self, run: np.ndarray) -> None:
        self.runs.append(run)
        while len(self.runs) > 1 and self.runs[-2].size < 2 * self.runs[-1].size:
            both = np.concatenate([self.runs.pop(), self.runs.pop()])
            both.sort(kind="stable")  # merges what is sorted, in one pass
            self.runs.append(both)


def _within(run: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Return which of ``wanted`` are in ``run``, both sorted."""
    if not run.size:
        return np.zeros(wanted.size, dtype=bool)
    places = np.searchsorted(run, wanted)
    places[places == run.size] = 0
    return np.asarray(run[places] == wanted)
