"""How far somebody is with a second factor."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from hingepoint.domain.people.models import User, sees_all
from hingepoint.domain.second_factors.models import SecondFactor
from hingepoint.domain.secrets.rules import unseal
from hingepoint.records.errors import Hidden


@dataclass(frozen=True, slots=True)
class Factor:
    """One's own second factor: ``since`` it counts; ``secret`` while it is being set up, else empty."""

    since: dt.datetime | None
    secret: str
    codes_left: int


def own(viewer: User) -> Factor:
    """Return one's own second factor, as far as it is set up. Raises WrongKey where its secret cannot be read."""
    found = SecondFactor.objects.filter(user=viewer).first()
    if found is None:
        return Factor(None, "", 0)
    if found.confirmed_at is None:
        return Factor(None, secret_of(found), 0)
    return Factor(found.confirmed_at, "", found.recovery_codes.filter(used_at=None).count())


def has_one(user: User) -> bool:
    """Return whether somebody signs in with a code too; for signing in itself."""
    return SecondFactor.objects.filter(user=user).exclude(confirmed_at=None).exists()


def has_one_seen_by(viewer: User, user_id: int) -> bool:
    """Return whether a colleague has one, for who looks after people. Raises Hidden for others."""
    if not sees_all(viewer):
        raise Hidden("not theirs to know")
    return SecondFactor.objects.filter(user_id=user_id).exclude(confirmed_at=None).exists()


def secret_of(factor: SecondFactor) -> str:
    """Return the secret that the app knows too. Raises WrongKey."""
    return unseal(factor.secret, purpose=SecondFactor._meta.get_field("secret").purpose)
