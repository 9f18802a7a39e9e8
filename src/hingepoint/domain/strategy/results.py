"""How a result metric went since a strategy started, against the year before it."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl
from django.conf import settings
from django.db.models import Exists, F, OuterRef, Q, Subquery
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Substr
from django.utils import timezone

from hingepoint.analysis import intervals, metrics, own_metrics, period
from hingepoint.domain.deals import frames
from hingepoint.domain.deals.models import Deal, DealEvent, DealQuerySet
from hingepoint.domain.deals.queries.looking_back import DATED_COLUMNS, ISO_DAY
from hingepoint.domain.people.models import Team, sees_all
from hingepoint.domain.strategy.models import ResultMetric, Strategy
from hingepoint.domain.upkeep.kept import Question, Shelf
from hingepoint.records.deals import DealStatus, EventKind
from hingepoint.records.languages import say
from hingepoint.records.metrics import Counted

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
    "currency": "currency",
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
    **dict.fromkeys(("status", "segment", "region", "product", "source", "currency"), pl.String()),
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
    wanted = [target.metric for target in targets]
    deals = counted_deals(viewer, wanted, since=start - period.BEFORE, segment=strategy.segment)
    return [_progress(target, deals, start, asked=len(targets)) for target in targets]


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
    return _short(
        (
            strategy.pk,
            strategy.metric,
            strategy.starts_on,
            strategy.segment,
            target,
            settings.FISCAL_YEAR_BEGINS,
        )
    )


def course_now(viewer: Any, strategy: Strategy, target: float | None, *, today: dt.date) -> Course:
    """Return the same, asked at this moment."""
    metric, start = metrics.parse(strategy.metric), strategy.starts_on or today
    deals = counted_deals(viewer, [strategy.metric], since=start - period.BEFORE, segment=strategy.segment)
    months = MONTHS[0] if deals.height >= ENOUGH * ((today - start + period.BEFORE).days / 91) else MONTHS[-1]
    try:
        found, problem = (
            period.course(
                metric,
                deals,
                since=start - period.BEFORE,
                until=today,
                months=months,
                first_month=settings.FISCAL_YEAR_BEGINS,
            ),
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


def counted_deals(viewer: Any, wanted: Iterable[str], *, since: dt.date, segment: str = "") -> pl.DataFrame:
    """Return the deals that the metrics ``wanted`` count since a day (None as viewer: all of them), with what they are
    computed from: those closed, and where one counts new deals those created, open ones too. One SQL query."""
    known = [metrics.parse(name) for name in set(wanted)]
    deals = Deal.objects.all() if viewer is None else Deal.objects.visible_to(viewer)
    if any(metric.own and metric.own.deals == Counted.NEW for metric in known):
        deals = deals.filter(Q(closed_at__gte=_midnight(since)) | Q(created_at__gte=_midnight(since)))
        deals = deals.filter(segment=segment) if segment else deals
    else:
        deals = closed_since(deals, since=since, segment=segment)
    return read_for(deals, known)


def read_for(
    deals: DealQuerySet, known: Sequence[metrics.Metric], *, beside: Sequence[str] = ()
) -> pl.DataFrame:
    """Return deals with what metrics are computed from, and what is named ``beside``. One SQL query."""
    return _with_extra(read(deals, beside=[*_beside(known), *beside]), known)


#: column of the frame -> what is read of a deal for it, where a metric needs it
_BESIDE: dict[str, Any] = {
    "escalated": Exists(DealEvent.objects.standing().filter(deal=OuterRef("pk"), kind=EventKind.ESCALATION)),
    "loss_reason": KeyTextTransform("loss_reason", "extra"),
    "first_expected": Substr(
        Subquery(
            DealEvent.objects.standing()
            .filter(
                deal=OuterRef("pk"),
                kind=EventKind.FIELD,
                name__in=list(DATED_COLUMNS),
                note__regex=ISO_DAY,
                recorded_at__lt=OuterRef("closed_at"),
            )
            .order_by("occurred_at", "id")
            .values("note")[:1]
        ),
        1,
        10,
    ),
    "extra": F("extra"),
    "owner": F("owner_id"),
}
_BESIDE_TYPES = dict.fromkeys(_BESIDE, pl.String()) | {"escalated": pl.Boolean(), "owner": pl.Int64()}


def _beside(known: Sequence[metrics.Metric]) -> list[str]:
    """Return what metrics need beside the deals' own columns."""
    found = {metrics.READ_BESIDE[metric.name][0] for metric in known if metric.name in metrics.READ_BESIDE}
    return sorted(found | ({"extra"} if any(metric.own and metric.own.extra for metric in known) else set()))


def _with_extra(deals: pl.DataFrame, known: Sequence[metrics.Metric]) -> pl.DataFrame:
    """Return the deals with the columns kept from files that metrics of one's own read."""
    names = sorted({name for metric in known if metric.own for name in metric.own.extra})
    if not names:
        return deals
    columns = frames.unpacked(deals["extra"], names)
    return deals.drop("extra").with_columns(one.alias(own_metrics.EXTRA + one.name) for one in columns)


def read(deals: DealQuerySet, *, beside: Sequence[str] = ()) -> pl.DataFrame:
    """Return deals with every metric's columns; moments in the company's time zone. One SQL query.

    ``beside`` names more of them, each of which is looked up deal by deal.
    """
    looked_up = {f"beside_{name}": _BESIDE[name] for name in beside}
    columns = COLUMNS | {name: f"beside_{name}" for name in beside}
    found = frames.read(deals.annotate(**looked_up), columns, _TYPES | _BESIDE_TYPES)
    return metrics.with_derived(found)


def closed_since(deals: DealQuerySet, *, since: dt.date, segment: str = "") -> DealQuerySet:
    """Return those of ``deals`` that were closed since a day."""
    deals = deals.filter(closed_at__gte=_midnight(since)).exclude(status=DealStatus.OPEN)
    return deals.filter(segment=segment) if segment else deals


def _midnight(day: dt.date) -> dt.datetime:
    """Return when a day begins; a cast of each deal's moment to a day is dear."""
    return timezone.make_aware(dt.datetime.combine(day, dt.time()))


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


def _progress(target: ResultMetric, deals: pl.DataFrame, start: dt.date, *, asked: int) -> Progress:
    metric = metrics.parse(target.metric)
    deals = deals.filter(of_target(target))
    try:
        movement, problem = period.movement(metric, deals, start=start, asked=asked), ""
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
    deals = say("won deals") if metric.among_won else say("closed deals")
    if metric.own:
        deals = f"{metric.own.deals.noun}s"
    return say("{deals} of {narrowed}", deals=deals, narrowed=", ".join(narrowed)) if narrowed else deals
