"""Connecting a CRM on pages: address and token, self-test, words, dry run, on."""

import datetime as dt
import re
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from cast import NOW
from fake_crm import FakeCrm, plug_in
from hingepoint.connectors.exchange import NoRight, NotReachable, NotSignedIn
from hingepoint.domain.audit.models import AuditEvent
from hingepoint.domain.deals.frames import deals_frame
from hingepoint.domain.deals.models import Deal
from hingepoint.domain.sync import actions, queries
from hingepoint.domain.sync.models import Connection, SyncRun, WrittenBack
from hingepoint.records.crm import (
    Capability,
    CapabilityFound,
    CrmField,
    CrmObject,
    CrmRole,
    CrmStage,
    Found,
    Written,
)


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


OWN = CrmField(CrmObject.DEALS, "industry__c", "Industry", "picklist", custom=True, tracked=True)
SCORE = CrmField(CrmObject.DEALS, "score__c", "Score", "number", custom=True, formula=True)


@pytest.fixture
def connected(crm, cast) -> Connection:
    """A connection that was read once, with a field of the company's own and two people in their parts."""
    crm.fields = (*crm.fields, OWN, SCORE)
    crm.account("a1", "Nordwerk")
    crm.contact("c1", "a1", "Dora Dorn")
    crm.change("x1", roles=(CrmRole("c1", "Champion"), CrmRole("c1", "Gatekeeper")))
    made = actions.connect(by=None, at=NOW, crm="fake1", url="https://crm.example", given={"token": "t"})
    actions.sync(at=NOW, connection_id=made.pk)
    return made


def words(desk, made: Connection, **said):
    return desk.post(reverse("say-words", args=[made.pk]), said)


def test_words_offer_what_the_crm_has(desk, connected):
    said = desk.get(reverse("say-words", args=[connected.pk])).content.decode()
    assert "Industry" in said
    assert "kept by the CRM" in said
    assert "computed by the CRM, read anew each night" in said
    assert re.search(r'name="role-Champion".*?value="champion" selected', said, re.DOTALL)
    assert re.search(r'name="role-Gatekeeper".*?<option value="">', said, re.DOTALL)
    assert "suggested: Sanna" in said
    found = desk.get(reverse("say-words", args=[connected.pk]), {"find": "score"}).content.decode()
    assert "Score" in found
    assert "Industry" not in found


def test_a_field_of_ones_own_becomes_a_fact_of_deals_with_its_history(desk, crm, connected):
    words(desk, connected, **{"field-industry__c": "Industry", "role-Gatekeeper": "legal"})
    connected.refresh_from_db()
    assert (connected.fields, connected.roles) == ({"Industry": "industry__c"}, {"Gatekeeper": "legal"})

    def run(days: int, value: str) -> None:
        crm.pass_time(days=days)
        crm.change("x1", extra={"Industry": value})
        at = NOW + dt.timedelta(days=days)
        told = actions.sync(at=at, connection_id=connected.pk, sweep=False)
        assert (told.problem, told.problems) == ("", [])

    run(1, "Steel")
    deal = Deal.objects.get(key="x1")
    assert deal.extra == {"Industry": "Steel"}
    assert deals_frame(None, extra=["Industry"]).filter(deal_id="x1")["Industry"].to_list() == ["Steel"]
    assert not deal.events.filter(name="Industry").exists()  # nothing is known of when it began
    run(2, "Paper")
    deal.refresh_from_db()
    assert deal.extra == {"Industry": "Paper"}
    said = deal.events.filter(name="Industry").order_by("occurred_at").values_list("note", "recorded_at")
    assert [note for note, _ in said] == ["Steel", "Paper"]
    assert set(deal.people.filter(until=None).values_list("role", flat=True)) == {"champion", "legal"}
    page = desk.get(reverse("say-words", args=[connected.pk])).content.decode()
    assert "Paper" in page
    crm.change("x1", extra={"Industry": "Food"})
    assert "Industry: Food" in desk.post(reverse("rehearse-connection", args=[connected.pk])).content.decode()
    deal.refresh_from_db()
    assert deal.extra == {"Industry": "Paper"}


