"""Proposals of assistants: forms of ours that a program filled in, and that only its person can send.

| field | who reads | who writes |
|---|---|---|
| everything | whose assistant proposed it, as long as they see the deal | the assistant, once |
| what became of it | the same | whose assistant it was |
"""

from __future__ import annotations

import datetime as dt

from django.db import models
from django.db.models import Q

from hingepoint.domain.agreements.models import AgreementType
from hingepoint.domain.deals.models import Deal
from hingepoint.domain.people.models import User, Viewer, works_here
from hingepoint.domain.tokens.models import Token
from hingepoint.records.proposals import OF_AN_AGREEMENT, ProposalKind, ProposalState

_OF_AN_AGREEMENT = tuple(one.value for one in OF_AN_AGREEMENT)


class ProposalQuerySet(models.QuerySet["Proposal"]):
    def visible_to(self, viewer: Viewer) -> ProposalQuerySet:
        """Those of one's own assistant, on deals that one sees."""
        if not works_here(viewer):
            return self.none()
        return self.filter(user=viewer, deal__in=Deal.every.visible_to(viewer).order_by())

    def waiting(self, at: dt.datetime) -> ProposalQuerySet:
        """Those that can still be answered at ``at``."""
        return self.filter(state=ProposalState.WAITING, expires_at__gt=at)


class Proposal(models.Model):
    """What the assistant of ``user`` would write, by one of their tokens. ``said`` is the form as it would be sent, text by
    field; ``given`` names the fields that the assistant filled, the others say what was on record. ``quote`` are words
    of the customer, as the assistant quotes them. ``version``: the agreement's, when it was proposed."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+", db_index=False)
    token = models.ForeignKey(Token, on_delete=models.CASCADE, related_name="+")
    deal = models.ForeignKey(Deal, on_delete=models.CASCADE, related_name="+")
    type = models.ForeignKey(AgreementType, on_delete=models.PROTECT, null=True, related_name="+")
    kind = models.CharField(max_length=20, choices=ProposalKind.choices)
    said = models.JSONField()
    given = models.JSONField()
    version = models.PositiveIntegerField(default=0)
    why = models.TextField(blank=True)
    quote = models.TextField(blank=True)
    state = models.CharField(
        max_length=20, choices=ProposalState.choices, default=ProposalState.WAITING.value
    )
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)
    answered_at = models.DateTimeField(null=True)

    objects = ProposalQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=_OF_AN_AGREEMENT, type__isnull=False)
                | (~Q(kind__in=_OF_AN_AGREEMENT) & Q(type__isnull=True)),
                name="proposal_of_an_agreement_names_it",
            )
        ]
        indexes = [models.Index(fields=["user", "state", "expires_at"], name="proposal_waits")]
