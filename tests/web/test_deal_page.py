"""One deal: what stands, what to do next, what happened, and how it was on another day."""

import datetime as dt
import re

import pytest

import budget
from cast import NOW, TODAY
from hingepoint.domain.agreements import actions as agreements
from hingepoint.domain.deals import actions as deals
from hingepoint.domain.deals.models import Deal
from hingepoint.records.agreements import AgreementState, Evidence
from hingepoint.records.deals import BuyingRole, EventKind

#: A form's token is masked anew in every answer.
TOKEN = re.compile(rb"[A-Za-z0-9]{64}")
MARCH, JULY = dt.date(2026, 3, 1), dt.date(2026, 7, 1)


def moment(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(9), tzinfo=dt.UTC)


def say(cast, state, *, on=TODAY, recorded=None, key="cust.data_access", **facts):
    step = agreements.Step(state=state, occurred_at=moment(on), **facts)
    agreements.take_step(
        by=cast.seller, at=moment(recorded or on), deal_id=cast.deal.pk, type_key=key, step=step
    )


def note(cast, kind, name, on, *, recorded=None, **facts):
    deals.note_event(
        by=cast.seller,
        at=moment(recorded or on),
        deal_id=cast.deal.pk,
        kind=kind,
        name=name,
        occurred_at=moment(on),
        **facts,
    )


def page(client, user, cast, query=""):
    client.force_login(user)
    return client.get(f"/deals/{cast.deal.pk}/{query}")


def test_it_shows_what_the_deal_is_and_who_takes_part(client, cast):
    contact = deals.add_contact(
        by=None, at=NOW, account=cast.account, key="c1", name="Bo Berg", title="Head of plant"
    )
    deals.name_contact(
        by=None, at=NOW, deal_id=cast.deal.pk, contact=contact, role=BuyingRole.CHAMPION, since=TODAY
    )
    content = page(client, cast.seller, cast).content.decode()
    for words in ("Deal N-1", "Acme Mills", "€100,000", "Sanna", "Bo Berg", "Champion, Head of plant"):
        assert words in content


def test_late_agreements_come_first_with_the_reason_why(client, cast):
    say(cast, AgreementState.SOFT, act="open the books", key="cust.executive_meeting")
    say(cast, AgreementState.ASKED, needed_by=dt.date(2020, 1, 1), person_name="Bo")
    steps = page(client, cast.seller, cast).context["picture"].next_steps
    assert [step.line.key for step in steps] == ["cust.data_access", "cust.executive_meeting"]
    assert "goes on without it" in steps[0].why
    assert "Still open: who" in steps[1].why


def test_a_closed_deal_asks_for_nothing(client, cast):
    say(cast, AgreementState.SOFT)
    Deal.objects.filter(pk=cast.deal.pk).update(status="won", closed_at=NOW)
    assert page(client, cast.seller, cast).context["picture"].next_steps == ()


def test_pushes_of_the_expected_close_are_counted(client, cast):
    for on, new in ((dt.date(2026, 2, 10), "2026-04-01"), (MARCH, "2026-06-01"), (JULY, "2026-05-01")):
        note(cast, EventKind.FIELD, "expected_close", on, note=new)
    facts = page(client, cast.seller, cast).context["facts"]
    assert (facts.pushes, facts.first_expected_on) == (1, dt.date(2026, 4, 1))


def happened(client, user, cast, query=""):
    client.force_login(user)
    return client.get(f"/deals/{cast.deal.pk}/history{query}").context["history"]


def test_history_is_paged_newest_first_and_narrowed_by_kind(client, cast):
    for n in range(25):
        note(cast, EventKind.ACTIVITY, f"call {n}", MARCH + dt.timedelta(days=n))
    note(cast, EventKind.DEMAND, "price", JULY)
    first = happened(client, cast.seller, cast)
    assert first.lines[0].name == "price"
    assert (len(first.lines), first.older) == (20, True)
    second = happened(client, cast.seller, cast, "?page=2")
    assert (len(second.lines), second.older) == (6, False)
    only = happened(client, cast.seller, cast, "?kind=demand")
    assert [one.name for one in only.lines] == ["price"]


def test_htmx_gets_the_history_alone(client, cast):
    note(cast, EventKind.DEMAND, "price", JULY)
    client.force_login(cast.seller)
    headers = {"HX-Request": "true", "HX-Target": "history"}
    answer = client.get(f"/deals/{cast.deal.pk}/history?kind=demand", headers=headers)
    assert answer.content.strip().startswith(b'<div id="history"')


