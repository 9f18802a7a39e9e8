"""Webhooks, the messages that wait for them or were sent, and every try with what was answered.

| field | who reads | who writes |
|---|---|---|
| the secrets that sign | who makes one, once; they are kept encrypted | analysts and sponsors |
| address, kinds, messages, answers | analysts and sponsors | the same; the program |
"""

from __future__ import annotations

import datetime as dt
from typing import TypeVar

from django.db import models
from django.db.models import Q

from hingepoint.domain.people.models import Viewer, sees_all
from hingepoint.domain.secrets.rules import SealedField
from hingepoint.records.webhooks import DeliveryState, HookKind

M = TypeVar("M", bound=models.Model)


class KeepersQuerySet(models.QuerySet[M]):
    def visible_to(self, viewer: Viewer) -> KeepersQuerySet[M]:
        """All of them, for those who look after the data."""
        return self if sees_all(viewer) else self.none()


class Webhook(models.Model):
    """An address that is told what changed. ``read_until``: up to which entry of the audit trail messages were made for it.
    ``old_secret`` signs too until ``old_until``. ``failing_since``: the first failure since something was taken."""

    name = models.CharField(max_length=100, unique=True)
    url = models.CharField(max_length=500)
    kinds = models.JSONField()
    secret = SealedField()
    old_secret = SealedField(blank=True)
    old_until = models.DateTimeField(null=True)
    on = models.BooleanField(default=True)
    off_because = models.CharField(max_length=200, blank=True)
    off_at = models.DateTimeField(null=True)
    failing_since = models.DateTimeField(null=True)
    read_until = models.BigIntegerField()
    made_at = models.DateTimeField()
    version = models.PositiveIntegerField(default=1)

    objects = KeepersQuerySet.as_manager()

    class Meta:
        ordering = ["name"]


class DeliveryQuerySet(KeepersQuerySet["WebhookDelivery"]):
    def due(self, at: dt.datetime) -> DeliveryQuerySet:
        """Those that are to be sent at ``at``, in the order in which they were made."""
        return self.filter(webhook__on=True, next_at__lte=at).order_by("pk")


class WebhookDelivery(models.Model):
    """One message for one webhook. ``key`` is its id for the receiver, the same at every try; ``body`` is sent and signed as it
    stands here. ``next_at``: when it is sent next, empty when it was taken or given up."""

    webhook = models.ForeignKey(Webhook, on_delete=models.CASCADE, related_name="deliveries", db_index=False)
    entry = models.BigIntegerField(null=True)  # of the audit trail; no foreign key: the trail is its own
    key = models.CharField(max_length=40, unique=True)
    kind = models.CharField(max_length=30, choices=HookKind.choices)
    body = models.TextField()
    state = models.CharField(max_length=20, choices=DeliveryState.choices, default=DeliveryState.WAITING)
    tries = models.PositiveSmallIntegerField(default=0)
    made_at = models.DateTimeField(db_index=True)
    next_at = models.DateTimeField(null=True)

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["webhook", "entry"], name="webhook_told_once")]
        indexes = [models.Index(fields=["next_at"], name="webhook_due", condition=Q(next_at__isnull=False))]


class WebhookTry(models.Model):
    """One try to hand a message over. ``status`` is empty where nobody answered; ``answer`` is the beginning of what was said, or
    why nothing was. Never changed."""

    delivery = models.ForeignKey(WebhookDelivery, on_delete=models.CASCADE, related_name="attempts")
    at = models.DateTimeField()
    status = models.PositiveSmallIntegerField(null=True)
    answer = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["-id"]
