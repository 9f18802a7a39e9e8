"""How routines are kept: one's own promises of a month, those of all leaders, and each routine over time."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

import polars as pl
from django.db.models import Q
from django.utils import timezone

from hingepoint.analysis import intervals
from hingepoint.analysis.signals import review_discipline
from hingepoint.domain.people.models import sees_all
from hingepoint.domain.routines.frames import routines_frame
from hingepoint.domain.routines.models import RoutineDue
from hingepoint.domain.upkeep.kept import Question
from hingepoint.records.people import Role

#: Kept lately: of what fell due in so many days; before that, of what fell due in the year before.
LATELY, BEFORE = dt.timedelta(days=91), dt.timedelta(days=365)
_LEADERS = (Role.SPONSOR, Role.MANAGER)


@dataclass(frozen=True, slots=True)
class Promise:
    """What falls due of oneself: when, and when it was done. ``late``: its day has passed."""

    due_id: int
    name: str
    due_on: dt.date
    done_on: dt.date | None
    late: bool


@dataclass(frozen=True, slots=True)
class Promises:
    """One's own of a month and what is still open from before, in the order of their days; and of all leaders how many
    of those whose day has come are done."""

    own: tuple[Promise, ...]
    leaders_done: int
    leaders_due: int


def promises(viewer: Any, *, today: dt.date) -> Promises:
    """Return what ``viewer`` promised by being a leader, for the month of ``today``. One SQL query."""
    begins = today.replace(day=1)
    ends = (begins + dt.timedelta(days=32)).replace(day=1)
    leads = Q(person__role__in=_LEADERS, due_at__date__gte=begins)
    known = RoutineDue.objects.visible_to(viewer).filter(Q(person=viewer) | leads, due_at__date__lt=ends)
    rows = list(known.select_related("routine", "person").order_by("due_at", "pk"))
    own = [row for row in rows if row.person_id == viewer.pk]
    own = [row for row in own if row.done_at is None or _day(row.due_at) >= begins]
    due = [row for row in rows if begins <= _day(row.due_at) <= today and row.person.role in _LEADERS]
    done = sum(row.done_at is not None for row in due)
    return Promises(tuple(_promise(row, today) for row in own), done, len(due))


def _promise(row: RoutineDue, today: dt.date) -> Promise:
    due_on, done_on = _day(row.due_at), row.done_at and _day(row.done_at)
    return Promise(row.pk, row.routine.name, due_on, done_on, late=done_on is None and due_on < today)


def _day(at: dt.datetime) -> dt.date:
    return timezone.localdate(at)


@dataclass(frozen=True, slots=True)
class Kept:
    """A routine: which share of what fell due was done on time ``lately`` and ``before``. ``left_out`` of the late ones
    were not done at all."""

    name: str
    lately: intervals.Estimate
    before: intervals.Estimate
    left_out: int

    @property
    def moved(self) -> bool | None:
        """Whether it is kept better now; None where the interval of the difference holds 0."""
        change = intervals.difference(self.lately, self.before)
        if change is None or change.low <= 0 <= change.high:
            return None
        return change.value > 0


#: How each routine is kept, of everybody: kept in a large company.
KEPT = Question[list[Kept]]("routines kept", list[Kept])


def kept(viewer: Any, *, today: dt.date) -> list[Kept]:
    """Return how each routine is kept, to those who see everybody; nothing to others, whose few would be people. Reads what
    fell due in the last 15 months."""
    return KEPT.told(lambda: kept_now(today=today)) if sees_all(viewer) else []


def kept_now(*, today: dt.date) -> list[Kept]:
    """Return the same, asked at this moment: on time as the fourth signal counts it."""
    due = review_discipline.judged(routines_frame(since=today - LATELY - BEFORE))
    day = pl.col("at").dt.date()
    times = (day > today - LATELY, day <= today - LATELY)
    found = []
    for name in sorted(due["routine"].unique()):
        lately, before = (due.filter((pl.col("routine") == name) & time) for time in times)
        found.append(Kept(name, _on_time(lately), _on_time(before), int(lately["left_out"].sum())))
    return found


def _on_time(due: pl.DataFrame) -> intervals.Estimate:
    return intervals.share(due.height - int(due["value"].sum()), due.height)
