"""The link by which a customer confirms: made for pages, read by actions."""

from __future__ import annotations

from django.core import signing

from hingepoint.domain.proof.models import Confirmation
from hingepoint.records.errors import Hidden

_SALT = "hingepoint.confirmation"


class LinkOver(Hidden):
    """The link was revoked, has expired, was answered, or never was one."""


def token_of(confirmation: Confirmation) -> str:
    """Return what a link carries: the row's number under our signature. Whoever has it may answer."""
    return signing.dumps(confirmation.pk, salt=_SALT)


def read_token(token: str) -> int:
    """Return the number that a link carries. Raises LinkOver for one that we did not sign."""
    try:
        return int(signing.loads(token, salt=_SALT))
    except (signing.BadSignature, TypeError, ValueError):
        raise LinkOver("This link is not one of ours, or a part of it is missing.") from None
