"""What is due of oneself now: a few lines for the first page of the day."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from hingepoint.domain.days import after, midnight
from hingepoint.domain.routines import reading
from hingepoint.domain.routines.models import RoutineDue

#: So many lines stand on the first page; the others behind a link.
A_FEW = 3
#: What is due so soon is shown, and what was missed so lately.
SOON, MISSED = dt.timedelta(days=7), dt.timedelta(days=14)


@dataclass(frozen=True, slots=True)
class DueLine:
    """What is due of the viewer on a day. ``by_itself``: the register sees when it is done; ``deal``: of which one."""

    due_id: int
    name: str
    required: str
    due_on: dt.date
    late: bool
    by_itself: bool
    deal_id: int | None
    deal: str


def due_of_me(viewer: Any, *, today: dt.date) -> list[DueLine]:
    """Return what is due of ``viewer`` within a week and what was missed in the last two, the oldest first. One SQL query."""
    first, last = midnight(today - MISSED), after(today + SOON)
    rows = RoutineDue.objects.visible_to(viewer).filter(person=viewer, done_at__isnull=True)
    rows = rows.filter(due_at__gte=first, due_at__lt=last).select_related("routine", "deal")
    return [_line(row, today) for row in rows.order_by("due_at", "pk")]


def _line(row: RoutineDue, today: dt.date) -> DueLine:
    due_on = timezone.localdate(row.due_at)
    return DueLine(
        due_id=row.pk,
        name=row.routine.name,
        required=row.routine.required,
        due_on=due_on,
        late=due_on < today,
        by_itself=row.routine.kind in reading.KNOWN,
        deal_id=row.deal_id,
        deal=(row.deal.name or row.deal.key) if row.deal else "",
    )
