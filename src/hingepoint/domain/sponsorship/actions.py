"""Every change to sponsorship: sending a message, reading it, and handing it to the mail server."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

from django.db import transaction

from hingepoint.domain.audit.actions import record
from hingepoint.domain.people.actions import NotDelivered
from hingepoint.domain.people.models import User
from hingepoint.domain.routines import actions as routines
from hingepoint.domain.sponsorship import rules
from hingepoint.domain.sponsorship.models import MessageReader, SponsorMessage
from hingepoint.domain.turns.actions import action, form, turn
from hingepoint.records.errors import Hidden, Refused
from hingepoint.records.routines import Kind

#: A message that could not be mailed is tried for so long.
TRIED_FOR = dt.timedelta(days=2)


class NotASponsor(Hidden):
    """Only a sponsor writes to everybody."""


class NothingWritten(Refused):
    """A message has a subject and says something."""


@action
def send(
    *, by: User, at: dt.datetime, subject: str, text: str, token: str = "", by_mail: bool = False
) -> SponsorMessage:
    """Send a message to everybody who works here; it counts for what is required of ``by``. ``by_mail``: also to their
    addresses, in the background. Raises NotASponsor and NothingWritten."""
    if not rules.may_write(by):
        raise NotASponsor("Only a sponsor writes to everybody.")
    subject, text = " ".join(subject.split()), text.strip()
    if not subject or not text:
        raise NothingWritten("Write a few lines first.", field="text" if subject else "subject")
    sent = form(by, token, "message", subject, text)
    if known := sent.made(SponsorMessage.objects.all()):
        return known
    message = SponsorMessage.objects.create(subject=subject, text=text, sent_by=by, sent_at=at)
    others = User.objects.active().exclude(pk=by.pk).order_by("pk").values_list("pk", flat=True)
    readers = [MessageReader(message=message, person_id=pk) for pk in others]
    MessageReader.objects.bulk_create(readers, batch_size=1_000)
    routines.done(person=by, kind=Kind.MESSAGE, at=at)
    changes = {"people": len(readers)}
    record(by=by, at=at, action="send", subject="message", subject_id=message.pk, changes=changes)
    sent.keep(message, at=at)
    if by_mail:
        _mail_later()
    return message


def _mail_later() -> None:
    from hingepoint.domain.sponsorship.tasks import mail_messages  # it calls back

    transaction.on_commit(mail_messages.enqueue)


@action
def read(*, by: User, at: dt.datetime, message_id: int) -> MessageReader:
    """Say that ``by`` has read a message; the first time counts. Raises Hidden where it did not go to them."""
    row = turn(MessageReader.objects.filter(person=by), message=message_id)
    if row is None:
        raise Hidden("It did not go to you.")
    if row.read_at is None:
        row.read_at = at
        row.save(update_fields=["read_at"])
        record(by=by, at=at, action="read", subject="message", subject_id=message_id)
    return row


# ---- by mail ----


@dataclass(frozen=True, slots=True)
class Letter:
    """One mail: to whom, and what it says."""

    to: str
    name: str
    sender: str
    subject: str
    text: str


def mail(*, at: dt.datetime, hand_over: Callable[[Letter], None]) -> int:
    """Hand to the mail server what nobody has read yet, one after another; return how many went out. ``hand_over`` raises
    NotDelivered, or OSError where the server cannot be used: then the others wait for the next time. Bears being run twice."""
    waiting = MessageReader.objects.filter(
        mail_at__isnull=True,
        read_at__isnull=True,
        message__sent_at__gt=at - TRIED_FOR,
        person__is_active=True,
        person__email__isnull=False,
    )
    went = 0
    for row in waiting.select_related("message__sent_by", "person").order_by("pk"):
        if not MessageReader.objects.filter(pk=row.pk, mail_at__isnull=True).update(mail_at=at):
            continue
        told = row.message
        try:
            hand_over(
                Letter(row.person.email or "", row.person.name, told.sent_by.name, told.subject, told.text)
            )
            went += 1
        except NotDelivered:
            continue
        except OSError:
            MessageReader.objects.filter(pk=row.pk).update(mail_at=None)
            break
    return went
