"""Connecting a CRM on pages: address and token, self-test, words, dry run, on."""

import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone

from cast import NOW
from fake_crm import FakeCrm, plug_in
from hingepoint.connectors.exchange import NotSignedIn
from hingepoint.domain.deals.models import Deal
from hingepoint.domain.sync import actions
from hingepoint.domain.sync.models import Connection
from hingepoint.records.crm import Capability, CapabilityFound, CrmStage, Found


@pytest.fixture
def crm(cast, monkeypatch) -> FakeCrm:
    made = FakeCrm()
    made.user("u1", "Sanna Sol", email="sanna@hinge.example")
    made.open_deal("x1", name="Press for Nordwerk")
    plug_in(monkeypatch, made)
    return made


@pytest.fixture
def desk(client, cast):
    client.force_login(cast.analyst)
    return client


def given(**more) -> dict:
    return {"url": "https://crm.example", "sign_in": "token", "token": "canary-token"} | more


def test_a_crm_is_connected_step_by_step(desk, crm):
    page = desk.post(reverse("new-connection", args=["fake1"]), given(), follow=True)
    said = page.content.decode()
    assert "Changes of stage" in said
    assert "canary-token" not in said
    number = Connection.objects.get().pk
    dry = desk.post(reverse("rehearse-connection", args=[number])).content.decode()
    assert "Press for Nordwerk" in dry
    assert not Deal.objects.filter(key="x1").exists()
    done = desk.post(reverse("switch-connection", args=[number]), {"state": "on"}, follow=True)
    assert "The worker reads it now" in done.content.decode()
    actions.sync_what_is_due(at=timezone.now())
    assert Deal.objects.get(key="x1").name == "Press for Nordwerk"
    assert "up to date" in desk.get(reverse("connection", args=[number])).content.decode()


def test_a_stage_without_a_meaning_is_asked_about_first(desk, crm):
    crm.stages = (*crm.stages, CrmStage("s9", "Parked"))
    desk.post(reverse("new-connection", args=["fake1"]), given())
    number = Connection.objects.get().pk
    refused = desk.post(reverse("switch-connection", args=[number]), {"state": "on"}, follow=True)
    assert "Say first what these stages mean: Parked." in refused.content.decode()
    desk.post(reverse("say-words", args=[number]), {"stage-s9": "lost"})
    desk.post(reverse("switch-connection", args=[number]), {"state": "on"})
    assert Connection.objects.get().state == "on"


def test_a_wrong_address_keeps_what_was_typed_but_the_token(desk, crm):
    answer = desk.post(reverse("new-connection", args=["fake1"]), given(url="crm.example", name="Ours"))
    said = answer.content.decode()
    assert answer.status_code == 422
    assert "beginning with https://" in said
    assert 'value="Ours"' in said
    assert "canary-token" not in said


def test_what_is_missing_says_what_it_costs_and_what_to_ask_for(desk, crm):
    crm.found = (CapabilityFound(Capability.APPROVALS, Found.NO_RIGHT, ask_for="read on Approvals"),)
    desk.post(reverse("new-connection", args=["fake1"]), given())
    said = desk.get(reverse("connection", args=[Connection.objects.get().pk])).content.decode()
    assert "signal 2 begins today" in said
    assert "<li>read on Approvals</li>" in said


def test_a_token_that_is_not_taken_is_said(desk, crm, monkeypatch):
    def refuse():
        raise NotSignedIn("The CRM does not take this sign-in.")

    monkeypatch.setattr(crm, "describe", refuse)
    page = desk.post(reverse("new-connection", args=["fake1"]), given(), follow=True)
    assert "does not take this sign-in" in page.content.decode()


@pytest.mark.parametrize("who", ["seller", "manager", "inside_partner"])
def test_nobody_else_sees_connections(client, cast, crm, who):
    made = actions.connect(by=None, at=NOW, crm="fake1", url="https://crm.example", given={"token": "t"})
    client.force_login(getattr(cast, who))
    for address in (reverse("connections"), reverse("connection", args=[made.pk])):
        assert client.get(address).status_code == 404
    assert client.post(reverse("switch-connection", args=[made.pk]), {"state": "on"}).status_code == 404


def test_stage_and_amount_can_not_be_chosen_for_writing_back(desk, crm):
    desk.post(reverse("new-connection", args=["fake1"]), given())
    number = Connection.objects.get().pk
    answer = desk.post(
        reverse("set-writing-back", args=[number]), {"part": "status", "field-status": "stage"}, follow=True
    )
    assert "Stage and amount are never written." in answer.content.decode()
    assert Connection.objects.get().write_back == []


def test_a_deal_that_is_gone_in_the_crm_says_so_on_its_page(desk, crm, cast):
    made = actions.connect(by=None, at=NOW, crm="fake1", url="https://crm.example", given={"token": "t"})
    crm.open_deal("x2")
    crm.open_deal("x3")
    actions.sync(at=NOW, connection_id=made.pk)
    crm.delete("x1")
    crm.merge(["x2"], into="x3")
    actions.sync(at=NOW + dt.timedelta(hours=1), connection_id=made.pk, sweep=True)

    def page(key: str) -> str:
        return desk.get(reverse("deal", args=[Deal.every.get(key=key).pk])).content.decode()

    assert "Deleted in Fake 1" in page("x1")
    assert "merged into another" in page("x2")
    assert "Deal x3" in page("x2")
    assert "It is in no list, number or signal any more" in page("x2")
    assert "other deals were merged into this one" in page("x3")
    assert "Fake 1" not in page(cast.deal.key)


OLD = "Data from the CRM are old"


def test_facts_that_were_not_read_for_a_day_say_so(desk, crm):
    made = actions.connect(by=None, at=NOW, crm="fake1", url="https://crm.example", given={"token": "t"})
    actions.sync(at=NOW, connection_id=made.pk)
    pages = (reverse("home"), reverse("deal", args=[Deal.objects.get(key="x1").pk]))
    assert not any(OLD in desk.get(page).text for page in pages)  # nobody switched it on
    actions.switch_on(by=None, at=NOW, connection_id=made.pk)
    assert all(OLD in desk.get(page).text for page in pages)
    Connection.objects.update(synced_at=timezone.now() - dt.timedelta(hours=23))
    assert not any(OLD in desk.get(page).text for page in pages)
