"""The routines and one of them: what it requires of whom, its versions, and what it would have asked last month."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from functools import reduce
from itertools import islice
from operator import or_
from typing import Any

from django.db.models import Count, Max, Q
from django.utils import timezone

from hingepoint.domain.days import after, midnight
from hingepoint.domain.people.models import Team, User, managed_team_ids
from hingepoint.domain.routines import reading, rules
from hingepoint.domain.routines.models import DaysOff, Routine, RoutineDue, RoutineVersion
from hingepoint.domain.routines.rules import DAY, Here, Open, Planned
from hingepoint.records import conventions
from hingepoint.records.errors import Hidden
from hingepoint.records.languages import say, words_of
from hingepoint.records.people import Role
from hingepoint.records.routines import WEEKDAYS, Cadence, Kind, Rule

#: Names shown of those it concerns.
MOST_NAMES = 6
#: People offered in a list; more are found by their manager.
MOST_PEOPLE = 500
_LEADERS = (Role.SPONSOR, Role.MANAGER)


@dataclass(frozen=True, slots=True)
class RoutineLine:
    """A routine in the list: ``of_whom`` and ``when`` in words; not in force where ``since`` is None, ended from ``until``
    on. ``drafted``: something is written that is not in force."""

    id: int
    name: str
    of_whom: str
    when: str
    since: dt.date | None
    until: dt.date | None
    drafted: bool

    def in_force(self, today: dt.date) -> bool:
        return self.since is not None and (self.until is None or today < self.until)


def routines(viewer: Any) -> list[RoutineLine]:
    """Return the routines that ``viewer`` knows, those of leaders first. One SQL query."""
    rows = Routine.objects.visible_to(viewer).select_related("team")
    found = sorted(rows, key=lambda row: (row.role not in _LEADERS, row.name.casefold()))
    return [_line(row) for row in found]


def _line(row: Routine) -> RoutineLine:
    rule = reading.rule_in(row)
    return RoutineLine(
        row.pk, row.name, of_whom(rule), when(rule), row.since, row.until, row.draft is not None
    )


def of_whom(rule: Rule) -> str:
    """Return of whom it is required, in words."""
    role = rule.role.label.lower()
    return (
        say("Every {role} in {team}", role=role, team=rule.team)
        if rule.team
        else say("Every {role}", role=role)
    )


def when(rule: Rule) -> str:
    """Return when it falls due, in words."""
    if rule.cadence == Cadence.DEAL:
        return _after(rule)
    day = WEEKDAYS[rule.weekday]
    if rule.cadence == Cadence.MONTHLY:
        return say("Every month, by its first {day}", day=day)
    return say("{cadence}, by {day}", cadence=rule.cadence.label, day=day)


def _after(rule: Rule) -> str:
    """Return within how many days of what, for something that is required of each deal."""
    deal = say("a deal")
    if rule.least_amount:
        deal = say("a deal worth {amount} or more", amount=conventions.number(round(rule.least_amount)))
    if rule.stage:
        return say(
            "Within {days} days after {deal} reached the stage {stage}",
            days=rule.days,
            deal=deal,
            stage=rule.stage,
        )
    return say("Within {days} days after {deal} was created", days=rule.days, deal=deal)


@dataclass(frozen=True, slots=True)
class Preview:
    """Whom a definition concerns today, and how often it would have fallen due from ``since`` until before ``until``; of
    these the register knows that so many were done ``in_time`` (None: it knows nothing of the kind by itself). ``asked``: it
    did, as it was in force all that time."""

    people: int
    names: tuple[str, ...]
    teams: int
    since: dt.date
    until: dt.date
    due: int
    in_time: int | None
    asked: bool = False


@dataclass(frozen=True, slots=True)
class Version:
    number: int
    since: dt.date
    by: str
    of_whom: str
    when: str


@dataclass(frozen=True, slots=True)
class RoutinePage:
    """A routine: what is in force (``rule``), what is drafted, what the newer of the two would have asked last month.
    ``by_itself``: the register sees when it is done."""

    line: RoutineLine
    rule: Rule
    draft: Rule | None
    differences: tuple[tuple[str, str, str], ...]
    preview: Preview
    by_itself: bool
    versions: tuple[Version, ...]
    version: int


_WORDS = words_of(
    {
        "name": "Name",
        "kind": "What the register takes as done",
        "role": "Of whom",
        "cadence": "How often",
        "weekday": "Day of the week",
        "required": "What is required",
        "team": "Team",
        "stage": "Stage",
        "least_amount": "Least value",
        "days": "Days",
    }
)


def routine_page(viewer: Any, routine_id: int, *, today: dt.date) -> RoutinePage:
    """Return a routine. Raises Hidden. Reads whom it concerns and what they did last month: for who keeps routines."""
    row = Routine.objects.visible_to(viewer).select_related("team").filter(pk=routine_id).first()
    if row is None:
        raise Hidden("There is no such routine.")
    rule = reading.rule_in(row)
    draft = rules.rule_of(row.draft) if row.draft and rules.may_keep(viewer) else None
    versions = RoutineVersion.objects.filter(routine=row).select_related("put_by")
    return RoutinePage(
        line=_line(row),
        rule=rule,
        draft=draft,
        differences=tuple(_differences(rule, draft)) if draft and row.since else (),
        preview=preview(draft or rule, today=today, of=None if draft else row),
        by_itself=rule.kind in reading.KNOWN,
        versions=tuple(map(_version, versions)),
        version=row.version,
    )


def _differences(rule: Rule, draft: Rule) -> list[tuple[str, str, str]]:
    """Return label, what is in force and what is drafted, for each field in which the two differ."""
    return [
        (label, _said(rule, name), _said(draft, name))
        for name, label in _WORDS.items()
        if getattr(rule, name) != getattr(draft, name)
    ]


def _said(rule: Rule, name: str) -> str:
    value = getattr(rule, name)
    if name == "weekday":
        return WEEKDAYS[value]
    return str(getattr(value, "label", value)) if value not in (None, "") else "none"


def _version(row: RoutineVersion) -> Version:
    rule = rules.rule_of(row.definition)
    by = row.put_by.name if row.put_by else say("the program")
    return Version(row.number, row.since, by, of_whom(rule), when(rule))


def preview(rule: Rule, *, today: dt.date, of: Routine | None = None) -> Preview:
    """Return whom ``rule`` concerns and what it would have asked in the month before that of ``today``; of a routine (``of``) that
    asked all that time what it did ask."""
    until = today.replace(day=1)
    since = (until - DAY).replace(day=1)
    places = reading.here(rule)
    now = [one for one in places if one.on(today)]
    people = {one.person_id for one in now}
    told = _recorded(of, since, until) if of and _asked_throughout(of, since, until) else None
    due, in_time = told or _would_have(rule, places, since, until)
    return Preview(
        people=len(people),
        names=_first_names(rule, people),
        teams=len({one.team_id for one in now if one.team_id}),
        since=since,
        until=until,
        due=due,
        in_time=in_time,
        asked=told is not None,
    )


def _first_names(rule: Rule, people: Collection[int]) -> tuple[str, ...]:
    rows = User.objects.active().filter(role=rule.role).order_by("name").values_list("pk", "name")
    return tuple(islice((name for pk, name in rows.iterator(chunk_size=100) if pk in people), MOST_NAMES))


def _asked_throughout(routine: Routine, since: dt.date, until: dt.date) -> bool:
    """Return whether a routine asked the same from ``since`` until before ``until``."""
    newest = RoutineVersion.objects.filter(routine=routine).aggregate(since=Max("since"))["since"]
    ended = routine.until is not None and routine.until < until
    return newest is not None and newest <= since and not ended


def _recorded(routine: Routine, since: dt.date, until: dt.date) -> tuple[int, int]:
    """Return how often it fell due and how often it was done by its day. Two SQL queries."""
    rows = RoutineDue.objects.filter(routine=routine, due_at__gte=midnight(since), due_at__lt=midnight(until))
    # Day by day: to add a day to each row's moment, SQLite would call Python for each.
    days = rows.order_by().values_list("due_at", flat=True).distinct()
    by_its_day = (Q(due_at=at, done_at__lt=after(timezone.localdate(at))) for at in days)
    in_time = reduce(or_, by_its_day, Q(pk__in=()))
    told = rows.aggregate(due=Count("pk"), in_time=Count("pk", filter=in_time))
    return told["due"], told["in_time"]


def _would_have(rule: Rule, places: list[Here], since: dt.date, until: dt.date) -> tuple[int, int | None]:
    before = since - rules.MOST_MOVED - rule.days * DAY
    in_force = before if rule.cadence == Cadence.DEAL else since
    due = reading.planned(rule, in_force=in_force, first=since, last=until - DAY, places=places)
    return len(due), _in_time(rule, due, since) if rule.kind in reading.KNOWN else None


def _in_time(rule: Rule, due: list[Planned], since: dt.date) -> int:
    """Return for how many of ``due`` the register knows that they were done by their day."""
    opens = [Open(n, midnight(one.on)) for n, one in enumerate(due)]
    until = midnight(since + 2 * rules.MOST_MOVED)
    if rule.cadence == Cadence.DEAL:
        first = reading.done_by_deal(rule.kind, {one.deal_id for one in due if one.deal_id}, until=until)
        ends = {one.deal_id: midnight(one.on + DAY) for one in due if one.deal_id}
        return sum(at < ends[deal_id] for deal_id, at in first.items())
    period = rules.PERIOD[rule.cadence]
    did = reading.done_by_person(Kind(rule.kind), since=midnight(since) - period, until=until)
    of_person = defaultdict(list)
    for one, planned in zip(opens, due, strict=True):
        of_person[planned.person_id].append(one)
    ends_of = {one.due_id: one.due_at + DAY for one in opens}
    answers = (rules.answered(dues, did.get(pk, ()), period) for pk, dues in of_person.items())
    return sum(at < ends_of[due_id] for found in answers for due_id, at in found.items())


# ---- days off ----


@dataclass(frozen=True, slots=True)
class DaysOffLine:
    """Days off, both days included; ``who`` empty for everybody's. ``may_drop``: the viewer may take them back."""

    id: int
    who: str
    first: dt.date
    last: dt.date
    may_drop: bool


