"""The mail that brings the customer their link: its words, as the page shows them before, and handing it to the mail server."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.conf import settings
from django.utils import timezone

from hingepoint.domain.people import letters
from hingepoint.records import conventions

_WORDS = """Hello {name},

{asked_by}{company} wrote down what the two of you agreed, and asks you whether it is right. Open this page to say yes, to \
correct it, or to say no:

{link}

You need no account. The page works until {until} and for one answer. Whoever has its address can answer, so please do not \
pass it on.

If you do not know what this is about, leave this mail: nothing happens.
"""


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail to a customer: the link and nothing of the deal. ``reply_to``: who asks; empty where nobody reads answers."""

    to: str
    subject: str
    words: str
    reply_to: str = ""


def letter(*, to: str, name: str, asked_by: str, reply_to: str, expires_at: dt.datetime, link: str) -> Letter:
    """Return the mail by which ``asked_by`` sends a customer their link."""
    company = f" of {settings.ENVIRONMENT.company}" if settings.ENVIRONMENT.company else ""
    until = timezone.localtime(expires_at)
    words = _WORDS.format(
        name=name, asked_by=asked_by, company=company, link=link, until=conventions.day_in_full(until)
    )
    subject = " ".join(f"{asked_by}{company} asks you to confirm what you agreed".split())
    return Letter(to, subject, words, reply_to)


def send(mail: Letter) -> None:
    """Hand a mail to the mail server. Raises NotDelivered, or OSError where the server cannot be used."""
    letters.deliver(mail.subject, mail.words, to=mail.to, reply_to=mail.reply_to)
