"""What is on record of what a signal reads, month by month: for a signal without a reading, which cannot draw anything else."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from hingepoint.analysis.period_numbers import number_of, start_of
from hingepoint.analysis.signals import SIGNALS
from hingepoint.domain.deals.models import Deal, DealEvent, that_count
from hingepoint.domain.escalations.models import Escalation, Pulse
from hingepoint.domain.people.models import User, Viewer, works_here
from hingepoint.domain.routines.models import RoutineDue
from hingepoint.records.deals import DealStatus, EventKind
from hingepoint.records.errors import Hidden

#: So many months are counted, with the one that runs.
MONTHS = 12


@dataclass(frozen=True, slots=True)
class Recorded:
    """How many of a ``source`` (the name of a frame, or ``won``) are on record, by the first day of each of the last months."""

    source: str
    months: tuple[tuple[dt.date, int], ...]

    @property
    def total(self) -> int:
        return sum(number for _, number in self.months)

    @property
    def filled(self) -> int:
        """In how many months there was something."""
        return sum(number > 0 for _, number in self.months)


def recorded(viewer: Viewer, key: str, *, today: dt.date) -> tuple[Recorded, ...]:
    """Return what is on record of what a signal reads, on deals that the viewer sees. Raises Hidden. One SQL query a source, of which
    a signal has one to three."""
    if key not in SIGNALS or not works_here(viewer):
        raise Hidden("There is no such signal.")
    return tuple(_counted(viewer, source, today) for source in SIGNALS[key].news)


def _counted(viewer: User, source: str, today: dt.date) -> Recorded:
    last = number_of(today, "month")
    days = [start_of(number, "month") for number in range(last - MONTHS + 1, last + 2)]
    moments = [timezone.make_aware(dt.datetime.combine(day, dt.time())) for day in days]
    rows, at = _SOURCES[source](viewer)
    # Twelve comparisons a row: to cut a moment to its month is many times slower in SQLite.
    months = {
        f"month_{index}": Count("pk", filter=Q(**{f"{at}__gte": begins, f"{at}__lt": ends}))
        for index, (begins, ends) in enumerate(pairwise(moments))
    }
    counts = rows.filter(**{f"{at}__gte": moments[0]}).order_by().aggregate(**months)
    return Recorded(source, tuple(zip(days[:-1], counts.values(), strict=True)))


#: Rows that the viewer sees, and the column that says when.
_Rows = tuple[QuerySet[Any], str]


def _events(kind: EventKind) -> Callable[[User], _Rows]:
    def rows(viewer: User) -> _Rows:
        found = DealEvent.objects.standing().filter(that_count("deal"), kind=kind)
        if not viewer.sees_everything:
            found = found.filter(deal__in=Deal.objects.visible_to(viewer).order_by())
        return found, "occurred_at"

    return rows


def _won(viewer: User) -> _Rows:
    return Deal.objects.visible_to(viewer).filter(status=DealStatus.WON), "closed_at"


def _exceptions(viewer: User) -> _Rows:
    return Escalation.objects.visible_to(viewer).filter(that_count("deal")), "asked_at"


def _pulses(viewer: User) -> _Rows:
    return Pulse.objects.filter(
        that_count("escalation__deal"), escalation__in=Escalation.objects.visible_to(viewer).order_by()
    ), "at"


def _routines(viewer: User) -> _Rows:
    return RoutineDue.objects.visible_to(viewer), "done_at"


_SOURCES: dict[str, Callable[[User], _Rows]] = {
    "won": _won,
    "exceptions": _exceptions,
    "visits": _events(EventKind.EXECUTIVE),
    "concessions": _events(EventKind.CONCESSION),
    "quotes": _events(EventKind.QUOTE),
    "demands": _events(EventKind.DEMAND),
    "pulses": _pulses,
    "routines": _routines,
}
