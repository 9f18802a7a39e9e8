"""What the answer to a request is weighed by: prices, what was given, what is missing, how the like ended."""

import datetime as dt
from decimal import Decimal

import pytest

import talks
from cast import NOW, deal
from hingepoint.domain.agreements.models import Agreement
from hingepoint.domain.deals.models import Deal
from hingepoint.domain.escalations import actions
from hingepoint.domain.escalations.queries.deciding import LEAST_ENDED, to_decide
from hingepoint.domain.negotiation import actions as negotiation
from hingepoint.records.agreements import STANDING, AgreementState
from hingepoint.records.escalations import Answer, Kind
from hingepoint.records.talks import Topic
from playbooks import in_force

DAY = dt.timedelta(days=1)
WISH = actions.Wish(
    Kind.PRICE,
    discount=0.15,
    reason="The budget was set before the second line was added",
    alternatives="training in place of price",
    return_asked="three-year term",
)


@pytest.fixture
def request_on_a_priced_deal(cast):
    """A list of 100,000 at a cost of 60,000; 5,000 given for nothing; 15% asked, below the walk-away of 90,000."""
    Deal.objects.filter(pk=cast.deal.pk).update(list_price=100_000, cost=60_000, segment="ENT")
    negotiation.set_corridor(
        by=cast.seller, at=NOW, deal_id=cast.deal.pk,
        opening=Decimal(100_000), target=Decimal(95_000), walk_away=Decimal(90_000),
    )  # fmt: skip
    negotiation.concede(
        by=cast.seller, at=NOW, deal_id=cast.deal.pk, topic=Topic.PRICE, what="rounding", value=Decimal(5_000)
    )
    in_force(cast)
    return actions.ask(by=cast.seller, at=NOW, deal_id=cast.deal.pk, wish=WISH)


def ended(cast, number: int, answer: Answer, *, status: str, discount: float, **facts) -> None:
    """A request like it on a deal of its own, answered by the manager, and how the deal closed."""
    made = deal(f"E-{number}", owner=cast.seller, team=cast.north, segment="ENT")
    asked = actions.ask(by=cast.seller, at=NOW - DAY, deal_id=made.pk, wish=WISH)
    actions.answer(by=cast.manager, at=NOW, escalation_id=asked.pk, answer=answer, **facts)
    Deal.objects.filter(pk=made.pk).update(status=status, closed_at=NOW, discount=discount)


def test_prices_and_margins_are_those_of_the_deal(cast, request_on_a_priced_deal):
    _, facts = to_decide(cast.manager, request_on_a_priced_deal.pk, now=NOW)
    assert (facts.now.amount, facts.now.discount) == (Decimal(95_000), pytest.approx(0.05))
    assert (facts.asked.amount, facts.asked.discount) == (Decimal(85_000), pytest.approx(0.15))
    assert facts.now.margin == pytest.approx(35 / 95)
    assert facts.asked.margin == pytest.approx(25 / 85)
    assert facts.below_walk_away
    assert (len(facts.given), facts.unreturned) == (1, 1)


def test_a_deal_without_a_cost_has_no_margin_and_without_a_list_no_price(cast, request_on_a_priced_deal):
    Deal.objects.filter(pk=cast.deal.pk).update(cost=None)
    assert to_decide(cast.manager, request_on_a_priced_deal.pk, now=NOW)[1].asked.margin is None
    Deal.objects.filter(pk=cast.deal.pk).update(list_price=None)
    _, facts = to_decide(cast.manager, request_on_a_priced_deal.pk, now=NOW)
    assert (facts.now, facts.asked, facts.below_walk_away) == (None, None, False)


def test_a_pivotal_agreement_that_does_not_stand_is_missing(cast, request_on_a_priced_deal):
    _, facts = to_decide(cast.manager, request_on_a_priced_deal.pk, now=NOW)
    assert ([one.state for one in facts.missing], facts.pivotal) == ([AgreementState.NEEDED], 1)


@pytest.mark.parametrize("state", sorted(STANDING))
def test_a_pivotal_agreement_that_stands_is_not_missing(cast, request_on_a_priced_deal, state):
    Agreement.objects.filter(deal=cast.deal).update(state=state, gained_at=NOW)
    _, facts = to_decide(cast.manager, request_on_a_priced_deal.pk, now=NOW)
    assert (facts.missing, facts.pivotal) == ((), 1)


def test_a_pivotal_agreement_that_the_deal_does_without_is_neither(cast, request_on_a_priced_deal):
    Agreement.objects.filter(deal=cast.deal).update(state=AgreementState.NOT_NEEDED)
    _, facts = to_decide(cast.manager, request_on_a_priced_deal.pk, now=NOW)
    assert (facts.missing, facts.pivotal) == ((), 0)


def test_how_the_like_ended_is_told_by_answer_from_five_on(cast, request_on_a_priced_deal):
    for number in range(LEAST_ENDED):
        status = "won" if number < 3 else "lost"
        ended(cast, number, Answer.YES, status=status, discount=0.10 + number / 100)
    ended(cast, 90, Answer.NO, status="lost", discount=0.0, words="Offer the second site first.")
    _, facts = to_decide(cast.manager, request_on_a_priced_deal.pk, now=NOW)
    assert facts.alike == LEAST_ENDED + 1
    [yes] = facts.ended
    assert (yes.answer, yes.won.n, yes.won.value) == ("Yes, against something", 5, 0.6)
    assert yes.won.low == pytest.approx(0.2307, abs=1e-4)  # Wilson's interval of 3 in 5
    assert yes.discount is None  # three won deals are too few for a discount


def test_fewer_than_five_of_the_like_tell_nothing(cast, request_on_a_priced_deal):
    for number in range(LEAST_ENDED - 1):
        ended(cast, number, Answer.YES, status="won", discount=0.1)
    _, facts = to_decide(cast.manager, request_on_a_priced_deal.pk, now=NOW)
    assert (facts.alike, facts.ended) == (LEAST_ENDED - 1, ())


def test_who_was_asked_without_seeing_the_deal_gets_the_request_alone(cast):
    made = talks.an_exception(cast)
    page, facts = to_decide(cast.inside_partner, made.pk, now=NOW)
    assert (page.may_answer, facts) == (True, None)
