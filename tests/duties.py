"""A routine and what falls due of somebody, in two words."""

from __future__ import annotations

import datetime as dt

from cast import NOW, TODAY
from hingepoint.domain.people.models import User
from hingepoint.domain.routines import actions as routines
from hingepoint.domain.routines.models import DaysOff, Routine, RoutineDue
from hingepoint.records.people import Role
from hingepoint.records.routines import Cadence, Rule


def a_routine(key: str = "debrief", **facts) -> Routine:
    """Every seller debriefs once a week."""
    since = facts.pop("since", dt.date(2026, 1, 1))
    rule = Rule(key=key, name=facts.pop("name", "Debrief"), **facts)
    known = Routine.objects.filter(key=key).first()
    return known or routines.define(by=None, at=NOW, rule=rule, since=since)


def falls_due(user: User, *, due_at: dt.datetime = NOW, team: str = "North", **done) -> RoutineDue:
    """Let the routine fall due of somebody."""
    routine = a_routine()
    due = routines.Due(person=user.key, team=team, due_at=due_at, **done)
    routines.fall_due(by=None, at=NOW, routine=routine, dues=[due])
    return RoutineDue.objects.get(routine=routine, person=user, due_at=due_at)


def drafted() -> Routine:
    """A routine in force with a change that is not."""
    routine = a_routine("read-plans", name="Read plans", role=Role.MANAGER)
    rule = Rule("read-plans", "Read plans", role=Role.MANAGER, cadence=Cadence.MONTHLY)
    return routines.change(by=None, at=NOW, routine_id=routine.pk, rule=rule)


def days_off(user: User | None, *, since: dt.date = TODAY, last: dt.date = dt.date(2036, 3, 6)) -> DaysOff:
    """Let somebody, or everybody, be away. Until far ahead, so that a page that asks the clock shows it."""
    since = max(since, last - dt.timedelta(days=300))
    return routines.take_days_off(by=None, at=NOW, person=user, since=since, last=last)
