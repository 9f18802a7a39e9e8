"""The list of deals, the matrix and their exports as they were known on a day."""

import csv
import datetime as dt
import io

import pytest
from django.utils import timezone

import budget
from cast import NOW, deal
from hingepoint.domain.agreements import actions as agreements
from hingepoint.domain.agreements.models import Agreement, AgreementType
from hingepoint.domain.deals import actions as deals
from hingepoint.domain.deals.models import Deal
from hingepoint.records.agreements import AgreementState, Evidence
from hingepoint.records.deals import EventKind
from snapshot import made_once

DAY = "as_of=2026-03-10"
LATER = NOW + dt.timedelta(weeks=12)
COLUMN = "show=cust.data_access"


def note(found, kind, name, *, at=NOW, recorded=None, **facts):
    where = {"deal_id": found.pk, "kind": kind, "name": name, "occurred_at": at}
    deals.note_event(by=None, at=recorded or at, **where, **facts)


def say(found, state, *, at=NOW, recorded=None, **facts):
    step = agreements.Step(state=state, occurred_at=at, **facts)
    agreements.take_step(by=None, at=recorded or at, deal_id=found.pk, type_key="cust.data_access", step=step)


@pytest.fixture
@made_once
def past(cast):
    """Sanna's deal was open in Discover for 80,000 and had asked; since then it was gained and won."""
    note(cast.deal, EventKind.STAGE, "Discover")
    note(cast.deal, EventKind.FIELD, "amount", value="80000")
    note(cast.deal, EventKind.FIELD, "expected_close", note="2026-04-30")
    say(cast.deal, AgreementState.ASKED)
    note(cast.deal, EventKind.STAGE, "Closing", at=LATER)
    note(cast.deal, EventKind.FIELD, "amount", at=LATER, value="60000")
    promised = {"act": "send it", "person_name": "Bo", "due_on": LATER.date(), "evidence": Evidence.TOLD}
    say(cast.deal, AgreementState.GAINED, at=LATER, **promised)
    now = {"status": "won", "closed_at": LATER, "stage": "Won", "amount": 60_000, "discount": 0.1}
    Deal.objects.filter(pk=cast.deal.pk).update(**now)
    return cast.deal


def get(client, user, address):
    client.force_login(user)
    return client.get(address)


def keys(answer) -> list[str]:
    return [row.deal.key for row in answer.context["list"].rows]


def test_the_list_shows_a_deal_as_it_was(client, cast, past):
    answer = get(client, cast.seller, f"/deals/?{DAY}")
    (row,) = answer.context["list"].rows
    line = row.deal
    assert (line.status, line.stage, line.amount, line.discount) == ("open", "Discover", 80_000, None)
    assert (line.expected_close_on, line.closed_at) == (dt.date(2026, 4, 30), None)
    assert (row.tally.recorded, row.tally.standing) == (1, 0)
    assert answer.context["list"].totals[0].amount == 80_000
    assert "As it was on 10 Mar 2026" in answer.text
    assert f"/deals/{past.pk}/?{DAY}" in answer.text


def test_today_is_as_it_ever_was(client, cast, past):
    assert keys(get(client, cast.seller, "/deals/?status=open")) == []
    assert keys(get(client, cast.seller, f"/deals/?status=open&as_of={timezone.localdate()}")) == []
    assert "Back to today" not in get(client, cast.seller, "/deals/?status=won").text


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("status=won", []),
        ("status=open&stage=Discover", ["N-1"]),
        ("stage=Closing", []),
        ("amount_from=70000", ["N-1"]),
        ("amount_to=70000", []),
        ("close_from=2026-04-30&close_to=2026-04-30", ["N-1"]),
        ("close_from=2026-05-01", []),
        ("overdue=on", ["N-1"]),
    ],
)
def test_filters_ask_for_what_was(client, cast, past, query, found):
    assert keys(get(client, cast.seller, f"/deals/?{query}&{DAY}")) == found


def test_what_a_look_back_cannot_tell_is_said(client, cast, past):
    page = get(client, cast.seller, f"/deals/?overdue=on&{DAY}").text
    assert "Owner, team, account, segment, region and product are today" in page
    assert "history does not keep by when an agreement was needed" in page


def test_a_deal_that_did_not_exist_yet_is_not_listed(client, cast, past):
    deal("N-2", owner=cast.seller, team=cast.north, created_at=LATER)
    assert keys(get(client, cast.seller, f"/deals/?{DAY}")) == ["N-1"]


