"""Tokens of the API, and what was answered to requests that may be sent twice.

| field | who reads | who writes |
|---|---|---|
| the token itself | who makes it, once; only its digest is kept | the program |
| name, scopes, when it was used | whose it is; of a service those who keep people | who makes it; the program |
"""

from __future__ import annotations

import datetime as dt

from django.db import models
from django.db.models import Q

from hingepoint.domain.people.models import User, Viewer, sees_all, works_here


class TokenQuerySet(models.QuerySet["Token"]):
    def visible_to(self, viewer: Viewer) -> TokenQuerySet:
        """One's own; those who keep people also see the tokens of services."""
        if not works_here(viewer):
            return self.none()
        return self.filter(Q(user=viewer) | Q(service=True)) if sees_all(viewer) else self.filter(user=viewer)

    def working(self, at: dt.datetime) -> TokenQuerySet:
        """Those that open something at ``at``: neither over nor revoked, of somebody who is not disabled."""
        return self.filter(revoked_at__isnull=True, expires_at__gt=at, user__is_active=True)


class Token(models.Model):
    """A key that acts as ``user``, within its scopes. Of a service, ``user`` stands for a program: nobody signs in
    as it, and its role and teams say what it may see, as anybody's."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=100)
    begins = models.CharField(max_length=12)  # by which its owner knows it again
    digest = models.CharField(max_length=64, unique=True)
    service = models.BooleanField(default=False)
    scopes = models.JSONField()
    made_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    objects = TokenQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]


class SentRequest(models.Model):
    """What was answered to a request that its sender may send again with the same key. ``said`` is the digest of
    what was asked, ``status`` is 0 while it is at work."""

    by_id_number = models.BigIntegerField()  # no foreign key: it is forgotten after a day
    key = models.CharField(max_length=64)
    said = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(default=0)
    headers = models.JSONField(default=dict)
    body = models.TextField(blank=True)
    at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["by_id_number", "key"], name="one_request_once")]
