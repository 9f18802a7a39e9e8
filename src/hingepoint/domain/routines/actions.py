"""Every change to routines: defining them, what falls due of whom, and doing it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from django.db import IntegrityError, transaction

from hingepoint.domain.audit.actions import record
from hingepoint.domain.people.models import Team, User, sees_all
from hingepoint.domain.routines.models import Routine, RoutineDue
from hingepoint.domain.turns.actions import action, turn
from hingepoint.records.errors import Hidden, Refused
from hingepoint.records.people import Role
from hingepoint.records.routines import Cadence

_AT_ONCE = 1_000


class RoutinesNotYours(Hidden):
    """Only sponsors and analysts say what is required."""


class RoutineKnown(Refused):
    """There is a routine of this key already."""

    field = "key"


class Done(Refused):
    """It was done already."""


class NotYet(Refused):
    """What is done was done by now."""

    field = "done_at"


@action
def define(
    *,
    by: User | None,
    at: dt.datetime,
    key: str,
    name: str,
    role: Role,
    cadence: Cadence,
    since: dt.date,
    required: str = "",
) -> Routine:
    """Say what is required of everybody of a role. Raises RoutinesNotYours and RoutineKnown."""
    _require_right(by)
    told = {
        "name": name.strip(),
        "role": role,
        "cadence": cadence,
        "since": since,
        "required": required.strip(),
    }
    try:
        with transaction.atomic():
            routine = Routine.objects.create(key=key, **told)
    except IntegrityError:
        raise RoutineKnown(f"There is a routine {key} already.") from None
    record(by=by, at=at, action="define", subject="routine", subject_id=routine.pk)
    return routine


@action
def end(*, by: User | None, at: dt.datetime, routine_id: int, until: dt.date) -> Routine:
    """Require a routine no more from ``until`` on. Raises RoutinesNotYours, Hidden and Refused."""
    _require_right(by)
    routine = turn(Routine.objects.all(), pk=routine_id)
    if routine is None:
        raise Hidden("There is no such routine.")
    if until <= routine.since:
        raise Refused("It ends after the day on which it began.", field="until")
    routine.until = until
    routine.save(update_fields=["until"])
    record(by=by, at=at, action="end", subject="routine", subject_id=routine.pk)
    return routine


def _require_right(by: User | None) -> None:
    if by is not None and not sees_all(by):
        raise RoutinesNotYours("Only sponsors and analysts say what is required.")


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

    What is known already stays as it is. Raises RoutinesNotYours.
    """
    _require_right(by)
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
    changes = {"due": added}
    record(by=by, at=at, action="fall due", subject="routine", subject_id=routine.pk, changes=changes)
    return added
