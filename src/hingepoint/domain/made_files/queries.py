"""Reading one's own files that were made in the background."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

from hingepoint.domain.made_files.models import MadeFile
from hingepoint.domain.people.models import User
from hingepoint.records.errors import Hidden
from hingepoint.records.made_files import KEPT, MadeState


@dataclass(frozen=True, slots=True)
class Made:
    """A file that was asked for. ``path`` is None until it is ready, and when it is gone again."""

    id: int
    table: str
    format: str
    name: str
    state: MadeState
    words: str
    asked_at: dt.datetime
    path: Path | None
    size: int  # bytes

    @property
    def goes_at(self) -> dt.datetime:
        """When it is removed."""
        return self.asked_at + KEPT

    @property
    def megabytes(self) -> float:
        return self.size / 1e6


def made(viewer: User, number: int) -> Made:
    """Return a file that ``viewer`` asked for. Raises Hidden. One SQL query."""
    row = MadeFile.objects.visible_to(viewer).filter(pk=number).first()
    if row is None:
        raise Hidden("no such file")
    there = row.path if row.state == MadeState.READY and row.path.is_file() else None
    size = there.stat().st_size if there else 0
    state = MadeState(row.state)
    return Made(row.pk, row.table, row.format, str(row), state, row.words, row.asked_at, there, size)
