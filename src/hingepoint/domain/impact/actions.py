"""Every change by rollouts: they are planned, sealed and withdrawn, what they cost is noted, and what they were worth is read
at night."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from hingepoint.analysis import impact, metrics
from hingepoint.analysis.impact.conclusion import SHARE
from hingepoint.domain.audit.actions import record
from hingepoint.domain.impact import work
from hingepoint.domain.impact.models import Rollout, RolloutCost, RolloutReading
from hingepoint.domain.impact.record import planned
from hingepoint.domain.impact.rules import days_of, require_planner
from hingepoint.domain.impact.tasks import read_in_background
from hingepoint.domain.people.models import Team, User
from hingepoint.domain.strategy.models import Strategy
from hingepoint.domain.turns.actions import action, form, turn
from hingepoint.records.errors import Hidden, Refused
from hingepoint.records.impact import CostKind, Order

log = logging.getLogger(__name__)


class RolloutKnown(Refused):
    """There is a rollout of this name already."""

    field = "name"


class NotPossible(Refused):
    """It cannot be rolled out so; the message says why."""


class NotWeighed(Refused):
    """Nothing is sealed before it is known what it can prove."""


class SealedAlready(Refused):
    """The card is sealed: nothing of it can be changed."""


class WithdrawnAlready(Refused):
    """Somebody withdrew it before."""


class ReasonMissing(Refused):
    """Who withdraws a rollout says why."""

    field = "because"


@dataclass(frozen=True, slots=True)
class Asked:
    """What a rollout asks: what teams start, in words, and what it shall do to ``metric``; ``worth`` is the smallest effect that
    matters, in the metric's unit (None: the usual)."""

    name: str
    what: str
    metric: str
    period: str = "month"
    worth: float | None = None
    strategy_id: int | None = None


# ---- planned and sealed ----


@action
def plan(
    *,
    by: User | None,
    at: dt.datetime,
    asked: Asked,
    teams: Sequence[str],
    steps: int,
    periods: int,
    seed: int,
) -> Rollout:
    """Put a rollout on record with the seed of its lot, before anything is drawn; what it can prove is weighed in the
    background. Raises Hidden, RolloutKnown and NotPossible."""
    require_planner(by)
    names = _known(teams)
    if not 2 <= steps <= len(names):
        raise NotPossible(
            f"{len(names)} teams can start in 2 to {len(names)} waves, not in {steps}.", field="steps"
        )
    if periods < steps - 1:
        raise NotPossible(f"{steps} waves need at least {steps - 1} {asked.period}s.", field="periods")
    row = _create(by, at, asked, order=Order.OURS, teams=names, steps=steps, periods=periods, seed=seed)
    said = {"seed": seed, "teams": ", ".join(names), "waves": steps, "metric": asked.metric}
    changes = {name: [None, value] for name, value in said.items()}
    record(by=by, at=at, action="plan", subject="rollout", subject_id=row.pk, changes=changes)
    transaction.on_commit(read_in_background.enqueue)
    return row


def _known(teams: Sequence[str]) -> list[str]:
    names = sorted(set(teams))
    unknown = set(names) - set(Team.objects.filter(name__in=names).values_list("name", flat=True))
    if unknown:
        raise NotPossible(f"There is no team {sorted(unknown)[0]}.", field="teams")
    if len(names) < 2:
        raise NotPossible("A rollout that can be measured needs two teams or more.", field="teams")
    return names


def _create(by: User | None, at: dt.datetime, asked: Asked, **facts: Any) -> Rollout:
    metric = metrics.parse_target(asked.metric)
    if asked.strategy_id and not Strategy.objects.filter(pk=asked.strategy_id).exists():
        raise Hidden("There is no such strategy.")
    said: dict[str, Any] = {"what": asked.what.strip(), "metric": metric.name, "period": asked.period}
    said |= {"worth": asked.worth, "strategy_id": asked.strategy_id, "planned_by": by, "planned_at": at}
    try:
        with transaction.atomic():
            return Rollout.objects.create(name=asked.name.strip(), **said, **facts)
    except IntegrityError:
        raise RolloutKnown("There is a rollout of this name. Give this one another.") from None