def test_a_field_can_fill_what_every_deal_has(desk, crm, connected):
    words(desk, connected, **{"field-industry__c": "segment"})
    crm.change("x1", extra={"segment": "Steel"})
    actions.sync(at=NOW + dt.timedelta(days=1), connection_id=connected.pk, sweep=False)
    deal = Deal.objects.get(key="x1")
    assert (deal.segment, deal.extra) == ("Steel", {})


def test_a_user_is_who_was_said(desk, crm, cast, connected):
    crm.change("x1", amount=Decimal(5))
    words(desk, connected, **{"person-u1": cast.stranger.email or cast.stranger.key})
    actions.sync(at=NOW + dt.timedelta(days=1), connection_id=connected.pk, sweep=False)
    assert Deal.objects.get(key="x1").owner == cast.stranger


@pytest.mark.parametrize(
    ("name", "typed", "said"),
    [
        ("person-u1", "nobody@elsewhere.example", "is nobody here"),
        ("field-industry__c", "amount", "is a column of every deal"),
        ("field-industry__c", "x" * 61, "longer than 60 characters"),
        ("field-none__c", "Colour", "The CRM has no field"),
        ("stage-s1", "perhaps", "is none of"),
        ("role-Champion", "king", "is none of"),
    ],
)
def test_what_cannot_be_meant_is_said_and_nothing_typed_is_lost(desk, connected, name, typed, said):
    answer = words(desk, connected, **{"field-score__c": "Our score", name: typed})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert said in page
    assert 'value="Our score"' in page
    connected.refresh_from_db()
    assert (connected.fields, connected.people) == ({}, {})


def test_two_fields_cannot_be_called_alike(desk, connected):
    answer = words(desk, connected, **{"field-score__c": "Industry", "field-industry__c": "industry"})
    assert "Two fields are called" in answer.content.decode()


@pytest.mark.parametrize(("route", "sent"), [("set-pace", {"every_minutes": "many", "budget_share": "37"})])
def test_what_was_typed_beside_what_is_wrong_stays(desk, connected, route, sent):
    answer = desk.post(reverse(route, args=[connected.pk]), sent)
    assert answer.status_code == 422
    assert 'value="37"' in answer.content.decode()


def test_a_wrong_address_keeps_what_was_typed_but_the_token(desk, crm):
    answer = desk.post(reverse("new-connection", args=["fake1"]), given(url="crm.example", name="Ours"))
    said = answer.content.decode()
    assert answer.status_code == 422
    assert "beginning with https://" in said
    assert 'value="Ours"' in said
    assert "canary-token" not in said


def another(desk, made: Connection, **sent):
    return desk.post(reverse("renew-token", args=[made.pk]), {"token": "second"} | sent, follow=True)


def test_a_wrong_address_is_corrected_and_the_token_is_asked_for_again(desk, crm, monkeypatch):
    def nobody():
        raise NotReachable("The CRM did not answer: ConnectError.")

    monkeypatch.setattr(crm, "describe", nobody)
    desk.post(reverse("new-connection", args=["fake1"]), given(url="https://crn.example"))
    made = Connection.objects.get()
    page = desk.get(reverse("connection", args=[made.pk])).text
    assert 'value="https://crn.example"' in page
    refused = another(desk, made, url="https://crm.example", token="")
    assert "Give this: Token." in refused.text
    assert Connection.objects.get().url == "https://crn.example"
    monkeypatch.undo()
    plug_in(monkeypatch, crm)
    another(desk, made, url="https://crm.example/")
    made.refresh_from_db()
    assert (made.url, made.prefix, bool(made.capabilities)) == ("https://crm.example", "", True)
    actions.sync(at=NOW, connection_id=made.pk)
    assert Deal.objects.get(key="x1").name == "Press for Nordwerk"
    told = AuditEvent.objects.filter(action="sign in anew").latest("pk").changes
    assert told == {"address": ["https://crn.example", "https://crm.example"]}


