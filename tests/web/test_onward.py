"""From one decision straight to the next: what opens, what is said to be left, and how it ends."""

import datetime as dt

import pytest
from django.utils import timezone

import rules
import talks
from cast import deal
from hingepoint.domain.detection.models import Detection
from hingepoint.domain.escalations import actions as escalations
from hingepoint.domain.plans import actions as plans
from hingepoint.records.escalations import Answer, Kind

NOTHING = "Nothing is left for you to decide."


@pytest.fixture
def priced(cast):
    """Rules by which the manager alone is asked about a price."""
    talks.legal_is_asked_about_terms(cast)


def a_price(cast, n: int):
    """Sanna asks for a discount on a deal of its own; the smaller ``n``, the earlier."""
    found = deal(f"E-{n}", owner=cast.seller, team=cast.north, name=f"Mill {n}")
    wish = escalations.Wish(
        Kind.PRICE, discount=0.15, reason=f"The board of mill {n} cut the budget", return_asked="two years"
    )
    at = timezone.now() - dt.timedelta(hours=50 - n)
    return escalations.ask(by=cast.seller, at=at, deal_id=found.pk, wish=wish)


def a_plan(cast, n: int):
    """Sanna's plan for a talk ``n`` days from now."""
    found = deal(f"P-{n}", owner=cast.seller, team=cast.north, name=f"Plant {n}")
    return plans.write_plan(
        by=cast.seller,
        at=timezone.now(),
        deal_id=found.pk,
        type_key="cust.data_access",
        talk_on=timezone.localdate() + dt.timedelta(days=n),
        best="the log",
    )


def page_of(plan) -> str:
    return f"/deals/{plan.deal_id}/agreements/{plan.agreement.type_id}/plan"


def answered(client, one, **form):
    """Answer a request on its page, as the form there does."""
    one.refresh_from_db()
    form = {"answer": "approved", "next": f"/exceptions/{one.pk}/", "version": one.version} | form
    return client.post(f"/exceptions/{one.pk}/answer", form)


def test_ten_requests_are_decided_in_a_row_without_a_list(client, cast, priced):
    asked = [a_price(cast, n) for n in range(10)]
    client.force_login(cast.manager)
    forms = [
        {"answer": "approved"},
        {"answer": "declined", "words": "Not on these grounds."},
        {"answer": "in_part", "granted": "10"},
    ]
    for n, one in enumerate(asked[:-1]):
        answer = answered(client, one, **forms[n % 3])
        assert answer.url == f"/exceptions/{asked[n + 1].pk}/#answer"
        left = 9 - n
        told = f"{left} left: {left} exception{'' if left == 1 else 's'}."
        page = client.get(answer.url).text
        assert told in page
        assert 'id="answer"' in page
    answer = answered(client, asked[-1])
    assert answer.url == "/"
    assert NOTHING in client.get("/").text
    assert [one.approvals.get().answer for one in asked[:3]] == [Answer.YES, Answer.NO, Answer.IN_PART]


def test_after_the_last_request_a_plan_opens_and_then_the_next_one(client, cast, priced):
    late, soon = a_plan(cast, 3), a_plan(cast, 1)
    one = a_price(cast, 1)
    client.force_login(cast.manager)
    answer = answered(client, one)
    assert answer.url == page_of(soon) + "#review"
    shown = client.get(answer.url).text
    assert "2 left: 2 plans." in shown
    assert 'id="review"' in shown
    told = {"verdict": "approved", "next": page_of(soon)}
    assert client.post(f"/plans/{soon.pk}/review", told).url == page_of(late) + "#review"
    told = {"verdict": "returned", "words": "What do we ask?", "next": page_of(late)}
    assert client.post(f"/plans/{late.pk}/review", told).url == "/"
    assert NOTHING in client.get("/").text


def test_of_the_same_kind_comes_first(client, cast, priced):
    one, other = a_plan(cast, 1), a_plan(cast, 2)
    a_price(cast, 1)
    client.force_login(cast.manager)
    answer = client.post(f"/plans/{one.pk}/review", {"verdict": "approved", "next": page_of(one)})
    assert answer.url == page_of(other) + "#review"
    assert "2 left: 1 exception, 1 plan." in client.get(answer.url).text


def test_a_comment_decides_nothing_and_stays_on_its_page(client, cast):
    one = a_plan(cast, 1)
    client.force_login(cast.manager)
    told = {"verdict": "comment", "words": "Ask for the date.", "next": page_of(one)}
    assert client.post(f"/plans/{one.pk}/review", told).url == page_of(one)


def test_a_list_stays_open_while_something_of_its_kind_is_left(client, cast, priced):
    one, other = a_price(cast, 1), a_price(cast, 2)
    plan = a_plan(cast, 1)
    client.force_login(cast.manager)
    assert answered(client, one, next="/").url == "/"
    assert "2 left: 1 exception, 1 plan." in client.get("/").text
    assert answered(client, other, next="/").url == page_of(plan) + "#review"


def test_what_rules_found_is_confirmed_in_its_list_and_then_nothing_is_left(client, cast):
    rules.log_arrives(cast.deal)
    rules.switched_on()
    found = Detection.objects.get()
    client.force_login(cast.manager)
    answer = client.post(f"/to-confirm/{found.pk}", {"answer": "right", "next": "/to-confirm/"})
    assert answer.url == "/"
    assert NOTHING in client.get("/").text


def test_another_page_than_a_list_stays_open(client, cast, priced):
    rules.log_arrives(cast.deal)
    rules.switched_on()
    a_price(cast, 1)
    client.force_login(cast.manager)
    page = f"/deals/{cast.deal.pk}/"
    judged = {"answer": "right", "next": page}
    assert client.post(f"/to-confirm/{Detection.objects.get().pk}", judged).url == page


def test_a_wrong_answer_opens_nothing_else(client, cast, priced):
    one, _ = a_price(cast, 1), a_price(cast, 2)
    client.force_login(cast.manager)
    answer = answered(client, one, answer="declined")
    assert answer.status_code == 422
    assert "Mill 1" in answer.text


def test_an_inside_partner_stays_to_give_the_two_taps(client, cast):
    one = talks.an_exception(cast, at=timezone.now())
    client.force_login(cast.inside_partner)
    assert answered(client, one).url == f"/exceptions/{one.pk}/"
