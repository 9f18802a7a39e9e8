"""The deals behind a finding both ways: gained it or not, and how each ended. On plain frames."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from hingepoint.analysis import metrics
from hingepoint.records.agreements import STANDING
from hingepoint.records.deals import DealStatus

#: How many deals are listed of each group.
LISTED = 8
#: A share of fewer decided deals says nothing and is not shown.
LEAST = 5

SERVED, NOT_SERVED, OPEN = "served", "not", "open"


@dataclass(frozen=True, slots=True)
class DealBehind:
    """A deal behind a finding, with the week in which it gained the agreement (None: it did not)."""

    key: str
    name: str
    status: str
    amount: float | None
    currency: str
    week: int | None
    id: int | None


@dataclass(frozen=True, slots=True)
class Group:
    """Deals that gained it or not and ended one way: the largest of them, and how many there are."""

    gained: bool
    ended: str
    count: int
    deals: tuple[DealBehind, ...]


@dataclass(frozen=True, slots=True)
class DealsBehind:
    """The deals behind a finding that the viewer may see, each in one group.

    A deal *served* when the metric counts it: won, or won on target; for a metric among won deals, when
    it is better than half of them. ``everything`` says whether the viewer sees all deals.
    """

    groups: tuple[Group, ...]
    everything: bool

    def group(self, gained: bool, ended: str) -> Group:
        return next(one for one in self.groups if (one.gained, one.ended) == (gained, ended))

    def decided(self, gained: bool) -> int:
        return self.group(gained, SERVED).count + self.group(gained, NOT_SERVED).count

    def share(self, gained: bool) -> float | None:
        """Return the share of decided deals that served; None of fewer than five."""
        decided = self.decided(gained)
        return self.group(gained, SERVED).count / decided if decided >= LEAST else None


def sort_out(
    deals: pl.DataFrame, events: pl.DataFrame, key: str, *, metric: metrics.Metric, by_weeks: float
) -> pl.DataFrame:
    """Return the deals open after ``by_weeks`` since creation, each with ``gained`` (by then), ``week``
    and ``ended``; for a metric among won deals the lost ones are left out."""
    gains = events.filter(pl.col("agreement") == key)
    if "state" in gains.columns:
        gains = gains.filter(pl.col("state").fill_null("gained").is_in([str(state) for state in STANDING]))
    first = gains.group_by("deal_id").agg(gained_at=pl.col("at").min())
    by = pl.col("created") + pl.duration(days=round(by_weeks * 7))
    closed = pl.col("closed") if "closed" in deals.columns else pl.lit(None, dtype=pl.Datetime("us"))
    gained = (pl.col("gained_at") <= by).fill_null(False)
    weeks_in = ((pl.col("gained_at") - pl.col("created")) / pl.duration(weeks=1)).floor()
    joined = deals.with_columns(ended=_ended(deals, metric)).join(first, on="deal_id", how="left")
    at_risk = joined.filter((closed.is_null() | (closed >= by)) & pl.col("ended").is_not_null())
    week = pl.when(gained).then(weeks_in.cast(pl.Int64, strict=False))
    return _largest_first(at_risk.with_columns(gained=gained, week=week))


def _ended(deals: pl.DataFrame, metric: metrics.Metric) -> pl.Series:
    """Return per deal how it ended; null for a lost deal where the metric is one of won deals."""
    worth = metrics.value_if_won(metric, metrics.with_derived(deals))
    won = deals["status"] == DealStatus.WON
    value = worth * metric.sign
    least = 1.0 if metric.name == "won" or metric.conditions else value.filter(won).median()
    served = (won & (value >= least)).fill_null(False)
    lost = pl.lit(None, dtype=pl.String) if metric.among_won else pl.lit(NOT_SERVED)
    told = (
        pl.when(pl.col("served"))
        .then(pl.lit(SERVED))
        .when(pl.col("status") == DealStatus.OPEN)
        .then(pl.lit(OPEN))
        .when(pl.col("status") == DealStatus.WON)
        .then(pl.lit(NOT_SERVED))
        .otherwise(lost)
    )
    return deals.with_columns(served=served).select(ended=told)["ended"]


def _largest_first(deals: pl.DataFrame) -> pl.DataFrame:
    amount = _amount(deals)
    order = [amount, "deal_id"] if amount else ["deal_id"]
    return deals.sort(order, descending=[name == amount for name in order], nulls_last=True)


def _amount(deals: pl.DataFrame) -> str | None:
    return next((name for name in ("amount", "initial_amount") if name in deals.columns), None)


def largest_keys(deals: pl.DataFrame) -> list[str]:
    """Return the keys of the deals that will be listed."""
    return deals.group_by("gained", "ended").head(LISTED)["deal_id"].to_list()


def told(
    deals: pl.DataFrame, *, ids: Mapping[str, int], names: Mapping[str, str], everything: bool
) -> DealsBehind:
    """Return sorted-out deals in groups, with the names and ids that are known."""
    groups = tuple(
        _group(deals, gained, ended, ids, names)
        for gained in (True, False)
        for ended in (SERVED, NOT_SERVED, OPEN)
    )
    return DealsBehind(groups, everything)


def _group(
    deals: pl.DataFrame, gained: bool, ended: str, ids: Mapping[str, int], names: Mapping[str, str]
) -> Group:
    found = deals.filter((pl.col("gained") == gained) & (pl.col("ended") == ended))
    amount = _amount(deals)
    listed = tuple(
        DealBehind(
            key=row["deal_id"],
            name=names.get(row["deal_id"]) or row["deal_id"],
            status=row["status"],
            amount=row[amount] if amount else None,
            currency=row.get("currency") or "",
            week=None if row["week"] is None else max(row["week"], 0) + 1,
            id=ids.get(row["deal_id"]),
        )
        for row in found.head(LISTED).to_dicts()
    )
    return Group(gained, ended, found.height, listed)
