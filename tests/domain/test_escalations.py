"""Exceptions: the path, the fast lane, who is asked again, what partners think, and the rules as data."""

import dataclasses
import datetime as dt
from decimal import Decimal

import pytest

import cast as people_of_the_tests
from cast import NOW
from hingepoint.domain.audit.models import AuditEvent
from hingepoint.domain.escalations import actions
from hingepoint.domain.escalations.models import Approval, Escalation, Pulse
from hingepoint.domain.escalations.queries import pulse
from hingepoint.domain.escalations.queries import rules as rules_page
from hingepoint.domain.escalations.queries import waiting as waiting_page
from hingepoint.domain.escalations.rules import rules_of
from hingepoint.domain.negotiation import actions as negotiation
from hingepoint.domain.people import actions as people
from hingepoint.records.deals import EventKind
from hingepoint.records.errors import Hidden, Stale
from hingepoint.records.escalations import Answer, Approver, ArguesFor, Kind, Lane, State
from hingepoint.records.people import Role
from hingepoint.records.talks import Topic

HOUR = dt.timedelta(hours=1)
WISH = actions.Wish(
    Kind.PRICE,
    discount=0.25,
    reason="The budget was set before the second line was added",
    alternatives="offered training in place of price",
    return_asked="three-year term",
)


def wish(**facts) -> actions.Wish:
    return dataclasses.replace(WISH, **facts)


def ask(cast, at=NOW, **facts) -> Escalation:
    return actions.ask(by=cast.seller, at=at, deal_id=cast.deal.pk, wish=wish(**facts))


def answer(escalation, by, said=Answer.YES, **facts) -> Escalation:
    return actions.answer(by=by, at=NOW + HOUR, escalation_id=escalation.pk, answer=said, **facts)


def asked(escalation) -> list[str]:
    waiting = escalation.approvals.filter(answer=Answer.WAITING)
    return sorted(waiting.values_list("approver__name", flat=True))


@pytest.fixture
def rules(cast):
    """Legal is asked about terms, the sponsor from 20 %, the manager always."""
    actions.draft_policy(by=cast.analyst, at=NOW)
    for rule in rules_of(actions.draft_policy(by=cast.analyst, at=NOW)).rules:
        actions.drop_rule(by=cast.analyst, at=NOW, rule_id=rule.id)
    add = {"by": cast.analyst, "at": NOW}
    actions.add_rule(**add, approver=Approver.MANAGER)
    actions.add_rule(**add, approver=Approver.SPONSOR, discount_from=0.20)
    actions.add_rule(**add, approver=Approver.PERSON, person=cast.inside_partner, kind="terms")
    actions.add_rule(**add, approver=Approver.PERSON, person=cast.inside_partner, discount_from=0.30)
    return actions.publish_policy(by=cast.analyst, at=NOW)


def test_within_the_sellers_own_limit_it_is_approved_at_once(cast):
    found = ask(cast, discount=0.08)
    assert (found.state, found.lane, asked(found)) == (State.APPROVED, Lane.OWN, [])
    assert "alone" in found.lane_why


def test_a_clean_request_needs_one_approver(cast):
    found = ask(cast, discount=0.15)
    assert (found.state, found.lane, asked(found)) == (State.OPEN, Lane.FAST, ["Maud"])


def test_a_reason_that_repeats_the_demand_is_no_fast_lane(cast):
    found = ask(cast, discount=0.15, reason="they want a lower price")
    assert found.lane == Lane.FULL
    assert "a reason that says more" in found.lane_why


def test_below_the_walk_away_is_no_fast_lane(cast):
    negotiation.set_corridor(
        by=cast.seller, at=NOW, deal_id=cast.deal.pk,
        opening=Decimal(100), target=Decimal(95), walk_away=Decimal(90),
    )  # fmt: skip
    assert ask(cast, discount=0.15).lane == Lane.FULL


def test_everybody_whom_the_rules_name_is_asked(cast, rules):
    assert asked(ask(cast)) == ["Maud", "Otto"]
    terms = ask(cast, kind=Kind.TERMS, discount=None, wanted="60 days", reason="")
    assert asked(terms) == ["Lee", "Maud"]


def test_nobody_answers_their_own_request(cast):
    own = people_of_the_tests.deal("N-2", owner=cast.manager, team=cast.north)
    found = actions.ask(by=cast.manager, at=NOW, deal_id=own.pk, wish=wish(discount=0.15))
    assert asked(found) == ["Otto"]


def test_the_fast_lane_for_terms_goes_to_the_colleague_named_for_them(cast, rules):
    found = ask(cast, kind=Kind.TERMS, discount=None, wanted="60 days")
    assert (found.lane, asked(found)) == (Lane.FAST, ["Lee"])


