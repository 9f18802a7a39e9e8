"""Requests for exceptions: two who answer, take back, change or publish in the same moment."""

import datetime as dt
from functools import partial

import pytest

from cast import NOW
from hingepoint.analysis.talks.approvals import Approver
from hingepoint.domain.escalations import actions
from hingepoint.domain.escalations.models import Answer, Approval, Escalation, Kind, Policy, State
from hingepoint.domain.people.models import User
from hingepoint.records.errors import Stale
from meeting import meet

LATER = NOW + dt.timedelta(hours=1)
WISH = actions.Wish(kind=Kind.PRICE, discount=0.25, reason="the board caps what may be spent this year")


@pytest.fixture
def request_(cast) -> Escalation:
    """Sanna asks for 25 %, which Maud and Otto have to answer."""
    draft = actions.draft_policy(by=cast.analyst, at=NOW)
    for rule in draft.rules.all():
        actions.drop_rule(by=cast.analyst, at=NOW, rule_id=rule.pk)
    actions.add_rule(by=cast.analyst, at=NOW, approver=Approver.MANAGER)
    actions.add_rule(by=cast.analyst, at=NOW, approver=Approver.PERSON, person=cast.sponsor)
    actions.publish_policy(by=cast.analyst, at=NOW)
    made = actions.ask(by=cast.seller, at=NOW, deal_id=cast.deal.pk, wish=WISH)
    assert set(made.approvals.values_list("approver__name", flat=True)) == {"Maud", "Otto"}
    return made


def answers(request_, by, said=Answer.YES, **facts):
    told = {"words": "as agreed", **facts}
    return lambda: actions.answer(by=by, at=LATER, escalation_id=request_.pk, answer=said, **told)


def state(request_) -> str:
    return Escalation.objects.get(pk=request_.pk).state


def test_two_who_answer_at_once_settle_the_request(cast, request_):
    one, other = meet(answers(request_, cast.manager), answers(request_, cast.sponsor))
    assert (one.refused, other.refused) == (None, None)
    assert state(request_) == State.APPROVED
    assert not Approval.objects.filter(escalation=request_, answer=Answer.WAITING).exists()


def test_a_no_beside_a_yes_declines_and_the_late_answer_is_told(cast, request_):
    one, other = meet(answers(request_, cast.manager, Answer.NO), answers(request_, cast.sponsor))
    assert one.refused is None
    assert isinstance(other.refused, actions.NotAsked)
    assert state(request_) == State.DECLINED


def test_an_answer_kept_first_cannot_be_taken_back(cast, request_):
    answers(request_, cast.manager)()
    withdraw = partial(actions.withdraw, by=cast.seller, at=LATER, escalation_id=request_.pk)
    one, other = meet(answers(request_, cast.sponsor), withdraw)
    assert one.refused is None
    assert isinstance(other.refused, actions.Settled)
    assert state(request_) == State.APPROVED


def test_what_is_taken_back_first_cannot_be_answered(cast, request_):
    withdraw = partial(actions.withdraw, by=cast.seller, at=LATER, escalation_id=request_.pk)
    one, other = meet(withdraw, answers(request_, cast.manager))
    assert one.refused is None
    assert isinstance(other.refused, actions.NotAsked)
    assert state(request_) == State.WITHDRAWN


def test_nobody_says_yes_to_a_request_that_was_changed_under_their_eyes(cast, request_):
    wish = actions.Wish(kind=Kind.PRICE, discount=0.4, reason=WISH.reason)
    change = partial(actions.revise, by=cast.seller, at=LATER, escalation_id=request_.pk, wish=wish)
    one, other = meet(change, answers(request_, cast.manager, expected_version=request_.version))
    assert one.refused is None
    assert isinstance(other.refused, Stale)
    assert state(request_) == State.OPEN


def test_two_who_publish_the_rules_publish_them_once(cast):
    actions.draft_policy(by=cast.analyst, at=NOW)
    publish = partial(actions.publish_policy, at=LATER)
    one, other = meet(partial(publish, by=cast.analyst), partial(publish, by=cast.sponsor))
    assert one.refused is None
    assert isinstance(other.refused, actions.NoRule)


def test_two_who_begin_a_draft_get_the_same(cast):
    draft = partial(actions.draft_policy, at=NOW)
    one, other = meet(partial(draft, by=cast.analyst), partial(draft, by=cast.sponsor))
    assert one.refused is other.refused is None
    assert one.result.pk == other.result.pk == Policy.objects.get().pk


def test_who_is_let_go_leaves_no_request_behind(cast, request_):
    actions.let_go(by=cast.analyst, at=LATER, user=cast.manager)
    left = Approval.objects.filter(answer=Answer.WAITING, approver=cast.manager)
    assert not User.objects.get(pk=cast.manager.pk).is_active
    assert not left.exists()
