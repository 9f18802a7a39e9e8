"""Rollouts as pages show them: all of them, one with what it can prove and what it was worth, and a rehearsal of one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Exists, OuterRef
from django.utils import timezone

from hingepoint.analysis import metrics
from hingepoint.domain.deals.models import Deal
from hingepoint.domain.discovery.models import Finding
from hingepoint.domain.impact import record, rules
from hingepoint.domain.impact.models import Rollout, RolloutCost, RolloutReading
from hingepoint.domain.impact.record import Planned, Told
from hingepoint.domain.impact.rules import Return
from hingepoint.domain.people.models import Team, Viewer, works_here
from hingepoint.domain.strategy.models import Strategy
from hingepoint.domain.strategy.queries import in_force
from hingepoint.domain.strategy.queries.pivotal import newest_signed
from hingepoint.records.errors import Hidden
from hingepoint.records.impact import CostKind, Order, Stage
from hingepoint.records.languages import say


@dataclass(frozen=True, slots=True)
class RolloutLine:
    """A rollout in the list. ``starts`` and ``ends`` are the first and the last day on which a team starts; ``says`` is the newest
    sentence on it, empty before there is one."""

    id: int
    name: str
    metric: str
    stage: Stage
    teams: int
    starts: dt.date | None
    ends: dt.date | None
    says: str


@dataclass(frozen=True, slots=True)
class TeamLine:
    """A team of a rollout, its wave from 1 (None: it waits), and its day."""

    name: str
    wave: int | None
    on: dt.date | None


@dataclass(frozen=True, slots=True)
class Sealed:
    """The sealed card. ``had_data``: the first wave had begun by then, so that somebody may have looked."""

    text: str
    sha256: str
    at: dt.datetime
    by: str
    had_data: bool


@dataclass(frozen=True, slots=True)
class CostLine:
    """A cost, with what it comes to; None before there is a reading that counts people's time."""

    id: int
    kind: CostKind
    what: str
    amount: Decimal
    currency: str
    minutes: int | None
    comes_to: float | None


@dataclass(frozen=True, slots=True)
class RolloutPage:
    """A rollout. ``planned`` is what it can prove, of a lot drawn here; ``order`` the teams by their days, empty before the seal.
    ``told`` is what it was worth on ``day``; ``few`` says that it is of too few people to be told; ``problem`` why nothing is known.
    ``returns`` is only told where an effect is shown. ``earlier`` are plans with some of these teams that were never sealed."""

    id: int
    name: str
    what: str
    strategy: tuple[int, str] | None
    metric: metrics.Metric
    period: str
    drawn: Order
    seed: int | None
    stage: Stage
    teams: tuple[str, ...]
    steps: int | None
    planned_by: str
    planned_at: dt.datetime
    planned: Planned | None
    problem: str
    order: tuple[TeamLine, ...]
    sealed: Sealed | None
    withdrawn: tuple[str, dt.datetime, str] | None
    day: dt.date | None
    told: Told | None
    few: bool
    costs: tuple[CostLine, ...]
    returns: Return | None
    earlier: tuple[str, ...]
    may_plan: bool


def rollouts(viewer: Viewer, *, today: dt.date) -> list[RolloutLine]:
    """Return the rollouts that a viewer sees, the newest first. Raises Hidden. One SQL query."""
    _require(viewer)
    rows = Rollout.objects.visible_to(viewer).select_related("reading")
    return [_line(row, today) for row in rows]


def _require(viewer: Viewer) -> None:
    if not works_here(viewer):
        raise Hidden("Rollouts are for those who work here.")


def _line(row: Rollout, today: dt.date) -> RolloutLine:
    days = rules.days_of(row)
    reading = _reading(row)
    told, few = _told(reading)
    plan = record.planned(row.plan)
    says = told.in_words if told else plan.in_words if plan and not row.sealed_at else row.problem
    return RolloutLine(
        id=row.pk,
        name=row.name,
        metric=row.metric,
        stage=rules.stage_of(row, today=today),
        teams=len(row.teams),
        starts=days[0] if days else None,
        ends=days[-1] if days else None,
        says="" if few else says,
    )


