"""A change of contribution split into volume, mix, price and cost, which add up to it exactly.

With quantity Q, revenue R and cost C of groups (product by segment), unit price p = R / Q and unit cost c = C / Q:

- volume: more or less of the whole at the earlier mix: (Q1 - Q0) (P0 - C0) / Q0
- mix: other groups than before: sum over groups of (q1 - q0 Q1 / Q0) (p0 - c0)
- price: sum of q1 (p1 - p0); cost: minus the sum of q1 (c1 - c0)

A group that was not there before has no earlier price: all it brings beyond the volume is mix. ``a_month`` says
what deals bring a month, so that the length of a time does not count as volume.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl


@dataclass(frozen=True, slots=True)
class Split:
    """What moved the contribution (revenue less cost) from ``before`` to ``since``, in money."""

    before: float
    since: float
    volume: float
    mix: float
    price: float
    cost: float


#: What deals are alike in when a change is split: the rest of a difference in margins is mix.
GROUPS = ["product", "segment"]


def a_month(deals: pl.DataFrame, *, at: str) -> pl.DataFrame:
    """Return quantity, revenue and cost of won ``deals`` a month (of those in which any closed, by the column ``at``),
    with the columns of ``GROUPS``; only of deals whose net price and cost are known.

    The quantity is the list price; where that is not known of every deal it is the net price, and price and cost are
    told as cost.
    """
    known = deals.filter(pl.col("net_price").is_not_null() & pl.col("cost").is_not_null())
    every = known.height > 0 and known["list_price"].null_count() == 0
    quantity = pl.col("list_price" if every else "net_price")
    money = known.select(*GROUPS, at, quantity=quantity, revenue="net_price", cost="cost")
    months = max(money[at].dt.truncate("1mo").n_unique(), 1)
    return money.with_columns(pl.col("quantity", "revenue", "cost").cast(pl.Float64) / months)


def split(before: pl.DataFrame, since: pl.DataFrame, *, by: list[str]) -> Split:
    """Return the split between two frames with ``quantity``, ``revenue``, ``cost`` and the columns of the groups.

    Raises ValueError where nothing was sold before.
    """
    if not before["quantity"].sum() > 0:
        raise ValueError("a split needs a quantity before")
    both = _groups(before, by).join(
        _groups(since, by), on=by, how="full", coalesce=True, suffix="_1", nulls_equal=True
    )
    both = both.with_columns(pl.col(pl.Float64).fill_null(0.0)).with_columns(
        was=pl.col("quantity") != 0, now=pl.col("quantity_1") != 0
    )
    growth = float(both["quantity_1"].sum()) / float(both["quantity"].sum())
    unit = {name: pl.col(name) / pl.col("quantity") for name in ("revenue", "cost")}
    unit_1 = {name: pl.col(f"{name}_1") / pl.col("quantity_1") for name in ("revenue", "cost")}
    moved = {
        name: pl.when("was", "now")
        .then(pl.col("quantity_1") * (unit_1[name] - unit[name]))
        .otherwise(0.0)
        .sum()
        for name in ("revenue", "cost")
    }
    price, cost = (float(both.select(moved[name]).item()) for name in ("revenue", "cost"))
    first = float((both["revenue"] - both["cost"]).sum())
    last = float((both["revenue_1"] - both["cost_1"]).sum())
    volume = (growth - 1) * first
    return Split(first, last, volume, last - first - volume - price + cost, price, -cost)


def _groups(table: pl.DataFrame, by: list[str]) -> pl.DataFrame:
    return table.group_by(by).agg(pl.col("quantity", "revenue", "cost").cast(pl.Float64).sum())
