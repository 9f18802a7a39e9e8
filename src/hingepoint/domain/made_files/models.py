"""Files made in the background, one row each.

| field | who reads | who writes |
|---|---|---|
| all, and the file itself | who asked for it | the program, as they ask and as it is made |

A row and its file go after a day, and with the person.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone

from hingepoint.domain.made_files.rules import file_name
from hingepoint.domain.people.models import User, Viewer, choices, works_here
from hingepoint.records.made_files import MadeState


class MadeFileQuerySet(models.QuerySet["MadeFile"]):
    def visible_to(self, viewer: Viewer) -> MadeFileQuerySet:
        """One's own."""
        return self.filter(by=viewer) if works_here(viewer) else self.none()


class MadeFile(models.Model):
    """A table in a format as somebody asked for it; ``wanted`` is the filter of deals, as it is kept. ``words`` say why it was not
    made."""

    by = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    table = models.CharField(max_length=20)
    format = models.CharField(max_length=5)
    wanted = models.JSONField()
    state = models.CharField(max_length=8, choices=choices(MadeState), default=MadeState.WAITING)
    words = models.CharField(max_length=300, blank=True)
    asked_at = models.DateTimeField()
    made_at = models.DateTimeField(null=True)

    objects: ClassVar[models.Manager[MadeFile]] = MadeFileQuerySet.as_manager()

    def __str__(self) -> str:
        return file_name(
            self.table, self.format, asked_on=timezone.localdate(self.asked_at), as_of=self._as_of
        )

    @property
    def _as_of(self) -> dt.date | None:
        kept = self.wanted.get("as_of")
        return dt.date.fromisoformat(kept["day"]) if kept else None

    @property
    def path(self) -> Path:
        """Where the file stands once it is ready."""
        return Path(settings.MADE_FILES) / f"{self.pk}.{self.format}"
