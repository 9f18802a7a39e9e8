"""Something is asked back for an exception: it rests with the seller, comes back to who asked, and is counted apart."""

import datetime as dt
from dataclasses import replace
from decimal import Decimal

import pytest

import talks
from cast import NOW, deal
from hingepoint.domain.audit.models import AuditEvent
from hingepoint.domain.deals.models import Deal
from hingepoint.domain.escalations import actions, rules
from hingepoint.domain.escalations.models import Escalation
from hingepoint.domain.escalations.queries import deciding, requests
from hingepoint.domain.escalations.queries import waiting as waiting_page
from hingepoint.domain.negotiation.queries import log
from hingepoint.records.errors import Hidden, Stale
from hingepoint.records.escalations import Answer, CameBack, Kind, State
from hingepoint.records.talks import Lands, Topic

HOUR = dt.timedelta(hours=1)
WISH = actions.Wish(
    Kind.PRICE,
    discount=0.25,
    reason="The budget was set before the second line was added",
    alternatives="offered training in place of price",
    return_asked="three-year term",
)


def ask(cast, **facts) -> Escalation:
    facts = {"deal_id": cast.deal.pk, "wish": WISH, "at": NOW} | facts
    return actions.ask(by=cast.seller, **facts)


def say(made, by, said=Answer.YES, *, after=HOUR, **facts) -> Escalation:
    return actions.answer(by=by, at=NOW + after, escalation_id=made.pk, answer=said, **facts)


def ask_back(made, by, words="a reference", **facts) -> Escalation:
    return say(made, by, Answer.BACK, words=words, **facts)


def came(cast, made, what=CameBack.GIVEN, *, after=49 * HOUR, **facts) -> Escalation:
    return actions.bring_back(by=cast.seller, at=NOW + after, escalation_id=made.pk, came=what, **facts)


def waits_for(made) -> list[str]:
    waiting = made.approvals.filter(answer=Answer.WAITING)
    return sorted(waiting.values_list("approver__name", flat=True))


def test_it_rests_with_the_seller_and_comes_back_to_who_asked(cast):
    made = ask_back(ask(cast), cast.manager)
    assert (made.state, made.decided_at) == (State.RETURNED, None)
    made = came(cast, made, CameBack.PART, words="a visit of one customer")
    assert (made.state, waits_for(made)) == (State.OPEN, ["Maud", "Otto"])
    [told] = requests.request_page(cast.manager, made.pk).request.asked_back
    assert (told.approver, told.words, told.came, told.came_words, told.came_at) == (
        "Maud", "a reference", "part", "a visit of one customer", NOW + 49 * HOUR,
    )  # fmt: skip
    say(made, cast.manager, after=50 * HOUR)
    assert say(made, cast.sponsor, after=50 * HOUR).state == State.APPROVED


def test_while_it_rests_nobody_answers_it_and_it_waits_for_nobody(cast):
    made = ask_back(ask(cast), cast.manager)
    assert waiting_page.waiting_for(cast.sponsor) == []
    assert not requests.request_page(cast.sponsor, made.pk).may_answer
    with pytest.raises(actions.NotAsked):
        say(made, cast.sponsor)
    assert [one.id for one in waiting_page.sent_back(cast.manager)] == [made.pk]
    assert waiting_page.sent_back(cast.sponsor) == []


def test_asking_back_says_what(cast):
    made = ask(cast)
    with pytest.raises(actions.WordsMissing) as refused:
        ask_back(made, cast.manager, words="  ")
    assert refused.value.field == "words"
    made.refresh_from_db()
    assert made.state == State.OPEN


def test_nothing_came_is_an_answer_and_a_part_says_which(cast):
    made = ask_back(ask(cast), cast.manager)
    with pytest.raises(actions.WordsMissing):
        came(cast, made, CameBack.PART)
    assert came(cast, made, CameBack.NOTHING).state == State.OPEN


def test_what_came_is_told_once_and_by_who_sees_the_deal(cast):
    made = ask_back(ask(cast), cast.manager)
    with pytest.raises(Hidden):
        actions.bring_back(by=cast.stranger, at=NOW, escalation_id=made.pk, came=CameBack.GIVEN)
    came(cast, made)
    with pytest.raises(actions.Settled):
        came(cast, made)


