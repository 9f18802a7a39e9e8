"""How much we ask of people: our own questions, per person and week, against two minutes a deal.

Counted from the audit trail, which has the true time of everything that was written by hand. Nobody is
named, and fewer than ``LEAST_PEOPLE`` are never shown as an average.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from django.db.models import Count, OuterRef, Subquery
from django.utils import timezone

from hingepoint.domain.audit.models import AuditEvent
from hingepoint.domain.deals.models import Deal
from hingepoint.domain.people.models import User, sees_all
from hingepoint.records.errors import Hidden
from hingepoint.records.people import Role

#: What a deal may cost its seller in a week.
BUDGET_MINUTES = 2.0
LEAST_PEOPLE = 5
WEEKS = 4
#: A pause longer than this between two entries was spent elsewhere.
LONGEST_PAUSE = dt.timedelta(minutes=5)
#: What the first entry after a pause took, as nothing before it says so.
FIRST_ENTRY = dt.timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Entry:
    """What somebody wrote at one moment, and how many fields it filled."""

    who: int
    at: dt.datetime
    fields: int


@dataclass(frozen=True, slots=True)
class Load:
    """What one person was asked in one week."""

    dialogs: int
    fields: int
    minutes: float


@dataclass(frozen=True, slots=True)
class WeekOfQuestions:
    """The sellers' week that began on Monday ``monday``: per person the middle one and the highest.

    ``a_deal`` is the middle seller's minutes a live deal; None for fewer than five people. ``over``
    counts people beyond the budget.
    """

    monday: dt.date
    people: int
    dialogs: float
    fields: float
    minutes: float
    most_minutes: float
    a_deal: float | None
    over: int

    @property
    def told(self) -> bool:
        return self.people >= LEAST_PEOPLE


def loads(entries: Iterable[Entry]) -> dict[tuple[int, dt.date], Load]:
    """Return what each person was asked in each week (by its Monday).

    Entries of the same moment are one dialog. It took as long as it came after the one before it by the
    same person; after a longer pause, half a minute.
    """
    fields: dict[int, Counter[dt.datetime]] = defaultdict(Counter)
    for entry in entries:
        fields[entry.who][entry.at] += entry.fields
    found: dict[tuple[int, dt.date], list[tuple[int, dt.timedelta]]] = defaultdict(list)
    for who, told in fields.items():
        moments = sorted(told)
        for at, before in zip(moments, [None, *moments], strict=False):
            pause = at - before if before else None
            took = pause if pause is not None and pause <= LONGEST_PAUSE else FIRST_ENTRY
            found[who, _monday(at)].append((told[at], took))
    return {key: _load(answers) for key, answers in found.items()}


def _load(answers: Sequence[tuple[int, dt.timedelta]]) -> Load:
    took = sum((each for _, each in answers), dt.timedelta())
    return Load(len(answers), sum(fields for fields, _ in answers), took.total_seconds() / 60)


def _monday(at: dt.datetime) -> dt.date:
    day = timezone.localdate(at)
    return day - dt.timedelta(days=day.weekday())


def questions(viewer: Any, *, now: dt.datetime) -> list[WeekOfQuestions]:
    """Return the sellers' last weeks, the present one first. Raises Hidden. Two SQL queries."""
    if not sees_all(viewer):
        raise Hidden("not theirs to count")
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    first = midnight - dt.timedelta(days=now.weekday(), weeks=WEEKS - 1)
    sellers, live = _sellers()
    rows = AuditEvent.objects.filter(at__gte=first, by_id_number__isnull=False)
    rows = rows.order_by("at")  # else SQLite reads the whole trail in the order of its lines
    entries = [
        Entry(sellers[number], at, max(1, len(changes)))
        for number, at, changes in rows.values_list("by_id_number", "at", "changes")
        if number is not None and number in sellers
    ]
    by_week: dict[dt.date, dict[int, Load]] = defaultdict(dict)
    for (who, monday), load in loads(entries).items():
        by_week[monday][who] = load
    return [_week(monday, by_week[monday], live) for monday in sorted(by_week, reverse=True)]


def _sellers() -> tuple[dict[int, int], dict[int, int]]:
    """Return every number by which the trail knows a seller, also those of people merged into them, with theirs;
    and how many open deals each has. One SQL query."""
    theirs = (
        Deal.objects.open().filter(owner=OuterRef("pk")).order_by().values("owner").annotate(n=Count("pk"))
    )
    sellers = User.objects.filter(role=Role.SELLER).annotate(live=Subquery(theirs.values("n")))
    known = list(sellers.values_list("pk", "other_names__was", "live"))
    numbers = {number: pk for pk, was, _ in known for number in (pk, was) if number is not None}
    return numbers, {pk: live or 0 for pk, _, live in known}


def _week(monday: dt.date, found: dict[int, Load], live: dict[int, int]) -> WeekOfQuestions:
    a_deal = [load.minutes / live[who] for who, load in found.items() if live.get(who)]
    return WeekOfQuestions(
        monday=monday,
        people=len(found),
        dialogs=median(load.dialogs for load in found.values()),
        fields=median(load.fields for load in found.values()),
        minutes=median(load.minutes for load in found.values()),
        most_minutes=max(load.minutes for load in found.values()),
        a_deal=median(a_deal) if len(a_deal) >= LEAST_PEOPLE else None,
        over=sum(each > BUDGET_MINUTES for each in a_deal),
    )
