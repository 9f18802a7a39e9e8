"""The agreement debt as it stood at the end of a day."""

from __future__ import annotations

from django.db import models


class DebtReading(models.Model):
    """What was owed at the end of ``day`` on all deals. ``told`` is an ``analysis.debt.Debt`` as plain JSON; ``stands_on``
    names the pivotal agreements of that day and the signed findings that it was valued by: with others it is read anew."""

    day = models.DateField(unique=True)
    told = models.JSONField()
    stands_on = models.CharField(max_length=32)
    made_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"agreement debt on {self.day}"
