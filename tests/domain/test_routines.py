"""Routines: defined once, due of many, done by the person they are due of."""

import datetime as dt

import pytest

import duties
from cast import NOW
from hingepoint.domain.audit.models import AuditEvent
from hingepoint.domain.routines import actions as routines
from hingepoint.domain.routines.models import Routine, RoutineDue
from hingepoint.records.errors import Refused
from hingepoint.records.people import Role
from hingepoint.records.routines import Cadence, Rule

DAY = dt.timedelta(days=1)


def test_the_sponsor_says_what_is_required_and_when_it_ends(cast):
    told = {"key": "plans", "name": " Plan read ", "role": Role.MANAGER, "cadence": Cadence.MONTHLY}
    rule = Rule(required="Read each plan.", **told)
    made = routines.define(by=cast.sponsor, at=NOW, rule=rule, since=NOW.date())
    routines.end(by=cast.analyst, at=NOW, routine_id=made.pk, until=NOW.date() + DAY)
    kept = Routine.objects.get()
    assert (kept.name, kept.role, kept.cadence, kept.required) == (
        "Plan read",
        "manager",
        "monthly",
        "Read each plan.",
    )
    assert (kept.since, kept.until) == (NOW.date(), NOW.date() + DAY)
    lines = AuditEvent.objects.filter(subject="routine").order_by("pk")
    assert list(lines.values_list("action", "subject_id")) == [
        ("define", str(made.pk)),
        ("put in force", str(made.pk)),
        ("end", str(made.pk)),
    ]


def test_a_key_names_one_routine(cast):
    duties.a_routine()
    with pytest.raises(routines.RoutineKnown, match="There is a routine debrief already") as refused:
        routines.define(by=None, at=NOW, rule=Rule("debrief", "Other"))
    assert refused.value.field == "name"
    assert Routine.objects.get().name == "Debrief"


def test_a_routine_cannot_end_before_it_began(cast):
    made = duties.a_routine()
    with pytest.raises(Refused) as refused:
        routines.end(by=None, at=NOW, routine_id=made.pk, until=made.since)
    assert refused.value.field == "until"
    assert Routine.objects.get().until is None


@pytest.mark.parametrize("who", ["seller", "manager", "stranger", "inside_partner", "disabled"])
def test_others_do_not_say_what_is_required(cast, who):
    by, made = getattr(cast, who), duties.a_routine()
    with pytest.raises(routines.RoutinesNotYours):
        routines.define(by=by, at=NOW, rule=Rule("other", "Other"))
    with pytest.raises(routines.RoutinesNotYours):
        routines.change(by=by, at=NOW, routine_id=made.pk, rule=Rule("debrief", "Other"))
    with pytest.raises(routines.RoutinesNotYours):
        routines.put_in_force(by=by, at=NOW, routine_id=made.pk)
    with pytest.raises(routines.RoutinesNotYours):
        routines.end(by=by, at=NOW, routine_id=made.pk, until=NOW.date())
    with pytest.raises(routines.RoutinesNotYours):
        routines.fall_due(by=by, at=NOW, routine=made, dues=[])


def test_what_falls_due_twice_is_due_once(cast):
    made = duties.a_routine()
    dues = [routines.Due(each.key, "North", NOW) for each in (cast.seller, cast.manager)]
    assert routines.fall_due(by=None, at=NOW, routine=made, dues=dues) == 2
    assert routines.fall_due(by=None, at=NOW, routine=made, dues=dues) == 0
    assert set(RoutineDue.objects.values_list("person", "team", "due_at")) == {
        (cast.seller.pk, cast.north.pk, NOW),
        (cast.manager.pk, cast.north.pk, NOW),
    }


def test_who_does_it_writes_down_when(cast):
    due = duties.falls_due(cast.seller, due_at=NOW - DAY)
    routines.do(by=cast.seller, at=NOW, due_id=due.pk, done_at=NOW - DAY)
    due.refresh_from_db()
    assert (due.done_at, due.recorded_at) == (NOW - DAY, NOW)
    with pytest.raises(routines.Done):
        routines.do(by=cast.seller, at=NOW + DAY, due_id=due.pk)
    due.refresh_from_db()
    assert due.recorded_at == NOW


def test_nothing_is_done_in_the_future(cast):
    due = duties.falls_due(cast.seller)
    with pytest.raises(routines.NotYet):
        routines.do(by=cast.seller, at=NOW, due_id=due.pk, done_at=NOW + DAY)
    due.refresh_from_db()
    assert due.done_at is None


@pytest.mark.parametrize("who", ["manager", "stranger", "sponsor"])
def test_nobody_does_what_is_due_of_somebody_else(cast, who):
    due = duties.falls_due(cast.seller)
    with pytest.raises(routines.Hidden):
        routines.do(by=getattr(cast, who), at=NOW, due_id=due.pk)
    due.refresh_from_db()
    assert due.done_at is None


def test_who_sees_what_is_due(cast):
    duties.falls_due(cast.seller)
    seen = {name for name, user in cast.everybody().items() if RoutineDue.objects.visible_to(user).exists()}
    assert seen == {"seller", "manager", "sponsor", "analyst"}
