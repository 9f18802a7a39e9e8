"""The cockpit of one deal: what to do next, the deal in one picture, what was asked and given, who can commit to what.

Everything is read anew each time, in at most ten SQL queries beside those of who looks (and one more for each trial
under way that asks something of the deal).
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import Any

from django.utils import timezone

from hingepoint.analysis.talks.concessions import Kind as Noticed
from hingepoint.domain.agreements.models import AgreementEvent
from hingepoint.domain.agreements.queries import deal_page as agreement_lines
from hingepoint.domain.agreements.queries.catalogue import TypeChoice, type_choices
from hingepoint.domain.agreements.queries.lines import AgreementLine, in_order_of_the_sale, line_of
from hingepoint.domain.deals.models import Deal, DealEvent
from hingepoint.domain.deals.queries import deal_page
from hingepoint.domain.escalations.rules import asks_for
from hingepoint.domain.negotiation.queries import corridor, log
from hingepoint.domain.strategy.queries import next_best
from hingepoint.domain.trials.queries import lots
from hingepoint.records.agreements import AgreementState
from hingepoint.records.deals import DealStatus, EventKind
from hingepoint.records.errors import Hidden
from hingepoint.records.escalations import State
from hingepoint.records.languages import say

#: What is noticed about concessions without knowing when plans and corridors were written.
_NOTICED = (Noticed.AFTER_FINAL, Noticed.NOT_SHRINKING, Noticed.BEFORE_ANY_DEMAND)
_KINDS = (EventKind.STAGE, EventKind.FIELD, EventKind.EXECUTIVE, EventKind.ESCALATION)


@dataclass(frozen=True, slots=True)
class StageReached:
    name: str
    on: dt.date


@dataclass(frozen=True, slots=True)
class StepTaken:
    """A step on an agreement: the state it reached, and on which day."""

    state: str
    on: dt.date


@dataclass(frozen=True, slots=True)
class ExecutiveSeen:
    who: str
    what: str
    on: dt.date


@dataclass(frozen=True, slots=True)
class ExceptionAsked:
    """A request for an exception; ``id`` and ``state`` are empty where a file brought it without details.
    ``discount`` is a share of the list price."""

    id: int | None
    what: str
    state: str
    on: dt.date
    discount: float | None

    @property
    def waits(self) -> bool:
        return self.state == State.OPEN


@dataclass(frozen=True, slots=True)
class PriceStep:
    """The price after a concession that has a value in the deal's currency."""

    on: dt.date
    price: Decimal
    worth: Decimal
    in_return: str


@dataclass(frozen=True, slots=True)
class Prices:
    """The way of the price from ``start`` (the list price, else the opening of the corridor). ``corridor`` is None
    where none is set; ``asked`` the price of an exception that waits."""

    start: Decimal
    starts_at_list: bool
    steps: tuple[PriceStep, ...]
    corridor: corridor.CorridorCard | None
    asked: Decimal | None


@dataclass(frozen=True, slots=True)
class Cockpit:
    """What the page of a deal shows first. ``pivotal`` are the agreements that the playbook asks of it, ``others`` all
    further ones on record, each in the order of the sale; ``steps`` what was said of each of them, the oldest first."""

    facts: deal_page.DealFacts
    last_day: dt.date
    pivotal: tuple[AgreementLine, ...]
    others: tuple[AgreementLine, ...]
    steps: dict[int, tuple[StepTaken, ...]]
    best: next_best.NextBest | None
    next_steps: tuple[agreement_lines.NextStep, ...]
    by_lot: tuple[TypeChoice, ...]
    people: tuple[deal_page.Participant, ...]
    stages: tuple[StageReached, ...]
    log: log.Log
    executives: tuple[ExecutiveSeen, ...]
    exceptions: tuple[ExceptionAsked, ...]
    prices: Prices | None
    noticed: tuple[str, ...]

    @property
    def agreements(self) -> tuple[AgreementLine, ...]:
        return (*self.pivotal, *self.others)

    @property
    def gained(self) -> int:
        """How many of the pivotal agreements stand."""
        return sum(line.standing for line in self.pivotal)

    @property
    def given(self) -> float | None:
        """What was given so far as a share of the list price; None where either is not known."""
        price = self.facts.list_price
        return float(self.log.conceded / price) if price and self.log.priced else None

    def of_person(self, name: str) -> tuple[AgreementLine, ...]:
        """Return the agreements that a person is to commit to or committed to, as their name is written."""
        return tuple(line for line in self.agreements if line.person == name)


