"""What a sheet of people would change: decided on plain data, before anything is stored."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from hingepoint.domain.people.rules import alike
from hingepoint.records.files import RowProblem
from hingepoint.records.names import normal
from hingepoint.records.people import ROLE_WORDS, Role, SheetLine


@dataclass(frozen=True, slots=True)
class Time:
    """A time in a team: from ``since`` until before ``until``. ``id`` is its number, None for one to be made."""

    team: str
    manages: bool
    since: dt.date
    until: dt.date | None
    id: int | None = None


@dataclass(frozen=True, slots=True)
class Here:
    """Somebody who is here, as the sheet is compared with them."""

    id: int
    name: str
    email: str
    role: str
    title: str
    times: tuple[Time, ...] = ()


@dataclass(frozen=True, slots=True)
class Directory:
    """Everybody who is here: ``known`` by each of their marks (``alike`` spelling), ``doubled`` are names of
    several people, ``teams`` are known by ``alike`` spellings of their names."""

    people: Mapping[int, Here]
    known: Mapping[str, int]
    doubled: frozenset[str] = frozenset()
    teams: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that the sheet says otherwise than what is on record; ``before`` is empty where nothing is."""

    what: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the sheet makes of one person: ``id`` None for somebody new. ``joins`` are times to be made, ``moved``
    times whose days change."""

    id: int | None
    name: str
    email: str
    role: str
    title: str
    key: str
    rows: tuple[int, ...]
    differences: tuple[Difference, ...] = ()
    joins: tuple[Time, ...] = ()
    moved: tuple[Time, ...] = ()

    @property
    def kind(self) -> str:
        """Return new, changed or unchanged."""
        if self.id is None:
            return "new"
        return "changed" if self.differences else "unchanged"


@dataclass(frozen=True, slots=True)
class Plan:
    """What storing a sheet does, person by person, and the rows that cannot be used."""

    people: tuple[Wanted, ...]
    problems: tuple[RowProblem, ...]
    rejected: int

    def of_kind(self, kind: str) -> tuple[Wanted, ...]:
        return tuple(one for one in self.people if one.kind == kind)

    @property
    def changes_nothing(self) -> bool:
        return all(one.kind == "unchanged" for one in self.people)

    def fingerprint(self) -> str:
        """Return what tells this plan from any other: whoever stores it stores what they were shown."""
        said = json.dumps([asdict(one) for one in self.people], sort_keys=True, default=str)
        return hashlib.sha256(said.encode()).hexdigest()


#: Characters of the name of a team at most.
MOST_TEAM_NAME = 200


class RowRefused(Exception):
    """A row cannot be used: the column, what stands in it, and what was expected."""

    def __init__(self, column: str, value: str, expected: str):
        self.column, self.value, self.expected = column, value, expected
        super().__init__(expected)


#: A time in a team as rows say it: team, whether as its manager, since, until.
_SaidTime = tuple[str, bool, dt.date | None, dt.date | None]


@dataclass(slots=True)
class _Person:
    """One person of the sheet while its rows are read."""

    here: Here | None
    said: dict[str, str]
    rows: list[int]
    times: list[_SaidTime] = field(default_factory=list)


def role_of(word: str) -> Role | None:
    """Return the role that a word of a sheet means."""
    ours = {normal(word): role for role in Role for word in (role.value, role.label)}
    return (ours | ROLE_WORDS).get(normal(word))


class _Reading:
    """A sheet while it is compared, row by row."""

    def __init__(
        self,
        directory: Directory,
        *,
        today: dt.date,
        by_id: int | None,
        file: str,
        headings: Mapping[str, str],
    ):
        self.directory, self.today, self.by_id = directory, today, by_id
        self.file, self.headings = file, headings
        self.people: dict[int, _Person] = {}  # by number, or by the first row of somebody new
        self.fresh: dict[str, int] = {}  # marks of new people -> their first row, below zero
        self.teams = dict(directory.teams)
        self.of_row: dict[int, _Person] = {}
        self.problems: list[RowProblem] = []
        self.rejected: set[int] = set()

    def read(self, lines: Sequence[SheetLine]) -> None:
        kept = [line for line in lines if self._try(line, self._person)]
        for line in kept:
            self._try(line, self._team)

    def _try(self, line: SheetLine, step: Callable[[SheetLine], None]) -> bool:
        """Return whether a step could use the row; a row that it refuses becomes a problem."""
        try:
            step(line)
        except RowRefused as refused:
            column = self.headings.get(refused.column, refused.column)
            self.problems.append(RowProblem(self.file, line.row, column, refused.value, refused.expected))
            self.rejected.add(line.row)
            return False
        return True

    # ---- who is meant ----

    def _person(self, line: SheetLine) -> None:
        said = _said(line)
        who = self._who(line)
        person = self.people.get(who)
        if person is None:
            here = self.directory.people.get(who)
            self._check_change(line, said, here)
            person = self.people[who] = _Person(here, said, [])
        _agree(person, said, line)
        person.rows.append(line.row)
        self.of_row[line.row] = person
        if person.here is None:
            for mark in _marks(line):
                self.fresh[mark] = -person.rows[0]

    def _who(self, line: SheetLine) -> int:
        """Return the number of who is meant; for somebody new, the number of their first row below zero."""
        known, name = self.directory.known, alike(line.name)
        by_address, by_key = known.get(alike(line.email)), known.get(alike(line.key))
        by_name = known.get(name)
        if by_address and by_key and by_address != by_key:
            one, other = self.directory.people[by_address].name, self.directory.people[by_key].name
            raise RowRefused(
                "email",
                line.email,
                f"one person: the address is {one}'s, the id is {other}'s. Merge the two first",
            )
        sure = by_address or by_key
        if sure and by_name and by_name != sure and not self.directory.people[by_name].email:
            raise RowRefused("name", line.name, f"one person: {line.name} is here twice. Merge the two first")
        if sure:
            return sure
        if by_name:
            return self._by_name(line, by_name)
        if name in self.directory.doubled:
            raise RowRefused("name", line.name, "an address or id as well: several people are called so")
        return next((self.fresh[mark] for mark in _marks(line) if mark in self.fresh), -line.row)

    def _by_name(self, line: SheetLine, number: int) -> int:
        email = self.directory.people[number].email
        if email and line.email and alike(line.email) != email:
            raise RowRefused(
                "email",
                line.email,
                f"{email}, which is {line.name}'s. Change it on their page, or give their id",
            )
        return number

    def _check_change(self, line: SheetLine, said: Mapping[str, str], here: Here | None) -> None:
        if here and here.id == self.by_id and said["role"] not in ("", here.role):
            raise RowRefused("role", line.role, "your own role as it is: somebody else changes it")

    # ---- in which team ----

    def _team(self, line: SheetLine) -> None:
        person = self.of_row[line.row]
        role = person.said["role"] or (person.here.role if person.here else Role.SELLER)
        chief = self._manager(line)
        team = self._team_named(line, role, chief)
        self._check_days(line, person, team)
        if not team:
            return
        time = (team, role == Role.MANAGER, line.since, line.until)
        _require_one_beginning(person, time)
        person.times.append(time)
        if chief and role != Role.MANAGER and chief is not person:
            chief.times.append((team, True, None, None))

    def _team_named(self, line: SheetLine, role: str, chief: _Person | None) -> str:
        """Return the team that a row means, in the spelling known first; without one, that of the manager."""
        named = line.team.strip()
        if not named and chief and role != Role.MANAGER:
            named = f"{chief.said['name']}'s team"
        if len(named) > MOST_TEAM_NAME:
            raise RowRefused("team", named[:80], f"at most {MOST_TEAM_NAME} characters")
        return self.teams.setdefault(alike(named), named) if named else ""

    def _check_days(self, line: SheetLine, person: _Person, team: str) -> None:
        if line.until and line.since and line.until <= line.since:
            raise RowRefused("until", line.until.isoformat(), f"a day after {line.since.isoformat()}")
        if (line.since or line.until) and not team:
            raise RowRefused("team", "", "the team that the days speak of")
        if line.until and not line.since and not self._is_in(person, team):
            raise RowRefused("since", "", f"the day from which they were in {team}")

    def _is_in(self, person: _Person, team: str) -> bool:
        return person.here is not None and any(one.team == team for one in person.here.times)

    def _manager(self, line: SheetLine) -> _Person | None:
        """Return the manager whom a row names, as a person of the sheet, also where they have no row of their own."""
        if not line.manager:
            return None
        mark = alike(line.manager)
        who = self.directory.known.get(mark) or self.fresh.get(mark)
        if who is None:
            expected = "somebody who is here or in this sheet, by one name, address or id"
            raise RowRefused("manager", line.manager, expected)
        if who not in self.people:
            here = self.directory.people[who]
            nothing = dict.fromkeys(("email", "role", "title", "key"), "")
            self.people[who] = _Person(here, nothing | {"name": here.name}, [])
        return self.people[who]


def _said(line: SheetLine) -> dict[str, str]:
    """Return what a row says of a person, in our values. Raises RowRefused."""
    role = role_of(line.role) if line.role.strip() else None
    if line.role.strip() and role is None:
        words = ", ".join(one.label.lower() for one in Role)
        raise RowRefused("role", line.role, f"one of {words}")
    email = line.email.strip().lower()
    if email and not _may_be_address(email):
        raise RowRefused("email", line.email, "an e-mail address such as ann@example.com")
    texts = {name: getattr(line, name).strip() for name in ("name", "title", "key")}
    return texts | {"email": email, "role": role.value if role else ""}


def _may_be_address(text: str) -> bool:
    try:
        validate_email(text)
    except ValidationError:
        return False
    return True


def _agree(person: _Person, said: Mapping[str, str], line: SheetLine) -> None:
    """Let the rows of one person say one thing of them. Raises RowRefused."""
    for name in ("name", "email", "role", "title"):
        if said[name] and person.said[name] and said[name] != person.said[name]:
            raise RowRefused(
                name,
                said[name],
                f"{person.said[name]}, as in row {person.rows[0] if person.rows else 'above'}",
            )
        person.said[name] = person.said[name] or said[name]
    person.said["key"] = person.said["key"] or said["key"]


def _require_one_beginning(person: _Person, time: _SaidTime) -> None:
    """Let nobody begin twice in the team in which they are. Raises RowRefused."""
    team, manages, since, until = time
    others = [one[2] for one in person.times if one[:2] == (team, manages) and one[3] is None and one[2]]
    if until is None and since and others and others[0] != since:
        raise RowRefused(
            "since", since.isoformat(), f"{others[0].isoformat()}, as in another row about {team}"
        )


def _marks(line: SheetLine) -> Iterable[str]:
    return [mark for mark in (alike(line.email), alike(line.key), alike(line.name)) if mark]


# ---- what changes ----


def plan(
    lines: Sequence[SheetLine],
    directory: Directory,
    *,
    today: dt.date,
    by_id: int | None,
    file: str,
    headings: Mapping[str, str],
    problems: Sequence[RowProblem] = (),
    bad_rows: int = 0,
) -> Plan:
    """Return what a sheet changes. ``problems`` are the first of ``bad_rows`` rows that could not be read at all.

    A row that is refused says nothing: the others are read again without it, until none is refused.
    """
    left, found = list(lines), list(problems)
    while True:
        reading = _Reading(directory, today=today, by_id=by_id, file=file, headings=headings)
        reading.read(left)
        if not reading.rejected:
            break
        found += reading.problems
        left = [line for line in left if line.row not in reading.rejected]
    people = [_wanted(person, today) for person in reading.people.values()]
    rejected = bad_rows + len(lines) - len(left)
    in_order = sorted(people, key=lambda one: one.rows or (len(lines) + 2,))
    return Plan(tuple(in_order), tuple(sorted(found, key=lambda one: one.row or 0)), rejected)


def _wanted(person: _Person, today: dt.date) -> Wanted:
    said, here = person.said, person.here
    joins, moved = _times(person, today)
    told = Wanted(
        id=here.id if here else None,
        name=said["name"],
        email=said["email"] or (here.email if here else ""),
        role=said["role"] or (here.role if here else Role.SELLER),
        title=said["title"] or (here.title if here else ""),
        key=said["key"],
        rows=tuple(person.rows),
        joins=tuple(joins),
        moved=tuple(moved),
    )
    return replace(told, differences=tuple(_differences(told, here)))


def _times(person: _Person, today: dt.date) -> tuple[list[Time], list[Time]]:
    """Return the times in teams to make, and those whose days change."""
    before = list(person.here.times) if person.here else []
    joins: list[Time] = []
    moved: dict[int, Time] = {}
    for team, manages, since, until in _each_once(person.times):
        known = _same_time(before, team, manages, since, until)
        if known is None:
            joins.append(Time(team, manages, since or today, until))
        elif (since or known.since, until) != (known.since, known.until):
            moved[known.id or 0] = replace(known, since=since or known.since, until=until)
    for old in _left(before, joins, person.times):
        day = min(one.since for one in joins if not one.manages and one.until is None)
        moved[old.id or 0] = replace(old, until=max(day, old.since + dt.timedelta(days=1)))
    return joins, list(moved.values())


def _each_once(said: Sequence[_SaidTime]) -> list[_SaidTime]:
    """Return the times that were said, without those that another one says with its first day."""
    dated = {(team, manages, until) for team, manages, since, until in said if since}
    return [one for one in dict.fromkeys(said) if one[2] or (one[0], one[1], one[3]) not in dated]


def _same_time(
    before: Sequence[Time], team: str, manages: bool, since: dt.date | None, until: dt.date | None
) -> Time | None:
    """Return the time in a team that a row speaks of: the same one if it is on record, else the current one."""
    alike = [one for one in before if (one.team, one.manages) == (team, manages)]
    exact = [one for one in alike if one.until == until and since in (None, one.since)]
    current = [one for one in alike if one.until is None]
    return next(iter(exact or current), None)


def _left(before: Sequence[Time], joins: Sequence[Time], said: Sequence[tuple]) -> list[Time]:
    """Return the current teams that somebody leaves by going on in another one."""
    if not any(not one.manages and one.until is None for one in joins):
        return []
    named = {team for team, manages, *_ in said if not manages}
    return [one for one in before if one.until is None and not one.manages and one.team not in named]


def _differences(told: Wanted, here: Here | None) -> Iterable[Difference]:
    if here is None:
        yield Difference("role", "", Role(told.role).label.lower())
    else:
        for name in ("name", "email", "title"):
            if getattr(told, name) != getattr(here, name):
                yield Difference(
                    {"email": "address"}.get(name, name), getattr(here, name), getattr(told, name)
                )
        if told.role != here.role:
            yield Difference("role", Role(here.role).label.lower(), Role(told.role).label.lower())
    for time in told.joins:
        yield Difference("manages" if time.manages else "team", "", _days(time))
    before = {one.id: one for one in here.times} if here else {}
    for time in told.moved:
        yield Difference("manages" if time.manages else "team", _days(before[time.id]), _days(time))


def _days(time: Time) -> str:
    until = f" until {_in_words(time.until)}" if time.until else ""
    return f"{time.team} from {_in_words(time.since)}{until}"


def _in_words(day: dt.date) -> str:
    return f"{day.day} {day:%b %Y}"
