"""The audit trail: who changed what, when, from what, to what and why. Append-only, hash-chained."""

from __future__ import annotations

from django.db import models


class AuditEvent(models.Model):
    """One change. ``digest`` covers the row and the digest before it, so that a removed or altered
    row is found by ``audit.queries.first_broken_link``."""

    at = models.DateTimeField()
    by_id_number = models.BigIntegerField(null=True)  # no foreign key: the trail outlives its people
    by_name = models.CharField(max_length=200, blank=True)
    action = models.CharField(max_length=80)
    subject = models.CharField(max_length=80)
    subject_id = models.CharField(max_length=200)
    changes = models.JSONField(default=dict)
    reason = models.TextField(blank=True)
    digest = models.CharField(max_length=64, unique=True)

    class Meta:
        indexes = [
            models.Index(fields=["subject", "subject_id"]),
            models.Index(fields=["-at", "-id"], name="audit_by_time"),
        ]
        ordering = ["id"]


class AuditHead(models.Model):
    """The last link of the chain, one row: locking it orders writers where the database does not."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    digest = models.CharField(max_length=64, blank=True)
    length = models.PositiveBigIntegerField(default=0)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="one_audit_head")]
