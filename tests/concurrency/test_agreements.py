"""Agreements of one deal: two who step, undo, check, judge or write plans in the same moment."""

import datetime as dt
from functools import partial

import pytest

import rules
from cast import NOW, TODAY
from hingepoint.domain.agreements import actions
from hingepoint.domain.agreements.models import Agreement, AgreementEvent
from hingepoint.domain.detection import actions as detection
from hingepoint.domain.detection.models import Detection
from hingepoint.domain.plans import actions as plans
from hingepoint.domain.plans.models import PlanReview, Verdict
from hingepoint.records.agreements import AgreementState, Evidence
from hingepoint.records.errors import Stale
from meeting import meet

LATER = NOW + dt.timedelta(hours=1)
KEY = "cust.data_access"
GAINED = actions.Step(
    state=AgreementState.GAINED, occurred_at=LATER, act="send the log", person_name="Bo", due_on=TODAY,
    evidence=Evidence.WRITTEN,
)  # fmt: skip


def steps(cast, by, state=AgreementState.SOFT, *, version=None, **facts):
    step = GAINED if state == AgreementState.GAINED else actions.Step(state=state, occurred_at=LATER, **facts)
    told = {"by": by, "at": LATER, "deal_id": cast.deal.pk, "type_key": KEY, "step": step}
    return lambda: actions.take_step(**told, expected_version=version)


def agreement() -> Agreement:
    return Agreement.objects.get()


@pytest.mark.parametrize("version", [0, 1])
def test_of_two_who_gain_at_once_one_is_shown_the_others(cast, version):
    """With version 0 the first step makes the agreement; with 1 it is there."""
    if version:
        steps(cast, cast.seller, AgreementState.ASKED)()
    gain = AgreementState.GAINED
    one, other = meet(
        steps(cast, cast.seller, gain, version=version), steps(cast, cast.manager, gain, version=version)
    )
    assert one.refused is None
    assert isinstance(other.refused, Stale)
    assert AgreementEvent.objects.filter(state=gain).count() == 1


def test_two_steps_at_once_both_stand_in_the_history_in_their_order(cast):
    steps(cast, cast.seller, AgreementState.ASKED)()
    one, other = meet(steps(cast, cast.seller), steps(cast, cast.manager, AgreementState.GAINED))
    assert one.refused is other.refused is None
    told = list(AgreementEvent.objects.order_by("pk").values_list("state", flat=True))
    assert told == ["asked", "soft", "gained"]
    assert AgreementEvent.objects.last().replaced["state"] == "soft"
    assert (agreement().state, agreement().version) == ("gained", 3)


def test_a_step_kept_first_is_not_taken_back_unseen(cast):
    steps(cast, cast.seller, AgreementState.ASKED)()
    undo = partial(
        actions.undo_step, by=cast.seller, at=LATER, agreement_id=agreement().pk, expected_version=1
    )
    one, other = meet(steps(cast, cast.manager, AgreementState.GAINED), undo)
    assert one.refused is None
    assert isinstance(other.refused, Stale)
    assert agreement().state == "gained"


def test_what_was_taken_back_first_is_not_checked_again(cast):
    steps(cast, cast.seller, AgreementState.GAINED)()
    pk = agreement().pk
    undo = partial(actions.undo_step, by=cast.seller, at=LATER, agreement_id=pk)
    check = partial(actions.check_again, by=cast.manager, at=LATER, agreement_id=pk)
    one, other = meet(undo, check)
    assert one.refused is None
    assert isinstance(other.refused, actions.DoesNotStand)
    assert agreement().state == "needed"


def test_a_step_on_many_deals_leaves_what_was_gained_a_moment_before(cast):
    steps(cast, cast.seller, AgreementState.ASKED)()
    many = actions.Step(state=AgreementState.PLANNED, occurred_at=LATER)
    together = partial(
        actions.take_steps, by=cast.manager, at=LATER, deal_ids=[cast.deal.pk], type_key=KEY, step=many
    )
    one, other = meet(steps(cast, cast.seller, AgreementState.GAINED), together)
    assert one.refused is other.refused is None
    assert (other.result.taken, agreement().state) == (0, "gained")


def test_a_partner_does_not_answer_what_is_asked_no_more(cast):
    steps(cast, cast.seller, AgreementState.ASKED, asked_of=cast.inside_partner)()
    pk = agreement().pk
    answer = partial(actions.answer_request, by=cast.inside_partner, at=LATER, agreement_id=pk, accept=True)
    drop = steps(cast, cast.seller, AgreementState.NOT_NEEDED, reason="they buy from stock")
    one, other = meet(drop, answer)
    assert one.refused is None
    assert isinstance(other.refused, actions.NotAsked)
    assert agreement().state == "not_needed"


def test_what_is_checked_again_does_not_lapse_in_the_same_moment(cast):
    steps(cast, cast.seller, AgreementState.GAINED)()
    Agreement.objects.update(expires_on=TODAY - dt.timedelta(days=60))
    check = partial(actions.check_again, by=cast.seller, at=LATER, agreement_id=agreement().pk)
    lapse = partial(actions.lapse_expired, at=LATER, today=TODAY)
    one, other = meet(check, lapse)
    assert one.refused is other.refused is None
    assert (other.result, agreement().state) == (0, "gained")


def test_a_rule_never_overrides_a_person_who_speaks_in_the_same_moment(cast):
    rules.switched_on()
    rules.log_arrives(cast.deal)
    no = steps(cast, cast.seller, AgreementState.DECLINED, reason="the board forbids it")
    one, other = meet(no, lambda: detection.run_rules(at=LATER))
    assert one.refused is other.refused is None
    assert (other.result.written, agreement().state) == (0, "declined")


def test_of_two_who_judge_what_a_rule_found_one_is_told(cast):
    rules.switched_on()
    rules.log_arrives(cast.deal)
    detection.run_rules(at=NOW)
    pk = Detection.objects.get().pk
    one, other = meet(
        lambda: detection.confirm(by=cast.seller, at=LATER, detection_id=pk),
        lambda: detection.reject(by=cast.manager, at=LATER, detection_id=pk),
    )
    assert one.refused is None
    assert isinstance(other.refused, detection.AlreadyJudged)
    assert (Detection.objects.get().outcome, agreement().state) == ("confirmed", "gained")


def test_nobody_approves_a_plan_that_was_written_anew_under_their_eyes(cast):
    write = partial(plans.write_plan, by=cast.seller, at=NOW, deal_id=cast.deal.pk, type_key=KEY)
    first = write(best="the log")
    approve = partial(
        plans.review_plan, by=cast.manager, at=LATER, plan_id=first.pk, verdict=Verdict.APPROVED
    )
    one, other = meet(partial(write, best="the log of two years"), approve)
    assert one.refused is None
    assert isinstance(other.refused, Stale)
    assert not PlanReview.objects.exists()
