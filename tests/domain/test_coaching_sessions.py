"""Coaching sessions: private to the two, followed by the register, and never told of fewer than five."""

import datetime as dt

import pytest

import duties
from cast import NOW, TODAY, deal, person
from hingepoint.domain.agreements import actions as agreements
from hingepoint.domain.agreements.models import AgreementType
from hingepoint.domain.audit.models import AuditEvent
from hingepoint.domain.coaching import actions as coaching
from hingepoint.domain.coaching.models import CoachingSession
from hingepoint.domain.coaching.queries import sessions
from hingepoint.domain.home.queries import manager
from hingepoint.domain.people import actions as people
from hingepoint.domain.routines.models import RoutineDue
from hingepoint.records.agreements import AgreementState
from hingepoint.records.coaching import NAME_IT, PLAN_FIRST
from hingepoint.records.errors import Hidden
from hingepoint.records.people import Role
from hingepoint.records.routines import Kind

DAY = dt.timedelta(days=1)
KEY = "cust.data_access"
SAID = coaching.Said("Name a day", "Call Bo about the log", TODAY + 3 * DAY, "12 Feb: asked")


def hold(by, deal_id, *, at=NOW, said=SAID, **how) -> CoachingSession:
    return coaching.hold_session(by=by, at=at, deal_id=deal_id, type_key=KEY, said=said, **how)


def step(deal_id: int, state: AgreementState, *, at: dt.datetime, by=None, **facts) -> None:
    taken = agreements.Step(state=state, occurred_at=at, **facts)
    agreements.take_step(by=by, at=at, deal_id=deal_id, type_key=KEY, step=taken)


def test_a_session_is_read_by_the_two_and_by_nobody_else(cast):
    hold(cast.manager, cast.deal.pk)
    head = person("Hedda", Role.MANAGER)
    people.join_team(by=None, at=NOW, user=head, team=cast.north.parent, since=TODAY, manages=True)
    readers = cast.everybody() | {"the manager's leader": head}
    seen = {name for name, user in readers.items() if CoachingSession.objects.visible_to(user).exists()}
    assert seen == {"seller", "manager"}
    assert [one.other for one in sessions.sessions(cast.seller, today=TODAY)] == ["Maud"]
    assert sessions.sessions(head, today=TODAY) == []


def test_the_trail_says_that_one_was_held_and_not_what_was_said_or_to_whom(cast):
    hold(cast.manager, cast.deal.pk)
    line = AuditEvent.objects.get(subject="coaching")
    assert (line.by_name, line.action, line.changes) == ("Maud", "hold coaching session", {})


@pytest.mark.parametrize(
    "who", ["seller", "stranger", "other_manager", "sponsor", "analyst", "inside_partner"]
)
def test_only_who_leads_the_seller_holds_one(cast, who):
    with pytest.raises((Hidden, coaching.NotCoaching)):
        hold(getattr(cast, who), cast.deal.pk)
    assert not CoachingSession.objects.exists()


def test_who_leads_a_manager_coaches_them_on_a_deal_of_their_team(cast):
    assert hold(cast.sponsor, cast.deal.pk, to_manager=True).coached == cast.manager
    head = person("Hedda", Role.MANAGER)
    people.join_team(by=None, at=NOW, user=head, team=cast.north.parent, since=TODAY, manages=True)
    assert hold(head, cast.deal.pk, to_manager=True).coached == cast.manager
    type_id = AgreementType.objects.get(key=KEY).pk
    assert sessions.session_page(head, cast.deal.pk, type_id, today=TODAY).manager == "Maud"
    assert sessions.session_page(cast.manager, cast.deal.pk, type_id, today=TODAY).manager == ""
    with pytest.raises(coaching.NotCoaching):
        hold(cast.manager, cast.deal.pk, to_manager=True)


@pytest.mark.parametrize(
    ("said", "field"),
    [
        (coaching.Said(" ", "Call", TODAY), "behaviour"),
        (coaching.Said("Name a day", " ", TODAY), "next_step"),
        (coaching.Said("Name a day", "Call", TODAY - DAY), "next_on"),
    ],
)
def test_a_session_says_one_behaviour_and_a_next_step_that_is_ahead(cast, said, field):
    with pytest.raises(coaching.NothingSaid) as refused:
        hold(cast.manager, cast.deal.pk, said=said)
    assert refused.value.field == field


def test_a_form_sent_twice_keeps_one_session(cast):
    first = hold(cast.manager, cast.deal.pk, token="t")
    assert hold(cast.manager, cast.deal.pk, token="t") == first


def test_a_session_counts_for_the_routine_of_who_coaches(cast):
    routine = duties.a_routine("coach", role=Role.MANAGER, kind=Kind.COACHING)
    RoutineDue.objects.create(routine=routine, person=cast.manager, team=cast.north, due_at=NOW)
    hold(cast.manager, cast.deal.pk)
    assert RoutineDue.objects.get().done_at == NOW


# ---- did it happen ----


def followed(cast, *, today: dt.date) -> str:
    [line] = sessions.sessions(cast.manager, today=today)
    return line.followed.value


def test_the_next_step_happened_when_the_register_shows_it(cast):
    hold(cast.manager, cast.deal.pk)
    assert followed(cast, today=TODAY + 10 * DAY) == "ahead"
    assert followed(cast, today=TODAY + 11 * DAY) == "not_seen"
    asked = {"act": "send it", "person_name": "Bo", "due_on": TODAY + 9 * DAY}
    step(cast.deal.pk, AgreementState.ASKED, at=NOW + 2 * DAY, **asked)
    assert followed(cast, today=TODAY + 11 * DAY) == "happened"


