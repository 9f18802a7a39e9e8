"""What an effect is worth in money a year, once every team of the rollout lives it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from hingepoint.analysis import metrics
from hingepoint.analysis.discovery.reading import money
from hingepoint.analysis.impact.chance import Reading
from hingepoint.records.deals import DealStatus

YEAR = dt.timedelta(days=365)
MORE = (
    "a further deal that counts brings as much as those that count bring on average above all others, lost ones "
    "at nothing"
)


@dataclass(frozen=True)
class Value:
    """Money a year, with the interval of the effect turned into money.

    currency   empty where the deals do not say; deals: closed in the last year by the teams of the rollout
    kind       what the money is: contribution where costs or margins are known, else net price
    how        how an effect becomes money, in words
    """

    currency: str
    a_year: float
    low: float
    high: float
    deals: int
    kind: str
    how: str


@dataclass(frozen=True)
class _Rate:
    """What one unit of a metric is worth a year, in money of which kind, and how that is reckoned."""

    a_year: float
    kind: str
    how: str


def value_of(
    found: Reading, *, metric: metrics.Metric, deals: pl.DataFrame, teams: Sequence[str], data_end: dt.date
) -> Value | None:
    """Return the value of an effect at the deals of the last year; None for days, without prices, or with several
    currencies. Raises DiscoveryError where the metric itself adds up several currencies."""
    currency = money.one_currency(deals, metric.name)
    if not currency and "currency" in deals.columns and deals["currency"].drop_nulls().n_unique() > 1:
        return None
    known = _last_year(deals, teams, data_end)
    told = _money(known) if known.height else None
    if told is None:
        return None
    rate = _rate(metric, *told)
    if rate is None:
        return None
    low, high = sorted((found.low * rate.a_year, found.high * rate.a_year))
    return Value(currency, found.effect * rate.a_year, low, high, known.height, rate.kind, rate.how)


def _last_year(deals: pl.DataFrame, teams: Sequence[str], data_end: dt.date) -> pl.DataFrame:
    day = pl.col("closed").dt.date()
    return metrics.with_derived(deals.rename({"deal_id": "id"})).filter(
        pl.col("status").is_in([DealStatus.WON, DealStatus.LOST])
        & pl.col("team").is_in(teams)
        & (day > data_end - YEAR)
        & (day <= data_end)
    )


def _money(known: pl.DataFrame) -> tuple[pl.DataFrame, str] | None:
    """Return the deals with ``brought``, what each brought (0 when lost), and what that is; None without prices."""
    for name, kind in (("net", "contribution"), ("revenue", "net price")):
        try:
            brought = metrics.value_if_won(metrics.parse(name), known)
        except metrics.MetricError:
            continue
        if brought.is_not_null().any():
            won = pl.col("status") == DealStatus.WON
            priced = known.with_columns(brought.alias("brought"))
            return priced.with_columns(brought=pl.when(won).then("brought").otherwise(0.0)), kind
    return None


def _rate(metric: metrics.Metric, priced: pl.DataFrame, kind: str) -> _Rate | None:
    """Return what one unit of the metric is worth a year; None if it cannot be turned into money."""
    won = priced.filter(pl.col("status") == DealStatus.WON)
    if metric.name == "won":
        return _Rate(
            priced.height * _mean(won), kind, "a further won deal brings what won deals bring on average"
        )
    if metric.conditions:
        counts = pl.col("id").is_in(
            metrics.values(metric, priced).filter(pl.col("value") == 1)["id"].implode()
        )
        more = _mean(priced.filter(counts)) - _mean(priced.filter(~counts))
        return _Rate(priced.height * more, kind, MORE)
    if metric.name == "net":
        return _Rate(float(priced.height), kind, "per deal, times the deals of a year")
    if metric.name == "revenue":
        return _Rate(float(won.height), "net price", "per won deal, times the won deals of a year")
    return _of_price(metric, won)


def _of_price(metric: metrics.Metric, won: pl.DataFrame) -> _Rate | None:
    if metric.name == "margin":
        price = float(won["revenue"].sum())
        return _Rate(price, "contribution", "points of margin on the net price of the won deals of a year")
    if metric.name == "discount":
        listed = won.select(pl.col("revenue") / (1 - pl.col("discount"))).to_series()
        price = float(listed.filter(listed.is_finite()).sum())
        return _Rate(-price, "net price", "points of discount on the list price of the won deals of a year")
    return None


def _mean(deals: pl.DataFrame) -> float:
    mean = deals["brought"].mean()
    return float(mean) if isinstance(mean, float) else 0.0