def _reading(row: Rollout) -> RolloutReading | None:
    return row.reading if hasattr(row, "reading") else None


def _told(reading: RolloutReading | None) -> tuple[Told | None, bool]:
    """Return what was read, and whether it is of too few people: then it is not told."""
    told = record.told(reading.told) if reading else None
    few = told is not None and 0 < told.did.people < rules.LEAST_PEOPLE
    return (None, True) if few else (told, False)


def rollout(viewer: Viewer, rollout_id: int, *, today: dt.date) -> RolloutPage:
    """Return one rollout. Raises Hidden. At most three SQL queries."""
    row = _row(viewer, rollout_id)
    reading = _reading(row)
    told, few = _told(reading)
    costs = list(row.costs.filter(taken_back_at__isnull=True))
    shown = told if told and told.conclusion == "shown" else None
    return RolloutPage(
        id=row.pk,
        name=row.name,
        what=row.what,
        strategy=(row.strategy.pk, row.strategy.name) if row.strategy else None,
        metric=metrics.parse(row.metric),
        period=row.period,
        drawn=Order(row.order),
        seed=row.seed,
        stage=rules.stage_of(row, today=today),
        teams=tuple(row.teams),
        steps=row.steps,
        planned_by=row.planned_by.name if row.planned_by else say("the system"),
        planned_at=row.planned_at,
        planned=record.planned(row.plan),
        problem=row.problem or (reading.problem if reading else ""),
        order=_order(rules.starts_of(row)),
        sealed=_sealed(row),
        withdrawn=_withdrawn(row),
        day=reading.day if reading else None,
        told=told,
        few=few,
        costs=tuple(_cost(one, told) for one in costs),
        returns=rules.return_of(shown.value, costs, shown) if shown else None,
        earlier=_earlier(row) if rules.may_plan(viewer) or row.sealed_at else (),
        may_plan=rules.may_plan(viewer),
    )


def _row(viewer: Viewer, rollout_id: int) -> Rollout:
    _require(viewer)
    rows = Rollout.objects.visible_to(viewer)
    beside = ("reading", "strategy", "planned_by", "sealed_by", "withdrawn_by")
    row = rows.select_related(*beside).filter(pk=rollout_id).first()
    if row is None:
        raise Hidden("There is no such rollout.")
    return row


def _order(starts: Mapping[str, dt.date | None]) -> tuple[TeamLine, ...]:
    days = sorted({day for day in starts.values() if day})
    waves = {day: number for number, day in enumerate(days, start=1)}
    ranked = sorted(starts.items(), key=lambda one: (one[1] or dt.date.max, one[0]))
    return tuple(TeamLine(team, waves[day] if day else None, day) for team, day in ranked)


def _sealed(row: Rollout) -> Sealed | None:
    if row.sealed_at is None:
        return None
    sealed_on = timezone.localdate(row.sealed_at)
    by = row.sealed_by.name if row.sealed_by else say("the system")
    return Sealed(row.card, row.sha256, row.sealed_at, by, rules.had_data(row, sealed_on=sealed_on))


def _withdrawn(row: Rollout) -> tuple[str, dt.datetime, str] | None:
    if row.withdrawn_at is None:
        return None
    return (
        row.withdrawn_by.name if row.withdrawn_by else say("the system"),
        row.withdrawn_at,
        row.withdrawn_because,
    )


def _cost(one: RolloutCost, told: Told | None) -> CostLine:
    kind = CostKind(one.kind)
    comes_to = rules.a_year(one, told) if told else float(one.amount) if one.minutes is None else None
    return CostLine(one.pk, kind, one.what, one.amount, one.currency, one.minutes, comes_to)


def _earlier(row: Rollout) -> tuple[str, ...]:
    """Return the names of plans with teams of this one that were put on record before it and never sealed."""
    rows = Rollout.objects.filter(order=Order.OURS, sealed_at__isnull=True, pk__lt=row.pk).order_by("pk")
    mine = set(row.teams)
    return tuple(name for name, teams in rows.values_list("name", "teams") if mine & set(teams))


