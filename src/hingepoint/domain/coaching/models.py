"""Coaching: notes and sessions between a seller and their manager, or a manager and who leads them. Private to the two.

| field | who reads | who writes |
|---|---|---|
| note | who wrote it and who it is for; nobody else, whatever their role | the deal's owner and their managers |
| session, with all that it says | the two; nobody else, whatever their role | who coaches |
| rating of a principle in a session | the two; nobody else, whatever their role | who coaches |
| how a principle is rated | who leads them, sponsor and analyst: of five people or more, never of one | the program |
| how many sessions were held | who leads them, sponsor and analyst: of five people or more, never of one | the program |
"""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from hingepoint.domain.agreements.models import AgreementType
from hingepoint.domain.deals.models import Deal
from hingepoint.domain.people.models import User, Viewer, choices, works_here
from hingepoint.domain.principles.models import PrinciplesVersion
from hingepoint.records.principles import Rating


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


class CoachingSessionQuerySet(models.QuerySet["CoachingSession"]):
    def visible_to(self, viewer: Viewer) -> CoachingSessionQuerySet:
        if not works_here(viewer):
            return self.none()
        return self.filter(Q(coach=viewer) | Q(coached=viewer))


class CoachingSession(models.Model):
    """A coaching session: one agreement of one deal, one behaviour, what was seen, and the next step with its day. What the
    register shows before ``followed_until`` counts as that next step."""

    deal = models.ForeignKey(Deal, on_delete=models.CASCADE, related_name="+", db_index=False)
    type = models.ForeignKey(AgreementType, on_delete=models.PROTECT, related_name="+")
    coach = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    coached = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    held_at = models.DateTimeField()
    behaviour = models.CharField(max_length=300)
    evidence = models.TextField(blank=True)
    next_step = models.TextField()
    next_on = models.DateField()
    followed_until = models.DateTimeField()

    objects = CoachingSessionQuerySet.as_manager()

    class Meta:
        ordering = ["-held_at", "-id"]
        constraints = [
            models.CheckConstraint(condition=~Q(coach=F("coached")), name="a_session_takes_two"),
            models.CheckConstraint(
                condition=~Q(behaviour="") & ~Q(next_step=""), name="a_session_says_what_is_next"
            ),
        ]
        indexes = [
            models.Index(fields=["coach", "-held_at"], name="session_by_coach"),
            models.Index(fields=["coached", "-held_at"], name="session_by_coached"),
            models.Index(fields=["deal", "type"], name="session_by_agreement"),
            models.Index(fields=["-held_at"], name="session_by_time"),
        ]


class CoachingRating(models.Model):
    """How far a principle was kept, as the two of a session saw it; ``key`` names it in its version."""

    session = models.ForeignKey(
        CoachingSession, on_delete=models.CASCADE, related_name="ratings", db_index=False
    )
    version = models.ForeignKey(PrinciplesVersion, on_delete=models.PROTECT, related_name="+")
    key = models.CharField(max_length=100)
    rating = models.CharField(max_length=10, choices=choices(Rating))

    class Meta:
        constraints = [models.UniqueConstraint(fields=["session", "key"], name="a_session_rates_once")]
