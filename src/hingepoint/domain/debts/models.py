"""The agreement debt as it stood at the end of a day."""

from __future__ import annotations

import datetime as dt

from django.db import models


class DebtReadingQuerySet(models.QuerySet["DebtReading"]):
    def until(self, day: dt.date | None) -> DebtReadingQuerySet:
        """Return the readings that were to be had on a day (None: today), the newest first."""
        return (self if day is None else self.filter(day__lte=day)).order_by("-day")


class DebtReading(models.Model):
    """What was owed at the end of ``day`` on all deals. ``told`` is an ``analysis.debt.Debt`` as plain JSON; ``stands_on``
    names the pivotal agreements and the signed findings that it was valued by: with others it is read anew."""

    day = models.DateField(unique=True)
    told = models.JSONField()
    stands_on = models.CharField(max_length=32)
    made_at = models.DateTimeField()

    objects = DebtReadingQuerySet.as_manager()

    def __str__(self) -> str:
        return f"agreement debt on {self.day}"
