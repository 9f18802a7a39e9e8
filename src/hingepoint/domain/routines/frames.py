"""Tables -> frame of what was due of whom (``analysis.frames.ROUTINES``)."""

from __future__ import annotations

import datetime as dt

import polars as pl

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


def routines_frame(*, since: dt.date | None = None) -> pl.DataFrame:
    """Return all that ever fell due, or ``since`` a day, for the system, in the order of time."""
    rows = RoutineDue.objects.order_by("due_at", "routine_id", "person_id")
    rows = rows.filter(due_at__date__gte=since) if since else rows
    return read(rows, _COLUMNS, frames.schema(frames.ROUTINES))