def test_for_a_colleague_who_left_the_manager_is_asked(cast, rules):
    people.set_active(by=None, at=NOW, user=cast.inside_partner, active=False)
    assert asked(ask(cast, kind=Kind.TERMS, discount=None, wanted="60 days")) == ["Maud"]


def test_it_is_one_line_in_the_deals_history(cast):
    found = ask(cast)
    assert [event.kind for event in cast.deal.events.all()] == [EventKind.ESCALATION]
    assert found.event.note == found.reason


def test_all_must_say_yes_and_a_yes_to_less_counts_as_less(cast, rules):
    found = ask(cast)
    assert answer(found, cast.manager).state == State.OPEN
    done = answer(found, cast.sponsor, Answer.IN_PART, granted=0.18)
    assert (done.state, done.granted) == (State.IN_PART, 0.18)


@pytest.mark.parametrize("granted", [(0.12, 0.18), (0.18, 0.12)], ids=["first", "last"])
def test_of_two_partial_approvals_the_least_counts(cast, rules, granted):
    found = ask(cast)
    waiting = answer(found, cast.manager, Answer.IN_PART, granted=granted[0])
    assert (waiting.state, waiting.granted) == (State.OPEN, None)
    done = answer(found, cast.sponsor, Answer.IN_PART, granted=granted[1])
    assert (done.state, done.granted) == (State.IN_PART, 0.12)


def test_where_all_agree_to_everything_all_of_it_is_granted(cast, rules):
    found = ask(cast)
    answer(found, cast.manager)
    done = answer(found, cast.sponsor)
    assert (done.state, done.granted) == (State.APPROVED, 0.25)


def test_one_no_wins_over_a_partial_approval(cast, rules):
    found = ask(cast)
    answer(found, cast.manager, Answer.IN_PART, granted=0.12)
    done = answer(found, cast.sponsor, Answer.NO, words="Offer the second site first.")
    assert (done.state, done.granted) == (State.DECLINED, None)


def test_one_no_with_its_reason_decides(cast, rules):
    found = ask(cast)
    with pytest.raises(actions.WordsMissing):
        answer(found, cast.manager, Answer.NO)
    done = answer(found, cast.manager, Answer.NO, words="Offer the second site first.")
    assert (done.state, asked(done)) == (State.DECLINED, [])


@pytest.mark.parametrize("granted", [None, 0, 0.25, 0.4])
def test_a_yes_to_less_says_how_much(cast, granted):
    with pytest.raises(actions.WordsMissing):
        answer(ask(cast), cast.manager, Answer.IN_PART, granted=granted)


def test_only_who_was_asked_answers_and_only_once(cast, rules):
    found = ask(cast)
    answer(found, cast.manager)
    for by in (cast.manager, cast.seller, cast.analyst, cast.inside_partner, cast.disabled):
        with pytest.raises(actions.NotAsked):
            answer(found, by)


def test_after_a_change_only_those_it_concerns_are_asked_again(cast, rules):
    found = ask(cast)
    answer(found, cast.manager)
    change = {"by": cast.seller, "at": NOW + HOUR, "escalation_id": found.pk}
    smaller = actions.revise(**change, wish=wish(discount=0.22))
    assert asked(smaller) == ["Otto"]
    larger = actions.revise(**change, wish=wish(discount=0.31))
    assert asked(larger) == ["Lee", "Maud", "Otto"]


def test_an_approved_request_that_shrinks_stays_approved(cast, rules):
    found = ask(cast)
    answer(found, cast.manager)
    answer(found, cast.sponsor)
    done = actions.revise(by=cast.seller, at=NOW + HOUR, escalation_id=found.pk, wish=wish(discount=0.21))
    assert done.state == State.APPROVED


@pytest.mark.parametrize(
    ("shrunk", "then"),
    [(0.18, (State.APPROVED, 0.18)), (0.15, (State.APPROVED, 0.15)), (0.2, (State.IN_PART, 0.18))],
)
def test_a_request_that_shrinks_to_what_was_granted_is_approved_in_full(cast, rules, shrunk, then):
    found = ask(cast)
    answer(found, cast.manager, Answer.IN_PART, granted=0.18)
    answer(found, cast.sponsor)
    done = actions.revise(by=cast.seller, at=NOW + HOUR, escalation_id=found.pk, wish=wish(discount=shrunk))
    if done.state == State.OPEN:  # who gave less than is asked is asked again
        done = answer(found, cast.manager, Answer.IN_PART, granted=0.18)
    assert (done.state, done.granted) == then


def test_a_demand_of_another_deal_is_no_reason_here(cast):
    foreign = negotiation.log_demand(
        by=cast.stranger, at=NOW, deal_id=cast.foreign_deal.pk, topic=Topic.PRICE, words="10 percent off"
    )
    with pytest.raises(Hidden):
        ask(cast, demand_id=foreign.pk)
    assert not Escalation.objects.exists()


