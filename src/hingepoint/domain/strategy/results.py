"""How a result metric went since a strategy started, against the year before it."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl
from django.conf import settings
from django.utils import timezone

from hingepoint.analysis import intervals, metrics, period
from hingepoint.domain.deals import frames
from hingepoint.domain.deals.models import Deal, DealQuerySet
from hingepoint.domain.people.models import Team, sees_all
from hingepoint.domain.strategy.models import ResultMetric, Strategy
from hingepoint.domain.upkeep.kept import Question, Shelf
from hingepoint.records.deals import DealStatus

#: column of the frame -> column of the table: what a metric may be computed from
COLUMNS = {
    "id": "pk",
    "status": "status",
    "segment": "segment",
    "region": "region",
    "product": "product",
    "source": "source",
    "team": "team_id",
    "created": "created_at",
    "closed": "closed_at",
    "amount": "amount",
    "initial_amount": "initial_amount",
    "list_price": "list_price",
    "net_price": "net_price",
    "discount": "discount",
    "cost": "cost",
    "margin": "margin",
}
_TYPES: dict[str, pl.DataType] = {
    **dict.fromkeys(COLUMNS, pl.Float64()),
    **dict.fromkeys(("id", "team"), pl.Int64()),
    **dict.fromkeys(("status", "segment", "region", "product", "source"), pl.String()),
    **dict.fromkeys(("created", "closed"), frames.FILE_MOMENT),
}
_MONEY = ("amount", "initial_amount", "list_price", "net_price", "cost")


@dataclass(frozen=True, slots=True)
class Progress:
    """A result metric with its target, and how it moved since the strategy started (``start``) on ``population``.

    ``problem`` says why there is no number.
    """

    metric: str
    segment: str
    kind: str
    better: str
    baseline: float
    target: float
    target_on: dt.date
    population: str
    start: dt.date
    movement: period.Movement
    problem: str = ""

    @property
    def since(self) -> intervals.Estimate:
        """The metric on the deals closed since the start."""
        return self.movement.since

    @property
    def before(self) -> intervals.Estimate:
        """The metric on the deals closed in the year before the start."""
        return self.movement.before

    @property
    def moved(self) -> bool | None:
        """Whether it moved the right way; None where that cannot be told yet."""
        return self.movement.moved

    @property
    def on_target(self) -> bool | None:
        """Whether it is at least the target now; None without a deal since the start."""
        if self.since.value is None:
            return None
        return self.since.value >= self.target if self.better == "higher" else self.since.value <= self.target


#: How the metrics of a strategy went on all deals; about what it wants: kept in a large company.
WENT = Question[list[Progress]]("results", list[Progress])


def progress(
    viewer: Any, strategy: Strategy, *, today: dt.date, shelf: Shelf | None = None
) -> list[Progress]:
    """Return each result metric of ``strategy`` on the deals that ``viewer`` sees. At most three SQL queries, and
    one for each team that a target is set on."""
    targets = list(strategy.result_metrics.select_related("team"))
    if not (targets and sees_all(viewer)):
        return progress_now(viewer, strategy, targets, today=today)
    return WENT.told(
        lambda: progress_now(viewer, strategy, targets, today=today),
        about=what_it_wants(strategy, targets),
        shelf=shelf,
    )


def what_it_wants(strategy: Strategy, targets: Iterable[ResultMetric]) -> str:
    """Return what decides how the metrics of a strategy are read: with another one nothing is kept yet."""
    said = [
        (
            row.metric,
            row.segment,
            row.region,
            row.product,
            row.team_id,
            row.baseline,
            row.target,
            row.target_on,
        )
        for row in targets
    ]
    return _short((strategy.pk, strategy.starts_on, strategy.segment, said))


def _short(wants: tuple[Any, ...]) -> str:
    return hashlib.blake2b(repr(wants).encode(), digest_size=16).hexdigest()


def progress_now(
    viewer: Any, strategy: Strategy, targets: Sequence[ResultMetric], *, today: dt.date
) -> list[Progress]:
    """Return the same, asked at this moment."""
    if not targets:
        return []
    start = strategy.starts_on or today
    deals = closed_deals(viewer, since=start - period.BEFORE, segment=strategy.segment)
    return [_progress(target, deals, start) for target in targets]


@dataclass(frozen=True, slots=True)
class Course:
    """How a strategy's own metric went, stretch by stretch of ``months`` months, from the year before its ``start``.

    ``target`` is None where none is set on it for all of the strategy's deals; ``problem`` says why there are no stretches.
    """

    metric: str
    kind: str
    target: float | None
    population: str
    start: dt.date
    months: int
    stretches: tuple[period.Stretch, ...]
    problem: str = ""


#: A stretch is so many months: the first of them with which stretches hold enough deals on the average.
MONTHS, ENOUGH = (3, 6), 10


#: How the own metric of a strategy went on all deals; about what it wants: kept in a large company.
COURSE = Question[Course]("course of the result", Course)


def course(viewer: Any, strategy: Strategy, *, today: dt.date, shelf: Shelf | None = None) -> Course:
    """Return the course of the strategy's metric on the deals that ``viewer`` sees: those of ``progress``. Three SQL
    queries at most."""
    target = target_on_all(strategy)
    if not sees_all(viewer):
        return course_now(viewer, strategy, target, today=today)
    return COURSE.told(
        lambda: course_now(viewer, strategy, target, today=today),
        about=what_its_course_wants(strategy, target),
        shelf=shelf,
    )


def target_on_all(strategy: Strategy) -> float | None:
    """Return the target of the strategy's own metric on all of its deals; None where none is set. One SQL query."""
    of_all = {"segment": "", "region": "", "product": "", "team": None}
    found = strategy.result_metrics.filter(metric=strategy.metric, **of_all).first()
    return found.target if found else None