def test_a_token_never_goes_to_an_address_that_others_can_listen_to(desk, crm):
    desk.post(reverse("new-connection", args=["fake1"]), given())
    refused = another(desk, Connection.objects.get(), url="http://crm.example")
    assert "others could read the token" in refused.text
    assert Connection.objects.get().url == "https://crm.example"


def test_what_another_address_showed_is_not_taken_for_this_one(desk, crm, monkeypatch):
    desk.post(reverse("new-connection", args=["fake1"]), given())
    made = Connection.objects.get()
    assert made.capabilities
    another(desk, made, url="https://crm.example")
    made.refresh_from_db()
    tested_at = made.tested_at

    def nobody():
        raise NotReachable("The CRM did not answer: ConnectError.")

    monkeypatch.setattr(crm, "describe", nobody)
    another(desk, made, url="https://crm.example")
    made.refresh_from_db()
    assert made.tested_at == tested_at  # the same address: what was found there holds
    another(desk, made, url="https://other.example")
    made.refresh_from_db()
    assert (made.tested_at, made.capabilities, made.described) == (None, [], {})


def test_a_connection_that_brought_nothing_in_is_taken_away_and_the_next_meets_the_deals_of_files(desk, crm):
    desk.post(reverse("new-connection", args=["fake1"]), given())
    wrong = Connection.objects.get()
    assert "Delete this connection" in desk.get(reverse("connection", args=[wrong.pk])).text
    said = desk.post(reverse("forget-connection", args=[wrong.pk]), follow=True)
    assert "Fake 1 is deleted" in said.text
    desk.post(reverse("new-connection", args=["fake1"]), given())
    assert Connection.objects.get().prefix == ""


def test_a_connection_that_brought_deals_in_stays(desk, connected):
    assert "Delete this connection" not in desk.get(reverse("connection", args=[connected.pk])).text
    said = desk.post(reverse("forget-connection", args=[connected.pk]), follow=True)
    assert "has brought deals in" in said.text
    assert Connection.objects.count() == 1


def test_a_run_that_read_everything_is_not_said_to_have_ended_badly(desk, crm):
    desk.post(reverse("new-connection", args=["fake1"]), given())
    made = Connection.objects.get()
    crm.before_page = lambda number: refuse_all()
    actions.sync(at=NOW, connection_id=made.pk)
    address = reverse("connection", args=[made.pk])
    assert "The last run did not end well" in desk.get(address).text
    crm.before_page = lambda number: None
    actions.sync(at=NOW + dt.timedelta(hours=1), connection_id=made.pk)
    Connection.objects.update(problem="Everything was read. Writing back stopped: 3 records failed.")
    said = desk.get(address).text
    assert "Not everything was written back" in said
    assert "The last run did not end well" not in said


def refuse_all() -> None:
    raise NotReachable("The CRM did not answer.")


def test_users_are_known_before_it_is_switched_on(desk, crm):
    desk.post(reverse("new-connection", args=["fake1"]), given())
    made = Connection.objects.get()
    said = desk.get(reverse("say-words", args=[made.pk])).text
    assert "suggested: Sanna" in said
    assert (made.state, Deal.objects.filter(key="x1").exists()) == ("draft", False)


