"""The background task that mails messages; ``hingepoint serve`` runs it in its worker."""

from __future__ import annotations

import smtplib

from django.core.mail import EmailMessage
from django.utils import timezone
from django_tasks import task

from hingepoint.domain.people.actions import NotDelivered
from hingepoint.domain.sponsorship import actions


@task()
def mail_messages() -> None:
    actions.mail(at=timezone.now(), hand_over=hand_over)


def hand_over(letter: actions.Letter) -> None:
    """Hand one message to the mail server. Raises NotDelivered, or OSError where the server cannot be used."""
    mail = EmailMessage(letter.subject, f"{letter.text}\n\n{letter.sender}", to=[letter.to])
    try:
        mail.send()
    except smtplib.SMTPRecipientsRefused as error:
        raise NotDelivered(f"The mail server does not take mail for {letter.to}.") from error
