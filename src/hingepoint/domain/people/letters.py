"""The mails that let somebody in: its words, and handing it to the mail server of the settings."""

from __future__ import annotations

import datetime as dt
import smtplib

from django.conf import settings
from django.core.mail import EmailMessage
from django.utils import timezone

from hingepoint.domain.people.actions import Letter, NotDelivered
from hingepoint.records import conventions
from hingepoint.records.languages import say, speaking, words_of

_WORDS = words_of(
    """Hello {name},

{invited_by} invites you to Hingepoint{company}. Your deals are there already.

Open this link, choose a password, and you are in:

{link}

It works once, until {until}. After that, or if somebody else opened it first, ask {invited_by} for a new one.
"""
)
_FORGOTTEN = words_of(
    """Hello {name},

somebody asked for a new password for your account in Hingepoint{company}. If it was you, open this link and choose one:

{link}

It works once, until {until}. If it was not you, leave it: your password stays as it is.
"""
)
_CHANGED = words_of(
    """Hello {name},

{what} {who} did it in Hingepoint{company} on {when}.

If you know of it, there is nothing to do. If not, tell whoever looks after Hingepoint in your company now, and change your
password: somebody else may be signed in as you.
"""
)
_BY_ITSELF = words_of(
    """Hello {name},

{what} {who}{company} did so by itself on {when}.

Nobody was at your account: your password can stay.
"""
)


def send_change(*, to: str, name: str, what: str, who: str, at: dt.datetime, by_itself: bool = False) -> None:
    """Hand a mail about a change to the mail server. Raises NotDelivered, or OSError where the server cannot be used."""
    local = timezone.localtime(at)
    when = say("{day} at {time}", day=conventions.day_in_full(local), time=f"{local:%H:%M}")
    words = say(
        _BY_ITSELF if by_itself else _CHANGED, name=name, what=what, who=who, company=_company(), when=when
    )
    deliver(say("Something changed that opens Hingepoint"), words, to=to)


def _company() -> str:
    company = settings.ENVIRONMENT.company
    return say(" of {company}", company=company) if company else ""


def send(letter: Letter) -> None:
    """Hand one invitation to the mail server. Raises NotDelivered, or OSError where the server cannot be used."""
    with speaking(letter.language):
        deliver(_subject(letter), _text(letter), to=letter.to)


def _subject(letter: Letter) -> str:
    if letter.forgotten:
        return say("A new password for Hingepoint")
    return " ".join(say("{who} invites you to Hingepoint", who=letter.invited_by).split())


def _text(letter: Letter) -> str:
    until = timezone.localtime(letter.expires_at)
    return say(
        _FORGOTTEN if letter.forgotten else _WORDS,
        name=letter.name,
        invited_by=letter.invited_by,
        company=_company(),
        link=letter.link,
        until=say("{time} o'clock", time=f"{until:%H:%M}")
        if letter.forgotten
        else conventions.day_in_full(until),
    )


def deliver(subject: str, words: str, *, to: str, reply_to: str = "") -> None:
    """Hand one mail to the mail server; answers go to ``reply_to``. Raises NotDelivered, or OSError where the server cannot be used."""
    try:
        EmailMessage(subject, words, to=[to], reply_to=[reply_to] if reply_to else None).send()
    except smtplib.SMTPRecipientsRefused as error:
        raise NotDelivered(f"The mail server does not take mail for {to}.") from error
