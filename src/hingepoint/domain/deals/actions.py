"""Every change to accounts, contacts, deals and their history, one at a time (bulk: ``imports``)."""

from __future__ import annotations

import datetime as dt
import hashlib
from typing import Any

from django.db import transaction

from hingepoint.domain.audit.actions import record
from hingepoint.domain.deals.models import Account, Contact, Deal, DealContact, DealEvent
from hingepoint.domain.people.models import User
from hingepoint.records.deals import BuyingRole, EventKind
from hingepoint.records.errors import Hidden, Stale


class NothingToTakeBack(Exception):
    """Only what somebody noted by hand can be taken back, and only once."""


def fingerprint(*facts: object) -> int:
    """Return the signed 64-bit identity of a fact within its parent (BLAKE2b)."""
    text = "\x1f".join("" if fact is None else str(fact) for fact in facts)
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big", signed=True)


def deal_for(by: User | None, deal_id: int) -> Deal:
    """Return a deal that ``by`` may change (None: the system). Raises Hidden."""
    deals = Deal.objects.all() if by is None else Deal.objects.visible_to(by)
    deal = deals.filter(pk=deal_id).first()
    if deal is None:
        raise Hidden("There is no such deal, or it is not yours to see.")
    return deal


def take_turn(row: Any, *, expected_version: int | None) -> None:
    """Move ``row`` to its next version, or raise Stale if it is not at ``expected_version`` any more."""
    queryset = type(row).objects.filter(pk=row.pk, version=row.version)
    if expected_version not in (None, row.version) or not queryset.update(version=row.version + 1):
        raise Stale(type(row).objects.get(pk=row.pk))
    row.version += 1


@transaction.atomic
def add_account(*, by: User | None, at: dt.datetime, key: str, name: str, **facts: str) -> Account:
    account = Account.objects.create(key=key, name=name, **facts)
    record(
        by=by, at=at, action="add", subject="account", subject_id=account.pk, changes={"name": [None, name]}
    )
    return account


@transaction.atomic
def add_contact(
    *, by: User | None, at: dt.datetime, account: Account, key: str, name: str, **facts
) -> Contact:
    contact = Contact.objects.create(account=account, key=key, name=name, **facts)
    record(
        by=by, at=at, action="add", subject="contact", subject_id=contact.pk, changes={"name": [None, name]}
    )
    return contact


@transaction.atomic
def add_deal(*, by: User | None, at: dt.datetime, key: str, created_at: dt.datetime, **facts) -> Deal:
    """Add one deal; ``facts`` are columns of ``Deal``."""
    deal = Deal.objects.create(key=key, created_at=created_at, **facts)
    record(by=by, at=at, action="add", subject="deal", subject_id=deal.pk, changes={"key": [None, key]})
    return deal


@transaction.atomic
def change_deal(
    *,
    by: User | None,
    at: dt.datetime,
    deal_id: int,
    expected_version: int | None = None,
    reason: str = "",
    **facts,
) -> Deal:
    """Change columns of one deal. Raises Hidden or Stale."""
    deal = deal_for(by, deal_id)
    changes = {name: [getattr(deal, name), value] for name, value in facts.items()}
    take_turn(deal, expected_version=expected_version)
    for name, value in facts.items():
        setattr(deal, name, value)
    deal.save(update_fields=list(facts))
    record(by=by, at=at, action="change", subject="deal", subject_id=deal.pk, changes=changes, reason=reason)
    return deal


@transaction.atomic
def name_contact(
    *, by: User | None, at: dt.datetime, deal_id: int, contact: Contact, role: BuyingRole, since: dt.date
) -> DealContact:
    """Say which part a contact plays on a deal. Saying it twice changes nothing."""
    deal = deal_for(by, deal_id)
    person, new = DealContact.objects.get_or_create(
        deal=deal, contact=contact, role=role, defaults={"since": since}
    )
    if new:
        changes = {"contact": [None, contact.name], "role": [None, role]}
        record(by=by, at=at, action="name contact", subject="deal", subject_id=deal.pk, changes=changes)
    return person


@transaction.atomic
def note_event(
    *,
    by: User | None,
    at: dt.datetime,
    deal_id: int,
    kind: EventKind,
    name: str,
    occurred_at: dt.datetime,
    origin: str = "hand",
    **facts,
) -> DealEvent:
    """Add one fact to a deal's history. The same fact again changes nothing and returns the first."""
    deal = deal_for(by, deal_id)
    identity = fingerprint(kind, name, occurred_at.isoformat(), facts.get("state"), facts.get("actor"))
    event, new = DealEvent.objects.get_or_create(
        deal=deal,
        fingerprint=identity,
        defaults={
            "kind": kind,
            "name": name,
            "occurred_at": occurred_at,
            "recorded_at": at,
            "recorded_by": by,
            "origin": origin,
            **facts,
        },
    )
    if new:
        record(
            by=by, at=at, action=f"note {kind}", subject="deal", subject_id=deal.pk, changes={"name": name}
        )
    return event


@transaction.atomic
def take_back_event(*, by: User | None, at: dt.datetime, event_id: int) -> DealEvent:
    """Take back what was noted by hand in error; both lines stay. Raises Hidden or NothingToTakeBack."""
    event = DealEvent.objects.filter(pk=event_id).first()
    deal = deal_for(by, event.deal_id if event else 0)
    if event.origin != "hand" or not DealEvent.objects.standing().filter(pk=event.pk).exists():
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
        changes={"name": event.name},
    )
    return event
