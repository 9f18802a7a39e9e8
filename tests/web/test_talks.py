"""Logging a demand and a trade, from a deal's page: what is seen, kept, noticed, and refused."""

import pytest

import talks
from hingepoint.domain.deals.models import DealEvent
from hingepoint.domain.negotiation.queries import log as log_page
from hingepoint.records.deals import EventKind


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


@pytest.mark.parametrize("rest", ["talks", "help", "demands/new", "concessions/new", "exceptions/new"])
def test_its_pages_cost_few_statements(seller, cast, django_assert_max_num_queries, rest):
    talks.a_demand(cast)
    talks.an_exception(cast)
    talks.a_role(cast)
    with django_assert_max_num_queries(12):
        page(seller, cast, rest)


def test_a_demands_page_costs_few_statements(seller, cast, django_assert_max_num_queries):
    demand = talks.a_demand(cast)
    with django_assert_max_num_queries(12):
        page(seller, cast, f"demands/{demand.pk}/")