def test_what_was_recorded_later_was_not_known(client, cast):
    note(cast.deal, EventKind.FIELD, "amount", recorded=LATER, value="5")
    say(cast.deal, AgreementState.ASKED, recorded=LATER)
    (row,) = get(client, cast.seller, f"/deals/?{DAY}").context["list"].rows
    assert (row.deal.amount, row.tally.recorded) == (100_000, 0)
    answer = get(client, cast.seller, f"/deals/?{DAY}&known=now")
    (row,) = answer.context["list"].rows
    assert (row.deal.amount, row.tally.recorded) == (5, 1)
    assert f"/deals/{cast.deal.pk}/?{DAY}&amp;known=now" in answer.text


def test_the_matrix_shows_the_states_of_then_and_counts_them(client, cast, past):
    answer = get(client, cast.seller, f"/matrix/?{COLUMN}&{DAY}")
    matrix = answer.context["matrix"]
    assert [cell.state for cell in matrix.rows[0].cells] == ["asked"]
    assert (matrix.columns[0].standing, matrix.columns[0].of) == (0, 1)
    then = get(client, cast.seller, f"/matrix/?status=all&{COLUMN}&as_of={LATER.date()}").context["matrix"]
    assert [cell.state for cell in then.rows[0].cells] == ["gained"]
    assert then.columns[0].standing == 1
    assert "Change several deals at once" not in answer.text


def test_a_step_taken_back_later_still_counts_for_then(client, cast):
    say(cast.deal, AgreementState.NOT_NEEDED, reason="no data here")
    row = Agreement.objects.get(deal=cast.deal)
    agreements.undo_step(by=cast.seller, at=LATER, agreement_id=row.pk)
    before = get(client, cast.seller, f"/matrix/?{COLUMN}&{DAY}").context["matrix"]
    after = get(client, cast.seller, f"/matrix/?{COLUMN}&as_of={LATER.date()}").context["matrix"]
    assert (before.columns[0].of, after.columns[0].of) == (0, 1)


@pytest.mark.parametrize("page", ["/deals/", "/matrix/"])
@pytest.mark.parametrize("who", ["seller", "manager", "sponsor"])
def test_looking_back_costs_few_statements(client, cast, past, page, who, django_assert_max_num_queries):
    client.force_login(getattr(cast, who))
    with django_assert_max_num_queries(budget.STATEMENTS):
        client.get(f"{page}?status=all&sort=close&{DAY}")


@pytest.mark.parametrize("sort", ["amount", "-close", "stage", "status", "discount", "closed"])
def test_any_order_looks_back(client, cast, past, sort):
    assert keys(get(client, cast.seller, f"/deals/?status=all&sort={sort}&{DAY}")) == ["N-1"]


def exported(client, user, table, query):
    answer = get(client, user, f"/export/{table}.csv?{query}")
    assert "as-of-2026-03-10" in answer["Content-Disposition"]
    return list(csv.DictReader(io.StringIO(b"".join(answer).decode("utf-8-sig"), newline="")))


def test_exports_follow(client, cast, past):
    (row,) = exported(client, cast.seller, "deals", DAY)
    assert (row["status"], row["stage"], float(row["amount"]), row["closed"]) == (
        "open",
        "Discover",
        80_000,
        "",
    )
    assert row["expected_close"] == "2026-04-30"
    (step,) = exported(client, cast.seller, "agreements", DAY)
    assert (step["state"], step["act"]) == ("asked", "")
    events = exported(client, cast.seller, "events", DAY)
    assert {event["at"][:10] for event in events} == {"2026-03-02"}
    assert exported(client, cast.stranger, "deals", f"q=N-1&{DAY}") == []


def test_a_table_that_cannot_look_back_is_refused(client, cast, past):
    assert get(client, cast.seller, f"/export/demands.csv?{DAY}").status_code == 404


def test_a_saved_view_keeps_the_day(client, cast, past):
    client.force_login(cast.seller)
    kept = {"page": "deals", "name": "Then", "query": f"status=open&{DAY}"}
    answer = client.post("/views/save", kept, follow=True)
    assert answer.context["views"][0].query == f"status=open&{DAY}"
    assert keys(answer) == ["N-1"]


def test_an_agreement_that_nobody_has_said_anything_about_has_nothing_then_either(client, cast):
    kind = AgreementType.objects.exclude(agreements__deal=cast.deal).first()
    answer = get(client, cast.seller, f"/deals/{cast.deal.pk}/agreements/{kind.pk}/?{DAY}")
    assert answer.status_code == 200
    assert "Nothing was said about it by then" in answer.content.decode()
    assert "The next step" not in answer.content.decode()
