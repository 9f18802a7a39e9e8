"""Logging a demand and a trade, from a deal's page: what is seen, kept, noticed, and refused."""

from decimal import Decimal

import pytest

import talks
from hingepoint.domain.deals.models import Deal, DealEvent
from hingepoint.domain.escalations import actions as escalations
from hingepoint.domain.escalations.queries import limits
from hingepoint.domain.negotiation.queries import log as log_page
from hingepoint.records.deals import EventKind
from hingepoint.records.escalations import Answer, Kind
from hingepoint.records.talks import Topic


@pytest.fixture
def seller(client, cast):
    client.force_login(cast.seller)
    return client


def page(client, cast, rest: str) -> str:
    return client.get(f"/deals/{cast.deal.pk}/{rest}").content.decode()


def log(client, cast, **form):
    told = {"topic": "price", "words": "10 percent off", "asked_by": "Bo Lind", "known": "stated"} | form
    return client.post(f"/deals/{cast.deal.pk}/demands/new", told)


def concede(client, cast, **form):
    told = {"topic": "extras", "what": "Training for one shift", "value": "2000", "in_return": "three years"}
    return client.post(f"/deals/{cast.deal.pk}/concessions/new", told | form)


def test_a_demand_is_logged_and_its_page_asks_for_the_reason(seller, cast):
    answer = log(seller, cast)
    (demand,) = log_page.demands(cast.seller, cast.deal.pk)
    assert answer.url == f"/deals/{cast.deal.pk}/demands/{demand.id}/"
    shown = seller.get(answer.url).content.decode()
    assert "Reason unknown" in shown
    assert "10 percent off" in page(seller, cast, "talks")


def test_who_asked_said_the_reason_unless_somebody_else_is_named(seller, cast):
    log(seller, cast, why="The budget was set before the second line was added")
    (demand,) = log_page.demands(cast.seller, cast.deal.pk)
    assert (demand.why.said_by, demand.reason_known) == ("Bo Lind", True)


def test_a_reason_that_repeats_the_demand_is_said_kindly(seller, cast):
    address = log(seller, cast, why="They want a lower price").url
    assert "not yet what for" in seller.get(address).content.decode()


def test_confirmed_by_one_person_is_refused_in_its_place(seller, cast):
    answer = log(seller, cast, why="Budget fixed until January", known="confirmed")
    assert answer.status_code == 422
    assert "name the second person" in answer.content.decode()
    assert not DealEvent.objects.exists()


def test_a_reason_is_written_anew_and_the_earlier_one_stays_readable(seller, cast):
    address = log(seller, cast, why="They want a lower price").url
    seller.post(address, {"why": "A rise needs a board paper", "known": "stated", "said_by": "Ida Falk"})
    shown = seller.get(address).content.decode()
    assert "A rise needs a board paper" in shown
    assert "They want a lower price" in shown
    assert seller.post(address, {"why": " "}).status_code == 422


def test_what_is_unwise_is_said_before_it_is_kept(seller, cast):
    shown = concede(seller, cast, in_return="").content.decode()
    for words in ("Nothing came back for it", "Nobody had asked", "No plan and no corridor"):
        assert words in shown
    assert not DealEvent.objects.exists()
    concede(seller, cast, in_return="", anyway="on")
    assert DealEvent.objects.get().kind == EventKind.CONCESSION


def test_a_trade_for_a_demand_is_kept_and_can_be_taken_back(seller, cast):
    demand = talks.a_demand(cast)
    concede(seller, cast, demand=demand.pk, anyway="on", worth="3")
    shown = page(seller, cast, "talks")
    assert "In return: three years" in shown
    assert "Answered" in shown
    (given,) = log_page.log(cast.seller, cast.deal.pk).concessions
    seller.post(f"/deals/{cast.deal.pk}/talks/{given.id}/take-back")
    assert "In return: three years" not in page(seller, cast, "talks")


def test_a_demand_of_another_deal_is_not_answered_here(client, cast):
    demand = talks.a_demand(cast)
    client.force_login(cast.stranger)
    form = {"topic": "price", "value": "5", "in_return": "x", "demand": demand.pk, "anyway": "on"}
    assert client.post(f"/deals/{cast.foreign_deal.pk}/concessions/new", form).status_code == 404


def test_an_empty_library_says_what_it_needs(seller, cast):
    address = log(seller, cast).url
    assert "so that nobody is recognised" in seller.get(address).content.decode()


@pytest.fixture
def priced(cast):
    """A list price of 100,000; 4,000 were given on it before, and 50,000 on something else."""
    Deal.objects.filter(pk=cast.deal.pk).update(list_price=100_000)
    for topic, value in ((Topic.PRICE, 4_000), (Topic.EXTRAS, 50_000)):
        talks.negotiation.concede(
            by=cast.seller,
            at=talks.NOW,
            deal_id=cast.deal.pk,
            topic=topic,
            what="before",
            value=Decimal(value),
        )


def test_a_price_above_ones_own_limit_leads_to_an_exception_that_says_what_was_typed(seller, cast, priced):
    demand = talks.a_demand(cast, why=talks.negotiation.Why("A rise needs a board paper"))
    price = {"topic": "price", "what": "rounding", "value": "8500", "demand": demand.pk}
    shown = concede(seller, cast, **price).content.decode()
    assert "it comes to 12.5% off the list price. You give up to 10% alone." in shown
    leads = concede(seller, cast, **price, anyway="on", ask="on").url
    form = seller.get(leads).context["said"]
    told = {name: form[name] for name in ("kind", "discount", "wanted", "return_asked", "demand", "reason")}
    assert told == {
        "kind": "price",
        "discount": "12.5",
        "wanted": "rounding",
        "return_asked": "three years",
        "demand": demand.pk,
        "reason": "A rise needs a board paper",
    }
    assert len(log_page.log(cast.seller, cast.deal.pk).concessions) == 2


@pytest.mark.parametrize(
    ("value", "discount", "beyond"),
    [("6000", 0, False), ("6100", 0, True), ("8500", 0.125, False), ("8600", 0.125, True)],
)
def test_the_own_limit_and_what_was_granted_belong_to_it(seller, cast, priced, value, discount, beyond):
    if discount:
        wish = escalations.Wish(Kind.PRICE, discount=discount, reason="x")
        made = escalations.ask(by=cast.seller, at=talks.NOW, deal_id=cast.deal.pk, wish=wish)
        escalations.answer(by=cast.manager, at=talks.NOW, escalation_id=made.pk, answer=Answer.YES)
    found = limits.beyond_own_limit(cast.seller, cast.deal.pk, Decimal(value))
    assert (found is not None) == beyond


def test_an_answer_on_its_way_is_shown_and_unknown_prices_say_nothing(seller, cast, priced):
    wish = escalations.Wish(Kind.PRICE, discount=0.2, reason="x")
    made = escalations.ask(by=cast.seller, at=talks.NOW, deal_id=cast.deal.pk, wish=wish)
    assert limits.beyond_own_limit(cast.seller, cast.deal.pk, Decimal(8500)).waiting == made.pk
    assert limits.beyond_own_limit(cast.seller, cast.deal.pk, None) is None
    Deal.objects.filter(pk=cast.deal.pk).update(list_price=None)
    assert limits.beyond_own_limit(cast.seller, cast.deal.pk, Decimal(8500)) is None


def test_what_was_given_already_is_kept_all_the_same(seller, cast, priced):
    concede(seller, cast, topic="price", what="rounding", value="8500", anyway="on")
    assert [one.title for one in log_page.log(cast.seller, cast.deal.pk).concessions][-1] == "rounding"
