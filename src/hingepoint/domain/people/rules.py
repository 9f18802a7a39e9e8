"""What pages and actions decide by: who is meant by a name, and which link lets whom in."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections import Counter
from collections.abc import Iterable

from django.db.models import Model
from django.db.models.fields.reverse_related import ForeignObjectRel

from hingepoint.domain.people.models import Invitation, OtherName, User
from hingepoint.records.people import SignIn

#: How long a link works.
LINK_DAYS = 14


def digest_of(token: str) -> str:
    """Return what is kept of the token that a link carries (SHA-256)."""
    return hashlib.sha256(token.encode()).hexdigest()


def expiry(at: dt.datetime) -> dt.datetime:
    """Return until when a link works that is made at ``at``."""
    return at + dt.timedelta(days=LINK_DAYS)


def sign_in_of(user: User, open_invitation: Invitation | None, *, at: dt.datetime) -> SignIn:
    """Return whether somebody can sign in, else how far their invitation is."""
    if not user.is_active:
        return SignIn.DISABLED
    if user.can_sign_in:
        return SignIn.CAN
    if not user.email:
        return SignIn.NO_ADDRESS
    return _invited(open_invitation, at) if open_invitation else SignIn.NOT_INVITED


def _invited(row: Invitation, at: dt.datetime) -> SignIn:
    if row.expires_at <= at:
        return SignIn.OVER
    if row.sent_at:
        return SignIn.INVITED
    return SignIn.NOT_SENT if row.problem else SignIn.WAITING


def alike(name: str) -> str:
    """Return what spellings of one name, key or address share."""
    return name.strip().casefold()


def known_people() -> dict[str, int]:
    """Return everybody by name, e-mail address and key, the later winning, as ``alike`` spells them; also by
    what people were called who were merged into them.

    A name that two people have means neither. Two SQL queries.
    """
    people = list(OtherName.objects.values_list("user_id", "key", "email", "name"))
    people += User.objects.values_list("pk", "key", "email", "name")
    found = _meaning_one((alike(name), pk) for pk, _, _, name in people)
    found |= {alike(email): pk for pk, _, email, _ in people if email}
    return found | {alike(key): pk for pk, key, _, _ in people}


def _meaning_one(named: Iterable[tuple[str, int]]) -> dict[str, int]:
    """Return the names that mean one person, with their number."""
    pairs = set(named)
    people = Counter(name for name, _ in pairs)
    return {name: pk for name, pk in pairs if people[name] == 1}


def who_is_now(number: int | None) -> int | None:
    """Return the number of the person whom a number means that was written down where no key of the database
    keeps it up to date: of whom they were merged into, if they were."""
    if number is None:
        return None
    merged = OtherName.objects.filter(was=number).values_list("user_id", flat=True).first()
    return number if merged is None else merged


def pointing_at(model: type[Model]) -> list[ForeignObjectRel]:
    """Return every relation that points at ``model``, also those that have no name at its end (``+``)."""
    found = model._meta.get_fields(include_hidden=True)
    return [
        one
        for one in found
        if isinstance(one, ForeignObjectRel)
        and one.auto_created
        and not one.concrete
        and not one.many_to_many
    ]