def test_of_two_changes_at_once_one_wins(cast):
    found = ask(cast)
    change = {"by": cast.seller, "at": NOW, "escalation_id": found.pk, "expected_version": found.version}
    actions.revise(**change, wish=wish(discount=0.22))
    with pytest.raises(Stale):
        actions.revise(**change, wish=wish(discount=0.23))


def leave(user) -> int:
    """Disable somebody and pass on what waited for them."""
    people.set_active(by=None, at=NOW, user=user, active=False)
    return actions.pass_on(by=None, at=NOW + HOUR)


@pytest.mark.parametrize(
    ("who", "facts", "then"),
    [
        ("manager", {}, ["Nora", "Otto"]),  # the next manager above; the sponsor was asked before
        ("sponsor", {}, ["Maud", "Nora"]),  # no other sponsor: the last of the managers
        ("inside_partner", {"kind": Kind.TERMS, "wanted": "60 days", "reason": ""}, ["Maud", "Otto"]),
    ],
)
def test_a_request_that_waits_for_somebody_who_left_reaches_somebody_else(cast, rules, who, facts, then):
    sales = cast.north.parent
    nora = people_of_the_tests.person("Nora", Role.MANAGER)
    people.join_team(by=None, at=NOW, user=nora, team=sales, since=NOW.date(), manages=True)
    made = ask(cast, **facts)
    waited = asked(made)
    assert leave(getattr(cast, who)) == 1
    assert asked(made) == then != waited
    made.refresh_from_db()
    assert made.state == State.OPEN
    assert waiting_page.waiting_for(cast.seller) == []


def test_the_manager_of_a_colleague_who_left_answers_in_their_place(cast, rules):
    legal = people_of_the_tests.team("Legal", manager=people_of_the_tests.person("Lena", Role.MANAGER))
    people.join_team(by=None, at=NOW, user=cast.inside_partner, team=legal, since=NOW.date())
    made = ask(cast, kind=Kind.TERMS, wanted="60 days", discount=None)
    assert asked(made) == ["Lee"]
    leave(cast.inside_partner)
    assert asked(made) == ["Lena"]
    new, old = made.approvals.get(answer=Answer.WAITING), made.approvals.get(answer=Answer.PASSED_ON)
    assert new.because == f"{old.because}, in place of Lee"
    assert old.words == "Lee is not here any more. Lena is asked."
    answer(made, new.approver)
    made.refresh_from_db()
    assert made.state == State.APPROVED


def test_who_has_answered_already_is_not_asked_again_in_place_of_another(cast, rules):
    made = ask(cast)
    answer(made, cast.manager)
    assert leave(cast.sponsor) == 1
    made.refresh_from_db()
    assert (made.state, asked(made)) == (State.APPROVED, [])


def test_passing_on_is_on_record_and_happens_once(cast, rules):
    made = ask(cast, kind=Kind.TERMS, wanted="60 days", discount=None)
    assert (leave(cast.inside_partner), actions.pass_on(by=None, at=NOW)) == (1, 0)
    (event,) = AuditEvent.objects.filter(action="pass on exception")
    assert event.subject_id == str(made.deal_id)
    assert event.changes == {"exception": made.pk, "asked": ["Lee", "Maud"]}


def test_where_nobody_else_can_answer_it_goes_on_waiting(cast, rules):
    made = ask(cast, kind=Kind.TERMS, wanted="60 days", discount=None)
    for user in (cast.manager, cast.sponsor):
        people.set_active(by=None, at=NOW, user=user, active=False)
    assert leave(cast.inside_partner) == 0
    assert asked(made) == ["Lee"]


def test_what_was_answered_before_they_left_stands(cast, rules):
    made = ask(cast, kind=Kind.TERMS, wanted="60 days", discount=None)
    answer(made, cast.inside_partner)
    assert leave(cast.inside_partner) == 0
    made.refresh_from_db()
    assert made.state == State.APPROVED


def test_a_withdrawn_request_waits_for_nobody(cast):
    found = ask(cast)
    actions.withdraw(by=cast.seller, at=NOW, escalation_id=found.pk)
    assert waiting_page.waiting_for(cast.manager) == []
    with pytest.raises(actions.Settled):
        actions.withdraw(by=cast.seller, at=NOW, escalation_id=found.pk)


def test_a_foreign_request_is_hidden(cast):
    found = ask(cast)
    for change in (actions.withdraw, lambda **who: actions.revise(**who, wish=WISH)):
        with pytest.raises(Hidden):
            change(by=cast.stranger, at=NOW, escalation_id=found.pk)
    assert not Escalation.objects.visible_to(cast.stranger).exists()
    assert not Escalation.objects.visible_to(cast.inside_partner).exists()