def cockpit(viewer: Any, deal_id: int, *, today: dt.date) -> Cockpit:
    """Return the cockpit of a deal. Raises Hidden for a foreign deal as for an absent one."""
    deal = _deal(viewer, deal_id)
    events = _events(deal)
    facts = deal_page.facts_of(
        deal, [one for one in events if one.kind in (EventKind.STAGE, EventKind.FIELD)]
    )
    rows = agreement_lines.rows_of(deal_id)
    lines = in_order_of_the_sale(line_of(row, today) for row in rows)
    is_open = deal.status == DealStatus.OPEN
    told = log.log_of(deal)
    exceptions = _exceptions(events)
    return Cockpit(
        facts=facts,
        last_day=timezone.localdate(deal.closed_at) if deal.closed_at else today,
        pivotal=tuple(line for line in lines if _is_pivotal(line)),
        others=tuple(line for line in lines if not _is_pivotal(line)),
        steps=_steps(deal),
        best=next_best.best_of(deal, rows, today=today) if is_open else None,
        next_steps=tuple(agreement_lines.next_steps(lines, today)) if is_open else (),
        by_lot=_by_lot(viewer, facts, lines) if is_open else (),
        people=tuple(deal_page.participants(deal_id)),
        stages=_stages(events),
        log=told,
        executives=_executives(events),
        exceptions=exceptions,
        prices=_prices(deal, told, exceptions),
        noticed=_noticed(told),
    )


def _deal(viewer: Any, deal_id: int) -> Deal:
    """Return the deal with its corridor, which whoever sees the deal may read."""
    related = ("account", "owner", "team", "corridor__set_by")
    deal = Deal.every.visible_to(viewer).select_related(*related).filter(pk=deal_id).first()
    if deal is None:
        raise Hidden("no such deal")
    return deal


def _events(deal: Deal) -> list[DealEvent]:
    rows = DealEvent.objects.standing().filter(deal=deal, kind__in=_KINDS)
    return list(rows.select_related("escalation").order_by("occurred_at", "id"))


def _is_pivotal(line: AgreementLine) -> bool:
    return line.required and line.state != AgreementState.NOT_NEEDED


def _steps(deal: Deal) -> dict[int, tuple[StepTaken, ...]]:
    rows = AgreementEvent.objects.standing().filter(agreement__deal=deal).order_by("occurred_at", "id")
    found: dict[int, list[StepTaken]] = defaultdict(list)
    for agreement, state, at in rows.values_list("agreement_id", "state", "occurred_at"):
        found[agreement].append(StepTaken(state, timezone.localdate(at)))
    return {agreement: tuple(steps) for agreement, steps in found.items()}


def _by_lot(
    viewer: Any, facts: deal_page.DealFacts, lines: Sequence[AgreementLine]
) -> tuple[TypeChoice, ...]:
    """Return the types that a trial asks for on a deal and that it has not gained."""
    asked = lots.asked_of(facts) - {line.key for line in lines if line.standing}
    return tuple(kind for kind in type_choices(viewer) if kind.key in asked) if asked else ()


def _stages(events: Iterable[DealEvent]) -> tuple[StageReached, ...]:
    """Return the stages as they were entered; of two on one day the later one."""
    reached = [
        StageReached(one.name, timezone.localdate(one.occurred_at))
        for one in events
        if one.kind == EventKind.STAGE
    ]
    kept = [one for one, after in pairwise(reached) if one.on != after.on and one.name != after.name]
    return (*kept, *reached[-1:])


def _executives(events: Iterable[DealEvent]) -> tuple[ExecutiveSeen, ...]:
    found = (one for one in events if one.kind == EventKind.EXECUTIVE)
    return tuple(ExecutiveSeen(one.actor, one.name, timezone.localdate(one.occurred_at)) for one in found)


def _exceptions(events: Iterable[DealEvent]) -> tuple[ExceptionAsked, ...]:
    return tuple(_exception(one) for one in events if one.kind == EventKind.ESCALATION)


def _exception(event: DealEvent) -> ExceptionAsked:
    request, on = getattr(event, "escalation", None), timezone.localdate(event.occurred_at)
    if request is None:
        return ExceptionAsked(None, event.note or event.name, "", on, None)
    what = asks_for(request.kind, request.discount, request.wanted)
    return ExceptionAsked(request.pk, what, request.state, on, request.discount)


def _prices(deal: Deal, told: log.Log, exceptions: Sequence[ExceptionAsked]) -> Prices | None:
    """Return the way of the price; None where neither a list price nor a corridor is known."""
    card = corridor.corridor_of(deal)
    start = deal.list_price if deal.list_price is not None else card.opening if card else None
    if start is None:
        return None
    waiting = [one.discount for one in exceptions if one.waits and one.discount is not None]
    asked = deal.list_price * (1 - Decimal(str(waiting[-1]))) if waiting and deal.list_price else None
    return Prices(start, deal.list_price is not None, _price_steps(start, told.priced), card, asked)


def _price_steps(start: Decimal, priced: Sequence[log.Concession]) -> tuple[PriceStep, ...]:
    steps, price = [], start
    for one in priced:
        worth = one.value or Decimal(0)
        price -= worth
        steps.append(PriceStep(timezone.localdate(one.at), price, worth, one.in_return.strip()))
    return tuple(steps)


def _noticed(told: log.Log) -> tuple[str, ...]:
    """Return what is to be noticed about the last concession, and how many brought nothing back."""
    if not told.concessions:
        return ()
    words = [check.words for check in told.concessions[-1].checks if check.kind in _NOTICED]
    nothing = sum(not one.in_return.strip() for one in told.concessions)
    if nothing:
        words.append(say("{nothing} of {n} brought nothing back.", nothing=nothing, n=len(told.concessions)))
    return tuple(words)
