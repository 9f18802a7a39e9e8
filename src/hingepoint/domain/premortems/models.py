"""Pre-mortems of open deals: three answers, blind until all are there or the day has passed.

| field | who reads | who writes |
|---|---|---|
| that one runs, and who has answered | whoever sees the deal | its seller or who leads the team begins it, else the program before a landmark |
| an answer | its author at once; whoever sees the deal when all three are there or the day has passed | the seller, who leads the team, one more who sees the deal; once |
"""

from __future__ import annotations

import datetime as dt

from django.db import models
from django.db.models import Count, Exists, OuterRef, Q

from hingepoint.domain.deals.models import Deal
from hingepoint.domain.people.models import User
from hingepoint.records.premortems import Place


class PreMortemQuerySet(models.QuerySet["PreMortem"]):
    def taking_answers(self, today: dt.date) -> PreMortemQuerySet:
        """Those of open deals whose day has not passed and of which an answer is missing. Their deals are looked up one by one: they
        are few, and open deals many."""
        running = self.filter(Exists(Deal.objects.open().filter(pk=OuterRef("deal"))), until__gte=today)
        return running.annotate(told=Count("answers")).filter(told__lt=len(Place))


class PreMortem(models.Model):
    """One pre-mortem of a deal: answers are given until the end of ``until``. Nobody begun it where a landmark did."""

    deal = models.ForeignKey(Deal, on_delete=models.CASCADE, related_name="premortems")
    begun_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    begun_at = models.DateTimeField()
    until = models.DateField()

    objects = PreMortemQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]


class PreMortemAnswerQuerySet(models.QuerySet["PreMortemAnswer"]):
    def readable_by(self, viewer: User, *, opened: bool) -> PreMortemAnswerQuerySet:
        """All answers of a pre-mortem that is open to read; until then one's own."""
        return self if opened else self.filter(by=viewer)


class PreMortemAnswer(models.Model):
    """What one of the three says: it is later, and the deal was lost. What happened? Never changed."""

    premortem = models.ForeignKey(PreMortem, on_delete=models.CASCADE, related_name="answers", db_index=False)
    place = models.CharField(max_length=8, choices=Place.choices)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    words = models.TextField()

    objects = PreMortemAnswerQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["premortem", "place"], name="one_answer_a_place"),
            models.CheckConstraint(condition=~Q(words=""), name="a_premortem_says_something"),
        ]


def is_open_to_read(answers: int, until: dt.date, today: dt.date) -> bool:
    """Return whether the answers of a pre-mortem may be read by all: when all three are there, or the day has passed."""
    return answers >= len(Place) or until < today
