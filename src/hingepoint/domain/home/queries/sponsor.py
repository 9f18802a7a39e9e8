"""Whether the strategy is executed, for its sponsor."""

from __future__ import annotations

import datetime as dt
import math
from collections import Counter
from dataclasses import dataclass
from typing import Any

import polars as pl
from django.db.models import Count, F, Q

from hingepoint.analysis import metric_words, metrics
from hingepoint.domain.agreements.models import Agreement
from hingepoint.domain.deals.frames import deals_frame
from hingepoint.domain.detection.sureness import unconfirmed_agreements
from hingepoint.domain.discovery.queries import runs
from hingepoint.domain.home.queries.worklist import LEAST_IN_A_SHARE, WEEK, changes_since
from hingepoint.domain.strategy.models import PivotalAgreement, Playbook, Strategy
from hingepoint.records.agreements import STANDING, AgreementState
from hingepoint.records.deals import DealStatus


@dataclass(frozen=True, slots=True)
class Reading:
    """A result metric now and before. For a share, ``low`` and ``high`` are its Wilson interval; for a
    mean of money or days, mean +- 1.96 standard errors. ``n`` closed deals of the last twelve months."""

    metric: str
    label: str
    kind: str
    better: str
    now: float | None
    low: float | None
    high: float | None
    n: int
    before: float | None
    n_before: int
    baseline: float
    target: float
    target_on: dt.date
    population: str
    missing: str = ""

    @property
    def improved(self) -> bool | None:
        """Whether it is better than the year before; None while the year before is within the interval."""
        if self.before is None or self.now is None or self.low is None or self.high is None:
            return None
        if self.low <= self.before <= self.high:
            return None
        return (self.now > self.before) == (self.better == "higher")

    @property
    def on_target(self) -> bool | None:
        """Whether the present value is at least the target; None when nothing can be said."""
        if self.now is None:
            return None
        return self.now >= self.target if self.better == "higher" else self.now <= self.target


@dataclass(frozen=True, slots=True)
class InTime:
    """One pivotal agreement on open deals whose day has come: gained by that day on ``in_time`` of ``of``,
    ``found`` of them by a rule's word that nobody confirmed yet."""

    key: str
    name: str
    in_time: int
    of: int
    found: int

    @property
    def share(self) -> float | None:
        return self.in_time / self.of if self.of >= LEAST_IN_A_SHARE else None


@dataclass(frozen=True, slots=True)
class SponsorWeek:
    """The strategy in force, whether it is executed, what changed, and what waits for a decision."""

    strategy: str
    statement: str
    strategy_id: int | None
    readings: tuple[Reading, ...]
    pivotal: tuple[InTime, ...]
    playbook: int | None
    last_run: runs.RunLine | None
    changes: dict[str, int]
    waiting: tuple[tuple[str, str, int], ...]  # what waits, the name of the page, how many


def sponsor_week(viewer: Any, *, today: dt.date, now: dt.datetime) -> SponsorWeek:
    """Return whether the strategy is executed. Seven SQL queries; reads two years of closed deals."""
    strategy = Strategy.objects.visible_to(viewer).in_force().first()
    targets = list(strategy.result_metrics.all()) if strategy else []
    book = (
        Playbook.objects.filter(strategy=strategy, published_at__isnull=False).first() if strategy else None
    )
    deals = closed_deals(viewer, today=today) if targets else None
    run = next((r for r in runs.runs(viewer, at=now, limit=5) if r.state == "done"), None)
    changes = Counter(change.state for change in changes_since(viewer, since=now - WEEK))
    return SponsorWeek(
        strategy=strategy.name if strategy else "",
        statement=strategy.statement if strategy else "",
        strategy_id=strategy.pk if strategy else None,
        readings=tuple(reading(target, deals, today=today) for target in targets),
        pivotal=tuple(_in_time(viewer, book, today)) if book else (),
        playbook=book.number if book else None,
        last_run=run,
        changes=dict(changes),
        waiting=tuple(_decisions(run)),
    )


def _decisions(run: runs.RunLine | None) -> list[tuple[str, str, int]]:
    unsigned = max(0, run.shown - run.signed - run.rejected) if run else 0
    return [("findings wait for the analyst's signature", "discovery", unsigned)] if unsigned else []


