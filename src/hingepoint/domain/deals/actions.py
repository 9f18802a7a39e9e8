"""Every change to accounts, contacts, deals and their history, one at a time (bulk: ``imports``)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Any, TypeVar

from django.db.models import Max, Model, QuerySet
from django.utils import timezone

from hingepoint.domain.audit.actions import record
from hingepoint.domain.deals.models import Account, Contact, Deal, DealContact, DealEvent
from hingepoint.domain.people.models import User
from hingepoint.domain.turns.actions import action, fingerprint, plain_facts, take_turn, turn, turns
from hingepoint.records.deals import OWNER, BuyingRole, EventKind
from hingepoint.records.errors import AlreadyNoted, Hidden, Refused
from hingepoint.records.languages import reason

Noted = TypeVar("Noted")

#: Where a fact comes from that a person noted.
HAND = "hand"


class NothingToTakeBack(Refused):
    """Only what somebody noted by hand can be taken back, and only once."""


def deal_for(by: User | None, deal_id: int) -> Deal:
    """Return a deal that ``by`` may change (None: the system), in ``by``'s turn: whoever decides on anything of
    the deal next waits until this transaction ends, so read what belongs to it after this. Raises Hidden."""
    deals = Deal.every.all() if by is None else Deal.every.visible_to(by)
    deal = turn(deals, pk=deal_id)
    if deal is None:
        raise Hidden("There is no such deal, or it is not yours to see.")
    return deal


def deal_of(by: User | None, row: QuerySet, through: str = "deal_id") -> Deal:
    """Return the deal of a row that is known by its number, as ``deal_for`` does. Read the row itself after this."""
    return deal_for(by, row.values_list(through, flat=True).first() or 0)


def deals_in_turn(deal_ids: Iterable[int]) -> set[int]:
    """Take the turn on many deals, before anything is decided of one of them or read; return which are there."""
    wanted = sorted(set(deal_ids))
    parts = (wanted[start : start + _AT_ONCE] for start in range(0, len(wanted), _AT_ONCE))
    return {deal.pk for part in parts for deal in turns(Deal.every.filter(pk__in=part).only("pk"))}


#: A statement names so many deals: databases limit how many values one may have.
_AT_ONCE = 10_000


@action
def add_account(*, by: User | None, at: dt.datetime, key: str, name: str, **facts: str) -> Account:
    account = Account.objects.create(key=key, name=name, **facts)
    record(
        by=by, at=at, action="add", subject="account", subject_id=account.pk, changes={"name": [None, name]}
    )
    return account


@action
def add_contact(
    *, by: User | None, at: dt.datetime, account: Account, key: str, name: str, **facts: Any
) -> Contact:
    contact = Contact.objects.create(account=account, key=key, name=name, **facts)
    record(
        by=by, at=at, action="add", subject="contact", subject_id=contact.pk, changes={"name": [None, name]}
    )
    return contact


@action
def add_deal(*, by: User | None, at: dt.datetime, key: str, created_at: dt.datetime, **facts: Any) -> Deal:
    """Add one deal; ``facts`` are columns of ``Deal``."""
    deal = Deal.every.create(key=key, created_at=created_at, **facts)
    record(by=by, at=at, action="add", subject="deal", subject_id=deal.pk, changes={"key": [None, key]})
    return deal


@action
def change_deal(
    *,
    by: User | None,
    at: dt.datetime,
    deal_id: int,
    expected_version: int | None = None,
    reason: str = "",
    **facts: Any,
) -> Deal:
    """Change columns of one deal; another owner becomes an event of its history, as imports write one. Raises Hidden or
    Stale."""
    deal = deal_for(by, deal_id)
    changes = {name: [_told(getattr(deal, name)), _told(value)] for name, value in facts.items()}
    take_turn(deal, expected_version=expected_version)
    if "owner" in facts and facts["owner"] != deal.owner:
        _hand_over(deal, facts["owner"], by=by, at=at)
    for name, value in facts.items():
        setattr(deal, name, value)
    deal.save(update_fields=list(facts))
    record(by=by, at=at, action="change", subject="deal", subject_id=deal.pk, changes=changes, reason=reason)
    return deal


def _told(value: Any) -> Any:
    """Return what the trail says of a value: of somebody or something, its name."""
    return str(value) if isinstance(value, Model) else value


def _hand_over(deal: Deal, to: User | None, *, by: User | None, at: dt.datetime) -> None:
    """Note who owns the deal from now on, and before its first such event who owned it until then."""
    told = DealEvent.objects.filter(deal=deal, kind=EventKind.FIELD, name=OWNER)
    owners = [] if deal.owner is None or told.exists() else [(deal.owner, deal.created_at)]
    owners += [(to, at)] if to else []
    for owner, since in owners:
        DealEvent.objects.create(
            deal=deal,
            kind=EventKind.FIELD,
            name=OWNER,
            note=owner.name,
            occurred_at=since,
            recorded_at=at,
            recorded_by=by,
            origin=HAND,
            fingerprint=fingerprint(HAND, OWNER, owner.pk, since),
        )


@action
def name_contact(
    *, by: User | None, at: dt.datetime, deal_id: int, contact: Contact, role: BuyingRole, since: dt.date
) -> DealContact:
    """Say which part a contact plays on a deal. Saying it twice changes nothing: the first day counts."""
    deal = deal_for(by, deal_id)
    person, new = DealContact.objects.get_or_create(
        deal=deal, contact=contact, role=role, defaults={"since": since}
    )
    if new:
        changes = {"contact": [None, contact.name], "role": [None, role]}
        record(by=by, at=at, action="name contact", subject="deal", subject_id=deal.pk, changes=changes)
    return person


@action
def note_event(
    *,
    by: User | None,
    at: dt.datetime,
    deal_id: int,
    kind: EventKind,
    name: str,
    occurred_at: dt.datetime,
    origin: str = HAND,
    second: bool | None = None,
    **facts: Any,
) -> DealEvent:
    """Add one fact to a deal's history. Raises Hidden.

    Noted by hand, a fact that is on record already (the same of the same day) is asked about: AlreadyNoted.
    ``second`` is the answer: True notes it too, False returns the one on record. From anywhere else, the same
    fact again changes nothing and returns the first.
    """
    deal = deal_for(by, deal_id)
    told = {"kind": kind, "name": name, **facts}
    if origin != HAND:
        identity = fingerprint(occurred_at.isoformat(), *plain_facts(told.items()))
        known = deal.events.filter(fingerprint=identity).first()
    else:
        identity = fingerprint(HAND, at.isoformat(), deal.events.count(), *plain_facts(told.items()))
        known = first_unless_second(_alike(deal, told, on=occurred_at, by=by), second)
    if known:
        return known
    event = DealEvent.objects.create(
        deal=deal,
        fingerprint=identity,
        occurred_at=occurred_at,
        recorded_at=at,
        recorded_by=by,
        origin=origin,
        **told,
    )
    changes = {"name": name, "event": event.pk}
    record(by=by, at=at, action=f"note {kind}", subject="deal", subject_id=deal.pk, changes=changes)
    return event


#: Events that one call of ``note_events`` takes.
MOST_EVENTS = 1000
#: Kinds of events that bring more than a line: their own actions note them.
WITH_MORE = (EventKind.AGREEMENT, EventKind.CONCESSION, EventKind.DEMAND, EventKind.ESCALATION)


class EventRefused(Refused):
    """Events that cannot be taken, each named by its place in what was sent. None of the others was taken either."""


@dataclass(frozen=True, slots=True)
class Event:
    """What a program says that happened on a deal."""

    deal_id: int
    kind: EventKind
    name: str
    occurred_at: dt.datetime
    state: str = ""
    side: str = ""
    actor: str = ""
    counterpart: str = ""
    value: Decimal | None = None
    currency: str = ""
    evidence: int | None = None
    note: str = ""


@action
def note_events(*, by: User, at: dt.datetime, events: Sequence[Event], origin: str) -> int:
    """Add many facts at once, all or none; return how many are new. The same fact told again changes nothing.

    Raises EventRefused, which names the places of events whose deal is absent or foreign, or whose kind has an action
    of its own.
    """
    wanted = {event.deal_id for event in events}
    seen = set(Deal.every.visible_to(by).filter(pk__in=wanted).values_list("pk", flat=True))
    _require_events(events, seen)
    deals_in_turn(seen)
    last = DealEvent.objects.aggregate(last=Max("pk"))["last"] or 0
    rows = _as_rows(events, by=by, at=at, origin=origin)
    DealEvent.objects.bulk_create(rows, ignore_conflicts=True, batch_size=500)
    new = DealEvent.objects.filter(pk__gt=last, recorded_by=by, recorded_at=at).count()
    if new:
        changes = {"events": new, "deals": len(seen)}
        record(by=by, at=at, action="note events", subject="deals", subject_id=origin, changes=changes)
    return new


def _require_events(events: Sequence[Event], seen: Collection[int]) -> None:
    wrong = {
        f"events.{place}.deal_id": reason("There is no such deal, or it is not yours to see.")
        for place, event in enumerate(events)
        if event.deal_id not in seen
    } | {
        f"events.{place}.kind": reason("This kind is noted by itself, not among other events.")
        for place, event in enumerate(events)
        if event.kind in WITH_MORE
    }
    if wrong:
        raise EventRefused(
            reason("{n} of these cannot be taken. Nothing was saved.", n=len(wrong)), by_field=wrong
        )


def _as_rows(events: Iterable[Event], *, by: User, at: dt.datetime, origin: str) -> Iterator[DealEvent]:
    for event in events:
        told = {name: getattr(event, name) for name in _TOLD}
        identity = fingerprint(event.occurred_at.isoformat(), *plain_facts(told.items()))
        kept = {"deal_id": event.deal_id, "occurred_at": event.occurred_at, "recorded_at": at}
        yield DealEvent(**told, **kept, recorded_by=by, origin=origin, fingerprint=identity)


#: What an event says besides its deal and its time.
_TOLD = tuple(one.name for one in fields(Event) if one.name not in ("deal_id", "occurred_at"))

#: Columns that follow from the deal and the kind: nobody tells them.
_FOLLOWS = ("currency", "side")


def _alike(deal: Deal, told: dict[str, Any], *, on: dt.datetime, by: User | None) -> DealEvent | None:
    """Return what stands on record of the same day and says the same; who noted it does not tell two apart."""
    noted_by = {"actor": by.name} if by else {}
    said = {
        name: value for name, value in told.items() if name not in _FOLLOWS and noted_by.get(name) != value
    }
    same = DealEvent.objects.standing().filter(deal=deal, occurred_at__date=timezone.localdate(on), **said)
    return same.select_related("recorded_by").order_by("-pk").first()


def first_unless_second(known: Noted | None, second: bool | None) -> Noted | None:
    """Return what is on record already when that is what was meant, None when another is. Raises AlreadyNoted
    while nobody has said which."""
    if known is None or second:
        return None
    if second is None:
        raise AlreadyNoted(known)
    return known


@action
def take_back_event(*, by: User | None, at: dt.datetime, event_id: int) -> DealEvent:
    """Take back what was noted by hand in error; both lines stay. Raises Hidden or NothingToTakeBack."""
    deal = deal_of(by, DealEvent.objects.filter(pk=event_id))
    event = DealEvent.objects.standing().filter(pk=event_id, origin=HAND).first()
    if event is None:
        raise NothingToTakeBack("What came from a file is corrected there; the rest was taken back already.")
    DealEvent.objects.create(
        deal=deal,
        undoes=event,
        kind=event.kind,
        name=event.name,
        occurred_at=at,
        recorded_at=at,
        recorded_by=by,
        actor=by.name if by else "",
        fingerprint=fingerprint("undo", event.pk),
    )
    record(
        by=by,
        at=at,
        action=f"take back {event.kind}",
        subject="deal",
        subject_id=deal.pk,
        changes={"name": event.name, "event": event.pk},
    )
    return event
