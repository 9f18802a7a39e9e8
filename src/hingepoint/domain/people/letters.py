"""The mails that let somebody in: its words, and handing it to the mail server of the settings."""

from __future__ import annotations

import datetime as dt
import smtplib

from django.conf import settings
from django.core.mail import EmailMessage
from django.utils import timezone

from hingepoint.domain.people.actions import Letter, NotDelivered
from hingepoint.domain.people.safety import PROGRAM

_WORDS = """Hello {name},

{invited_by} invites you to Hingepoint{company}. Your deals are there already.

Open this link, choose a password, and you are in:

{link}

It works once, until {until}. After that, or if somebody else opened it first, ask {invited_by} for a new one.
"""
_FORGOTTEN = """Hello {name},

somebody asked for a new password for your account in Hingepoint{company}. If it was you, open this link and choose one:

{link}

It works once, until {until}. If it was not you, leave it: your password stays as it is.
"""
_CHANGED = """Hello {name},

{what} {who} did it in Hingepoint{company} on {when}.

If you know of it, there is nothing to do. If not, tell whoever looks after Hingepoint in your company now, and change your
password: somebody else may be signed in as you.
"""
_BY_ITSELF = """Hello {name},

{what} {who}{company} did so by itself on {when}.

Nobody was at your account: your password can stay.
"""


def send_change(*, to: str, name: str, what: str, who: str, at: dt.datetime) -> None:
    """Hand a mail about a change to the mail server. Raises NotDelivered, or OSError where the server cannot be used."""
    company = f" of {settings.ENVIRONMENT.company}" if settings.ENVIRONMENT.company else ""
    local = timezone.localtime(at)
    when = f"{local.day} {local:%B %Y at %H:%M}"
    words = (_BY_ITSELF if who == PROGRAM else _CHANGED).format(
        name=name, what=what, who=who, company=company, when=when
    )
    deliver("Something changed that opens Hingepoint", words, to=to)


def send(letter: Letter) -> None:
    """Hand one invitation to the mail server. Raises NotDelivered, or OSError where the server cannot be used."""
    company = settings.ENVIRONMENT.company
    until = timezone.localtime(letter.expires_at)
    words = (_FORGOTTEN if letter.forgotten else _WORDS).format(
        name=letter.name,
        invited_by=letter.invited_by,
        company=f" of {company}" if company else "",
        link=letter.link,
        until=f"{until:%H:%M} o'clock" if letter.forgotten else f"{until.day} {until:%B %Y}",
    )
    invited = " ".join(f"{letter.invited_by} invites you to Hingepoint".split())
    subject = "A new password for Hingepoint" if letter.forgotten else invited
    deliver(subject, words, to=letter.to)


def deliver(subject: str, words: str, *, to: str, reply_to: str = "") -> None:
    """Hand one mail to the mail server; answers go to ``reply_to``. Raises NotDelivered, or OSError where the server cannot be used."""
    try:
        EmailMessage(subject, words, to=[to], reply_to=[reply_to] if reply_to else None).send()
    except smtplib.SMTPRecipientsRefused as error:
        raise NotDelivered(f"The mail server does not take mail for {to}.") from error
