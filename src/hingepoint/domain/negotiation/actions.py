"""Every change to what we may charge, to demands and their reasons, and to what we gave."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from django.utils import timezone

from hingepoint.domain.audit.actions import record
from hingepoint.domain.deals import actions as deals
from hingepoint.domain.deals.actions import HAND, deal_for, deal_of
from hingepoint.domain.deals.models import DealEvent
from hingepoint.domain.negotiation.models import Corridor, CorridorWriting, Reason, Trade
from hingepoint.domain.people.models import User
from hingepoint.domain.turns.actions import action, form, take_turn
from hingepoint.records.agreements import Side
from hingepoint.records.deals import EventKind
from hingepoint.records.errors import Hidden, Refused
from hingepoint.records.talks import ReasonState, Topic


class CorridorUpsideDown(Refused):
    """Opening, target and walk-away go down, and none is below nothing."""

    field = "target"


class NothingSaid(Refused):
    """A demand or a concession says what it is; a reason says why."""


class NotConfirmed(Refused):
    """Stated needs one of their people by name, confirmed needs two."""


@action
def set_corridor(
    *,
    by: User | None,
    at: dt.datetime,
    deal_id: int,
    opening: Decimal,
    target: Decimal,
    walk_away: Decimal,
    expected_version: int | None = None,
) -> Corridor:
    """Set or move the corridor of a deal; each writing is kept. Raises Hidden, Stale and CorridorUpsideDown.

    The audit trail says that it moved and who moved it; the figures stay out of it, because more people
    read the trail than may read them.
    """
    if not opening >= target >= walk_away >= 0:
        raise CorridorUpsideDown("Opening is the highest and walk-away the lowest; target lies between them.")
    deal = deal_for(by, deal_id)
    figures = {"opening": opening, "target": target, "walk_away": walk_away, "set_by": by, "set_at": at}
    corridor, new = Corridor.objects.get_or_create(deal=deal, defaults=figures)
    if not new:  # expected_version 0: the form was made when there was none
        take_turn(corridor, expected_version=expected_version)
        Corridor.objects.filter(pk=corridor.pk).update(**figures)
        corridor.refresh_from_db()
    CorridorWriting.objects.create(deal=deal, **figures)
    record(by=by, at=at, action="set corridor", subject="deal", subject_id=deal.pk)
    return corridor


@action
def look_at_walk_away(*, by: User, at: dt.datetime, deal_id: int) -> None:
    """Put on record that somebody looks at the walk-away of a deal. Raises Hidden where it is not theirs to read, or none
    is set."""
    if not Corridor.objects.visible_to(by).filter(deal_id=deal_id).exists():
        raise Hidden("no walk-away to look at")
    record(by=by, at=at, action="look at walk-away", subject="deal", subject_id=deal_id)


@dataclass(frozen=True, slots=True)
class Why:
    """The reason behind a demand. ``said_by`` and ``confirmed_by`` are people of theirs, by name."""

    text: str
    state: ReasonState = ReasonState.HYPOTHESISED
    said_by: str = ""
    confirmed_by: str = ""


@action
def log_demand(
    *,
    by: User | None,
    at: dt.datetime,
    deal_id: int,
    topic: Topic,
    words: str = "",
    asked_by: str = "",
    value: Decimal | None = None,
    occurred_at: dt.datetime | None = None,
    why: Why | None = None,
    origin: str = HAND,
    token: str = "",
    second: bool | None = None,
) -> DealEvent:
    """Note what the customer asks for, with the reason if it is known. ``token``: of the form it came with;
    ``second``: see ``deals.note_event``. Raises Hidden, NothingSaid, NotConfirmed and AlreadyNoted."""
    if topic == Topic.OTHER and not words.strip():
        raise NothingSaid("Say in a few words what they ask for.", field="words")
    deal, happened = deal_for(by, deal_id), occurred_at or at
    sent = form(
        by, token, "demand", deal_id, topic, words, asked_by, value, timezone.localdate(happened), why
    )
    if known := sent.made(DealEvent.objects.all()):
        return known
    event = deals.note_event(
        by=by,
        at=at,
        deal_id=deal_id,
        kind=EventKind.DEMAND,
        name=topic.value,
        occurred_at=happened,
        origin=origin,
        second=second,
        side=Side.CUSTOMER.value,
        counterpart=asked_by.strip(),
        note=words.strip(),
        value=value,
        currency=deal.currency if value is not None else "",
    )
    if why and not (second is False and _says_already(event, why)):
        give_reason(by=by, at=at, demand_id=event.pk, why=why)
    sent.keep(event, at=at)
    return event


def _says_already(event: DealEvent, why: Why) -> bool:
    """Return whether the reason on record is the one told."""
    last = event.reasons.order_by("-written_at", "-pk").first()
    return last is not None and (last.text, last.state) == (why.text.strip(), why.state)


@action
def give_reason(*, by: User | None, at: dt.datetime, demand_id: int, why: Why, token: str = "") -> Reason:
    """Write down why they ask; earlier writings stay. Raises Hidden, NothingSaid and NotConfirmed."""
    event = _event_for(by, demand_id, EventKind.DEMAND)
    if not why.text.strip():
        raise NothingSaid("Say why they need it, in their words if you can.", field="why")
    _require_sources(why)
    sent = form(by, token, "reason", demand_id, why)
    if known := sent.made(Reason.objects.all()):
        return known
    reason = Reason.objects.create(
        event=event,
        text=why.text.strip(),
        state=why.state,
        said_by=why.said_by.strip(),
        confirmed_by=why.confirmed_by.strip(),
        written_by=by,
        written_at=at,
    )
    record(
        by=by,
        at=at,
        action="give reason",
        subject="deal",
        subject_id=event.deal_id,
        changes={"state": [None, why.state]},
    )
    sent.keep(reason, at=at)
    return reason


def _require_sources(why: Why) -> None:
    said, confirmed = why.said_by.strip(), why.confirmed_by.strip()
    if why.state != ReasonState.HYPOTHESISED and not said:
        raise NotConfirmed("Name who of them said it; until then it is our guess.", field="said_by")
    if why.state == ReasonState.CONFIRMED and (not confirmed or confirmed.casefold() == said.casefold()):
        raise NotConfirmed(
            "Confirmed means that two of them said it: name the second person.", field="confirmed_by"
        )


@action
def concede(
    *,
    by: User | None,
    at: dt.datetime,
    deal_id: int,
    topic: Topic,
    what: str = "",
    value: Decimal | None = None,
    in_return: str = "",
    demand_id: int | None = None,
    final: bool = False,
    worth: int | None = None,
    occurred_at: dt.datetime | None = None,
    origin: str = HAND,
    token: str = "",
    second: bool | None = None,
) -> DealEvent:
    """Note what we gave, its value to us, what came back, and which demand it answers.

    ``final``: we called it our last; ``token`` and ``second`` as in ``log_demand``. Raises Hidden, NothingSaid
    and AlreadyNoted.
    """
    if topic == Topic.OTHER and not what.strip():
        raise NothingSaid("Say in a few words what we gave.", field="what")
    deal, happened = deal_for(by, deal_id), occurred_at or at
    given = (topic, what, value, in_return, demand_id, final, worth)
    sent = form(by, token, "concession", deal_id, *given, timezone.localdate(happened))
    if known := sent.made(DealEvent.objects.all()):
        return known
    demand = _event_for(by, demand_id, EventKind.DEMAND) if demand_id else None
    if demand and demand.deal_id != deal.pk:
        raise Hidden("There is no such demand on this deal.")
    event = deals.note_event(
        by=by,
        at=at,
        deal_id=deal_id,
        kind=EventKind.CONCESSION,
        name=what.strip()[:200] or topic.value,
        occurred_at=happened,
        origin=origin,
        second=second,
        actor=by.name if by else "",
        note=in_return.strip(),
        value=value,
        currency=deal.currency if value is not None else "",
    )
    said = {"topic": topic, "demand": demand, "worth": worth, "final": final}
    Trade.objects.get_or_create(event=event, defaults=said)
    sent.keep(event, at=at)
    return event


def _event_for(by: User | None, event_id: int, kind: EventKind) -> DealEvent:
    """Return a standing event of a deal that ``by`` may change. Raises Hidden."""
    rows = DealEvent.objects.filter(pk=event_id, kind=kind)
    deal_of(by, rows)
    if (event := rows.standing().first()) is None:
        raise Hidden("It was taken back a moment ago.")
    return event


def take_back(*, by: User | None, at: dt.datetime, event_id: int) -> DealEvent:
    """Take back a demand or a concession noted in error. Raises Hidden and NothingToTakeBack."""
    event = DealEvent.objects.filter(pk=event_id, kind__in=(EventKind.DEMAND, EventKind.CONCESSION)).first()
    return deals.take_back_event(by=by, at=at, event_id=event.pk if event else 0)
