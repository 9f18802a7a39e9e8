"""Deals that changed hands: who confirmed to have read the letter. That a deal changed its owner is a fact of its history.

| field | who reads | who writes |
|---|---|---|
| the letter | whoever sees the deal | nobody: it is drawn from the register |
| that it was read | whoever sees the deal | the new owner, once a change |
"""

from __future__ import annotations

from django.db import models

from hingepoint.domain.deals.models import DealEvent
from hingepoint.domain.people.models import User


class HandoverRead(models.Model):
    """The new owner has read the letter about the change of owner that ``event`` tells."""

    event = models.OneToOneField(DealEvent, on_delete=models.CASCADE, related_name="handover_read")
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
