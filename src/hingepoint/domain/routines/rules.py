"""On which days a routine falls due of whom, and which of what people did answers which time.

Everything here is plain: the tables are read in ``reading``.

| a routine falls due | on |
|---|---|
| every week | its day of the week |
| every second week | every second of these, counted from the first after it came into force |
| every month | the first such day of the month |
| once for each deal | so many days after the deal reached its stage |

A day off, of the company or of the person, moves it to the next working day; where there is none before it falls due
again, nobody is asked that time. Who is not in a team on that day, or not here any more, is not asked.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from hingepoint.domain.people.models import sees_all
from hingepoint.records.people import Role
from hingepoint.records.routines import FRIDAY, Cadence, Kind, Rule

DAY, WEEK = dt.timedelta(days=1), dt.timedelta(weeks=1)
#: What falls due is written down so far ahead, so that a month's promises are seen.
AHEAD = dt.timedelta(days=35)
#: Of so long before its day something counts for it, and so long after it counts as late.
PERIOD = {
    Cadence.WEEKLY: WEEK,
    Cadence.FORTNIGHTLY: 2 * WEEK,
    Cadence.MONTHLY: dt.timedelta(days=31),
}
#: A deal's routine that falls on days off is moved by so many days at most.
MOST_MOVED = dt.timedelta(days=31)


def may_keep(viewer: Any) -> bool:
    """Return whether ``viewer`` says what is required."""
    return sees_all(viewer)


def plain(rule: Rule) -> dict[str, Any]:
    """Return a definition in plain values, as JSON keeps it."""
    told = asdict(rule)
    return told | {name: str(told[name].value) for name in ("kind", "role", "cadence")}


def rule_of(told: dict[str, Any]) -> Rule:
    """Return the definition that ``plain`` told."""
    kinds = {"kind": Kind(told["kind"]), "role": Role(told["role"]), "cadence": Cadence(told["cadence"])}
    return Rule(**(told | kinds))


# ---- of whom, and when ----


@dataclass(frozen=True, slots=True)
class Here:
    """That a person belonged to a team (None: to none at all) from ``since`` until before ``until`` (None: still).
    ``manages``: as who leads it."""

    person_id: int
    team_id: int | None
    manages: bool = False
    since: dt.date = dt.date.min
    until: dt.date | None = None

    def on(self, day: dt.date) -> bool:
        return self.since <= day and (self.until is None or day < self.until)


@dataclass(frozen=True, slots=True)
class Reached:
    """That a deal reached the stage of a routine on a day, and who owns it."""

    deal_id: int
    owner_id: int
    team_id: int | None
    on: dt.date


@dataclass(frozen=True)
class Off:
    """Days off: those of the company, and those of each person."""

    company: frozenset[dt.date] = frozenset()
    people: dict[int, frozenset[dt.date]] = field(default_factory=dict)

    def works(self, person_id: int, day: dt.date, weekday: int) -> bool:
        """Return whether a person works on a day: Monday to Friday, and the routine's own day."""
        usual = day.weekday() <= FRIDAY or day.weekday() == weekday
        return usual and day not in self.company and day not in self.people.get(person_id, ())


@dataclass(frozen=True, slots=True)
class Planned:
    """That a routine falls due of a person on a day."""

    person_id: int
    team_id: int | None
    on: dt.date
    deal_id: int | None = None


def planned(
    rule: Rule, here: Iterable[Here], off: Off, *, in_force: dt.date, first: dt.date, last: dt.date
) -> list[Planned]:
    """Return of whom ``rule`` falls due from ``first`` to ``last``, both included, in the order of the days.

    ``here`` says where the people of its role belonged. Nothing falls due before the day it came into force."""
    days = [(day, again) for day, again in _days(rule, in_force=in_force, last=last) if again > first]
    of_person = defaultdict(list)
    for one in here:
        of_person[one.person_id].append(one)
    found = []
    for person_id, places in of_person.items():
        for day, again in days:
            place = _place(places, day, rule.role)
            moved = _moved(person_id, day, again, off, rule.weekday) if place else None
            if place and moved and first <= moved <= last:
                found.append(Planned(person_id, place.team_id, moved))
    return sorted(found, key=lambda one: (one.on, one.person_id))


def planned_for_deals(
    rule: Rule, reached: Iterable[Reached], off: Off, *, in_force: dt.date, first: dt.date, last: dt.date
) -> list[Planned]:
    """Return for which deals ``rule`` falls due of their owners from ``first`` to ``last``. A deal that had reached the
    stage before the routine came into force is not asked for."""
    found = []
    for one in reached:
        day = one.on + rule.days * DAY
        moved = _moved(one.owner_id, day, day + MOST_MOVED, off, FRIDAY) if one.on >= in_force else None
        if moved and first <= moved <= last:
            found.append(Planned(one.owner_id, one.team_id, moved, one.deal_id))
    return sorted(found, key=lambda one: (one.on, one.deal_id))


def _days(rule: Rule, *, in_force: dt.date, last: dt.date) -> Iterator[tuple[dt.date, dt.date]]:
    """Yield the days on which ``rule`` falls due up to ``last``, each with the one after it."""
    day = in_force + ((rule.weekday - in_force.weekday()) % 7) * DAY
    if rule.cadence == Cadence.MONTHLY and day.day > 7:
        day = _month_after(day, rule.weekday)
    while day <= last:
        again = (
            _month_after(day, rule.weekday) if rule.cadence == Cadence.MONTHLY else day + PERIOD[rule.cadence]
        )
        yield day, again
        day = again


def _month_after(day: dt.date, weekday: int) -> dt.date:
    """Return the first such day of the week in the month after that of ``day``."""
    first = (day.replace(day=1) + dt.timedelta(days=32)).replace(day=1)
    return first + ((weekday - first.weekday()) % 7) * DAY


def _place(places: Sequence[Here], day: dt.date, role: Role) -> Here | None:
    """Return where a person belongs on a day: a manager, to the team they lead; None where they belong to none."""
    there = [one for one in places if one.on(day)]
    if len(there) < 2:
        return there[0] if there else None
    leads = role == Role.MANAGER
    return max(there, key=lambda one: (one.manages == leads, one.since))


def _moved(person_id: int, day: dt.date, again: dt.date, off: Off, weekday: int) -> dt.date | None:
    """Return ``day``, or the next one on which the person works before it falls due again; None where there is none."""
    while day < again:
        if off.works(person_id, day, weekday):
            return day
        day += DAY
    return None


# ---- what answers it ----


@dataclass(frozen=True, slots=True)
class Open:
    """A time at which something fell due of somebody, not done so far: its number and the midnight it is due at."""

    due_id: int
    due_at: dt.datetime


def answered(
    due: Collection[Open], done: Iterable[dt.datetime], period: dt.timedelta
) -> dict[int, dt.datetime]:
    """Return which of ``due``, by number, was done when, given all that one person did: each thing counts once, first
    for a day that it was in time for, then as late for one that had passed within ``period``."""
    left = sorted(done)
    found: dict[int, dt.datetime] = {}
    for opens, closes in ((DAY - period, DAY), (DAY, DAY + period)):
        for one in sorted(due, key=lambda one: (one.due_at, one.due_id)):
            fits = (at for at in left if one.due_at + opens <= at < one.due_at + closes)
            at = None if one.due_id in found else next(fits, None)
            if at is not None:
                found[one.due_id] = at
                left.remove(at)
    return found