def days_off(viewer: Any, *, today: dt.date) -> list[DaysOffLine]:
    """Return the days off that ``viewer`` knows of, those that are not over. One SQL query besides the teams."""
    rows = DaysOff.objects.visible_to(viewer).filter(until__gt=today).select_related("person")
    return [
        DaysOffLine(
            id=row.pk,
            who=row.person.name if row.person else "",
            first=row.since,
            last=row.until - DAY,
            may_drop=row.person_id is not None or rules.may_keep(viewer),
        )
        for row in rows[:200]
    ]


def people_to_ask(viewer: Any) -> list[tuple[int, str]]:
    """Return whose days off ``viewer`` says: their own, and those of the people they lead or see, by name."""
    if rules.may_keep(viewer):
        rows = User.objects.active()
    elif viewer.role == Role.MANAGER:
        rows = User.objects.active().filter(
            memberships__team__in=managed_team_ids(viewer), memberships__until__isnull=True
        )
    else:
        rows = User.objects.none()
    others = rows.exclude(pk=viewer.pk).order_by("name").values_list("pk", "name").distinct()
    return [(viewer.pk, say("Myself")), *others[:MOST_PEOPLE]]


def teams(viewer: Any) -> list[str]:
    """Return the names of the teams, by the alphabet, for who keeps routines."""
    return (
        list(Team.objects.order_by("name").values_list("name", flat=True)) if rules.may_keep(viewer) else []
    )