def test_a_sign_in_that_may_not_see_users_is_tested_all_the_same(desk, crm):
    def refuse(number: int) -> None:
        raise NoRight("The CRM says that this sign-in has no right to it.")

    crm.before_page = refuse
    desk.post(reverse("new-connection", args=["fake1"]), given())
    assert Connection.objects.get().capabilities


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (CapabilityFound(Capability.DEALS, Found.TRACKED, 5000, detail="It counts to 5,000.", at_least=True), "5,000 or more"),
        (CapabilityFound(Capability.DEALS, Found.TRACKED, 7, detail="Of the first 50 deals"), "Nothing. Of the first 50 deals."),
        (CapabilityFound(Capability.WRITE_BACK, Found.NO_RIGHT, ask_for="Edit on Deals"), "Sellers see agreements here, not in the CRM. Ask for Edit on Deals."),
        (CapabilityFound(Capability.OWNER_HISTORY, Found.TRACKED_SINCE, 2, dt.date(2025, 1, 2)), "Work from before that day stands with the owner of today."),
        (CapabilityFound(Capability.ACTIVITIES, Found.TRACKED_SINCE, 2, ask_for="Calls: Read"), "Some of it comes over, some does not. Ask for Calls: Read."),
    ],
)  # fmt: skip
def test_each_line_of_the_self_test_says_no_more_than_was_found(desk, crm, found, said):
    crm.found = (found,)
    desk.post(reverse("new-connection", args=["fake1"]), given())
    page = desk.get(reverse("connection", args=[Connection.objects.get().pk])).text
    shown = page.partition("The self-test")[2].partition("</table>")[0]
    assert said in shown
    assert ".." not in shown


def test_what_is_missing_says_what_it_costs_and_what_to_ask_for(desk, crm):
    crm.found = (CapabilityFound(Capability.APPROVALS, Found.NO_RIGHT, ask_for="read on Approvals"),)
    desk.post(reverse("new-connection", args=["fake1"]), given())
    said = desk.get(reverse("connection", args=[Connection.objects.get().pk])).content.decode()
    assert "signal 2 begins today" in said
    assert "<li>read on Approvals</li>" in said


MANY = CapabilityFound(Capability.DEALS, Found.TRACKED, 900)
PARTLY = CapabilityFound(
    Capability.OWNER_HISTORY, Found.TRACKED_SINCE, 2, dt.date(2025, 1, 2), ask_for="History"
)
MISSING = CapabilityFound(Capability.APPROVALS, Found.NO_RIGHT, ask_for="read on Approvals")


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ((MANY,), "All 1 can be read in full."),
        ((MANY, PARTLY), "1 of 2 can be read in full; 1 in part.</b> One right more would give what is missing."),
        ((MANY, MISSING), "1 of 2 can be read in full; not at all: Approvals.</b> One right more"),
        ((MANY, PARTLY, MISSING), "1 in part; not at all: Approvals.</b> 2 rights more would give what is missing."),
    ],
)  # fmt: skip
def test_the_self_test_is_said_in_one_sentence(desk, crm, found, said):
    crm.found = found
    desk.post(reverse("new-connection", args=["fake1"]), given())
    page = desk.get(reverse("connection", args=[Connection.objects.get().pk])).text
    assert said in page
    assert ('data-copies="ask-for"' in page) == (len(found) > 1)


def ran(made: Connection, began_at: dt.datetime, minutes: float, **read) -> SyncRun:
    ended_at = began_at + dt.timedelta(minutes=minutes)
    return SyncRun.objects.create(
        connection=made, began_at=began_at, touched_at=ended_at, ended_at=ended_at, read=read, waited=20
    )


def test_the_last_two_days_are_told_in_parts_of_three_hours(desk, connected):
    at = timezone.now()
    SyncRun.objects.all().delete()
    for hours, deals in ((1, 5), (2, 7), (40, 11), (49, 1_000)):
        ran(connected, at - dt.timedelta(hours=hours), 1, deals=deals, contacts=1)
    told = queries.for_command(connected.pk, at=at).hours
    assert [one.read for one in told] == [0, 0, 12, *[0] * 12, 14]
    assert [one.waited for one in told] == [0, 0, 20, *[0] * 12, 40]
    assert (
        "It waited 60 s for limits of the CRM." in desk.get(reverse("connection", args=[connected.pk])).text
    )


