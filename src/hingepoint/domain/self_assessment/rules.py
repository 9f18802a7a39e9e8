"""The link of a round, and the key by which one person comes back to what they said."""

from __future__ import annotations

import base64
import datetime as dt
import re
import secrets

from django.core import signing
from django.utils.crypto import salted_hmac

from hingepoint.domain.people.rules import digest_of
from hingepoint.domain.self_assessment.models import AssessmentRound
from hingepoint.records.errors import Hidden, Refused

_SALT = "hingepoint.self_assessment"
#: A key as ``new_key`` makes it: 32 letters of the alphabet of addresses.
_KEY = re.compile(r"[A-Za-z0-9_-]{32}")
#: How long a round takes answers unless somebody says otherwise, and at most.
USUAL_DAYS, MOST_DAYS = 14, 90
#: How many people may be asked at most.
MOST_ASKED = 10_000


class LinkOver(Hidden):
    """The round is closed, its link was replaced, or it never was one of ours."""


class NoRound(Refused):
    """A round needs a name, a day until which it takes answers, and enough people to ask."""


class AllIn(Refused):
    """As many people answered as were asked."""


class AnswersMissing(Refused):
    """Some questions have no answer; ``by_field`` names them."""


class WrongCode(Refused):
    """The round asks each person for a code, and this is none of its codes or was used."""

    field = "code"


#: Letters of a code: nobody guesses one of ten thousand among 32 to the power of eight.
CODE_LETTERS = 8


def codes_of(row: AssessmentRound) -> list[str]:
    """Return the codes of a round, one for each person asked. They are made from its number and kept nowhere."""
    return [_code(row, number) for number in range(row.asked)]


def _code(row: AssessmentRound, number: int) -> str:
    made = salted_hmac(f"{_SALT}.code", f"{row.pk}:{number}", algorithm="sha256").digest()
    return base64.b32encode(made).decode()[:CODE_LETTERS]


def spent_by(row: AssessmentRound, typed: str) -> str:
    """Return the digest of a code that was typed and is not used yet. Raises WrongCode."""
    code = "".join(typed.split()).replace("-", "").upper()
    if code not in codes_of(row):
        raise WrongCode("This is no code of this round. Copy it from the message that brought it.")
    digest = digest_of(f"{row.pk}:{code}")
    if digest in row.spent:
        raise WrongCode("This code was used. To change an answer, open the address that you were shown then.")
    return digest


def token_of(row: AssessmentRound) -> str:
    """Return what the newest link of a round carries: its number under our signature. It is kept nowhere."""
    return signing.dumps([row.pk, row.link], salt=_SALT)


def read_token(token: str) -> tuple[int, int]:
    """Return the round and the link that a token names. Raises LinkOver for one that we did not sign."""
    try:
        number, link = signing.loads(token, salt=_SALT)
        return int(number), int(link)
    except (signing.BadSignature, TypeError, ValueError):
        raise LinkOver("This link is not one of ours, or a part of it is missing.") from None


def new_key() -> str:
    """Return a key that nobody guesses, for one person's answer."""
    return secrets.token_urlsafe(24)


def is_key(text: str) -> bool:
    """Return whether a text looks like a key that we made."""
    return _KEY.fullmatch(text) is not None


def usual_close(at: dt.datetime) -> dt.datetime:
    """Return until when a round is open that is opened at ``at``."""
    return at + dt.timedelta(days=USUAL_DAYS)
