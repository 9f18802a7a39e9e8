"""10: important contracts end smaller or less profitable than projected.

Projections that only become more optimistic are no mistake of the sale: the usual optimism of their time is taken out.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl

from hingepoint.analysis.signals import lacked_agreements
from hingepoint.analysis.signals.shape import Driver, Facts, Signal
from hingepoint.analysis.spc import adjusting
from hingepoint.records.languages import say, words_of

#: Projections of deals created so many days around a deal tell how optimistic its time was: in the company, in a team. Of fewer
#: so little was known that most of a lasting optimism stayed in (decision 0276).
COMPANY_DAYS, TEAM_DAYS = 60, 90


def units(facts: Facts) -> pl.DataFrame:
    """Return the won deals with how far their value ended above (or below) what was projected, as a logarithm."""
    return _against_projection(facts, pl.col("amount"))


def scope(facts: Facts) -> pl.DataFrame:
    """Return the same of what was sold, at list prices: without the noise of discounts, of which other signals tell."""
    return _against_projection(facts, pl.col("list_price"))


def _against_projection(facts: Facts, final: pl.Expr) -> pl.DataFrame:
    known = facts.deals.filter((pl.col("projected_amount") > 0) & pl.col("created").is_not_null())
    known = known.with_columns(optimism=pl.Series(optimism(known), dtype=pl.Float64))
    won = known.filter((pl.col("status") == "won") & (final > 0))
    ratio = (final / pl.col("projected_amount")).log()
    counted = won.select(
        "deal_id",
        at="closed",
        value=ratio + pl.col("optimism"),
        ratio=ratio.exp(),
        margin_lost=pl.col("projected_margin") - pl.col("margin"),
    )
    return lacked_agreements.at_the_quote(facts, counted)


def optimism(deals: pl.DataFrame) -> np.ndarray:
    """Return, per deal, how much larger than usual projections were in its team and time, given what was known.

    Won, lost and open deals tell it alike, so that what happens to contracts later is not in it. Never less than 0:
    projections that become smaller may follow smaller deals.
    """
    if deals.is_empty():
        return np.zeros(0)
    size = np.log(deals["projected_amount"].to_numpy())
    days = deals["created"].dt.epoch("d").to_numpy()
    beside = size - adjusting.expected(size, deals, days <= np.median(days), kind="mean")
    found = _around(days, beside, COMPANY_DAYS)
    left = beside - found
    for here in _rows_by_team(deals):
        found[here] += _around(days[here], left[here], TEAM_DAYS)
    return np.maximum(found, 0.0)


def _rows_by_team(deals: pl.DataFrame) -> list[np.ndarray]:
    """Return which rows are each team's; deals of none are together."""
    teams = deals["team"].fill_null("").rank("dense").to_numpy()
    order = np.argsort(teams, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(teams[order])) + 1)


def _around(days: np.ndarray, values: np.ndarray, reach: int) -> np.ndarray:
    """Return the mean of the values of near days less that of the first half of the time, drawn to 0 by how little is
    known of it. Counted by day: deals of one day have one answer."""
    first = int(days.min())
    each = [np.bincount(days - first, weights) for weights in (None, values)]
    counts, sums = (_within(daily.astype(float), reach)[days - first] for daily in each)
    near = sums / counts - values[days <= np.median(days)].mean()
    chance = values.var() / counts
    real = max(float(near.var() - chance.mean()), 0.0)
    return near * real / (real + chance) if real > 0 else np.zeros(len(values))


def _within(daily: np.ndarray, reach: int) -> np.ndarray:
    """Return, per day, the sum over the days that are at most ``reach`` away."""
    so_far = np.concatenate([[0.0], np.cumsum(daily)])
    day = np.arange(len(daily))
    return so_far[np.minimum(day + reach + 1, len(daily))] - so_far[np.maximum(day - reach, 0)]


def what_moved(before: pl.DataFrame, since: pl.DataFrame) -> tuple[Driver, ...]:
    """Return final against projected value as it stands, and the points of margin lost."""
    told = (
        (say("final value against projection"), "ratio"),
        (say("margin lost against projection"), "margin_lost"),
    )
    return tuple(Driver(words, "share", _mean(before[name]), _mean(since[name])) for words, name in told)


def _mean(values: pl.Series) -> float | None:
    found = values.drop_nulls().mean()
    return float(found) if isinstance(found, float) else None


SIGNAL = Signal(
    number=10,
    key="shrinking_contracts",
    name=words_of("Contracts end smaller than projected"),
    unit=words_of("final against projected value, as a logarithm"),
    kind="mean",
    worse="lower",
    levels=("company", "team", "segment", "account"),
    units=units,
    news=("won",),
    stated=(0.03, 0.05, 0.10),
    question=words_of("Which agreement was missing when these contracts of {where} were projected?"),
    needs=words_of("Won deals with their value, and the value projected when they were qualified."),
    tell=what_moved,
    lacks=lacked_agreements.against_those_beside,
)
SIGNAL = replace(
    SIGNAL,
    second=replace(SIGNAL, units=scope, unit="final list price against projected value, as a logarithm"),
)
