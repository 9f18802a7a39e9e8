"""The link by which a customer confirms: made for pages, read by actions."""

from __future__ import annotations

import datetime as dt
import hmac

from django.core import signing
from django.utils.crypto import salted_hmac

from hingepoint.domain.deals.models import Contact
from hingepoint.domain.people.models import User
from hingepoint.domain.proof.letters import Letter, letter
from hingepoint.domain.proof.models import Confirmation, ConfirmationCode
from hingepoint.records.errors import Hidden

_SALT = "hingepoint.confirmation"
#: How long a mailed code holds, how often it may be typed wrongly, and how many a link gets in an hour and in all.
CODE_HOLDS, CODE_TRIES, CODES_AN_HOUR, CODES_OF_LINK = dt.timedelta(minutes=20), 5, 3, 10
#: How often one person has links mailed within a day, and one link goes out in all: enough to ask and to remind.
MAILS_A_DAY, MAILS_OF_LINK = 2, 3
#: A mail that the server does not take is tried so often, once an hour.
MAIL_TRIES = 6


class LinkOver(Hidden):
    """The link was revoked, has expired, was answered, or never was one."""


def token_of(confirmation: Confirmation) -> str:
    """Return what a link carries: the row's number under our signature. Whoever has it may answer."""
    return signing.dumps(confirmation.pk, salt=_SALT)


def letter_of(confirmation: Confirmation, *, page: str) -> Letter:
    """Return the mail that brings a customer their link, which begins with ``page``."""
    return letter(
        to=confirmation.mail_to,
        name=confirmation.person_name,
        asked_by=confirmation.asked_by.name,
        reply_to=(confirmation.asked_by.email or "") if confirmation.asked_by.is_active else "",
        expires_at=confirmation.expires_at,
        link=page + token_of(confirmation),
    )


def read_token(token: str) -> int:
    """Return the number that a link carries. Raises LinkOver for one that we did not sign."""
    try:
        return int(signing.loads(token, salt=_SALT))
    except (signing.BadSignature, TypeError, ValueError):
        raise LinkOver("This link is not one of ours, or a part of it is missing.") from None


def address_of_theirs(person: Contact | None) -> str:
    """Return where a customer's person reads mail, as the CRM says it; nothing for an address under a domain of ours, at
    which one of us would read the code."""
    address = person.email.strip().lower() if person else ""
    domain = address.rpartition("@")[2]
    ours = User.objects.filter(email__iendswith=f"@{domain}").exists() if domain else True
    return "" if ours else address


def digest_of_code(code: ConfirmationCode, typed: str) -> str:
    """Return what is kept of a code. Six digits are soon guessed from a plain digest, so it is made with our secret key."""
    return salted_hmac(f"{_SALT}.code.{code.pk}", typed, algorithm="sha256").hexdigest()


def is_code(code: ConfirmationCode, typed: str) -> bool:
    """Return whether ``typed`` is the code that was mailed; spaces in it do not count."""
    return bool(code.digest) and hmac.compare_digest(
        code.digest, digest_of_code(code, "".join(typed.split()))
    )


def holds(code: ConfirmationCode, at: dt.datetime) -> bool:
    """Return whether a code can still be typed."""
    return at < code.asked_at + CODE_HOLDS and code.tries < CODE_TRIES


def masked(address: str) -> str:
    """Return ``b…@acme.example`` for bo@acme.example: its owner knows it, others learn little."""
    name, _, domain = address.partition("@")
    return f"{name[:1]}…@{domain}" if domain else ""