def test_the_first_load_says_how_long_the_rest_takes_at_its_pace(desk, crm):
    """One deal is here after two minutes of work, in two runs; the CRM counts 900."""
    crm.found = (MANY,)
    desk.post(reverse("new-connection", args=["fake1"]), given())
    made = Connection.objects.get()
    address = reverse("connection", args=[made.pk])
    assert "The first load has 0 of 900 deals.</b></p>" in desk.get(address).text
    actions.sync(at=NOW, connection_id=made.pk)
    assert "The first load" not in desk.get(address).text
    SyncRun.objects.all().delete()
    for hours in (2, 1):
        ran(made, NOW - dt.timedelta(hours=hours), 1)
    Connection.objects.update(synced_at=None)
    told = queries.for_command(made.pk, at=NOW).first_load
    assert told == queries.FirstLoad(1, 900, 2 * 899)
    assert "1 of 900 deals.</b> About 1,798 minutes more at the pace so far." in desk.get(address).text


def test_requests_are_drawn_beside_where_we_stop(desk, connected):
    Connection.objects.update(
        requests=4_000, requests_on=timezone.localdate(), allowance=100_000, budget_share=0.5
    )
    page = desk.get(reverse("connection", args=[connected.pk])).text
    assert 'aria-label="4,000 requests today, we stop at 50,000, 100,000 a day"' in page
    assert '<rect class="bar-fill" y="4" width="16.0"' in page
    assert '<rect class="bar-stop" x="199.0"' in page


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


def test_only_fields_that_hold_text_are_offered_and_taken_for_writing_back(desk, connected):
    address = reverse("connection", args=[connected.pk])
    said = desk.get(address).content.decode()
    assert '<option value="hp_status"' in said
    assert '<option value="hp_count"' not in said
    sent = {"part": "status", "field-status": "hp_count"}
    answer = desk.post(reverse("set-writing-back", args=[connected.pk]), sent, follow=True)
    assert (
        "“Count” holds no text there. Choose a field of your own for “Agreement status”"
        in answer.content.decode()
    )
    assert Connection.objects.get().write_back == []
    sent["field-status"] = "hp_status"
    desk.post(reverse("set-writing-back", args=[connected.pk]), sent)
    assert Connection.objects.get().write_back == ["status"]


def test_many_that_vanished_are_asked_about_and_let_go_when_somebody_says_so(desk, crm, connected):
    for number in range(10):
        crm.open_deal(f"y{number}")
    day = dt.timedelta(days=1)
    actions.sync(at=NOW + day, connection_id=connected.pk)
    for number in range(10):
        crm.delete(f"y{number}", silently=True)
    actions.sync(at=NOW + 2 * day, connection_id=connected.pk)
    address = reverse("connection", args=[connected.pk])
    said = " ".join(desk.get(address).content.decode().split())
    assert "<b>Deals:</b> the CRM shows 10 of 11 no more" in said
    answer = desk.post(reverse("believe-gone", args=[connected.pk]), follow=True)
    assert "compares all records again" in answer.content.decode()
    assert "Many records vanished" not in answer.content.decode()
    actions.sync(at=NOW + 3 * day, connection_id=connected.pk)
    assert Deal.objects.filter(key__startswith="y").count() == 0
    again = desk.post(reverse("believe-gone", args=[connected.pk]), follow=True)
    assert "Nothing that vanished waits for an answer." in again.content.decode()


def test_a_record_that_did_not_take_what_we_wrote_is_named_with_what_the_crm_said(desk, crm):
    desk.post(reverse("new-connection", args=["fake1"]), given())
    made = Connection.objects.get()
    actions.sync(at=NOW, connection_id=made.pk)
    deal, day = Deal.objects.get(key="x1"), dt.timedelta(days=1)
    WrittenBack.objects.create(
        connection=made, external_id="x1", refusal=Written.LOCKED, said="Waiting for approval.",
        at=NOW, held_until=NOW + day,
    )  # fmt: skip
    page = desk.get(reverse("connection", args=[made.pk])).content.decode()
    assert "1 record waits." in page
    assert f'href="{reverse("deal", args=[deal.pk])}"' in page
    assert f"{Written.LOCKED.label}: Waiting for approval." in page
    WrittenBack.objects.update(held_until=None)
    assert "did not take it" not in desk.get(reverse("connection", args=[made.pk])).content.decode()


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
