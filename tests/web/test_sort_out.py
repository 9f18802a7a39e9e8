"""Sorting out what is old, and seeing what a start asks: first it works, then what is refused."""

from __future__ import annotations

import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone

import playbooks
from cast import deal
from hingepoint.domain.agreements.models import Agreement
from hingepoint.domain.strategy import actions
from hingepoint.domain.strategy.models import Strategy

KEY = "cust.data_access"


@pytest.fixture
def begun(cast):
    """A strategy that began today, with two agreements that were due before on Sanna's deal."""
    now = timezone.now()
    strategy = playbooks.written(cast, grace_days=14)
    book = strategy.playbooks.get()
    for key in (KEY, "cust.reference_right"):
        playbooks.choose(book, key)
    actions.publish(by=None, at=now, playbook=book, note="first")
    actions.put_in_force(by=None, at=now, strategy=strategy, starts_on=timezone.localdate())
    actions.ask_open_deals(at=now)
    return cast


@pytest.fixture
def as_seller(client, begun):
    client.force_login(begun.seller)
    return client


def row(cast, key: str = KEY) -> Agreement:
    return Agreement.objects.get(deal=cast.deal, type__key=key)


def answer(client, said: dict, **more):
    return client.post(reverse("sort-out"), said | more, follow=True)


def test_home_is_not_red_and_leads_to_the_list(as_seller):
    page = as_seller.get("/").text
    assert "2 agreements were due before anybody asked" in page
    assert reverse("sort-out") in page
    for word in ("days late", ">Late<", "In the next 14 days"):
        assert word not in page


def test_one_is_kept_one_not_needed_and_the_list_is_done(as_seller, begun):
    keep, no = row(begun), row(begun, "cust.reference_right")
    said = {
        f"what-{keep.pk}": "keep",
        f"what-{no.pk}": "not_needed",
        f"reason-{no.pk}": "they are our reference",
    }
    page = answer(as_seller, said).text
    assert "2 agreements sorted out. That was all." in page
    assert row(begun).sorted_at is not None
    assert (row(begun, "cust.reference_right").state, row(begun, "cust.reference_right").reason) == (
        "not_needed",
        "they are our reference",
    )


def test_what_they_did_already_is_kept_with_its_day(as_seller, begun):
    pk = row(begun).pk
    day = timezone.localdate() - dt.timedelta(days=40)
    said = {
        f"what-{pk}": "gained",
        f"on-{pk}": day.isoformat(),
        f"evidence-{pk}": "4",
        f"person-{pk}": "Bo Lind",
    }
    page = answer(as_seller, said).text
    assert "1 agreement sorted out. 1 to go." in page
    assert (row(begun).state, timezone.localdate(row(begun).gained_at), row(begun).evidence) == (
        "kept",
        day,
        4,
    )


def test_what_they_will_do_is_gained_with_its_promise(as_seller, begun):
    pk, today = row(begun).pk, timezone.localdate()
    said = {
        f"what-{pk}": "gained",
        f"on-{pk}": today.isoformat(),
        f"evidence-{pk}": "3",
        f"person-{pk}": "Bo Lind",
        f"act-{pk}": "open the log",
        f"due_on-{pk}": (today + dt.timedelta(days=9)).isoformat(),
    }
    answer(as_seller, said)
    assert (row(begun).state, row(begun).act, row(begun).due_on) == (
        "gained",
        "open the log",
        today + dt.timedelta(days=9),
    )


def test_the_rest_of_a_page_is_kept_with_one_button(as_seller, begun):
    no = row(begun)
    answer(as_seller, {f"what-{no.pk}": "not_needed", f"reason-{no.pk}": "no data here"}, rest="keep")
    assert not Agreement.objects.to_sort_out().filter(deal=begun.deal).exists()
    assert row(begun, "cust.reference_right").state == "needed"


@pytest.mark.parametrize(
    ("said", "field", "words"),
    [
        ({"what": "not_needed"}, "reason", "Say why in a few words"),
        ({"what": "gained"}, "on", "Say on which day it was gained."),
        ({"what": "gained", "on": "2999-01-01"}, "on", "That day is still to come."),
        (
            {"what": "gained", "on": "2026-01-05", "person": "Bo", "act": "it"},
            "evidence",
            "To count as gained",
        ),
    ],
)
def test_an_answer_that_lacks_something_says_it_at_its_field_and_keeps_all(
    as_seller, begun, said, field, words
):
    pk, other = row(begun).pk, row(begun, "cust.reference_right").pk
    typed = {f"{name}-{pk}": value for name, value in said.items()} | {f"what-{other}": "keep"}
    page = answer(as_seller, typed)
    assert page.status_code == 422
    assert page.context["draft"].problems[f"{field}-{pk}"].startswith(words)
    assert f'name="what-{other}" value="keep" checked' in page.text
    assert row(begun, "cust.reference_right").sorted_at is None