def closed_deals(viewer: Any, *, today: dt.date) -> pl.DataFrame:
    """Return the closed deals of the last two years with discount, margin and cycle time derived."""
    since = today - dt.timedelta(days=730)
    frame = deals_frame(viewer)
    frame = frame.filter(pl.col("status").is_in(["won", "lost"]) & (pl.col("closed").dt.date() >= since))
    return metrics.with_derived(frame)


def reading(target: Any, deals: pl.DataFrame | None, *, today: dt.date) -> Reading:
    """Return a result metric in the last twelve months, and in the twelve before."""
    metric = metrics.parse(target.metric)
    year_ago = today - dt.timedelta(days=365)
    population = "won deals" if metric.among_won else "closed deals"
    known = {
        "metric": metric.name,
        "label": metric_words.title(metric.name),
        "kind": metric.kind,
        "better": metric.better,
        "baseline": target.baseline,
        "target": target.target,
        "target_on": target.target_on,
        "population": population + (f" in {target.segment}" if target.segment else ""),
    }
    frame = deals.filter(pl.col("segment") == target.segment) if target.segment else deals
    try:
        values = _values(metric, frame)
    except metrics.MetricError as problem:
        return Reading(
            **known, now=None, low=None, high=None, n=0, before=None, n_before=0, missing=str(problem)
        )
    recent = values.filter(pl.col("closed").dt.date() > year_ago)["value"]
    earlier = values.filter(pl.col("closed").dt.date() <= year_ago)["value"]
    low, high = wilson(recent) if metric.kind == "share" and not metric.among_won else mean_interval(recent)
    return Reading(
        **known,
        now=recent.mean(),
        low=low,
        high=high,
        n=recent.len(),
        before=earlier.mean(),
        n_before=earlier.len(),
    )


def _values(metric: metrics.Metric, deals: pl.DataFrame) -> pl.DataFrame:
    """Return closed and value of each deal that counts: lost ones count 0 unless only won ones exist."""
    value = metrics.value_if_won(metric, deals).alias("value")
    told = deals.select("closed", "status").with_columns(value)
    won = pl.col("status") == "won"
    if metric.among_won:
        return told.filter(won).drop_nulls("value")
    return told.with_columns(pl.when(won).then(pl.col("value")).otherwise(0.0).alias("value")).drop_nulls(
        "value"
    )


def wilson(values: pl.Series, *, z: float = 1.96) -> tuple[float | None, float | None]:
    """Return the 95% interval of a share (Wilson 1927), None without values."""
    n = values.len()
    if n == 0:
        return None, None
    share = float(values.mean() or 0.0)
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return middle - half, middle + half


def mean_interval(values: pl.Series, *, z: float = 1.96) -> tuple[float | None, float | None]:
    """Return mean +- z standard errors, None for fewer than two values."""
    if values.len() < 2:
        return None, None
    half = z * float(values.std() or 0.0) / math.sqrt(values.len())
    return float(values.mean()) - half, float(values.mean()) + half


def _in_time(viewer: Any, book: Playbook, today: dt.date) -> list[InTime]:
    """Return, per pivotal agreement, on how many open deals it was gained by the day it was needed."""
    wanted = PivotalAgreement.objects.filter(playbook=book).select_related("type")
    rows = Agreement.objects.visible_to(viewer).filter(
        deal__status=DealStatus.OPEN, required=True, needed_by__lte=today
    )
    rows = rows.exclude(state=AgreementState.NOT_NEEDED).values("type_id")
    in_time = Q(state__in=sorted(STANDING), gained_at__date__lte=F("needed_by"))
    counts = rows.annotate(
        of=Count("pk"),
        in_time=Count("pk", filter=in_time),
        found=Count("pk", filter=in_time & Q(pk__in=unconfirmed_agreements())),
    )
    by_type = {row["type_id"]: (row["in_time"], row["of"], row["found"]) for row in counts}
    return [
        InTime(pivotal.type.key, str(pivotal.type), *by_type.get(pivotal.type_id, (0, 0, 0)))
        for pivotal in wanted
    ]