@action
def seal(*, by: User | None, at: dt.datetime, rollout_id: int) -> Rollout:
    """Seal the card of a planned rollout and draw its order: from then on nothing of it changes. Raises Hidden, NotWeighed,
    SealedAlready, WithdrawnAlready, and NotPossible where the first day has come meanwhile."""
    row = _turn(by, rollout_id)
    told = planned(row.plan)
    if row.sealed_at:
        raise SealedAlready("The card is sealed already.")
    if told is None:
        raise NotWeighed("It is not known yet what it can prove. Seal it when that is known.")
    if told.order[0].starts <= timezone.localdate(at):
        raise NotPossible(
            "The first day has come: it is too late to draw who starts then. Tonight it is weighed again with later days; "
            "seal it tomorrow."
        )
    row.starts = {one.team: one.starts.isoformat() for one in told.order}
    _seal(row, told.card.text, told.card.sha256, by=by, at=at)
    return row


@action
def enter(
    *,
    by: User | None,
    at: dt.datetime,
    asked: Asked,
    starts: Mapping[str, dt.date | None],
    drawn: bool,
) -> Rollout:
    """Put on record a rollout whose days are known, and seal its card at once: who starts when (None: waits) was ``drawn`` by
    lot elsewhere, or chosen. Raises Hidden, RolloutKnown and NotPossible."""
    require_planner(by)
    names = _known(list(starts))
    if not any(starts.values()):
        raise NotPossible("Say on which day at least one team starts.", field="starts")
    worth = asked.worth if asked.worth is not None else _usual(asked.metric)
    order = Order.ELSEWHERE if drawn else Order.CHOSEN
    row = _create(by, at, asked, order=order, teams=names)
    row.starts = {team: day.isoformat() if (day := starts[team]) else None for team in names}
    card = impact.Card(
        metric=row.metric,
        period=row.period,
        worth=worth,
        seed=1,
        sealed_on=timezone.localdate(at),
        decided_on=days_of(row)[-1],
        starts=tuple((team, day) for team in names if (day := starts[team])),
    )
    record(
        by=by, at=at, action="enter", subject="rollout", subject_id=row.pk, changes={"order": [None, order]}
    )
    _seal(row, card.text, card.sha256, by=by, at=at)
    return row


def _usual(metric: str) -> float:
    """Return the effect that would matter of a share; of money and days only people know. Raises NotPossible."""
    if metrics.parse_target(metric).kind != "share":
        raise NotPossible("Say which effect would matter.", field="worth")
    return SHARE


def _turn(by: User | None, rollout_id: int) -> Rollout:
    """Return a standing rollout in this action's turn. Raises Hidden and WithdrawnAlready."""
    require_planner(by)
    row = turn(Rollout.objects.all(), pk=rollout_id)
    if row is None:
        raise Hidden("There is no such rollout.")
    if row.withdrawn_at:
        raise WithdrawnAlready("Somebody withdrew it already.")
    return row


def _seal(row: Rollout, card: str, sha256: str, *, by: User | None, at: dt.datetime) -> None:
    row.card, row.sha256, row.sealed_by, row.sealed_at = card, sha256, by, at
    row.save()
    changes = {"SHA-256": [None, sha256]}
    record(by=by, at=at, action="seal", subject="rollout", subject_id=row.pk, changes=changes)
    transaction.on_commit(read_in_background.enqueue)


@action
def withdraw(*, by: User | None, at: dt.datetime, rollout_id: int, because: str) -> Rollout:
    """Withdraw a rollout, with the reason; all of it stays on record. Raises Hidden, WithdrawnAlready and ReasonMissing."""
    row = _turn(by, rollout_id)
    if not because.strip():
        raise ReasonMissing("Say in a sentence why: it is shown with the card for good.")
    row.withdrawn_by, row.withdrawn_at, row.withdrawn_because = by, at, because.strip()
    row.save(update_fields=["withdrawn_by", "withdrawn_at", "withdrawn_because"])
    record(
        by=by, at=at, action="withdraw", subject="rollout", subject_id=row.pk, reason=row.withdrawn_because
    )
    return row


# ---- what it costs ----


@dataclass(frozen=True, slots=True)
class Spent:
    """What is spent: ``amount`` once, or for an hour of people's time of which it takes so many ``minutes``."""

    kind: CostKind
    what: str
    amount: Decimal
    currency: str
    minutes: int | None = None