@pytest.mark.parametrize("days", [-1, 11])
def test_what_came_before_it_or_too_late_is_not_its_next_step(cast, days):
    asked = {"act": "send it", "person_name": "Bo", "due_on": TODAY + 20 * DAY}
    if days < 0:
        step(cast.deal.pk, AgreementState.ASKED, at=NOW + days * DAY, **asked)
    hold(cast.manager, cast.deal.pk)
    if days > 0:
        step(cast.deal.pk, AgreementState.ASKED, at=NOW + days * DAY, **asked)
    assert followed(cast, today=TODAY + 30 * DAY) == "not_seen"


def test_kind_words_are_no_next_step(cast):
    hold(cast.manager, cast.deal.pk)
    step(cast.deal.pk, AgreementState.SOFT, at=NOW + DAY)
    assert followed(cast, today=TODAY + 30 * DAY) == "not_seen"


# ---- from the queue ----


def test_what_was_spoken_about_leaves_the_queue_until_its_next_step_is_due(cast):
    asked = {"act": "send it", "person_name": "Bo", "due_on": TODAY + 2 * DAY}
    step(cast.deal.pk, AgreementState.ASKED, at=NOW, **asked)
    assert len(manager.conversations(cast.manager, today=TODAY)) == 1
    hold(cast.manager, cast.deal.pk)
    assert manager.conversations(cast.manager, today=TODAY) == ()
    assert len(manager.conversations(cast.manager, today=TODAY + 4 * DAY)) == 1


def test_a_session_begins_with_what_was_seen_and_a_behaviour_that_fits(cast):
    type_id = AgreementType.objects.get(key=KEY).pk
    page = sessions.session_page(cast.manager, cast.deal.pk, type_id, today=TODAY)
    assert (page.coached, page.behaviour) == ("Sanna", PLAN_FIRST)
    assert page.seen == ("Nothing was recorded of it yet.",)
    step(cast.deal.pk, AgreementState.SOFT, at=NOW)
    page = sessions.session_page(cast.manager, cast.deal.pk, type_id, today=TODAY)
    assert (page.behaviour, page.seen) == (NAME_IT, ("2 Mar: kind words",))


# ---- what goes up ----


def five_sellers_coached(cast, number: int) -> None:
    """Let Maud coach so many of the six sellers of North once each; the first two ask for it the day after."""
    sellers = [cast.seller, *(person(f"Nils{n}", Role.SELLER) for n in range(5))]
    for n, seller in enumerate(sellers):
        if n:
            people.join_team(by=None, at=NOW, user=seller, team=cast.north, since=TODAY, manages=False)
        if n < number:
            own = deal(f"C-{n}", owner=seller, team=cast.north)
            hold(cast.manager, own.pk)
            if n < 2:
                asked = {"act": "send it", "person_name": "Bo", "due_on": TODAY + 9 * DAY}
                step(own.pk, AgreementState.ASKED, at=NOW + DAY, **asked)


@pytest.mark.parametrize(("number", "told"), [(4, None), (5, (5, 6, 5, 0.4))])
def test_only_sums_of_five_or_more_go_up(cast, number, told):
    five_sellers_coached(cast, number)
    north = {one.unit: one for one in sessions.upward(cast.sponsor, today=TODAY + 20 * DAY)}["North"]
    if told is None:
        assert (north.people, north.sessions, north.followed) == (None, None, None)
    else:
        assert (north.people, north.of, north.sessions, north.followed.value) == told


def test_the_sums_go_to_who_leads_managers_and_to_nobody_beside(cast):
    head = person("Hedda", Role.MANAGER)
    people.join_team(by=None, at=NOW, user=head, team=cast.north.parent, since=TODAY, manages=True)
    five_sellers_coached(cast, 5)
    told = {one.unit: one.people for one in sessions.upward(head, today=TODAY)}
    assert told == {"Sellers you lead": 5, "Managers you lead": None}
    for who in ("seller", "manager", "other_manager", "inside_partner"):
        assert sessions.upward(getattr(cast, who), today=TODAY) == []


def test_managers_see_their_own_record_by_agreement(cast):
    five_sellers_coached(cast, 3)
    [own] = sessions.spent(cast.manager, today=TODAY + 20 * DAY)
    assert (own.sessions, own.followed.value, own.followed.n) == (3, 2 / 3, 3)
    assert sessions.spent(cast.sponsor, today=TODAY + 20 * DAY) == []


def test_what_is_late_and_was_in_no_talk_stands_beside_where_talks_went(cast):
    hold(cast.manager, cast.deal.pk)
    before = NOW - 9 * DAY
    asked = {"act": "agree the agenda", "person_name": "Bo", "due_on": TODAY - DAY}
    taken = agreements.Step(state=AgreementState.ASKED, occurred_at=before, **asked)
    told = {"deal_id": cast.deal.pk, "type_key": "cust.meeting_outcome", "step": taken}
    agreements.take_step(by=None, at=before, **told)
    told = sessions.spent(cast.manager, today=TODAY)
    assert [(one.sessions, one.late) for one in told] == [(1, 0), (0, 1)]
    assert told[1].type == "Meeting purpose and outcome"
