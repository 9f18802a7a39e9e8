"""Principles: what a company holds its sellers and leaders to, version by version, and who agreed.

| field | who reads | who writes |
|---|---|---|
| a version that was published | everybody who works here | sponsor and analyst |
| a draft | sponsor and analyst | sponsor and analyst |
| that somebody agreed to a version | the person; leaders by name; of the rest only how many, by team | the person |
| what the register says of a principle | everybody who works here | the program |
"""

from __future__ import annotations

import datetime as dt

from django.db import models

from hingepoint.domain.people.models import User, Viewer, works_here


class PrinciplesVersionQuerySet(models.QuerySet["PrinciplesVersion"]):
    def visible_to(self, viewer: Viewer) -> PrinciplesVersionQuerySet:
        """What was published is known to all who work here; a draft to who writes it."""
        if not works_here(viewer):
            return self.none()
        return self.all() if viewer.sees_everything else self.published()

    def published(self) -> PrinciplesVersionQuerySet:
        return self.filter(published_at__isnull=False)

    def in_force(self) -> PrinciplesVersionQuerySet:
        return self.published().filter(ended_at__isnull=True)

    def in_force_at(self, at: dt.datetime) -> PrinciplesVersionQuerySet:
        still = models.Q(ended_at__isnull=True) | models.Q(ended_at__gt=at)
        return self.filter(still, published_at__lte=at)


class PrinciplesVersion(models.Model):
    """All principles as they stood together: ``texts`` are ``records.principles.Principle`` in plain values, in their order.
    Without ``published_at`` it is the draft; from ``ended_at`` on it is archived."""

    number = models.PositiveIntegerField(unique=True)
    texts = models.JSONField(default=list)
    published_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    published_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    version = models.PositiveIntegerField(default=1)

    objects = PrinciplesVersionQuerySet.as_manager()

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(ended_at__isnull=True) | models.Q(published_at__isnull=False),
                name="only_what_was_published_ends",
            )
        ]


class PrinciplesAgreed(models.Model):
    """Somebody agreed to a version."""

    version = models.ForeignKey(
        PrinciplesVersion, on_delete=models.CASCADE, related_name="agreed", db_index=False
    )
    person = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    agreed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["version", "person"], name="one_agrees_to_a_version_once")
        ]


class PrinciplesReading(models.Model):
    """What the register says of the principles that it can see, at the end of a day: ``analysis.principles.Report``."""

    day = models.DateField(unique=True)
    report = models.JSONField()
    made_at = models.DateTimeField()

    class Meta:
        ordering = ["-day"]
