"""Tables -> frame of what was due of whom (``analysis.frames.ROUTINES``)."""

from __future__ import annotations

import polars as pl
from django.db.models import QuerySet

from hingepoint.analysis import frames
from hingepoint.domain.deals.frames import read
from hingepoint.domain.routines.models import RoutineDue

_COLUMNS = {
    "person": "person__key",
    "team": "team__name",
    "routine": "routine__name",
    "due": "due_at",
    "done": "done_at",
    "recorded_at": "recorded_at",
}


def routines_frame(due: QuerySet[RoutineDue] | None = None) -> pl.DataFrame:
    """Return all that ever fell due, or ``due`` of it, for the system, in the order of time."""
    rows = RoutineDue.objects.all() if due is None else due
    rows = rows.order_by("due_at", "routine_id", "person_id")
    return read(rows, _COLUMNS, frames.schema(frames.ROUTINES))
