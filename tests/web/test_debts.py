"""The agreement debt on pages: one number for the sponsor, three debts for a seller and a manager, a file of all."""

from __future__ import annotations

import csv
import datetime as dt
import io
from types import SimpleNamespace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from cast import NOW, TODAY
from discoveries import finished_run
from hingepoint.domain.agreements import actions as agreements
from hingepoint.domain.debts import actions
from hingepoint.domain.discovery import actions as discovery
from hingepoint.records.agreements import AgreementState
from playbooks import in_force
from snapshot import made_once

KEY = "cust.data_access"
PIECE = {"HTTP_HX_REQUEST": "true", "HTTP_HX_TARGET": "agreement-debt"}


@pytest.fixture(autouse=True)
def today(monkeypatch):
    """Let the pages believe that it is the day of the cast."""
    monkeypatch.setattr("hingepoint.web.debts.timezone", SimpleNamespace(localdate=lambda: TODAY))


@pytest.fixture
def book(cast):
    return in_force(cast, KEY)


@pytest.fixture
@made_once
def signed(cast, book):
    run = finished_run(cast)
    run.metric = "supportive:discount<=0.15"
    run.save()
    discovery.decide(by=cast.analyst, at=NOW, run_id=run.pk, key=KEY, verdict="signed", note="Seen it.")
    actions.read_debts(at=NOW, as_of=TODAY)


def shown(client, user, **more):
    client.force_login(user)
    return " ".join(client.get(reverse("debt"), **more).text.split())


def test_the_sponsor_reads_one_number_with_its_range_its_course_and_a_table(client, cast, signed):
    page = shown(client, cast.sponsor)
    assert "2 pivotal agreements on 2 open deals" in page
    assert "€17.9k <span" in page
    assert "Agreement debt over time" in page
    assert "At the end of" in page


def test_the_home_of_the_sponsor_fetches_the_number_and_no_list(client, cast, signed):
    client.force_login(cast.sponsor)
    assert f'hx-get="{reverse("debt")}"' in client.get("/").text
    piece = shown(client, cast.sponsor, **PIECE)
    assert "<html" not in piece
    assert "€17.9k" in piece
    assert 'class="talks"' not in piece


def test_a_seller_reads_why_it_is_worth_paying_and_the_next_act_is_one_click_away(client, cast, signed):
    piece = shown(client, cast.seller, **PIECE)
    kind = cast.deal.agreements.get().type_id
    assert "similar deals (its age, its segment)" in piece
    assert reverse("prepare-talk", args=[cast.deal.pk, kind]) in piece
    step = agreements.Step(state=AgreementState.ASKED, occurred_at=NOW)
    agreements.take_step(by=None, at=NOW, deal_id=cast.deal.pk, type_key=KEY, step=step)
    assert reverse("debrief", args=[cast.deal.pk, kind]) in shown(client, cast.seller, **PIECE)


def test_a_manager_sees_whose_it_is_and_no_sum_of_others(client, cast, signed):
    page = shown(client, cast.manager)
    assert "Sanna" in page
    assert "Stig" not in page
    assert "What it comes to" not in page


def test_without_a_signed_finding_the_page_says_that_nothing_is_valued(client, cast, book):
    actions.read_debts(at=NOW, as_of=TODAY)
    page = shown(client, cast.sponsor)
    assert "2 agreements <span" in page
    assert "2 of them are counted and not valued: no finding on it is signed." in page
    assert "What it is worth is not known" in page


def test_before_the_first_night_the_page_says_what_is_missing(client, cast):
    assert "no reading of the agreement debt yet" in shown(client, cast.sponsor)
    assert "Nothing is owed that can still be paid" in shown(client, cast.seller)


def test_the_file_has_every_debt_that_the_viewer_sees(client, cast, signed):
    found = {}
    for user in (cast.sponsor, cast.manager, cast.seller):
        client.force_login(user)
        answer = client.get(reverse("debts-file"))
        assert answer["Content-Type"] == "text/csv; charset=utf-8"
        text = b"".join(answer.streaming_content).decode("utf-8-sig")
        found[user.name] = list(csv.DictReader(io.StringIO(text)))
    assert [len(found[name]) for name in ("Otto", "Maud", "Sanna")] == [2, 1, 1]
    (row,) = found["Sanna"]
    assert (row["deal_id"], row["agreement"], row["kind"], row["days"]) == ("N-1", KEY, "overdue", "8")
    assert float(row["value"]) == pytest.approx(8_925, abs=1)  # 0.083 drawn to the 0.09 of six weeks
    assert row["can_be_paid"] == "yes"


@pytest.mark.parametrize("who", ["sponsor", "manager", "seller"])
def test_the_page_asks_the_database_at_most_twelve_times(client, cast, signed, who):
    client.force_login(getattr(cast, who))
    with CaptureQueriesContext(connection) as asked:
        client.get(reverse("debt"))
    assert len(asked) <= 12


def test_a_past_day_is_chosen_and_says_by_what_it_was_counted(client, cast, signed):
    later = NOW + dt.timedelta(days=70)
    actions.read_debts(at=later)
    client.force_login(cast.sponsor)
    answer = client.get(reverse("debt") + "?as_of=2026-03-31")
    page = " ".join(answer.text.split())
    assert answer.context["page"].newest.day == dt.date(2026, 3, 31)
    assert "The end of 31 Mar 2026" in page
    assert "Most worth paying" not in page
    assert "Nothing is on record until" in shown_on(client, "2020-01-01")
    assert client.get(reverse("debt") + "?as_of=yesterday").status_code == 200


def shown_on(client, day: str) -> str:
    return client.get(reverse("debt") + f"?as_of={day}").text
