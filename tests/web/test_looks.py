"""Our walk-away is looked at by an act on record, not by opening a page."""

import datetime as dt
from decimal import Decimal

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

import opening
import talks
from cast import NOW
from hingepoint.domain.agreements import actions as agreements
from hingepoint.domain.audit.models import AuditEvent
from hingepoint.domain.deals.models import Deal
from hingepoint.domain.negotiation import actions as negotiation
from hingepoint.records.agreements import AgreementState
from hingepoint.reports import plan_sheets
from routes import PAGES, SEES_SANNAS_DEAL, address

FIGURES = {"opening": Decimal(9_100_117), "target": Decimal(9_100_113), "walk_away": Decimal(9_100_111)}
SHOWN = ("9,100,111", "9100111")


@pytest.fixture
def guarded(cast):
    """Sanna's deal with a corridor, an agreement and an exception that asks for less than the walk-away."""
    Deal.objects.filter(pk=cast.deal.pk).update(list_price=9_200_000)
    negotiation.set_corridor(by=cast.seller, at=NOW, deal_id=cast.deal.pk, **FIGURES)
    step = agreements.Step(state=AgreementState.NEEDED, occurred_at=NOW)
    agreements.take_step(by=cast.seller, at=NOW, deal_id=cast.deal.pk, type_key="cust.data_access", step=step)
    return cast


def pages_with_it(cast) -> list[str]:
    """Return the pages of the deal that tell the walk-away once it is open."""
    place = [cast.deal.pk, cast.deal.agreements.get().type_id]
    asked = talks.an_exception(cast, discount=0.5)
    return [
        *(reverse(name, args=[cast.deal.pk]) for name in ("deal", "deal-work", "concede")),
        reverse("talk-plan", args=place),
        reverse("prepare-talk", args=place),
        reverse("exception", args=[asked.pk]),
    ]


def told(client, page) -> bool:
    body = client.get(page).content.decode()
    return any(figure in body for figure in SHOWN)


def looks() -> list[tuple[str, str]]:
    rows = AuditEvent.objects.filter(action="look at walk-away")
    return list(rows.values_list("by_name", "subject_id"))


def test_no_page_tells_it_before_it_was_asked_for_and_each_does_afterwards(client, guarded):
    pages = pages_with_it(guarded)
    client.force_login(guarded.manager)
    assert not [page for page in pages if told(client, page)]
    assert looks() == []
    opening.open_walk_away(client, guarded.deal)
    assert [page for page in pages if told(client, page)] == pages
    assert looks() == [("Maud", str(guarded.deal.pk))]


@pytest.mark.slow
def test_no_page_of_the_whole_product_tells_it_unasked(client, guarded):
    known: dict = {}
    for name, (_, arguments) in PAGES.items():
        page = address(name, arguments, guarded, known)
        for user in (guarded.seller, guarded.manager, guarded.sponsor, guarded.analyst):
            client.force_login(user)
            answer = client.get(page)
            body = b"".join(answer.streaming_content) if answer.streaming else answer.content
            assert not [figure for figure in SHOWN if figure.encode() in body], (name, user.name)
    assert looks() == []


def test_it_leads_back_to_where_it_was_asked_for(client, guarded):
    client.force_login(guarded.seller)
    ask = reverse("look-at-walk-away", args=[guarded.deal.pk])
    page = reverse("concede", args=[guarded.deal.pk])
    assert client.post(ask, {"next": page}).url == page
    assert client.post(ask, {"next": "https://elsewhere.example/"}).url == reverse(
        "deal-work", args=[guarded.deal.pk]
    )


def test_only_its_readers_open_it_and_only_where_one_is_set(client, guarded):
    for who, user in guarded.everybody().items():
        client.logout()
        if user:
            client.force_login(user)
        answer = opening.open_walk_away(client, guarded.deal)
        opened = answer.status_code == 302 and "/sign-in" not in answer.url
        assert opened == (who in SEES_SANNAS_DEAL), who
    client.force_login(guarded.sponsor)
    assert opening.open_walk_away(client, guarded.foreign_deal).status_code == 404


def test_it_closes_at_midnight_and_stays_closed_in_other_browsers(guarded):
    here, there = Client(), Client()
    page = reverse("deal-work", args=[guarded.deal.pk])
    with time_machine.travel(NOW, tick=False):
        here.force_login(guarded.seller)
        there.force_login(guarded.seller)
        opening.open_walk_away(here, guarded.deal)
        assert [told(here, page), told(there, page)] == [True, False]
    with time_machine.travel(NOW + dt.timedelta(days=1), tick=False):
        assert not told(here, page)


def test_who_sets_it_sees_it_without_asking(client, guarded):
    client.force_login(guarded.seller)
    client.post(
        reverse("set-corridor", args=[guarded.deal.pk]), {**FIGURES, "walk_away": "9100110", "version": "1"}
    )
    assert "9,100,110" in client.get(reverse("deal-work", args=[guarded.deal.pk])).content.decode()
    assert looks() == []


def test_who_saves_too_late_does_not_learn_it_that_way(client, guarded):
    client.force_login(guarded.manager)
    guess = {"opening": "9100119", "target": "9100114", "walk_away": "1", "version": "7"}
    answer = client.post(reverse("set-corridor", args=[guarded.deal.pk]), guess, follow=True)
    assert answer.status_code == 409
    page = answer.content.decode()
    assert "9100113" in page
    assert not [figure for figure in SHOWN if figure in page]


def test_the_printed_plan_ends_at_the_target_until_it_was_opened(client, guarded, monkeypatch):
    printed = []
    monkeypatch.setattr(plan_sheets, "one_page", lambda facts: printed.append(facts["corridor"]) or b"%PDF-")
    client.force_login(guarded.seller)
    page = reverse("talk-plan-pdf", args=[guarded.deal.pk, guarded.deal.agreements.get().type_id])
    client.get(page)
    opening.open_walk_away(client, guarded.deal)
    client.get(page)
    assert [[label for label, _ in one] for one in printed] == [
        ["Opening", "Target"],
        ["Opening", "Target", "Walk-away"],
    ]
