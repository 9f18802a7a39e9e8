"""Tables -> frame of what was due of whom (``analysis.frames.ROUTINES``)."""

from __future__ import annotations

import polars as pl
from django.db.models import QuerySet

from hingepoint.analysis import frames
from hingepoint.domain.deals.frames import called, read
from hingepoint.domain.people.models import Team, User
from hingepoint.domain.routines.models import Routine, RoutineDue

_COLUMNS = {
    "person": "person_id",
    "team": "team_id",
    "routine": "routine_id",
    "due": "due_at",
    "done": "done_at",
    "recorded_at": "recorded_at",
}
_TYPES = frames.schema(frames.ROUTINES) | dict.fromkeys(("person", "team", "routine"), pl.Int64())


def routines_frame(due: QuerySet[RoutineDue] | None = None) -> pl.DataFrame:
    """Return all that ever fell due, or ``due`` of it, for the system, in the order of time.

    Named after it was read: a name for each of hundreds of thousands of rows takes longer than the rows.
    """
    rows = RoutineDue.objects.all() if due is None else due
    frame = read(rows.order_by("id"), _COLUMNS, _TYPES).sort("due", "routine", "person", maintain_order=True)
    return frame.with_columns(
        person=called(pl.col("person"), dict(User.objects.values_list("pk", "key"))),
        team=called(pl.col("team"), dict(Team.objects.values_list("pk", "name"))),
        routine=called(pl.col("routine"), dict(Routine.objects.values_list("pk", "name"))),
    )
