"""Sponsorship: what a sponsor writes to everybody, and who read it.

| field | who reads | who writes |
|---|---|---|
| message | everybody who works here | the sponsor who signs it |
| that somebody read it | the person; of all others only how many, by team to who leads it | the person |
"""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from hingepoint.domain.people.models import User, Viewer, works_here


class SponsorMessageQuerySet(models.QuerySet["SponsorMessage"]):
    def visible_to(self, viewer: Viewer) -> SponsorMessageQuerySet:
        return self.all() if works_here(viewer) else self.none()


class SponsorMessage(models.Model):
    """What a sponsor wrote to everybody who worked here then."""

    subject = models.CharField(max_length=120)
    text = models.TextField()
    sent_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    sent_at = models.DateTimeField()

    objects = SponsorMessageQuerySet.as_manager()

    class Meta:
        ordering = ["-sent_at", "-id"]
        constraints = [
            models.CheckConstraint(condition=~Q(subject="") & ~Q(text=""), name="a_message_says_something")
        ]


class MessageReader(models.Model):
    """One to whom a message went. ``mail_at``: when it was handed to the mail server; both empty until then."""

    message = models.ForeignKey(
        SponsorMessage, on_delete=models.CASCADE, related_name="readers", db_index=False
    )
    person = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    read_at = models.DateTimeField(null=True)
    mail_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["message", "person"], name="a_message_goes_to_one_once")
        ]
