"""A routine and what falls due of somebody, in two words."""

from __future__ import annotations

import datetime as dt

from cast import NOW
from hingepoint.domain.people.models import User
from hingepoint.domain.routines import actions as routines
from hingepoint.domain.routines.models import Routine, RoutineDue
from hingepoint.records.people import Role
from hingepoint.records.routines import Cadence


def a_routine(key: str = "debrief", **facts) -> Routine:
    """Every seller debriefs once a week."""
    told = {
        "name": "Debrief",
        "role": Role.SELLER,
        "cadence": Cadence.WEEKLY,
        "since": dt.date(2026, 1, 1),
    } | facts
    return Routine.objects.filter(key=key).first() or routines.define(by=None, at=NOW, key=key, **told)


def falls_due(user: User, *, due_at: dt.datetime = NOW, team: str = "North", **done) -> RoutineDue:
    """Let the routine fall due of somebody."""
    routine = a_routine()
    due = routines.Due(person=user.key, team=team, due_at=due_at, **done)
    routines.fall_due(by=None, at=NOW, routine=routine, dues=[due])
    return RoutineDue.objects.get(routine=routine, person=user, due_at=due_at)