def test_the_deal_is_shown_as_it_was(client, cast):
    note(cast, EventKind.STAGE, "Discover", dt.date(2026, 2, 5))
    note(cast, EventKind.STAGE, "Propose", JULY)
    say(cast, AgreementState.ASKED, on=dt.date(2026, 2, 20))
    say(
        cast,
        AgreementState.GAINED,
        on=JULY,
        act="send it",
        person_name="Bo",
        due_on=JULY,
        evidence=Evidence.TOLD,
    )
    Deal.objects.filter(pk=cast.deal.pk).update(
        status="won", closed_at=moment(JULY), stage="Won", discount=0.1
    )
    then = page(client, cast.seller, cast, "?as_of=2026-03-01")
    facts, picture = then.context["facts"], then.context["picture"]
    assert (facts.status, facts.stage, facts.discount) == ("open", "Discover", None)
    assert [line.state for line in picture.agreements] == ["asked"]
    assert "As it was on 1 Mar 2026" in then.content.decode()
    now = page(client, cast.seller, cast).context["picture"]
    assert (now.facts.status, now.agreements[0].state) == ("won", "gained")


def test_what_was_recorded_later_is_left_out_and_said(client, cast):
    note(cast, EventKind.DEMAND, "price", MARCH, recorded=JULY)
    say(cast, AgreementState.ASKED, on=dt.date(2026, 2, 20), recorded=JULY)
    strict = page(client, cast.seller, cast, "?as_of=2026-03-02")
    assert strict.context["picture"].left_out == 2
    assert strict.context["picture"].agreements == ()
    assert happened(client, cast.seller, cast, "?as_of=2026-03-02").lines == ()
    assert b"2 facts of that time were recorded later" in strict.content
    known_now = "?as_of=2026-03-02&known=now"
    assert len(page(client, cast.seller, cast, known_now).context["picture"].agreements) == 1
    assert len(happened(client, cast.seller, cast, known_now).lines) == 2


def test_before_its_creation_a_deal_did_not_exist(client, cast):
    assert b"did not exist yet" in page(client, cast.seller, cast, "?as_of=2025-01-01").content


def test_a_step_taken_back_later_still_stood_then(client, cast):
    say(cast, AgreementState.ASKED, on=dt.date(2026, 2, 20))
    agreement = Deal.objects.get(pk=cast.deal.pk).agreements.get()
    agreements.undo_step(by=cast.seller, at=moment(JULY), agreement_id=agreement.pk)
    before = page(client, cast.seller, cast, "?as_of=2026-03-01").context["picture"]
    assert [line.state for line in before.agreements] == ["asked"]
    after = page(client, cast.seller, cast, "?as_of=2026-07-02").context["picture"]
    assert after.agreements == ()


@pytest.mark.parametrize(
    "query", ["?as_of=soon", "?as_of=2026-02-31", "?page=0", "?kind=gossip", "?as_of=0001-01-01"]
)
def test_an_address_that_makes_no_sense_shows_a_page(client, cast, query):
    assert page(client, cast.seller, cast, query).status_code == 200
    assert client.get(f"/deals/{cast.deal.pk}/history{query}").status_code == 200


def test_the_trail_says_who_changed_what(client, cast):
    say(cast, AgreementState.SOFT, act="open the books")
    client.force_login(cast.manager)
    content = client.get(f"/deals/{cast.deal.pk}/trail").content.decode()
    for words in ("Sanna", "Early access to key data", "open the books"):
        assert words in content


def test_a_foreign_deal_looks_like_no_deal(client, cast):
    client.force_login(cast.seller)
    for rest in ("", "trail", "?as_of=2026-03-01"):
        foreign = client.get(f"/deals/{cast.foreign_deal.pk}/{rest}")
        absent = client.get(f"/deals/999999/{rest}")
        assert foreign.status_code == absent.status_code == 404
        assert TOKEN.sub(b"", foreign.content) == TOKEN.sub(b"", absent.content)


@pytest.mark.parametrize("query", ["", "?as_of=2026-06-01"])
@pytest.mark.parametrize("who", ["seller", "manager", "sponsor"])
def test_it_costs_twelve_queries_at_most(client, cast, who, query, django_assert_max_num_queries):
    for key in ("cust.data_access", "cust.executive_meeting", "cust.mutual_plan"):
        say(cast, AgreementState.PLANNED, key=key)
    for n in range(30):
        note(cast, EventKind.ACTIVITY, f"call {n}", MARCH + dt.timedelta(days=n))
    client.force_login(getattr(cast, who))
    with django_assert_max_num_queries(budget.STATEMENTS):
        client.get(f"/deals/{cast.deal.pk}/{query}")
