"""Every answer about executives on deals: roles agreed, what they did, whether agreed before, what moved after."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from hingepoint.analysis.talks import aftermath, reasons
from hingepoint.domain.agreements.models import AgreementEvent
from hingepoint.domain.deals.models import Deal, DealContact, DealEvent, that_count
from hingepoint.domain.involvement.models import Involvement
from hingepoint.domain.involvement.rules import PRICE_CAME_UP
from hingepoint.domain.negotiation.queries import log
from hingepoint.domain.people.models import User, works_here
from hingepoint.records.agreements import STANDING
from hingepoint.records.deals import EventKind
from hingepoint.records.errors import Hidden
from hingepoint.records.involvement import Purpose
from hingepoint.records.languages import say
from hingepoint.records.people import Role
from hingepoint.records.talks import Topic


@dataclass(frozen=True, slots=True)
class AgreedRole:
    """A role as its deal shows it. ``waits_for``: the deal's owner, whose yes is missing."""

    id: int
    deal_id: int
    executive: str
    executive_id: int
    title: str
    purpose: str
    aim: str
    not_to_say: str
    may_discuss_price: bool
    agreed_by: str
    agreed_at: dt.datetime
    ended_at: dt.datetime | None
    waits_for: int | None


@dataclass(frozen=True, slots=True)
class Activity:
    """Something an executive did. ``role`` is the one agreed before it; ``first_without``: their first on
    this deal, and no role had been agreed."""

    id: int
    executive: str
    what: str
    words: str
    at: dt.datetime
    by_hand: bool
    price_came_up: bool
    role: AgreedRole | None
    first_without: bool
    role_afterwards: bool
    after: aftermath.Aftermath

    @property
    def beyond_limits(self) -> bool:
        """Whether price came up although the role left it out."""
        return self.price_came_up and self.role is not None and not self.role.may_discuss_price


@dataclass(frozen=True, slots=True)
class Part:
    """The executives' part in one deal: roles and activities, newest first."""

    roles: tuple[AgreedRole, ...]
    activities: tuple[Activity, ...]

    @property
    def holding(self) -> tuple[AgreedRole, ...]:
        return tuple(role for role in self.roles if role.ended_at is None)


def of_deal(viewer: Any, deal_id: int, *, now: dt.datetime) -> Part:
    """Return the executives' part in a deal. Raises Hidden. Four SQL queries."""
    if not Deal.every.visible_to(viewer).filter(pk=deal_id).exists():
        raise Hidden("no such deal")
    rows = Involvement.objects.filter(deal_id=deal_id).select_related("executive", "agreed_by", "deal")
    roles = [_role(row) for row in rows.order_by("-agreed_at", "-id")]
    events = list(DealEvent.objects.standing().filter(deal_id=deal_id).order_by("occurred_at", "id"))
    moves = [*_moves(events), *_gains(deal_id)]
    seen: set[str] = set()
    found = []
    for event in events:
        if event.kind == EventKind.EXECUTIVE:
            found.append(_activity(event, roles, moves, first=event.actor not in seen, now=now))
            seen.add(event.actor)
    return Part(tuple(roles), tuple(reversed(found)))


def _role(row: Involvement) -> AgreedRole:
    return AgreedRole(
        id=row.pk,
        deal_id=row.deal_id,
        executive=row.executive.name,
        executive_id=row.executive_id,
        title=row.executive.title,
        purpose=Purpose(row.purpose).label,
        aim=row.aim,
        not_to_say=row.not_to_say,
        may_discuss_price=row.may_discuss_price,
        agreed_by=row.agreed_by.name if row.agreed_by else "",
        agreed_at=row.agreed_at,
        ended_at=row.ended_at,
        waits_for=None if row.owner_agreed_at or row.agreed_by_id == row.deal.owner_id else row.deal.owner_id,
    )


def _activity(
    event: DealEvent,
    roles: Sequence[AgreedRole],
    moves: Sequence[aftermath.Move],
    *,
    first: bool,
    now: dt.datetime,
) -> Activity:
    own = [role for role in roles if role.executive == event.actor]
    before = next((role for role in own if _held(role, event.occurred_at)), None)
    return Activity(
        id=event.pk,
        executive=event.actor,
        what=event.name,
        words=_words(event.note),
        at=event.occurred_at,
        by_hand=event.origin == "hand",
        price_came_up=event.note.lower().startswith(PRICE_CAME_UP),
        role=before,
        first_without=first and before is None,
        role_afterwards=before is None and bool(own),
        after=aftermath.after(event.occurred_at, moves, now=now),
    )


def _words(note: str) -> str:
    """Return a note without what it was about: ``price: they asked for more`` is *they asked for more*."""
    about, _, words = note.partition(":")
    return words.strip() if about.strip().lower() in (PRICE_CAME_UP, "value") else note


