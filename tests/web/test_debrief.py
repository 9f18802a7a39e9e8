"""Debriefing a talk: who committed to what by when, and what follows in the register."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from cast import NOW
from forms import token_in
from hingepoint.domain.agreements import actions as agreements
from hingepoint.domain.agreements.models import Agreement, AgreementType
from hingepoint.domain.home.queries import manager
from hingepoint.domain.negotiation.queries import log
from hingepoint.domain.plans import actions
from hingepoint.domain.plans.models import Debrief
from hingepoint.domain.plans.queries import talks
from hingepoint.records.agreements import AgreementState
from hingepoint.records.plans import Outcome

KEY = "cust.data_access"
GAINED = {"outcome": "gained", "act": "send the log", "person_name": "Karla", "due_on": "2036-12-01"}


@pytest.fixture
def talk(cast):
    """Sanna's talk of yesterday, planned the day before."""
    yesterday = timezone.localdate() - dt.timedelta(days=1)
    return actions.write_plan(
        by=cast.seller,
        at=timezone.now() - dt.timedelta(days=2),
        deal_id=cast.deal.pk,
        type_key=KEY,
        best="the log",
        talk_on=yesterday,
    )


def address(cast) -> str:
    return reverse("debrief", args=[cast.deal.pk, AgreementType.objects.get(key=KEY).pk])


def say(client, cast, **told):
    """Send the debrief's form as it was shown, with what somebody filled in."""
    version = client.get(address(cast)).context["said"]["version"]
    return client.post(address(cast), {"version": version, "held_on": timezone.localdate()} | told)


def state(cast) -> str:
    return Agreement.objects.get(deal=cast.deal, type__key=KEY).state


def test_what_somebody_promised_is_gained_with_its_evidence(client, cast, talk):
    client.force_login(cast.seller)
    answer = say(client, cast, **GAINED)
    row = Agreement.objects.get(deal=cast.deal, type__key=KEY)
    assert answer.url.endswith("?kept=gained")
    assert (row.state, row.act, row.evidence) == ("gained", "send the log", 2)
    kept = Debrief.objects.get()
    assert (kept.plan, kept.step.state) == (talk, "gained")


@pytest.mark.parametrize("lacking", ["act", "person_name", "due_on"])
def test_gained_without_act_person_or_day_is_refused_and_says_what_lacks(client, cast, talk, lacking):
    client.force_login(cast.seller)
    answer = say(client, cast, **GAINED | {lacking: ""})
    assert answer.status_code == 422
    assert "To count as gained" in answer.content.decode()
    assert not Debrief.objects.exists()
    assert state(cast) == "planned"


def test_a_continuation_is_not_an_agreement(client, cast, talk):
    client.force_login(cast.seller)
    assert "is not an agreement" in client.get(address(cast)).content.decode()
    say(client, cast, outcome="continuation", act="send the log", learned="They like us.")
    row = Agreement.objects.get(deal=cast.deal, type__key=KEY)
    assert (row.state, row.act) == ("asked", "")
    assert Debrief.objects.get().learned == "They like us."


def test_a_continuation_leaves_what_stands(client, cast, talk):
    step = agreements.Step(
        state=AgreementState.GAINED, occurred_at=NOW, act="x", person_name="Bo", due_on=NOW.date(), evidence=2
    )
    agreements.take_step(by=cast.seller, at=NOW, deal_id=cast.deal.pk, type_key=KEY, step=step)
    client.force_login(cast.seller)
    say(client, cast, outcome="continuation")
    assert state(cast) == "gained"
    assert Debrief.objects.get().step is None


def test_a_no_says_why(client, cast, talk):
    client.force_login(cast.seller)
    assert say(client, cast, outcome="declined").status_code == 422
    say(client, cast, outcome="declined", why_not="The board forbids it")
    assert state(cast) == "declined"


def test_the_demand_and_the_reason_heard_are_logged(client, cast, talk):
    client.force_login(cast.seller)
    heard = {
        "demand": "Ten percent off the price",
        "reason": "The board caps spending",
        "person_name": "Karla",
    }
    say(client, cast, outcome="soft", **heard)
    [demand] = log.demands(cast.seller, cast.deal.pk)
    assert (demand.topic, demand.words, demand.who) == ("price", "Ten percent off the price", "Karla")
    assert (demand.why.text, demand.why.state) == ("The board caps spending", "stated")
    assert Debrief.objects.get().demand_id == demand.id


