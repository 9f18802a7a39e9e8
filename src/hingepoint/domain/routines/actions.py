"""Every change to routines: saying what is required, what falls due of whom, and doing it."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from hingepoint.domain.audit.actions import record
from hingepoint.domain.days import midnight
from hingepoint.domain.people.models import Team, User, managed_team_ids
from hingepoint.domain.routines import reading, rules
from hingepoint.domain.routines.models import DaysOff, Routine, RoutineDue, RoutineVersion
from hingepoint.domain.routines.rules import DAY, Planned
from hingepoint.domain.turns.actions import action, read_anew, take_turn, turn, turns
from hingepoint.records.errors import Hidden, Refused
from hingepoint.records.languages import reason
from hingepoint.records.people import Role
from hingepoint.records.routines import Cadence, Kind, Rule

_AT_ONCE = 1_000
#: What was left open so long is not looked for any more.
_LOOKED_FOR = dt.timedelta(days=62)
#: Nobody is away longer in one line; a year more is likely a slip of the year.
MOST_DAYS_OFF = 366


class RoutinesNotYours(Hidden):
    """Only sponsors and analysts say what is required."""


class RoutineKnown(Refused):
    """There is a routine of this key already."""

    field = "name"


class WrongRoutine(Refused):
    """Nobody could do it so."""


class NothingNew(Refused):
    """There is no draft to put in force."""


class NotBefore(Refused):
    """Nothing is required of days that have passed."""

    field = "since"


class Done(Refused):
    """It was done already."""


class NotYet(Refused):
    """What is done was done by now."""

    field = "done_at"


# ---- saying what is required ----


@action
def define(*, by: User | None, at: dt.datetime, rule: Rule, since: dt.date | None = None) -> Routine:
    """Write a routine down as a draft, or in force ``since`` a day. Raises RoutinesNotYours, RoutineKnown and WrongRoutine;
    with ``since`` also NotBefore."""
    _require_right(by)
    _require_sense(rule)
    try:
        with transaction.atomic():
            routine = Routine.objects.create(key=rule.key, **_columns(rule), draft=rules.plain(rule))
    except IntegrityError:
        raise RoutineKnown(reason("There is a routine {key} already.", key=rule.key)) from None
    record(by=by, at=at, action="define", subject="routine", subject_id=routine.pk)
    if since is not None:
        put_in_force(by=by, at=at, routine_id=routine.pk, since=since)
        routine.refresh_from_db()
    return routine


@action
def change(
    *, by: User | None, at: dt.datetime, routine_id: int, rule: Rule, expected_version: int | None = None
) -> Routine:
    """Write a change of a routine as its draft: what is in force stays until the draft is put in force. Raises
    RoutinesNotYours, Hidden, WrongRoutine and Stale."""
    _require_right(by)
    routine = _routine(routine_id)
    take_turn(routine, expected_version=expected_version)
    rule = replace(rule, key=routine.key)
    _require_sense(rule)
    routine.draft = rules.plain(rule)
    columns = _columns(rule) if routine.since is None else {}  # a first draft is all there is
    for name, value in columns.items():
        setattr(routine, name, value)
    routine.save(update_fields=["draft", *columns])
    record(by=by, at=at, action="change", subject="routine", subject_id=routine.pk)
    return routine


@action
def put_in_force(
    *, by: User | None, at: dt.datetime, routine_id: int, since: dt.date | None = None
) -> Routine:
    """Require the draft of a routine from ``since`` on, today where it is not said: a change counts from tomorrow, and what
    fell due until today stays as it was. Raises RoutinesNotYours, Hidden, NothingNew and NotBefore."""
    _require_right(by)
    routine = _routine(routine_id)
    if routine.draft is None:
        raise NothingNew("What is written is in force already.")
    today, is_first = timezone.localdate(at), routine.since is None
    if not is_first:
        _plan(routine, today)  # what the definition until now still asks for
        since = today + DAY
    since = since or today
    if by is not None and since < today:
        raise NotBefore("Choose today or a later day: nothing is required of days that have passed.")
    rule = rules.rule_of(routine.draft)
    changed = _columns(rule) | {"draft": None, "version": routine.version + 1}
    if is_first:
        changed |= {"since": since, "planned_until": since - DAY}
    for name, value in changed.items():
        setattr(routine, name, value)
    routine.save(update_fields=list(changed))
    number = RoutineVersion.objects.filter(routine=routine).count() + 1
    RoutineVersion.objects.create(
        routine=routine, number=number, definition=rules.plain(rule), since=since, put_by=by, put_at=at
    )
    if by is not None:
        _plan(routine, today)
    record(by=by, at=at, action="put in force", subject="routine", subject_id=routine.pk)
    return routine


@action
def end(*, by: User | None, at: dt.datetime, routine_id: int, until: dt.date) -> Routine:
    """Require a routine no more from ``until`` on. Raises RoutinesNotYours, Hidden and Refused."""
    _require_right(by)
    routine = _routine(routine_id)
    if routine.since is None or until <= routine.since:
        raise Refused("It ends after the day on which it began.", field="until")
    routine.until = until
    routine.save(update_fields=["until"])
    _forget(RoutineDue.objects.filter(routine=routine, done_at__isnull=True, due_at__gte=midnight(until)))
    record(by=by, at=at, action="end", subject="routine", subject_id=routine.pk)
    return routine


def _routine(routine_id: int) -> Routine:
    found = turn(Routine.objects.select_related("team"), pk=routine_id)
    if found is None:
        raise Hidden("There is no such routine.")
    return found


def _require_right(by: User | None) -> None:
    if by is not None and not rules.may_keep(by):
        raise RoutinesNotYours("Only sponsors and analysts say what is required.")


def _require_sense(rule: Rule) -> None:
    """Raise WrongRoutine for what could never be due or done."""
    if rule.cadence == Cadence.DEAL and rule.kind not in reading.KNOWN:
        raise WrongRoutine("For each deal, choose a plan, an answer to a plan or a debrief.", field="kind")
    if not rule.name.strip():
        raise WrongRoutine("Give it a name.", field="name")
    if rule.team and not Team.objects.filter(name=rule.team).exists():
        raise WrongRoutine(reason("There is no team {team}.", team=rule.team), field="team")


def _columns(rule: Rule) -> dict[str, Any]:
    told = {name: value for name, value in rules.plain(rule).items() if name not in ("key", "team")}
    team = Team.objects.filter(name=rule.team).first() if rule.team else None
    return told | {"name": rule.name.strip(), "required": rule.required.strip(), "team": team}


# ---- what falls due ----


@action
def let_fall_due(*, at: dt.datetime) -> int:
    """Write down what falls due in the weeks ahead, and what fell due since this was last done; return how many are new.

    What lies ahead and is not done is planned anew each time: by who is here, and by their days off. What has come due
    stays as it was written.
    """
    today = timezone.localdate(at)
    every = turns(Routine.objects.filter(since__isnull=False).select_related("team"))
    added = sum(_plan(routine, today) for routine in every)
    if added:
        changes = {"due": added}
        record(by=None, at=at, action="fall due", subject="routines", subject_id="all", changes=changes)
    return added


def _plan(routine: Routine, today: dt.date) -> int:
    """Write down what a routine in force asks up to ``AHEAD`` of ``today``; return how many are new."""
    assert routine.since is not None
    known_until = routine.planned_until or today
    last = today + rules.AHEAD
    if routine.until is not None:
        last = min(last, routine.until - DAY)
    first = max(routine.since, min(known_until, today) + DAY)
    if last < first:
        return 0
    wanted = reading.planned(reading.rule_in(routine), in_force=routine.since, first=first, last=last)
    _drop_unwanted(routine, wanted, after=today)
    added = _add(routine, wanted)
    routine.planned_until = max(known_until, last)
    routine.save(update_fields=["planned_until"])
    return added


def _drop_unwanted(routine: Routine, wanted: Iterable[Planned], *, after: dt.date) -> None:
    """Take back what is due after a day, not done, and not wanted any more."""
    kept = {(one.person_id, midnight(one.on), one.deal_id) for one in wanted}
    ahead = RoutineDue.objects.filter(
        routine=routine, done_at__isnull=True, due_at__gte=midnight(after + DAY)
    )
    rows = ahead.values_list("pk", "person_id", "due_at", "deal_id")
    gone = [pk for pk, *which in rows if tuple(which) not in kept]
    for start in range(0, len(gone), _AT_ONCE):
        _forget(RoutineDue.objects.filter(pk__in=gone[start : start + _AT_ONCE]))


def _forget(due: Any) -> None:
    due.delete()


def _add(routine: Routine, wanted: Iterable[Planned]) -> int:
    rows = [
        RoutineDue(
            routine=routine,
            person_id=one.person_id,
            team_id=one.team_id,
            deal_id=one.deal_id,
            due_at=midnight(one.on),
        )
        for one in wanted
    ]
    known = RoutineDue.objects.filter(routine=routine)
    before = known.count()
    RoutineDue.objects.bulk_create(rows, batch_size=_AT_ONCE, ignore_conflicts=True)
    return known.count() - before


@dataclass(frozen=True, slots=True)
class Due:
    """What falls due: of whom (a user's key), in which team (its name, empty for none), when; and when it was
    done and that was written down, where it was."""

    person: str
    team: str
    due_at: dt.datetime
    done_at: dt.datetime | None = None
    recorded_at: dt.datetime | None = None


@action
def fall_due(*, by: User | None, at: dt.datetime, routine: Routine, dues: Iterable[Due]) -> int:
    """Let a routine fall due of many people at once; return how often it was not known to.

    What is known already stays as it is, and what is due until the last of these days is not planned again. Raises
    RoutinesNotYours.
    """
    _require_right(by)
    routine = read_anew(routine)
    users, teams = dict(User.objects.values_list("key", "pk")), dict(Team.objects.values_list("name", "pk"))
    rows = [
        RoutineDue(
            routine=routine,
            person_id=users[due.person],
            team_id=teams.get(due.team),
            due_at=due.due_at,
            done_at=due.done_at,
            recorded_at=due.recorded_at,
        )
        for due in dues
    ]
    known = RoutineDue.objects.filter(routine=routine)
    before = known.count()
    RoutineDue.objects.bulk_create(rows, batch_size=_AT_ONCE, ignore_conflicts=True)
    added = known.count() - before
    if rows:
        last = max(timezone.localdate(row.due_at) for row in rows)
        routine.planned_until = max(routine.planned_until or last, last)
        routine.save(update_fields=["planned_until"])
    changes = {"due": added}
    record(by=by, at=at, action="fall due", subject="routine", subject_id=routine.pk, changes=changes)
    return added


# ---- doing it ----


@action
def do(*, by: User, at: dt.datetime, due_id: int, done_at: dt.datetime | None = None) -> RoutineDue:
    """Write down that what fell due of ``by`` is done, now or at ``done_at``. Raises Hidden, Done and NotYet."""
    due = turn(RoutineDue.objects.filter(person=by), pk=due_id)
    if due is None:
        raise Hidden("Nothing of the kind is required of you.")
    if due.done_at is not None:
        raise Done("It was done already.")
    if done_at and done_at > at:
        raise NotYet("Give a time that has passed.")
    due.done_at, due.recorded_at = done_at or at, at
    due.save(update_fields=["done_at", "recorded_at"])
    record(by=by, at=at, action="do", subject="routine", subject_id=due.routine_id)
    return due


@action
def done(*, person: User, kind: Kind, at: dt.datetime) -> list[RoutineDue]:
    """Let something that ``person`` did at ``at`` count for what is due of them: what other subjects call when a review or
    a session was held. Return what it answers: one time of each routine of the kind, none where nothing is due.
    """
    due = RoutineDue.objects.filter(
        person=person, routine__kind=kind, deal__isnull=True, done_at__isnull=True
    )
    due = due.filter(due_at__gt=at - _LOOKED_FOR).select_related("routine").order_by("pk")
    rows = list(due.select_for_update(of=("self",), no_key=True))
    found = []
    for period, same in _by_routine(rows).values():
        answered = rules.answered([rules.Open(row.pk, row.due_at) for row in same], [at], period)
        found += [row for row in same if row.pk in answered]
    for row in found:
        row.done_at = row.recorded_at = at
    RoutineDue.objects.bulk_update(found, ["done_at", "recorded_at"])
    return found


def _by_routine(rows: Iterable[RoutineDue]) -> dict[int, tuple[dt.timedelta, list[RoutineDue]]]:
    found: dict[int, tuple[dt.timedelta, list[RoutineDue]]] = {}
    for row in rows:
        period = rules.PERIOD[Cadence(row.routine.cadence)]
        found.setdefault(row.routine_id, (period, []))[1].append(row)
    return found


@action
def take_as_done(*, at: dt.datetime) -> int:
    """Let what the register knows count for what is due, at the time at which it was really written; return for how many."""
    number = sum(_take(routine, at) for routine in turns(_answered_by_the_register()))
    if number:
        changes = {"done": number}
        record(by=None, at=at, action="take as done", subject="routines", subject_id="all", changes=changes)
    return number


def _answered_by_the_register() -> Any:
    return Routine.objects.filter(since__isnull=False, kind__in=reading.KNOWN)


def _take(routine: Routine, at: dt.datetime) -> int:
    due = RoutineDue.objects.filter(routine=routine, due_at__gt=max(at - _LOOKED_FOR, _written_down(routine)))
    waiting = due.filter(done_at__isnull=True, due_at__lte=at + rules.AHEAD)
    if routine.cadence == Cadence.DEAL:
        found = _done_on_deals(routine, waiting, at)
    else:
        found = _done_by_people(routine, waiting, due, at)
    rows = [RoutineDue(pk=pk, done_at=when, recorded_at=when) for pk, when in found.items()]
    RoutineDue.objects.bulk_update(rows, ["done_at", "recorded_at"], batch_size=_AT_ONCE)
    return len(rows)


def _written_down(routine: Routine) -> dt.datetime:
    """Return when a routine was first put in force: what had fallen due before came with its history and stays."""
    return (
        RoutineVersion.objects.filter(routine=routine).order_by("number").values_list("put_at", flat=True)[0]
    )


def _done_on_deals(routine: Routine, waiting: Any, at: dt.datetime) -> dict[int, dt.datetime]:
    deals = dict(waiting.values_list("pk", "deal_id"))
    first = reading.done_by_deal(Kind(routine.kind), set(deals.values()), until=at)
    return {pk: first[deal_id] for pk, deal_id in deals.items() if deal_id in first}


def _done_by_people(routine: Routine, waiting: Any, due: Any, at: dt.datetime) -> dict[int, dt.datetime]:
    period = rules.PERIOD[Cadence(routine.cadence)]
    did = reading.done_by_person(Kind(routine.kind), since=at - _LOOKED_FOR - period, until=at)
    counted = set(due.filter(done_at__isnull=False).values_list("person_id", "recorded_at"))
    open_of = defaultdict(list)
    for pk, person_id, due_at in waiting.values_list("pk", "person_id", "due_at"):
        open_of[person_id].append(rules.Open(pk, due_at))
    found: dict[int, dt.datetime] = {}
    for person_id, dues in open_of.items():
        fresh = [when for when in did.get(person_id, ()) if (person_id, when) not in counted]
        found |= rules.answered(dues, fresh, period)
    return found


# ---- days off ----


@action
def take_days_off(
    *, by: User | None, at: dt.datetime, since: dt.date, last: dt.date, person: User | None = None
) -> DaysOff:
    """Ask nothing of ``person`` (None: of anybody) from ``since`` to ``last``, both included. Raises Hidden and Refused."""
    _require_may_say(by, person)
    if last < since:
        raise Refused("The last day comes before the first.", field="last")
    if (last - since).days >= MOST_DAYS_OFF:
        raise Refused("That is longer than a year. Check the years.", field="last")
    days = DaysOff.objects.create(person=person, since=since, until=last + DAY, said_by=by, said_at=at)
    whose = person.pk if person else "all"
    record(by=by, at=at, action="take days off", subject="days off", subject_id=whose)
    return days


@action
def drop_days_off(*, by: User, at: dt.datetime, days_id: int) -> None:
    """Take days off back. Raises Hidden."""
    days = turn(DaysOff.objects.select_related("person"), pk=days_id)
    if days is None:
        raise Hidden("There are no such days.")
    _require_may_say(by, days.person)
    whose = days.person_id or "all"
    days.delete()
    record(by=by, at=at, action="drop days off", subject="days off", subject_id=whose)


def _require_may_say(by: User | None, person: User | None) -> None:
    """Raise Hidden unless ``by`` may say when a person is away: they themselves, who leads them, and who sees everybody;
    the company's, sponsor and analyst."""
    if by is None or by.sees_everything or (person is not None and by.pk == person.pk):
        return
    led = person is not None and by.role == Role.MANAGER
    teams = managed_team_ids(by) if led else []
    if not (led and person.memberships.filter(team__in=teams, until__isnull=True).exists()):  # type: ignore[union-attr]
        raise Hidden("Whose days off these are, others say.")