def test_its_clock_stands_still_while_it_rests(cast):
    made = came(cast, ask_back(ask(cast), cast.manager))  # with the seller from the 1st to the 49th hour
    say(made, cast.manager, after=50 * HOUR)
    say(made, cast.sponsor, after=51 * HOUR)
    assert requests.request_page(cast.sponsor, made.pk).request.hours == 3.0
    for number in range(4):
        other = ask(cast, deal_id=deal(f"E-{number}", owner=cast.seller, team=cast.north).pk)
        say(other, cast.manager)
        say(other, cast.sponsor)
    told = waiting_page.turnaround(cast.sponsor, now=NOW + 60 * HOUR)
    assert (told.n, told.median, told.slow) == (5, 1.0, pytest.approx(1.0 + 0.6 * 2.0))


def test_what_rests_is_counted_apart_from_what_waits(cast):
    ask_back(ask(cast), cast.manager)
    ask(cast, deal_id=deal("E-1", owner=cast.seller, team=cast.north).pk)
    told = waiting_page.turnaround(cast.seller, now=NOW + HOUR)
    assert (told.n, told.waiting, told.resting) == (0, 1, 1)


def test_answers_are_counted_once_with_those_asked_back_apart(cast):
    def other(number):
        return ask(cast, deal_id=deal(f"E-{number}", owner=cast.seller, team=cast.north).pk)

    for made, said, facts in (
        (other(1), Answer.NO, {"words": "no"}),
        (other(2), Answer.IN_PART, {"granted": 0.2}),
        (other(3), Answer.YES, {}),
    ):
        say(made, cast.manager, said, **facts)
        if said != Answer.NO:
            say(made, cast.sponsor)
    for number, what in ((4, CameBack.GIVEN), (5, CameBack.NOTHING)):
        made = came(cast, ask_back(other(number), cast.manager), what)
        say(made, cast.manager, Answer.NO, words="no", after=50 * HOUR)
    ask_back(other(6), cast.manager)
    told = waiting_page.answers(cast.sponsor, now=NOW + 60 * HOUR)
    assert told == waiting_page.Answers(as_asked=1, to_less=1, declined=1, asked_back=3, got=1, resting=1)
    assert told.n == 6
    assert waiting_page.answers(cast.stranger, now=NOW + 60 * HOUR).n == 0
    assert waiting_page.answers(cast.sponsor, now=NOW, segment="SMB").n == 0


def test_what_came_counts_as_something_in_return_when_the_like_are_told(cast):
    for number in range(5):
        made = ask(cast, deal_id=deal(f"E-{number}", owner=cast.seller, team=cast.north).pk,
                   wish=actions.Wish(Kind.PRICE, discount=0.25, reason=WISH.reason))  # fmt: skip
        made = came(cast, ask_back(made, cast.manager))
        say(made, cast.manager, after=50 * HOUR)
        say(made, cast.sponsor, after=50 * HOUR)
        Deal.objects.filter(pk=made.deal_id).update(status="won", closed_at=NOW + 51 * HOUR, discount=0.2)
    _, facts = deciding.to_decide(cast.sponsor, ask(cast).pk, now=NOW + 60 * HOUR)
    assert [(one.answer, one.won.n) for one in facts.ended] == [("Yes, against something", 5)]


def test_a_changed_request_goes_on_resting_until_what_came_is_told(cast):
    made = ask_back(ask(cast), cast.manager)
    less = actions.Wish(Kind.PRICE, discount=0.21, reason=WISH.reason)
    made = actions.revise(by=cast.seller, at=NOW + 2 * HOUR, escalation_id=made.pk, wish=less)
    assert (made.state, made.discount) == (State.RETURNED, 0.21)
    assert waits_for(came(cast, made)) == ["Maud", "Otto"]


