"""Adding a passkey, taking it away, signing in by one."""

from __future__ import annotations

import datetime as dt
from typing import Any

from hingepoint.domain.audit.actions import record
from hingepoint.domain.passkeys import rules
from hingepoint.domain.passkeys.models import Passkey
from hingepoint.domain.people import safety
from hingepoint.domain.people.models import User
from hingepoint.domain.turns.actions import action, turn
from hingepoint.records.errors import Hidden, Refused
from hingepoint.records.languages import reason


class NotMade(Refused):
    """The device did not make a key that counts."""


class NotProven(Refused):
    """The answer of a passkey is none of ours, or does not fit what was asked."""


class NameMissing(Refused):
    """A passkey has a name, by which its person knows it again."""

    field = "name"


@action
def add(
    *, by: User, at: dt.datetime, name: str, place: rules.Place, state: dict[str, Any], answer: Any
) -> Passkey:
    """Keep the key that a device made for ``by``. Raises NameMissing and NotMade."""
    if not name.strip():
        raise NameMissing("Give it a name, such as the device that holds it.")
    turn(User.objects.all(), pk=by.pk)
    if Passkey.objects.visible_to(by).count() >= rules.MOST_PASSKEYS:
        raise NotMade(
            reason(
                "You have {most_passkeys} passkeys. Take one away first.", most_passkeys=rules.MOST_PASSKEYS
            )
        )
    try:
        made = rules.new_key(place, state, answer)
    except (ValueError, KeyError, TypeError, AttributeError):
        raise NotMade("The device did not make a key that counts. Begin again.") from None
    if Passkey.objects.filter(key=made.key).exists():
        raise NotMade("This passkey is here already.")
    told = {"key": made.key, "credential": made.credential, "count": made.count}
    passkey = Passkey.objects.create(user=by, name=name.strip()[:100], made_at=at, **told)
    changes = {"name": [None, passkey.name]}
    record(by=by, at=at, action="add", subject="passkey", subject_id=passkey.pk, changes=changes)
    safety.tell(by, reason("A passkey was added by which you sign in."), by=by, at=at)
    return passkey


@action
def remove(*, by: User, at: dt.datetime, passkey_id: int) -> str:
    """Take a passkey of ``by`` away; return its name. Raises Hidden."""
    passkey = turn(Passkey.objects.visible_to(by), pk=passkey_id)
    if passkey is None:
        raise Hidden("no such passkey")
    passkey.delete()
    changes = {"name": [passkey.name, None]}
    record(by=by, at=at, action="remove", subject="passkey", subject_id=passkey_id, changes=changes)
    safety.tell(by, reason("A passkey of yours was taken away."), by=by, at=at)
    return passkey.name


@action
def prove(*, at: dt.datetime, place: rules.Place, state: dict[str, Any], answer: Any) -> User:
    """Return whose passkey answered what was asked. Raises NotProven, in the same words whatever is wrong."""
    try:
        passkey = turn(Passkey.objects.filter(user__is_active=True), key=rules.key_of(answer))
        if passkey is None:
            raise ValueError("no such key")
        passkey.count = rules.proven(place, state, answer, passkey.credential, count=passkey.count)
    except (ValueError, KeyError, TypeError, AttributeError):
        raise NotProven("This passkey does not open Hingepoint. Try again, or sign in another way.") from None
    passkey.used_at = at
    passkey.save(update_fields=["count", "used_at"])
    changes = {"name": passkey.name}
    user = passkey.user
    record(by=user, at=at, action="use", subject="passkey", subject_id=passkey.pk, changes=changes)
    return user