def card_of(viewer: Viewer, rollout_id: int) -> str:
    """Return the sealed text. Raises Hidden."""
    row = _row(viewer, rollout_id)
    if row.sealed_at is None:
        raise Hidden("It is not sealed yet.")
    return row.card


def starts_of(viewer: Viewer, rollout_id: int) -> list[tuple[str, dt.date | None]]:
    """Return teams and their days as ``hingepoint impact --rollout`` reads them. Raises Hidden."""
    row = _row(viewer, rollout_id)
    if row.sealed_at is None:
        raise Hidden("It is not sealed yet.")
    return sorted(rules.starts_of(row).items())


# ---- planning ----


@dataclass(frozen=True, slots=True)
class Offered:
    """What a new rollout may choose from: teams with deals, strategies, and the metric of the first in force."""

    teams: tuple[str, ...]
    strategies: tuple[tuple[int, str], ...]
    metric: str


def offered(viewer: Viewer) -> Offered:
    """Return what a new rollout may be of. Raises Hidden unless they plan rollouts. Two SQL queries."""
    rules.require_planner(viewer)
    with_deals = Exists(Deal.objects.filter(team=OuterRef("pk")))
    teams = Team.objects.filter(with_deals).order_by("name").values_list("name", flat=True)
    strategies = list(Strategy.objects.visible_to(viewer).in_force())
    return Offered(
        teams=tuple(teams),
        strategies=tuple((one.pk, one.name) for one in strategies),
        metric=strategies[0].metric if strategies else "",
    )


# ---- rehearsed ----


@dataclass(frozen=True, slots=True)
class Part:
    """An agreement, and what it is expected to add to the metric if the share of deals that gain it rises from ``now`` to ``then``.
    Without a signed finding nothing is known and nothing expected."""

    key: str
    name: str
    now: float | None = None
    then: float | None = None
    effect: float | None = None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What more coverage of the pivotal agreements adds to the metric by the signed findings, and with each of them at its lower
    and at its upper end. ``visible_on`` is the first day on which this rollout would probably show as much, None where it would
    not."""

    parts: tuple[Part, ...]
    effect: float
    low: float
    high: float
    visible_on: dt.date | None

    @property
    def known(self) -> list[Part]:
        return [one for one in self.parts if one.effect is not None]

    @property
    def unknown(self) -> list[Part]:
        return [one for one in self.parts if one.effect is None]


def rehearse(viewer: Viewer, page: RolloutPage, *, rise: float) -> Rehearsal | None:
    """Return what is expected if ``rise`` (a share) more deals of the teams gain each pivotal agreement, all deals at most; None
    where no agreement is pivotal for the metric. Raises Hidden unless they plan rollouts. Two SQL queries."""
    rules.require_planner(viewer)
    metric = page.metric.name
    rows = [row for row in in_force.pivotal_in_force() if row.playbook.strategy.metric == metric]
    if not rows:
        return None
    rows = [row for row in rows if row.playbook_id == rows[0].playbook_id]
    signed = newest_signed([row.type.key for row in rows], metric)
    parts = tuple(_part(row.type.key, str(row.type), signed.get(row.type.key), rise) for row in rows)
    return _rehearsed(parts, page)


def _part(key: str, name: str, finding: Finding | None, rise: float) -> Part:
    if finding is None or finding.facts.get("effect") is None:
        return Part(key, name)
    now = finding.facts["coverage"]
    then = min(now + rise, 1.0)
    effects = (finding.facts["effect"], *finding.facts["ci"])
    return Part(key, name, now, then, *(one * (then - now) for one in effects))


def _rehearsed(parts: tuple[Part, ...], page: RolloutPage) -> Rehearsal:
    effect, low, high = (
        sum(getattr(one, name) or 0.0 for one in parts) for name in ("effect", "low", "high")
    )
    days = page.planned.by_day if page.planned else ()
    visible = (one.on for one in days if one.smallest is not None and 0 < one.smallest <= abs(effect))
    return Rehearsal(parts, effect, low, high, next(visible, None))