def test_it_comes_back_to_who_answers_in_place_of_somebody_who_left(cast):
    made = ask_back(ask(cast), cast.manager)
    actions.let_go(by=cast.sponsor, at=NOW + 2 * HOUR, user=cast.manager)
    made = came(cast, made)
    assert waits_for(made) == ["Otto"]
    assert say(made, cast.sponsor, after=50 * HOUR).state == State.APPROVED


def test_what_rests_can_be_taken_back(cast):
    made = ask_back(ask(cast), cast.manager)
    made = actions.withdraw(by=cast.seller, at=NOW + 2 * HOUR, escalation_id=made.pk)
    assert (made.state, waits_for(made)) == (State.WITHDRAWN, [])


def test_an_answer_to_what_was_read_before_it_came_back_is_stale(cast):
    made = ask(cast)
    read = made.version
    came(cast, ask_back(made, cast.manager))
    with pytest.raises(Stale):
        say(made, cast.sponsor, expected_version=read)


def test_the_trail_says_what_was_asked_back_and_what_came(cast):
    came(cast, ask_back(asked := ask(cast), cast.manager), words="by June")
    told = AuditEvent.objects.filter(action__endswith="back").values_list("action", "changes", "reason")
    of = {"exception": asked.pk}
    assert list(told) == [("bring exception back", {**of, "came back": [None, "given"]}, "by June")]
    answered = AuditEvent.objects.get(action="answer exception")
    assert (answered.changes, answered.reason) == ({**of, "answer": [None, "back"]}, "a reference")


# ---- at a glance ----


def corridor(cast, list_price=100_000) -> None:
    Deal.objects.filter(pk=cast.deal.pk).update(list_price=list_price)
    talks.negotiation.set_corridor(
        by=cast.seller, at=NOW, deal_id=cast.deal.pk, opening=100_000, target=95_000, walk_away=75_000
    )


def test_in_a_list_it_says_where_it_lands_and_what_was_given_before(cast):
    corridor(cast)
    for value, back in ((Decimal(2_000), "a term"), (Decimal(3_000), ""), (None, "")):
        talks.negotiation.concede(
            by=cast.seller, at=NOW, deal_id=cast.deal.pk, topic=Topic.PRICE, what=f"{value}", value=value,
            in_return=back,
        )  # fmt: skip
    ask(cast)
    [one] = waiting_page.waiting_for(cast.manager)
    assert one.glance == requests.Glance(Lands.BETWEEN, log.GivenSoFar(Decimal(5_000), 3, 2))
    told = log.log(cast.manager, cast.deal.pk)
    assert (told.conceded, len(told.concessions)) == (one.glance.given.conceded, one.glance.given.steps)


@pytest.mark.parametrize(
    ("discount", "lands"),
    [(0.05, Lands.ABOVE), (0.051, Lands.BETWEEN), (0.25, Lands.BETWEEN), (0.251, Lands.BELOW)],
)
def test_the_edges_of_the_corridor_lie_within_it(cast, discount, lands):
    corridor(cast)
    row = Deal.objects.get(pk=cast.deal.pk)
    assert rules.lands(rules.asked_price(row, discount), row.corridor) == lands


@pytest.mark.parametrize(
    ("facts", "at_once"),
    [
        ({}, True),
        ({"return_asked": ""}, False),
        ({"discount": 0.35}, False),
        ({"kind": Kind.TERMS, "discount": None, "wanted": "60 days"}, True),
    ],
)
def test_a_yes_in_one_click_is_offered_where_it_is_no_blind_one(cast, facts, at_once):
    corridor(cast)
    ask(cast, wish=replace(WISH, **facts))
    assert [one.yes_at_once for one in waiting_page.waiting_for(cast.manager)] == [at_once]


def test_where_a_price_lands_nobody_knows_no_yes_is_offered_at_once(cast):
    ask(cast)
    assert [one.yes_at_once for one in waiting_page.waiting_for(cast.manager)] == [False]


def test_who_does_not_see_the_deal_gets_no_glance_at_its_corridor(cast):
    corridor(cast)
    talks.an_exception(cast, discount=0.5)
    [one] = waiting_page.waiting_for(cast.inside_partner)
    assert (one.glance, one.yes_at_once) == (None, True)
