"""The link of a round, and the key by which one person comes back to what they said."""

from __future__ import annotations

import datetime as dt
import re
import secrets

from django.core import signing

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
