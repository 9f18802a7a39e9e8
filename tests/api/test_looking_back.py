"""A program that looks back is answered as things were on record then, or told that they were not there."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone

import raising
from api.operations import NOW_ONLY, OPERATIONS, a_type
from calling import program
from cast import NOW, deal
from hingepoint.api.app import document
from hingepoint.domain.deals.models import Contact, DealContact
from hingepoint.records.deals import BuyingRole

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)


def reading() -> dict[str, dict]:
    told = [one["get"] for one in document()["paths"].values() if "get" in one]
    return {one["operationId"]: one for one in told}


def looking_back() -> set[str]:
    return {
        name
        for name, one in reading().items()
        if "as_of" in {each["name"] for each in one.get("parameters", ())}
    }


OF_A_DEAL = {
    "get_deal",
    "list_people_of_deal",
    "list_agreements",
    "list_next_steps",
    "get_agreement",
    "get_negotiation",
    "list_plans",
}


OF_A_STRATEGY = {"list_results", "list_gained_in_time"}  # tests/web/test_strategy_then.py


def test_every_reading_operation_looks_back_or_says_why_not():
    now_only = [name for names in NOW_ONLY.values() for name in names]
    assert len(now_only) == len(set(now_only))
    assert set(reading()) == looking_back() | set(now_only)
    assert not looking_back() & set(now_only)
    assert looking_back() == OF_A_DEAL | OF_A_STRATEGY | {
        "list_deals",
        "list_events",
        "list_signals",
        "get_signal",
    }


@pytest.mark.parametrize("name", sorted(looking_back()))
def test_a_day_that_has_not_come_is_refused_and_today_is_now(cast, name):
    path, called = OPERATIONS[name].path(cast), program(cast.sponsor)
    ahead = called.get(path, as_of=(timezone.localdate() + DAY).isoformat())
    assert ahead.status_code == 422
    assert "has not come yet" in str(ahead.json()["errors"])
    assert called.get(path, as_of=timezone.localdate().isoformat()).content == called.get(path).content


@pytest.mark.parametrize("known", ["then", "now"])
@pytest.mark.parametrize("name", sorted(OF_A_DEAL))
def test_a_deal_that_did_not_exist_yet_is_not_there(cast, name, known):
    path, called = OPERATIONS[name].path(cast), program(cast.seller)
    before = cast.deal.created_at.date() - DAY
    assert called.get(path, as_of=before.isoformat(), known=known).status_code == 404
    assert called.get(path, as_of=NOW.date().isoformat(), known=known).status_code == 200


@pytest.mark.parametrize("name", ["get_deal", "get_agreement"])
def test_what_was_then_is_no_version_to_decide_on(cast, name):
    path, called = OPERATIONS[name].path(cast), program(cast.seller)
    assert "ETag" in called.get(path)
    assert "ETag" not in called.get(path, as_of=NOW.date().isoformat())


def noted_today(cast, called) -> None:
    """Note one thing of each kind today."""
    of_deal, at = f"/deals/{cast.deal.pk}", timezone.now().isoformat()
    person = Contact.objects.create(account=cast.account, name="Bo Lind")
    role = {"role": BuyingRole.USER, "since": timezone.localdate()}
    DealContact.objects.create(deal=cast.deal, contact=person, **role)
    sent = {
        "/demands": {"topic": "price", "words": "less", "why": {"text": "a budget"}},
        "/concessions": {"topic": "price", "in_return": "a year more"},
        "/plans": {"type_id": a_type(), "number": 0, "best": "the log"},
    }
    for path, told in sent.items():
        assert called.post(of_deal + path, told).status_code == 200
    moved = {"deal_id": cast.deal.pk, "kind": "stage", "name": "Proposal", "occurred_at": at}
    assert called.post("/events", {"events": [moved]}).status_code == 200


#: Operation -> what of its answer tells of what was noted today.
TOLD = {
    "list_people_of_deal": lambda told: [one["name"] for one in told],
    "list_agreements": lambda told: [one["state"] for one in told],
    "list_next_steps": lambda told: [one["why"] for one in told],
    "get_agreement": lambda told: told["steps"],
    "get_negotiation": lambda told: [*told["demands"], *told["concessions"]],
    "list_plans": lambda told: [one["best"] for one in told],
    "list_events": lambda told: [one["name"] for one in told["items"]],
}


@pytest.mark.parametrize("name", TOLD)
def test_what_was_noted_today_was_not_on_record_yesterday(cast, name):
    path, called = OPERATIONS[name].path(cast), program(cast.seller)
    yesterday = {"as_of": (timezone.localdate() - DAY).isoformat()}
    before = TOLD[name](called.get(path).json())
    noted_today(cast, called)
    assert TOLD[name](called.get(path).json()) != before
    assert TOLD[name](called.get(path, **yesterday).json()) == before
    assert TOLD[name](called.get(path, **yesterday, known="now").json()) == before


def test_a_reason_that_was_written_later_was_not_known_then(cast):
    called = program(cast.seller)
    a_week_ago = timezone.now() - 7 * DAY
    noted = called.post(
        f"/deals/{cast.deal.pk}/demands", {"topic": "price", "occurred_at": a_week_ago.isoformat()}
    ).json()["demands"][0]
    called.post(f"/demands/{noted['id']}/reasons", {"text": "a budget"})
    then = {"as_of": (timezone.localdate() - DAY).isoformat()}
    path = f"/deals/{cast.deal.pk}/negotiation"
    assert called.get(path, **then).json()["demands"] == []  # it was noted today
    (known_now,) = called.get(path, **then, known="now").json()["demands"]
    assert [one["text"] for one in known_now["whys"]] == ["a budget"]


def test_signals_are_read_as_of_a_day(cast):
    row = raising.a_raise()
    called = program(cast.sponsor)
    before = (row.first_day - DAY).isoformat()
    assert called.get(f"/signals/{row.signal}", as_of=before).json()["raises"] == []
    assert called.get(f"/signals/{row.signal}").json()["raises"] != []


def test_a_deal_of_today_is_in_no_list_of_yesterday(cast):
    deal("NEW", owner=cast.seller, created_at=timezone.now())
    called, yesterday = program(cast.seller), (timezone.localdate() - DAY).isoformat()
    assert "NEW" in {one["key"] for one in called.get("/deals").json()["items"]}
    assert "NEW" not in {one["key"] for one in called.get("/deals", as_of=yesterday).json()["items"]}