def test_without_an_answer_nothing_is_sorted_out(as_seller):
    page = answer(as_seller, {})
    assert "Choose an answer for at least one." in page.text


def test_what_was_typed_without_an_answer_is_not_lost(as_seller, begun):
    page = answer(as_seller, {f"reason-{row(begun).pk}": "they gave the data"})
    assert page.status_code == 422
    assert "Say what becomes of it: keep it, not needed, or gained already." in page.text
    assert "they gave the data" in page.text


def test_a_manager_helps_where_a_seller_is_away(client, begun):
    client.force_login(begun.manager)
    page = client.get(reverse("sort-out")).text
    assert "Sanna</a>: 2 agreements" in page
    pk = row(begun).pk
    client.post(reverse("sort-out"), {"of": begun.seller.pk, f"what-{pk}": "keep"})
    assert row(begun).sorted_at is not None


def test_numbers_of_other_deals_are_not_answered(client, begun):
    client.force_login(begun.stranger)
    pk = row(begun).pk
    client.post(reverse("sort-out"), {"of": begun.seller.pk, f"what-{pk}": "keep"})
    assert row(begun).sorted_at is None


# ---- both acts show what they ask ----


@pytest.fixture
def drafted(cast):
    """A draft strategy with a draft playbook of one agreement."""
    strategy = playbooks.written(cast, grace_days=14)
    playbooks.choose(strategy.playbooks.get(), KEY)
    return strategy


def test_publishing_shows_of_whom_how_much_and_that_nobody_is_asked_yet(client, cast, drafted):
    client.force_login(cast.sponsor)
    page = client.get(reverse("publish-playbook", args=[drafted.pk])).text
    for words in (
        "Publishing keeps this version and asks nobody.",
        "No sponsor is named: nobody stands for it.",
        "No target is set: nobody will know whether it works.",
        "1 agreement is chosen; a strategy usually hinges on six to eight.",
        "None is late",
        ">Sanna<",
    ):
        assert words in page
    done = client.post(reverse("publish-playbook", args=[drafted.pk]), {"note": "first"}, follow=True)
    assert (
        "Version 1 is published. Nobody is asked yet: put the strategy in force when you are ready."
        in done.text
    )
    assert "is asked now" not in done.text


def test_putting_in_force_shows_it_first_and_takes_the_grace(client, cast, drafted):
    client.force_login(cast.sponsor)
    client.post(reverse("publish-playbook", args=[drafted.pk]), {"note": "first"})
    page = client.get(reverse("put-in-force", args=[drafted.pk]))
    assert page.context["before"].new == 2
    assert Strategy.objects.get(pk=drafted.pk).status == "draft"
    done = client.post(reverse("put-in-force", args=[drafted.pk]), {"grace_days": "30"}, follow=True)
    assert "Discount less holds. Agreements on open deals: 2 asked for anew." in done.text
    assert row(cast).needed_by == timezone.localdate() + dt.timedelta(days=30)
    assert Strategy.objects.get(pk=drafted.pk).grace_days == 30


def test_without_a_playbook_a_start_says_that_it_asks_nothing(client, cast):
    strategy = playbooks.written(cast)
    client.force_login(cast.sponsor)
    assert "No playbook is published" in client.get(reverse("put-in-force", args=[strategy.pk])).text
    done = client.post(reverse("put-in-force", args=[strategy.pk]), {"grace_days": ""}, follow=True)
    assert "It asks nothing of anybody until its playbook is published." in done.text


def test_a_grace_that_is_no_number_comes_back(client, cast, drafted):
    client.force_login(cast.sponsor)
    page = client.post(reverse("put-in-force", args=[drafted.pk]), {"grace_days": "400"})
    assert (page.status_code, "at most 365" in page.text) == (422, True)
    assert Strategy.objects.get(pk=drafted.pk).status == "draft"


def test_a_strategy_that_begins_anew_forgives_anew(client, cast, drafted):
    client.force_login(cast.sponsor)
    client.post(reverse("publish-playbook", args=[drafted.pk]), {"note": "first"})
    client.post(reverse("put-in-force", args=[drafted.pk]))
    client.post(reverse("retire-strategy", args=[drafted.pk]))
    Strategy.objects.filter(pk=drafted.pk).update(starts_on=timezone.localdate() - dt.timedelta(days=200))
    client.post(reverse("put-in-force", args=[drafted.pk]))
    assert Strategy.objects.get(pk=drafted.pk).starts_on == timezone.localdate()
    assert row(cast).needed_by == timezone.localdate() + dt.timedelta(days=14)


def test_sellers_who_cannot_sign_in_are_told_before_they_are_asked(client, cast, drafted):
    import letting_in

    deal("N-3", owner=letting_in.newcomer("Nils", email=None), team=cast.north)
    client.force_login(cast.sponsor)
    page = client.get(reverse("publish-playbook", args=[drafted.pk])).text
    assert "1 seller cannot sign in yet" in page
    assert reverse("let-in") in page
