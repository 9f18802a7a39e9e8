"""What reaches a person outside these pages: their calendar's address, how they want the daily mail, what it told.

| field | who reads | who writes |
|---|---|---|
| the calendar's secret address | nobody: only its digest is kept | whose calendar it is |
| how the daily mail comes | whose mail it is | the same |
| the secret address of one's chat | nobody: it is kept encrypted | whose chat it is |
| which signals mails leave out | whose mails they are; of everybody's all | the same; sponsors |
| what a mail told, and whether it led to anything | whose mail it is | the program; whose mail it is |
"""

from __future__ import annotations

import datetime as dt
from typing import Self, TypeVar

from django.db import models
from django.db.models import Q

from hingepoint.domain.people.models import User, Viewer, opens_outside, works_here
from hingepoint.domain.secrets.rules import SealedField
from hingepoint.records.notices import ChatService, NoticeKind

M = TypeVar("M", bound=models.Model)

#: When the daily mail comes unless somebody chooses another hour.
HOUR = 7
#: The working days of who says nothing else, Monday to Friday, as ``date.weekday`` numbers them.
WORKING_DAYS = "01234"


class OwnQuerySet(models.QuerySet[M]):
    def visible_to(self, viewer: Viewer) -> Self:
        """One's own."""
        return self.filter(user=viewer) if works_here(viewer) else self.none()


@opens_outside
class CalendarAddress(models.Model):
    """The secret address of a person's calendar, as a digest; making a new one ends the old one."""

    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="+")
    digest = models.CharField(max_length=64, unique=True)
    made_at = models.DateTimeField()

    objects = OwnQuerySet.as_manager()


class MailChoice(models.Model):
    """How somebody wants the daily mail; without a row: at ``HOUR`` in the company's zone, with everything. Hour, ``zone`` (empty:
    the company's) and ``weekdays`` hold for their chat too; ``both``: the mail comes beside the chat."""

    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="+")
    wanted = models.BooleanField(default=True)
    hour = models.PositiveSmallIntegerField(default=HOUR)
    zone = models.CharField(max_length=64, blank=True)
    weekdays = models.CharField(max_length=7, default=WORKING_DAYS)
    both = models.BooleanField(default=False)
    version = models.PositiveIntegerField(default=1)

    objects = OwnQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(hour__gte=0, hour__lte=23), name="mail_comes_at_an_hour")
        ]


class Quiet(models.Model):
    """A kind of line that somebody does not want, until a day or for good. Kept when it is over: what was answered to mails of
    before counts no more."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+", db_index=False)
    kind = models.CharField(max_length=20, choices=NoticeKind.choices)
    until = models.DateField(null=True)

    objects = OwnQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "kind"], name="quiet_once_a_kind")]

    def holds(self, today: dt.date) -> bool:
        return self.until is None or self.until >= today


class SignalLeftOut(models.Model):
    """A signal that mails and chats leave out since ``at``, because ``by`` said so, until ``ended_at``: those of ``user``, of
    everybody where that is nobody. Kept when it is told again: what was answered before counts no more."""

    signal = models.CharField(max_length=40)
    user = models.ForeignKey(User, on_delete=models.CASCADE, null=True, related_name="+")
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "signal"],
                condition=Q(ended_at__isnull=True, user__isnull=False),
                name="signal_left_out_once_by_each",
            ),
            models.UniqueConstraint(
                fields=["signal"],
                condition=Q(ended_at__isnull=True, user__isnull=True),
                name="signal_left_out_once_for_all",
            ),
        ]


@opens_outside
class Chat(models.Model):
    """The channel of a chat that gets what the mail of a day tells. Whoever has its address may write there."""

    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="+")
    service = models.CharField(max_length=10, choices=ChatService.choices)
    url = SealedField()
    made_at = models.DateTimeField()
    version = models.PositiveIntegerField(default=1)

    objects = OwnQuerySet.as_manager()


class Digest(models.Model):
    """The mail of one person and day. ``lines`` are what it tells, as ``records.notices.Line`` in plain values;
    ``new`` the keys told for the first time. ``sent_at`` is empty until the mail server took it, ``chat_at`` until
    the chat did."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+", db_index=False)
    on = models.DateField()
    lines = models.JSONField()
    new = models.JSONField()
    made_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    problem = models.CharField(max_length=300, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    chat_at = models.DateTimeField(null=True)
    chat_problem = models.CharField(max_length=300, blank=True)
    chat_tries = models.PositiveSmallIntegerField(default=0)

    objects = OwnQuerySet.as_manager()

    class Meta:
        ordering = ["-on"]
        constraints = [models.UniqueConstraint(fields=["user", "on"], name="one_mail_a_day")]
        indexes = [
            models.Index(fields=["on"], name="mail_to_be_sent", condition=Q(sent_at__isnull=True)),
            models.Index(fields=["on"], name="chat_to_be_told", condition=Q(chat_at__isnull=True)),
        ]


class NoticeAnswer(models.Model):
    """Whether the lines of a kind in a mail led to anything, by whose mail it was. Never changed."""

    digest = models.ForeignKey(Digest, on_delete=models.CASCADE, related_name="answers", db_index=False)
    kind = models.CharField(max_length=20, choices=NoticeKind.choices)
    led_to_something = models.BooleanField()
    at = models.DateTimeField()

    class Meta:
        ordering = ["-at", "-id"]
        constraints = [models.UniqueConstraint(fields=["digest", "kind"], name="one_answer_a_kind")]