def test_a_partner_sees_what_they_were_asked_and_nothing_else(cast, rules):
    theirs = ask(cast, kind=Kind.TERMS, discount=None, wanted="60 days")
    ask(cast)
    assert list(Escalation.objects.visible_to(cast.inside_partner)) == [theirs]
    assert [one.id for one in waiting_page.waiting_for(cast.inside_partner)] == [theirs.pk]


def test_turnaround_is_told_from_five_answers_on(cast):
    for number in range(5):
        made = people_of_the_tests.deal(f"N-1{number}", owner=cast.seller, team=cast.north)
        found = actions.ask(by=cast.seller, at=NOW, deal_id=made.pk, wish=wish(discount=0.15))
        actions.answer(
            by=cast.manager, at=NOW + (number + 1) * HOUR, escalation_id=found.pk, answer=Answer.YES
        )
        told = waiting_page.turnaround(cast.seller, now=NOW + 10 * HOUR)
        assert told.n == number + 1
        assert (told.median is None) == (number < 4)
    assert (told.median, told.fast) == (3, 5)


# ---- pulse ----


def pulsed(cast, seller, key, *, defended=True):
    made = people_of_the_tests.deal(key, owner=seller, team=cast.north)
    found = actions.ask(
        by=seller, at=NOW, deal_id=made.pk, wish=wish(kind=Kind.TERMS, discount=None, wanted="60 days")
    )
    facts = {"defended": defended, "argues_for": ArguesFor.BOTH}
    actions.pulse(by=cast.inside_partner, at=NOW, escalation_id=found.pk, **facts)
    return found


def test_a_pulse_is_given_once_by_the_partner_who_was_asked(cast, rules):
    found = pulsed(cast, cast.seller, "N-20")
    for by in (cast.inside_partner, cast.manager, cast.sponsor):
        with pytest.raises(actions.NotAsked):
            actions.pulse(
                by=by, at=NOW, escalation_id=found.pk, defended=False, argues_for=ArguesFor.CUSTOMER
            )
    assert Pulse.objects.get().defended


def test_a_pulse_is_shown_from_five_answers_about_two_sellers(cast, rules):
    for number in range(5):
        pulsed(cast, cast.seller, f"N-2{number}")
    assert pulse.pulse(cast.sponsor, now=NOW) == ([], 5)
    nina = people_of_the_tests.person("Nina", Role.SELLER)
    people.join_team(by=None, at=NOW, user=nina, team=cast.north, since=NOW.date())
    pulsed(cast, nina, "N-30", defended=False)
    (reading,), hidden = pulse.pulse(cast.manager, now=NOW)
    assert (reading.team, reading.n, hidden) == ("North", 6, 0)
    assert reading.defended.value == pytest.approx(5 / 6)
    for who in (cast.seller, cast.inside_partner, cast.other_manager):
        assert pulse.pulse(who, now=NOW) == ([], 0)


def test_the_trail_says_that_a_pulse_was_given_and_not_what(cast, rules):
    pulsed(cast, cast.seller, "N-20", defended=False)
    line = AuditEvent.objects.get(action="give pulse")
    assert (line.changes, line.reason) == ({}, "")


# ---- rules ----


def test_rules_are_drafted_previewed_and_published_by_keepers_only(cast):
    with pytest.raises(actions.RulesNotYours):
        actions.draft_policy(by=cast.manager, at=NOW)
    ask(cast, discount=0.15)
    ask(cast, NOW + HOUR / 2, discount=0.25)
    actions.draft_policy(by=cast.sponsor, at=NOW)
    limits = {"version": "2.2", "own_discount": 0.16, "fast_discount": 0.20, "fast_value": None}
    actions.set_limits(by=cast.sponsor, at=NOW, **limits)
    page = rules_page.rules_page(cast.sponsor, now=NOW + HOUR)
    assert (page.preview.n, page.preview.moved) == (2, 1)
    assert page.preview.lanes_then == {"own": 1, "full": 1}
    assert rules_page.rules_page(cast.manager, now=NOW).draft is None
    actions.publish_policy(by=cast.sponsor, at=NOW)
    assert ask(cast, NOW + HOUR, discount=0.14).policy == "2.2"


def test_a_request_keeps_the_version_it_was_asked_under(cast, rules):
    found = ask(cast)
    actions.draft_policy(by=cast.sponsor, at=NOW + HOUR)
    actions.publish_policy(by=cast.sponsor, at=NOW + HOUR)
    found.refresh_from_db()
    assert found.policy == rules.version
    assert Approval.objects.filter(escalation=found).count() == 2


def test_a_rule_for_a_person_names_one(cast):
    actions.draft_policy(by=cast.sponsor, at=NOW)
    with pytest.raises(actions.NoRule):
        actions.add_rule(by=cast.sponsor, at=NOW, approver=Approver.PERSON)
