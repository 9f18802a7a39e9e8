"""What stands behind an agreement: a link, pasted words, a file, and the customer's own answer."""

from __future__ import annotations

import datetime as dt
import secrets

from django.db import models
from django.db.models import Q

from hingepoint.domain.agreements.models import Agreement
from hingepoint.domain.people.models import User, Viewer
from hingepoint.records.agreements import Evidence
from hingepoint.records.proof import Answer


def random_name(proof: Proof | None, name: str) -> str:
    """Return where a file is kept: a name that tells nothing and that nobody guesses."""
    return f"proof/{secrets.token_hex(16)}"


class ProofQuerySet(models.QuerySet["Proof"]):
    def visible_to(self, viewer: Viewer) -> ProofQuerySet:
        """Whoever sees the agreement sees what stands behind it."""
        return self.filter(agreement__in=Agreement.objects.visible_to(viewer))


class Proof(models.Model):
    """One piece of evidence. Exactly one of ``link``, ``words`` and ``file`` is filled."""

    agreement = models.ForeignKey(Agreement, on_delete=models.CASCADE, related_name="proofs")
    strength = models.PositiveSmallIntegerField(choices=[(e.value, e.name.lower()) for e in Evidence])
    link = models.URLField(max_length=1000, blank=True)
    words = models.TextField(blank=True)
    file = models.FileField(upload_to=random_name, blank=True, max_length=100)
    name = models.CharField(max_length=200, blank=True)  # what the file was called
    size = models.PositiveIntegerField(default=0)  # of the file, in bytes
    said_by = models.CharField(max_length=200, blank=True)  # the customer, where they wrote it themselves
    added_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    added_at = models.DateTimeField()

    objects = ProofQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=(
                    (~Q(link="") & Q(words="") & Q(file=""))
                    | (Q(link="") & ~Q(words="") & Q(file=""))
                    | (Q(link="") & Q(words="") & ~Q(file=""))
                ),
                name="proof_is_one_thing",
            )
        ]


class ConfirmationQuerySet(models.QuerySet["Confirmation"]):
    def visible_to(self, viewer: Viewer) -> ConfirmationQuerySet:
        return self.filter(agreement__in=Agreement.objects.visible_to(viewer))

    def waiting(self, at: dt.datetime) -> ConfirmationQuerySet:
        """Return those that can still be answered."""
        return self.filter(answered_at__isnull=True, revoked_at__isnull=True, expires_at__gt=at)


class Confirmation(models.Model):
    """A customer is asked, by a link, whether an agreement is as we wrote it down.

    ``act``, ``person_name`` and ``due_on`` are the words as they were when the link was made: the
    customer sees these and the asker's name, and nothing that is written later.
    """

    agreement = models.ForeignKey(Agreement, on_delete=models.CASCADE, related_name="confirmations")
    act = models.CharField(max_length=500)
    person_name = models.CharField(max_length=200)
    due_on = models.DateField()
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    answer = models.CharField(max_length=10, choices=Answer.choices, blank=True)
    words = models.TextField(blank=True)
    answered_from = models.CharField(max_length=45, blank=True)  # the address it was sent from
    answered_where_we_work = models.BooleanField(
        default=False
    )  # in a browser in which one of us had signed in
    mail_to = models.EmailField(
        blank=True
    )  # their address as we knew it when the link was made; codes go there
    verified = models.BooleanField(default=False)  # a code mailed there came with the answer

    objects = ConfirmationQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(answered_at__isnull=True, answer="")
                | (Q(answered_at__isnull=False) & ~Q(answer="")),
                name="answered_confirmations_have_an_answer",
            )
        ]


class ConfirmationCode(models.Model):
    """A code that is mailed to whoever is asked: who types it reads mail at that address. Only a digest of it is kept, made
    the moment the mail goes; ``problem`` says why a mail could not be sent."""

    confirmation = models.ForeignKey(Confirmation, on_delete=models.CASCADE, related_name="codes")
    digest = models.CharField(max_length=64, blank=True)
    asked_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    tries = models.PositiveSmallIntegerField(default=0)
    problem = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["-id"]


class LinkMail(models.Model):
    """A link that is mailed to whoever it asks. ``page`` is what the link begins with, before what it carries; ``tries`` how often
    the mail server was asked to take it, ``problem`` why it did not the last time."""

    confirmation = models.ForeignKey(Confirmation, on_delete=models.CASCADE, related_name="mails")
    page = models.CharField(max_length=300)
    asked_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    tries = models.PositiveSmallIntegerField(default=0)
    problem = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["-id"]


class AnswerTry(models.Model):
    """An answer that somebody tried to send from an address, kept for the rate limit only."""

    address = models.CharField(max_length=45)
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["address", "at"], name="answer_try_address")]
