"""Amounts can be compared only in one currency."""

from __future__ import annotations

import polars as pl

from hingepoint.analysis.discovery.settings import DiscoveryError

#: Metrics whose unit is money.
IN_MONEY = ("net", "revenue")


def one_currency(deals: pl.DataFrame, metric: str | None) -> str:
    """Return the currency of the deals' amounts, or an empty text when none is said or several are.

    Raises DiscoveryError when the metric is money and the deals are in several currencies.
    """
    if "currency" not in deals.columns:
        return ""
    found = sorted(deals["currency"].drop_nulls().unique().to_list())
    if len(found) > 1 and metric in IN_MONEY:
        raise DiscoveryError(
            f"the deals are in {len(found)} currencies ({', '.join(found[:5])}), and {metric} adds them up: "
            "convert the amounts, or take one currency at a time"
        )
    return found[0] if len(found) == 1 else ""
