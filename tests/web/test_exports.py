"""Taking tables out: with one's own rights, safe to open, and read back to the same."""

import csv
import datetime as dt
import io
import json

import polars as pl
import pytest
from django.utils import timezone

import talks
from cast import NOW, deal
from hingepoint.domain.agreements import actions as agreements
from hingepoint.domain.deals import actions as deals
from hingepoint.domain.imports import tables
from hingepoint.records.agreements import AgreementState, Evidence
from hingepoint.records.deals import EventKind
from hingepoint.records.talks import Topic


def rows(client, user, address) -> list[dict]:
    client.force_login(user)
    body = b"".join(client.get(address)).decode("utf-8-sig")
    return json.loads(body) if ".json" in address else list(csv.DictReader(io.StringIO(body, newline="")))


def gain(found, **facts):
    told = {"act": "send it", "person_name": "Bo", "due_on": dt.date(2026, 4, 1), "evidence": Evidence.TOLD}
    step = agreements.Step(state=AgreementState.GAINED, occurred_at=NOW, **told | facts)
    agreements.take_step(by=None, at=NOW, deal_id=found.pk, type_key="cust.data_access", step=step)


def test_what_was_negotiated_goes_out_without_corridor_and_pulse(client, cast):
    why = talks.negotiation.Why("A rise needs a board paper", said_by="Bo Lind")
    demand = talks.a_demand(cast, why=why)
    told = {"topic": Topic.EXTRAS, "what": "Training", "in_return": "three years", "demand_id": demand.pk}
    talks.negotiation.concede(by=cast.seller, at=NOW, deal_id=cast.deal.pk, worth=3, final=True, **told)
    talks.an_exception(cast)
    talks.a_role(cast)
    (asked,) = rows(client, cast.manager, "/export/demands.json")
    assert (asked["words"], asked["reason"]) == ("10 percent off", "A rise needs a board paper")
    (given,) = rows(client, cast.manager, "/export/concessions.json")
    assert (given["topic"], given["answers"], given["last_word"]) == ("extras", "price", True)
    (request,) = rows(client, cast.manager, "/export/exceptions.json")
    assert (request["wanted"], request["path"]) == ("60 days to pay", "fast")
    (role,) = rows(client, cast.manager, "/export/executives.json")
    assert role["aim"] == "hear what must be different"
    for who in ("stranger", "inside_partner"):
        for table in ("demands", "concessions", "exceptions", "executives"):
            assert rows(client, getattr(cast, who), f"/export/{table}.csv") == []


@pytest.mark.parametrize(
    ("who", "keys"), [("seller", {"N-1"}), ("sponsor", {"N-1", "S-1"}), ("inside_partner", set())]
)
@pytest.mark.parametrize("table", ["deals", "agreements", "events"])
def test_everybody_takes_out_what_they_may_see(client, cast, table, who, keys):
    for found in (cast.deal, cast.foreign_deal):
        gain(found)
    for format in ("csv", "json"):
        found = rows(client, getattr(cast, who), f"/export/{table}.{format}")
        assert {row["deal_id"] for row in found} == keys


def test_a_filter_narrows_and_no_filter_takes_everything(client, cast):
    deal("N-2", owner=cast.seller, team=cast.north, status="won", closed_at=NOW)
    assert {row["deal_id"] for row in rows(client, cast.seller, "/export/deals.csv")} == {"N-1", "N-2"}
    assert {row["deal_id"] for row in rows(client, cast.seller, "/export/deals.csv?status=won")} == {"N-2"}


def test_deals_carry_the_columns_of_the_manual_and_those_kept_from_files(client, cast):
    deal("N-2", owner=cast.seller, team=cast.north, discount=-0.05, extra={"Deal type": "renewal"})
    row = rows(client, cast.seller, "/export/deals.csv")[1]
    told = {
        name: row[name] for name in ("deal_id", "owner", "manager", "team", "discount", "Deal type", "name")
    }
    assert told == {
        "deal_id": "N-2",
        "owner": "sanna@hinge.example",
        "manager": "maud@hinge.example",
        "team": "North",
        "discount": "-0.05",
        "Deal type": "renewal",
        "name": "Deal N-2",
    }
    created = timezone.localtime(NOW - dt.timedelta(weeks=4))
    assert row["created"] == created.isoformat(sep=" ")  # the company's time, with its offset


def test_no_cell_begins_a_formula(client, cast):
    deal("=1+1", owner=cast.seller, team=cast.north, name="@SUM(A1)")
    keys = {row["deal_id"] for row in rows(client, cast.seller, "/export/deals.csv")}
    assert "'=1+1" in keys


def test_excel_opens_it(client, cast, tmp_path):
    client.force_login(cast.seller)
    file = tmp_path / "deals.xlsx"
    file.write_bytes(b"".join(client.get("/export/deals.xlsx")))
    assert pl.read_excel(file)["deal_id"].to_list() == ["N-1"]


def test_steps_that_were_taken_back_stay_at_home(client, cast):
    gain(cast.deal)
    agreements.undo_step(by=None, at=NOW, agreement_id=cast.deal.agreements.get().pk)
    assert rows(client, cast.seller, "/export/events.csv") == []


def test_the_whole_history_comes_out(client, cast):
    gain(cast.deal)
    deals.note_event(
        by=None,
        at=NOW,
        deal_id=cast.deal.pk,
        kind=EventKind.CONCESSION,
        name="extra discount",
        occurred_at=NOW,
        value=-500,
    )
    found = {row["kind"]: row for row in rows(client, cast.seller, "/export/events.csv")}
    assert found["agreement"]["agreement"] == "cust.data_access"
    assert found["agreement"]["act"] == "send it"
    assert float(found["concession"]["value"]) == -500


@pytest.mark.parametrize(
    "address", ["/export/users.csv", "/export/deals.exe", "/export/..csv", "/export/deals"]
)
def test_there_is_nothing_else_to_take(client, cast, address):
    client.force_login(cast.sponsor)
    assert client.get(address).status_code == 404


@pytest.mark.parametrize("table", sorted(set(tables.TABLES) - set(tables.OF_DEALS)))
def test_what_no_choice_of_deals_narrows_is_no_page_of_anybodys(client, cast, table):
    client.force_login(cast.sponsor)
    assert client.get(f"/export/{table}.csv").status_code == 404
