"""What one's assistant proposed: confirmed by the action of its form, or refused; only by its person, in its time."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

import proposed
from cast import NOW
from forms import Forms
from hingepoint.domain.agreements import actions as agreements
from hingepoint.domain.agreements.models import Agreement
from hingepoint.domain.audit.models import AuditEvent
from hingepoint.domain.deals.models import DealEvent
from hingepoint.domain.negotiation.models import Trade
from hingepoint.domain.plans.models import Debrief
from hingepoint.domain.proposals import actions, queries
from hingepoint.domain.proposals.models import Proposal
from hingepoint.domain.trail.queries import deal_trail
from hingepoint.records.agreements import AgreementState
from proposed import proposal

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_calls_before():
    cache.clear()


@pytest.fixture
def sanna(cast) -> Client:
    client = Client()
    client.force_login(cast.seller)
    return client


def form_of(client: Client, row: Proposal) -> dict:
    """Return what the form of a proposal sends when nobody touches it."""
    page = client.get("/proposals/").text
    form = next(one for one in Forms(page, "/proposals/").found if one.action.endswith(f"/{row.pk}/confirm"))
    return form.known | form.sent


def confirm(client: Client, row: Proposal, **typed):
    return client.post(f"/proposals/{row.pk}/confirm", form_of(client, row) | typed)


def test_a_step_is_taken_as_its_form_would_take_it(sanna, cast):
    row = proposal(cast.seller, cast.deal)
    assert confirm(sanna, row).status_code == 302
    made = Agreement.objects.get()
    assert (made.state, made.act, made.person_name, made.evidence) == ("gained", "send the log", "Bo", 3)
    assert made.due_on == dt.date(2999, 1, 1)
    assert made.events.get().recorded_by == cast.seller
    row.refresh_from_db()
    assert (row.state, row.answered_at is not None) == ("confirmed", True)


def test_what_the_person_corrects_is_what_is_written(sanna, cast):
    row = proposal(cast.seller, cast.deal)
    confirm(sanna, row, act="send the whole log", evidence="2")
    assert Agreement.objects.values_list("act", "evidence").get() == ("send the whole log", 2)


def test_each_kind_is_written_by_its_own_action(sanna, cast):
    for tool in ("propose_debrief", "propose_demand", "propose_concession", "propose_event"):
        answer = confirm(sanna, proposal(cast.seller, cast.deal, tool), anyway="on")
        assert answer.status_code == 302, (tool, answer.text)
    assert Debrief.objects.get().learned == "Bo decides"
    facts = set(DealEvent.objects.values_list("kind", "name", "counterpart"))
    assert {
        ("demand", "price", "Bo"),
        ("concession", "training", ""),
        ("activity", "Call with Bo", "Bo"),
    } <= facts
    assert DealEvent.objects.get(counterpart="Bo", note="10 percent off").reasons.get().text == "the board"
    assert Trade.objects.get(event__name="training").topic == "extras"


def test_the_next_step_is_a_plan_to_ask(sanna, cast):
    confirm(sanna, proposal(cast.seller, cast.deal, "propose_next_step"))
    assert Agreement.objects.values_list("state", "act").get() == ("planned", "open the log")


def test_a_concession_with_doubts_is_asked_about_first(sanna, cast):
    row = proposal(cast.seller, cast.deal, "propose_concession", in_return="")
    answer = confirm(sanna, row)
    assert answer.status_code == 422
    assert "Note it all the same" in answer.text
    assert not Trade.objects.exists()
    confirm(sanna, row, anyway="on")
    assert Trade.objects.count() == 1


def test_it_is_written_once_however_often_it_is_sent(sanna, cast):
    row = proposal(cast.seller, cast.deal, "propose_event")
    told = form_of(sanna, row)
    for _ in range(2):
        assert sanna.post(f"/proposals/{row.pk}/confirm", told).status_code == 302
    assert DealEvent.objects.filter(name="Call with Bo").count() == 1


def test_what_is_on_record_already_is_asked_about(sanna, cast):
    for _ in range(2):
        row = proposal(cast.seller, cast.deal, "propose_event")
        answer = confirm(sanna, row)
    assert answer.status_code == 409
    row.refresh_from_db()
    assert row.state == "waiting"
    confirm(sanna, row, second="yes")
    assert DealEvent.objects.filter(name="Call with Bo").count() == 2


def test_who_changed_the_agreement_meanwhile_is_not_written_over_unread(sanna, cast):
    where = {"by": cast.manager, "deal_id": cast.deal.pk, "type_key": proposed.DATA}
    agreements.take_step(at=NOW, step=agreements.Step(AgreementState.ASKED, NOW, act="all of it"), **where)
    row = proposal(cast.seller, cast.deal)
    agreements.take_step(at=NOW, step=agreements.Step(AgreementState.SOFT, NOW, act="half of it"), **where)
    answer = confirm(sanna, row)
    assert answer.status_code == 409
    assert "half of it" in answer.text
    assert "send the log" in answer.text
    form = next(one for one in Forms(answer.text, "/proposals/").found if one.action.endswith("/confirm"))
    assert sanna.post(form.action, form.known | form.sent).status_code == 302
    assert Agreement.objects.get().act == "send the log"


def test_what_is_wrong_comes_back_with_what_was_typed(sanna, cast):
    answer = confirm(sanna, proposal(cast.seller, cast.deal), act="x" * 501)
    assert (answer.status_code, "x" * 501 in answer.text, 'aria-invalid="true"' in answer.text) == (
        422,
        True,
        True,
    )
    assert not Agreement.objects.exists()


def test_a_past_day_is_asked_of_who_was_there(sanna, cast):
    row = proposal(cast.seller, cast.deal, due_on="2026-03-01")
    answer = confirm(sanna, row)
    assert answer.status_code == 422
    assert "Was it agreed on" in answer.text
    assert confirm(sanna, row, agreed="then").status_code == 302


def test_refused_it_writes_nothing_and_is_not_confirmed_any_more(sanna, cast):
    row = proposal(cast.seller, cast.deal)
    told = form_of(sanna, row)
    assert sanna.post(f"/proposals/{row.pk}/refuse").status_code == 302
    assert sanna.post(f"/proposals/{row.pk}/confirm", told).status_code == 422
    assert not Agreement.objects.exists()
    assert "refused" in sanna.get("/proposals/").text


def test_who_waits_too_long_confirms_nothing(sanna, cast):
    row = proposal(cast.seller, cast.deal)
    told = form_of(sanna, row)
    Proposal.objects.update(expires_at=timezone.now() - dt.timedelta(seconds=1))
    assert sanna.post(f"/proposals/{row.pk}/confirm", told).status_code == 422
    assert not Agreement.objects.exists()
    assert "not answered in time" in sanna.get("/proposals/").text


def test_nobody_else_sees_or_answers_it(cast):
    row = proposal(cast.seller, cast.deal)
    for user in (cast.manager, cast.sponsor, cast.analyst, cast.stranger):
        client = Client()
        client.force_login(user)
        assert "send the log" not in client.get("/proposals/").text
        assert client.post(f"/proposals/{row.pk}/confirm", {"state": "gained"}).status_code == 404
        assert client.post(f"/proposals/{row.pk}/refuse").status_code == 404
    assert Proposal.objects.get().state == "waiting"


def test_it_shows_what_a_text_says_and_never_what_it_would_do(sanna, cast):
    hostile = '<script>alert(1)</script> <a href="https://evil.example">open</a>'
    proposal(cast.seller, cast.deal, act=hostile, why=hostile, quote=hostile)
    page = sanna.get("/proposals/").text
    assert "<script>alert" not in page
    assert 'href="https://evil.example' not in page
    assert "as your assistant quotes them" in page


def test_it_is_counted_on_home_and_the_deal_only_if_there_is_one(sanna, cast):
    pages = ("/", f"/deals/{cast.deal.pk}/")
    assert not any("Your assistant proposes" in sanna.get(page).text for page in pages)
    proposal(cast.seller, cast.deal)
    assert all("Your assistant proposes" in sanna.get(page).text for page in pages)


def test_the_trail_says_who_confirmed_what_an_assistant_proposed(sanna, cast):
    confirm(sanna, proposal(cast.seller, cast.deal))
    told = [line.what for line in deal_trail(cast.manager, cast.deal.pk).trail.lines]
    assert "confirmed what had been proposed by an assistant" in told
    assert AuditEvent.objects.get(action="confirm proposal").by_name == "Sanna"


def test_old_ones_are_forgotten(cast):
    proposal(cast.seller, cast.deal)
    assert actions.forget_old(at=timezone.now() + dt.timedelta(days=90)) == 0
    assert actions.forget_old(at=timezone.now() + dt.timedelta(days=98)) == 1
    assert queries.proposals(cast.seller, at=timezone.now()).waiting == ()
