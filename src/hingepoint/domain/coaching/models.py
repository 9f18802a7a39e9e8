"""Coaching notes: what a seller and their manager spoke about. Private to the two.

| field | who reads | who writes |
|---|---|---|
| note | who wrote it and who it is for; nobody else, whatever their role | the deal's owner and their managers |
"""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from hingepoint.domain.deals.models import Deal
from hingepoint.domain.people.models import User, Viewer, works_here


class CoachingNoteQuerySet(models.QuerySet["CoachingNote"]):
    def visible_to(self, viewer: Viewer) -> CoachingNoteQuerySet:
        if not works_here(viewer):
            return self.none()
        return self.filter(Q(written_by=viewer) | Q(written_for=viewer))


class CoachingNote(models.Model):
    """One note about one deal, from one of the two to the other."""

    deal = models.ForeignKey(Deal, on_delete=models.CASCADE, related_name="coaching_notes")
    written_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    written_for = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    written_at = models.DateTimeField()
    note = models.TextField()

    objects = CoachingNoteQuerySet.as_manager()

    class Meta:
        ordering = ["-written_at", "-id"]
        constraints = [
            models.CheckConstraint(condition=~Q(written_by=F("written_for")), name="coaching_takes_two")
        ]