def _held(role: AgreedRole, at: dt.datetime) -> bool:
    return role.agreed_at <= at and (role.ended_at is None or role.ended_at > at)


def _moves(events: Sequence[DealEvent]) -> list[aftermath.Move]:
    return [move for event in events if (move := _move(event))]


def _move(event: DealEvent) -> aftermath.Move | None:
    if event.kind == EventKind.CONCESSION:
        kind = "price" if reasons.topic_of(event.name) == Topic.PRICE else "terms"
        value = float(event.value) if event.value is not None else None
        return aftermath.Move(event.occurred_at, kind, event.name, value, event.currency)
    if event.kind == EventKind.STAGE:
        return aftermath.Move(event.occurred_at, "stage", event.name)
    if event.kind == EventKind.FIELD and "close" in event.name:
        return aftermath.Move(event.occurred_at, "close", event.name)
    return None


def _gains(deal_id: int) -> list[aftermath.Move]:
    steps = AgreementEvent.objects.standing().filter(agreement__deal_id=deal_id, state__in=sorted(STANDING))
    rows = steps.select_related("agreement__type").order_by("occurred_at")
    first: dict[int, aftermath.Move] = {}
    for row in rows:
        first.setdefault(
            row.agreement_id, aftermath.Move(row.occurred_at, "agreement", str(row.agreement.type))
        )
    return list(first.values())


# ---- the brief ----


@dataclass(frozen=True, slots=True)
class Brief:
    """One page for the executive: what we ask, what to leave alone, who they meet, how we came here."""

    role: AgreedRole
    deal_title: str
    account: str
    stage: str
    amount: Any
    currency: str
    expected_close_on: dt.date | None
    owner: str
    people: tuple[tuple[str, str, str], ...]
    demands: tuple[log.Demand, ...]
    history: tuple[tuple[dt.datetime, str], ...]


def brief(viewer: Any, involvement_id: int) -> Brief:
    """Return the brief of a role, for whoever sees the deal and for the executive. Raises Hidden.

    It says nothing of our corridor.
    """
    rows = Involvement.objects.visible_to(viewer).filter(pk=involvement_id)
    row = rows.select_related("executive", "agreed_by", "deal__account", "deal__owner").first()
    if row is None:
        raise Hidden("no such brief")
    deal = row.deal
    contacts = DealContact.objects.filter(deal=deal, until__isnull=True).select_related("contact")
    return Brief(
        role=_role(row),
        deal_title=str(deal),
        account=deal.account.name if deal.account else "",
        stage=deal.stage,
        amount=deal.amount,
        currency=deal.currency,
        expected_close_on=deal.expected_close_on,
        owner=deal.owner.name if deal.owner else "",
        people=tuple(
            (each.contact.name, each.get_role_display(), each.contact.title) for each in contacts[:12]
        ),
        demands=log.asked_of_us(deal),
        history=tuple(_history(deal)),
    )


def _history(deal: Deal, most: int = 8) -> list[tuple[dt.datetime, str]]:
    """Return the newest facts that an executive should know: stages, executives, what was agreed."""
    kinds = (EventKind.STAGE, EventKind.EXECUTIVE, EventKind.QUOTE)
    events = DealEvent.objects.standing().filter(deal=deal, kind__in=kinds).order_by("-occurred_at")[:most]
    told = [(event.occurred_at, _told(event)) for event in events]
    told += [(move.at, say("Agreed: {move}", move=move.name)) for move in _gains(deal.pk)]
    return sorted(told, key=lambda one: one[0], reverse=True)[:most]


def _told(event: DealEvent) -> str:
    if event.kind == EventKind.STAGE:
        return say("Moved to {event}", event=event.name)
    if event.kind == EventKind.EXECUTIVE:
        return say("{actor} was there: {event}", actor=event.actor, event=event.name)
    return event.name[:1].upper() + event.name[1:]


def mine(viewer: Any) -> list[tuple[int, str, str]]:
    """Return the roles that the viewer has on open deals: id, deal, what is asked of them."""
    if not works_here(viewer):
        return []
    rows = Involvement.objects.holding().filter(that_count("deal"), executive=viewer, deal__status="open")
    return [
        (row.pk, str(row.deal), row.aim) for row in rows.select_related("deal").order_by("-agreed_at")[:12]
    ]


def executives(viewer: Any) -> list[tuple[int, str]]:
    """Return who can take part as an executive: sponsors and managers, by name."""
    if not works_here(viewer) or viewer.role == Role.INSIDE_PARTNER:
        return []
    rows = User.objects.active().filter(role__in=(Role.SPONSOR, Role.MANAGER)).order_by("role", "name")
    return [
        (pk, f"{name}, {title}" if title else name)
        for pk, name, title in rows.values_list("pk", "name", "title")
    ]
