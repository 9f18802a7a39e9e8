"""Passkeys of people.

| field | who reads | who writes |
|---|---|---|
| name, when it was made and used | its person | its person; the program |
| what checks its signatures | the program; it opens nothing | the program |
"""

from __future__ import annotations

from typing import Self

from django.db import models
from django.db.models import Exists, OuterRef, Q

from hingepoint.domain.people.models import User, Viewer, way_in, works_here


class PasskeyQuerySet(models.QuerySet["Passkey"]):
    def visible_to(self, viewer: Viewer) -> Self:
        """One's own."""
        return self.filter(user=viewer) if works_here(viewer) else self.none()


class Passkey(models.Model):
    """A key of one person. ``credential`` is its public half with its number, ``count`` how often it signed, as far as it counts."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=100)
    key = models.CharField(max_length=1400, unique=True)  # its number, as the device says it
    credential = models.TextField()
    count = models.BigIntegerField(default=0)
    made_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    objects = PasskeyQuerySet.as_manager()

    class Meta:
        ordering = ["id"]


@way_in
def _by_passkey() -> Q:
    return Q(Exists(Passkey.objects.filter(user=OuterRef("pk"))))
