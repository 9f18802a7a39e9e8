"""The mail that invites somebody: its words, and handing it to the mail server of the settings."""

from __future__ import annotations

import smtplib

from django.conf import settings
from django.core.mail import EmailMessage
from django.utils import timezone

from hingepoint.domain.people.actions import Letter, NotDelivered

_WORDS = """Hello {name},

{invited_by} invites you to Hingepoint{company}. Your deals are there already.

Open this link, choose a password, and you are in:

{link}

It works once, until {until}. After that, or if somebody else opened it first, ask {invited_by} for a new one.
"""


def send(letter: Letter) -> None:
    """Hand one invitation to the mail server. Raises NotDelivered, or OSError where the server cannot be used."""
    company = settings.ENVIRONMENT.company
    until = timezone.localtime(letter.expires_at)
    words = _WORDS.format(
        name=letter.name,
        invited_by=letter.invited_by,
        company=f" of {company}" if company else "",
        link=letter.link,
        until=f"{until.day} {until:%B %Y}",
    )
    subject = " ".join(f"{letter.invited_by} invites you to Hingepoint".split())
    mail = EmailMessage(subject, words, to=[letter.to])
    try:
        mail.send()
    except smtplib.SMTPRecipientsRefused as error:
        raise NotDelivered(f"The mail server does not take mail for {letter.to}.") from error