def what_its_course_wants(strategy: Strategy, target: float | None) -> str:
    """Return what decides how the course of a strategy's metric is read, as ``what_it_wants`` does."""
    return _short((strategy.pk, strategy.metric, strategy.starts_on, strategy.segment, target))


def course_now(viewer: Any, strategy: Strategy, target: float | None, *, today: dt.date) -> Course:
    """Return the same, asked at this moment."""
    metric, start = metrics.parse(strategy.metric), strategy.starts_on or today
    deals = closed_deals(viewer, since=start - period.BEFORE, segment=strategy.segment)
    months = MONTHS[0] if deals.height >= ENOUGH * ((today - start + period.BEFORE).days / 91) else MONTHS[-1]
    try:
        found, problem = (
            period.course(metric, deals, since=start - period.BEFORE, until=today, months=months),
            "",
        )
    except metrics.MetricError as error:
        found, problem = [], str(error)
    return Course(
        metric=metric.name,
        kind=metric.kind,
        target=target,
        population=population(metric),
        start=start,
        months=months,
        stretches=tuple(found),
        problem=problem,
    )


def closed_deals(viewer: Any, *, since: dt.date, segment: str = "", status: str = "") -> pl.DataFrame:
    """Return deals closed since a day (None as viewer: all of them) with every metric's columns."""
    deals = Deal.objects.all() if viewer is None else Deal.objects.visible_to(viewer)
    closed = closed_since(deals, since=since, segment=segment)
    return read(closed.filter(status=status) if status else closed)


def read(deals: DealQuerySet) -> pl.DataFrame:
    """Return deals with every metric's columns; moments in the company's time zone. One SQL query."""
    return metrics.with_derived(frames.read(deals, COLUMNS, _TYPES))


def closed_since(deals: DealQuerySet, *, since: dt.date, segment: str = "") -> DealQuerySet:
    """Return those of ``deals`` that were closed since a day."""
    begins = timezone.make_aware(dt.datetime.combine(since, dt.time()))  # a cast of each deal's is dear
    deals = deals.filter(closed_at__gte=begins).exclude(status=DealStatus.OPEN)
    return deals.filter(segment=segment) if segment else deals


def frame(rows: Iterable[Sequence[Any]]) -> pl.DataFrame:
    """Return the same of rows of ``COLUMNS``, where more is read with them."""
    types = _TYPES | dict.fromkeys(("created", "closed"), pl.Datetime("us", "UTC"))
    plain = [
        [float(v) if n in _MONEY and v is not None else v for n, v in zip(types, row, strict=True)]
        for row in rows
    ]
    deals = pl.DataFrame(plain, schema=types, orient="row")
    local = pl.col("created", "closed").dt.convert_time_zone(settings.TIME_ZONE)
    return metrics.with_derived(deals.with_columns(local))


def _progress(target: ResultMetric, deals: pl.DataFrame, start: dt.date) -> Progress:
    metric = metrics.parse(target.metric)
    deals = deals.filter(of_target(target))
    try:
        movement, problem = period.movement(metric, deals, start=start), ""
    except metrics.MetricError as error:
        movement, problem = period.unknown(metric), str(error)
    return Progress(
        metric=metric.name,
        segment=target.segment,
        kind=metric.kind,
        better=metric.better,
        baseline=target.baseline,
        target=target.target,
        target_on=target.target_on,
        population=population(metric, *where(target)),
        start=start,
        movement=movement,
        problem=problem,
    )


def of_target(target: ResultMetric) -> pl.Expr:
    """Return which of the strategy's deals a target counts."""
    wanted = [
        pl.col(name) == value for name in ("segment", "region", "product") if (value := getattr(target, name))
    ]
    if target.team:
        below = Team.objects.filter(path__startswith=target.team.path)
        wanted.append(pl.col("team").is_in(list(below.values_list("pk", flat=True))))
    return pl.all_horizontal(wanted) if wanted else pl.lit(True)


def where(target: ResultMetric) -> list[str]:
    """Return of which deals a target is, in the company's own words: segment, region, product, team."""
    team = target.team.name if target.team else ""
    return [word for word in (target.segment, target.region, target.product, team) if word]


def population(metric: metrics.Metric, *narrowed: str) -> str:
    """Return which deals a metric is of: ``won deals of Public sector, North``."""
    deals = "won deals" if metric.among_won else "closed deals"
    return f"{deals} of {', '.join(narrowed)}" if narrowed else deals