def form(client, cast, **told) -> dict:
    """The debrief's form as it was shown, with its one-time token."""
    shown = client.get(address(cast))
    known = {"version": shown.context["said"]["version"], "held_on": timezone.localdate()}
    return known | {"form_token": token_in(shown)} | told


def test_sent_twice_it_is_kept_once(client, cast, talk):
    client.force_login(cast.seller)
    sent = form(client, cast, **GAINED)
    answers = [client.post(address(cast), sent) for _ in range(2)]
    assert [answer.url for answer in answers] == [f"{address(cast)}?kept=gained"] * 2
    assert Debrief.objects.count() == 1


def test_a_second_talk_of_the_day_that_brought_the_same_is_asked_about(client, cast, talk):
    client.force_login(cast.seller)
    client.post(address(cast), form(client, cast, outcome="continuation", learned="They like us."))
    again = form(client, cast, outcome="continuation", learned="They like us.")
    asked = client.post(address(cast), again)
    assert asked.status_code == 409
    assert "They like us." in asked.content.decode()
    client.post(address(cast), again | {"second": "no"})
    assert Debrief.objects.count() == 1
    client.post(address(cast), again | {"second": "yes"})
    assert Debrief.objects.count() == 2


def test_a_demand_that_was_logged_before_its_talk_was_debriefed_is_asked_about(client, cast, talk):
    client.force_login(cast.seller)
    heard = {"outcome": "soft", "demand": "Ten percent off the price", "person_name": "Karla"}
    client.post(
        f"/deals/{cast.deal.pk}/demands/new",
        {"topic": "price", "words": heard["demand"], "asked_by": "Karla", "known": "stated"},
    )
    sent = form(client, cast, **heard)
    assert client.post(address(cast), sent).status_code == 409
    assert not Debrief.objects.exists()
    assert state(cast) == "planned"
    client.post(address(cast), sent | {"second": "no"})
    [demand] = log.demands(cast.seller, cast.deal.pk)
    assert (Debrief.objects.get().demand_id, state(cast)) == (demand.id, "soft")


def test_a_late_debrief_shows_both(client, cast, talk):
    client.force_login(cast.seller)
    version = client.get(address(cast)).context["said"]["version"]
    step = agreements.Step(state=AgreementState.SOFT, occurred_at=NOW)
    agreements.take_step(by=cast.manager, at=NOW, deal_id=cast.deal.pk, type_key=KEY, step=step)
    answer = client.post(address(cast), GAINED | {"version": version})
    assert answer.status_code == 409
    assert "On record now" in answer.content.decode()
    assert "send the log" in answer.content.decode()


def test_a_talk_that_was_not_yet_held_is_not_debriefed(client, cast, talk):
    client.force_login(cast.seller)
    tomorrow = timezone.localdate() + dt.timedelta(days=1)
    assert say(client, cast, **GAINED | {"held_on": tomorrow}).status_code == 422


def test_a_talk_waits_for_its_debrief_until_it_has_one(client, cast, talk):
    today = timezone.localdate()
    with CaptureQueriesContext(connection) as asked:
        assert [one.type_id for one in talks.to_debrief(cast.seller, today=today)] == [talk.agreement.type_id]
    assert len(asked) == 1
    assert talks.to_debrief(cast.stranger, today=today) == []
    assert counted_at_home(cast) == 1
    client.force_login(cast.seller)
    assert "Debriefs due" in client.get("/").content.decode()
    say(client, cast, outcome="soft", held_on=talk.talk_on)
    assert talks.to_debrief(cast.seller, today=today) == []
    assert counted_at_home(cast) == 0


def counted_at_home(cast) -> int:
    return manager.manager_week(cast.manager, today=timezone.localdate(), now=timezone.now()).debriefs


@pytest.mark.parametrize("outcome", Outcome.values)
def test_after_it_the_follow_up_is_offered(client, cast, talk, outcome):
    client.force_login(cast.seller)
    page = client.get(f"{address(cast)}?kept={outcome}").content.decode()
    assert "What comes next" in page
