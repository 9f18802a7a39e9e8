"""Questions that the company does not ask any more.

| field | who reads | who writes |
|---|---|---|
| which question is retired, since when and why | everybody who works here | sponsor and analyst |
"""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from hingepoint.domain.people.models import User


class RetiredQuestionQuerySet(models.QuerySet["RetiredQuestion"]):
    def in_force(self) -> RetiredQuestionQuerySet:
        return self.filter(back_at__isnull=True)


class RetiredQuestion(models.Model):
    """A question (``key``, of ``records.questions``) that is not asked from ``retired_at`` on, until before ``back_at``."""

    key = models.CharField(max_length=60)
    why = models.TextField(blank=True)
    retired_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    retired_at = models.DateTimeField()
    back_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    back_at = models.DateTimeField(null=True)

    objects = RetiredQuestionQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["key"], condition=Q(back_at__isnull=True), name="a_question_is_retired_once"
            ),
            models.CheckConstraint(
                condition=Q(back_at__isnull=True) | Q(back_at__gte=F("retired_at")),
                name="a_question_comes_back_later",
            ),
        ]