@action
def note_cost(
    *, by: User | None, at: dt.datetime, rollout_id: int, spent: Spent, token: str = ""
) -> RolloutCost:
    """Note what a rollout costs. Raises Hidden, WithdrawnAlready, and NotPossible for time without minutes."""
    row = _turn(by, rollout_id)
    minutes = None if spent.kind is CostKind.INVESTMENT else spent.minutes
    if spent.kind is not CostKind.INVESTMENT and not minutes:
        raise NotPossible("Say how many minutes it takes.", field="minutes")
    sent = form(by, token, "rollout cost", rollout_id, spent)
    if known := sent.made(row.costs.all()):
        return known
    told = {"kind": spent.kind, "what": spent.what.strip(), "amount": spent.amount}
    told |= {"currency": spent.currency.upper(), "minutes": minutes, "noted_by": by, "noted_at": at}
    cost = RolloutCost.objects.create(rollout=row, **told)
    changes = {"what": [None, cost.what], "amount": [None, f"{spent.amount} {cost.currency}"]}
    record(by=by, at=at, action="note cost", subject="rollout", subject_id=row.pk, changes=changes)
    sent.keep(cost, at=at)
    return cost


@action
def take_back_cost(*, by: User | None, at: dt.datetime, rollout_id: int, cost_id: int) -> None:
    """Take a cost back that was noted wrongly; it stays on record. Raises Hidden and WithdrawnAlready."""
    row = _turn(by, rollout_id)
    cost = row.costs.filter(pk=cost_id, taken_back_at__isnull=True).first()
    if cost is None:
        raise Hidden("There is no such cost.")
    cost.taken_back_by, cost.taken_back_at = by, at
    cost.save(update_fields=["taken_back_by", "taken_back_at"])
    changes = {"what": [None, cost.what]}
    record(by=by, at=at, action="drop cost", subject="rollout", subject_id=row.pk, changes=changes)


# ---- weighed and read ----


def read_rollouts(*, at: dt.datetime, as_of: dt.date | None = None, only_new: bool = False) -> int:
    """Weigh the rollouts that were planned, and keep what every sealed one was worth at the end of ``as_of`` (yesterday, where it
    is not said), or ``only_new``: those never read; return how many. Reads all deals, outside any transaction: seconds a rollout."""
    today = timezone.localdate(at)
    deals = work.Deals(until=as_of or today - dt.timedelta(days=1))
    for row in Rollout.objects.unsealed():
        if not row.problem and _out_of_date(row, today):
            _weigh(row, deals, today=today)
    sealed = Rollout.objects.sealed().standing()
    rows = list(sealed.filter(reading__isnull=True) if only_new else sealed)
    for row in rows:
        _read(row, deals, at=at)
    return len(rows)


def _out_of_date(row: Rollout, today: dt.date) -> bool:
    """Return whether a plan is to be weighed: never done, by another version, or its first day has come unsealed."""
    told = planned(row.plan)
    return told is None or told.order[0].starts <= today


def _weigh(row: Rollout, deals: work.Deals, *, today: dt.date) -> None:
    try:
        _keep_plan(row, plan=work.weighed(row, deals, today=today), problem="")
    except work.NOT_POSSIBLE as error:
        _keep_plan(row, plan=None, problem=_said(error))


@action
def _keep_plan(row: Rollout, *, plan: Any, problem: str) -> None:
    """Keep what a rollout can prove, unless it was sealed or withdrawn meanwhile."""
    Rollout.objects.unsealed().filter(pk=row.pk).update(plan=plan, problem=problem)


def _read(row: Rollout, deals: work.Deals, *, at: dt.datetime) -> None:
    told, problem = None, ""
    try:
        told = work.measured(row, deals)
    except work.NOT_POSSIBLE as error:
        problem = _said(error)
    _keep_reading(row, deals.data_end, told, problem, at=at)
    log.info("Read the rollout %s as of %s: %s", row.pk, deals.data_end, problem or "done")


@action
def _keep_reading(row: Rollout, day: dt.date, told: Any, problem: str, *, at: dt.datetime) -> None:
    facts = {"day": day, "told": told, "problem": problem, "made_at": at}
    RolloutReading.objects.update_or_create(rollout=row, defaults=facts)


def _said(error: Exception) -> str:
    text = str(error)
    return f"{text[:1].upper()}{text[1:].rstrip('.')}."[:500]
