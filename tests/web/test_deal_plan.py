"""The plan of a deal: generated from what is known, completed in a minute."""

import pytest
from django.urls import reverse

import playbooks
from cast import NOW
from hingepoint.domain.plans.models import Plan
from hingepoint.domain.plans.parts import from_json


@pytest.fixture
def deal(cast):
    playbooks.in_force(cast, "cust.data_access", "cust.executive_meeting")
    return cast.deal


def page_of(deal, name="write-deal-plan") -> str:
    return reverse(name, args=[deal.pk])


def form_of(client, deal, **changed) -> dict:
    context = client.get(page_of(deal)).context
    return context["said"] | {"offered": context["offered"]} | changed


def test_it_is_generated_from_the_register_before_anybody_types(client, cast, deal):
    client.force_login(cast.seller)
    page = client.get(page_of(deal, "deal-plan")).content.decode()
    assert "Early access to key data" in page
    assert "Plan how to ask" in page
    assert "Nobody of the customer is named on the deal" in page


def test_the_seller_completes_it_and_each_line_knows_whose_it_is(client, cast, deal):
    client.force_login(cast.seller)
    step = {"step:cust.data_access": "Call Karla", "on:cust.data_access": "2036-12-01"}
    client.post(page_of(deal), form_of(client, deal, **step))
    parts = from_json(Plan.objects.get().parts)
    assert [(line.text, line.own) for line in parts["step:cust.data_access"]] == [("Call Karla", True)]
    assert not parts["step:cust.executive_meeting"][0].own
    assert "Call Karla" in client.get(page_of(deal, "deal-plan")).content.decode()


def test_an_agreement_that_became_needed_later_shows_what_is_known(client, cast, deal):
    client.force_login(cast.seller)
    client.post(page_of(deal), form_of(client, deal))
    strategy = playbooks.Strategy.objects.get()
    book = playbooks.actions.draft_playbook(by=cast.sponsor, at=NOW, strategy=strategy)
    playbooks.choose(book, "cust.joint_business_case")
    playbooks.actions.publish(by=cast.analyst, at=NOW, playbook=book)
    playbooks.actions.ask_open_deals(at=NOW)
    assert "Business case built together" in client.get(page_of(deal, "deal-plan")).content.decode()


def test_a_late_save_shows_both(client, cast, deal):
    client.force_login(cast.seller)
    late = form_of(client, deal, risks="what the seller fears")
    client.post(page_of(deal), form_of(client, deal, risks="what was saved first"))
    answer = client.post(page_of(deal), late)
    assert answer.status_code == 409
    assert "what was saved first" in answer.content.decode()
    assert "what the seller fears" in answer.content.decode()


def test_the_pdf_opens(client, cast, deal):
    pytest.importorskip("typst", reason="needs typst: pip install 'hingepoint[reports]'")
    client.force_login(cast.seller)
    assert client.get(page_of(deal, "deal-plan-pdf")).content.startswith(b"%PDF")
