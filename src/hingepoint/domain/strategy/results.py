"""How a result metric went since a strategy started, against the year before it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from hingepoint.analysis import intervals, metrics
from hingepoint.domain.deals.models import Deal, DealQuerySet
from hingepoint.domain.strategy.models import ResultMetric, Strategy
from hingepoint.records.deals import DealStatus

BEFORE = dt.timedelta(days=365)

#: column of the frame -> column of the table: what a metric may be computed from
COLUMNS = {
    "id": "pk",
    "status": "status",
    "segment": "segment",
    "created": "created_at",
    "closed": "closed_at",
    "amount": "amount",
    "list_price": "list_price",
    "net_price": "net_price",
    "discount": "discount",
    "cost": "cost",
    "margin": "margin",
}
_MONEY = ("amount", "list_price", "net_price", "cost")


@dataclass(frozen=True, slots=True)
class Progress:
    """A result metric with its target; ``since`` the start and ``before`` it, on ``population``.

    ``before`` covers the year up to the start. ``problem`` says why there is no number.
    """

    metric: str
    segment: str
    kind: str
    better: str
    baseline: float
    target: float
    target_on: dt.date
    population: str
    since: intervals.Estimate
    before: intervals.Estimate
    problem: str = ""

    @property
    def moved(self) -> bool | None:
        """Whether it moved the right way; None while the interval of the difference holds 0, or without one."""
        change = intervals.difference(self.since, self.before)
        if change is None or change.low <= 0 <= change.high:
            return None
        return (change.value > 0) == (self.better == "higher")


def progress(viewer: Any, strategy: Strategy, *, today: dt.date) -> list[Progress]:
    """Return each result metric of ``strategy`` on the deals that ``viewer`` sees. One SQL query for all."""
    targets = list(strategy.result_metrics.all())
    start = strategy.starts_on or today
    deals = closed_deals(viewer, since=start - BEFORE, segment=strategy.segment) if targets else None
    return [_progress(target, deals, start) for target in targets]


def closed_deals(viewer: Any, *, since: dt.date, segment: str = "", status: str = "") -> pl.DataFrame:
    """Return deals closed since a day (None as viewer: all of them) with every metric's columns."""
    deals = Deal.objects.all() if viewer is None else Deal.objects.visible_to(viewer)
    closed = closed_since(deals, since=since, segment=segment)
    closed = closed.filter(status=status) if status else closed
    return frame(closed.values_list(*COLUMNS.values()))


def closed_since(deals: DealQuerySet, *, since: dt.date, segment: str = "") -> DealQuerySet:
    deals = deals.filter(closed_at__date__gte=since).exclude(status=DealStatus.OPEN)
    return deals.filter(segment=segment) if segment else deals


def frame(rows: Iterable[Sequence[Any]]) -> pl.DataFrame:
    """Return rows of ``COLUMNS`` as a frame with every metric's columns."""
    types = dict.fromkeys(COLUMNS, pl.Float64) | {"id": pl.Int64, "status": pl.String, "segment": pl.String}
    types |= dict.fromkeys(("created", "closed"), pl.Datetime("us", "UTC"))
    plain = [
        [float(v) if n in _MONEY and v is not None else v for n, v in zip(types, row, strict=True)]
        for row in rows
    ]
    return metrics.with_derived(pl.DataFrame(plain, schema=types, orient="row"))


def values(metric: metrics.Metric, deals: pl.DataFrame) -> pl.DataFrame:
    """Return id, closed and value of each deal that counts: a deal not won counts 0, or not at all
    for metrics that exist among won deals only. Raises MetricError."""
    told = deals.select("id", "closed", "status").with_columns(
        metrics.value_if_won(metric, deals).alias("value")
    )
    won = pl.col("status") == DealStatus.WON
    if metric.among_won:
        return told.filter(won).drop_nulls("value")
    zero = pl.when(won).then(pl.col("value")).otherwise(0.0)
    return told.with_columns(zero.alias("value")).drop_nulls("value")


def estimate(metric: metrics.Metric, found: pl.DataFrame) -> intervals.Estimate:
    """Return the share or the mean of the ``value`` column."""
    if metric.kind == "share" and not metric.among_won:
        return intervals.share(int(found["value"].sum()), found.height)
    return intervals.mean(found["value"].to_list())


def _progress(target: ResultMetric, deals: pl.DataFrame, start: dt.date) -> Progress:
    metric = metrics.parse(target.metric)
    if target.segment:
        deals = deals.filter(pl.col("segment") == target.segment)
    problem = ""
    try:
        found = values(metric, deals)
    except metrics.MetricError as error:
        found, problem = (
            pl.DataFrame(schema={"closed": pl.Datetime("us", "UTC"), "value": pl.Float64}),
            str(error),
        )
    begun = pl.col("closed").dt.date() >= start
    segment = f" in {target.segment}" if target.segment else ""
    return Progress(
        metric=metric.name,
        segment=target.segment,
        kind=metric.kind,
        better=metric.better,
        baseline=target.baseline,
        target=target.target,
        target_on=target.target_on,
        population=("won deals" if metric.among_won else "deals closed") + segment,
        since=estimate(metric, found.filter(begun)),
        before=estimate(metric, found.filter(~begun)),
        problem=problem,
    )
