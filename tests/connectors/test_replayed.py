"""Our connectors against what real servers answered: Odoo 18, EspoCRM 8.4.2 and Tryton 8.2, recorded and replayed."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from connectors import replay
from connectors.fakes.odoo import LEAD, MESSAGE, TRACKING
from connectors.reading import read
from connectors.recorded import needs_cassettes
from hingepoint.connectors import crm
from hingepoint.connectors.exchange import NoRight, NotSignedIn, NotUnderstood, Rejected
from hingepoint.connectors.odoo.rpc import Json2, json_rpc
from hingepoint.connectors.paging import Mark
from hingepoint.connectors.source import Address, Wanted
from hingepoint.records.crm import (
    Capability,
    CrmChange,
    CrmObject,
    DealField,
    Fate,
    Found,
    Origin,
    Written,
)
from hingepoint.records.deals import DealStatus

pytestmark = needs_cassettes

SECOND = dt.timedelta(seconds=1)


def opened(key: str, server: replay.Replayed, address: Address | None = None, **wanted: Any) -> Any:
    return crm(key).open(address or server.address(), server.exchange(), Wanted(**wanted))


def told(changes: list[CrmChange], field: DealField, origin: Origin = Origin.NATIVE) -> list[tuple]:
    """Return old and new of one field, in order."""
    found = [each for each in changes if each.field is field and each.origin is origin]
    return [(each.old, each.new) for each in sorted(found, key=lambda each: each.at)]


# -- Odoo 18 -------------------------------------------------------------------------------------------------------


@pytest.fixture
def odoo() -> Iterator[replay.Odoo]:
    with replay.Odoo() as server:
        yield server


def test_odoo_takes_the_sign_in_and_says_its_version(odoo):
    source = opened("odoo", odoo)
    assert (source.rpc.uid, source.rpc.version) == (2, "18.0")
    assert [each.path for each in odoo.requests] == ["/web/version", "/jsonrpc", "/jsonrpc"]
    assert odoo.never_recorded == []


def test_odoo_sends_json_2_of_version_18_to_its_sign_in_page_which_is_not_followed(odoo):
    with pytest.raises(NotUnderstood, match="303"):
        Json2(odoo.exchange(), "19.0").call(LEAD, "search_read")
    assert len(odoo.requests) == 1


def test_odoo_describes_its_stages_fields_and_currency(odoo):
    said = opened("odoo", odoo, odoo.salesperson()).describe()
    assert (said.instance, said.currency, said.user) == ("YourCompany", "USD", "8")
    assert [(stage.name, stage.status) for stage in said.stages] == [
        ("New", DealStatus.OPEN), ("Qualified", DealStatus.OPEN), ("Proposition", DealStatus.OPEN),
        ("Won", DealStatus.WON),
    ]  # fmt: skip
    fields = {each.name: each for each in said.fields}
    assert {name for name, each in fields.items() if each.custom} == {
        "x_agx_status", "x_agx_next_agreement", "x_agx_plan_url", "x_agx_gained",
    }  # fmt: skip
    assert (fields["expected_revenue"].writable, fields["expected_revenue"].type) == (False, "monetary")
    assert {each.tracked for each in said.fields} == {None}  # a salesperson may not read which are
    assert odoo.never_recorded == []


def test_the_deal_comes_from_odoo_as_it_was_left(odoo):
    [deal] = read(opened("odoo", odoo), CrmObject.DEALS)[CrmObject.DEALS]
    assert (deal.id, deal.name, deal.status) == ("49", "Acme – line 4 retrofit", DealStatus.WON)
    assert (deal.amount, deal.stage_id, deal.owner_id) == (Decimal(110000), "4", "6")
    assert (deal.expected_close_on, deal.probability) == (dt.date(2027, 1, 31), 1.0)
    assert deal.created_at == dt.datetime(2026, 11, 23, 5, 52, 11, tzinfo=dt.UTC)
    assert deal.closed_at == dt.datetime(2026, 11, 23, 5, 52, 14, tzinfo=dt.UTC)


def test_the_history_comes_from_odoo_as_it_went(odoo):
    changes = read(opened("odoo", odoo), CrmObject.CHANGES)[CrmObject.CHANGES]
    assert {each.deal_id for each in changes} == {"49"}
    assert told(changes, DealField.STAGE) == [("1", "2"), ("2", "3"), ("3", "4")]
    assert told(changes, DealField.AMOUNT) == [("120000", "110000")]
    assert told(changes, DealField.OWNER) == [("2", "6")]
    assert [new for _, new in told(changes, DealField.STATUS)] == ["lost", "open", "won"]
    began = {each.field: each.new for each in changes if each.origin is Origin.INFERRED}
    assert began == {"stage": "1", "amount": "120000", "owner": "2", "status": "open"}
    assert [each.at.second for each in changes if each.new == "lost"] == [14]


def test_a_salesperson_gets_the_same_history_of_odoo_from_the_thread_of_the_deal(odoo):
    as_administrator, as_person = (
        {each.native_id: each for each in read(source, CrmObject.CHANGES)[CrmObject.CHANGES]}
        for source in (opened("odoo", odoo), opened("odoo", odoo, odoo.salesperson()))
    )
    assert {id: (c.old, c.new, c.at) for id, c in as_person.items()} == {
        id: (c.old, c.new, c.at) for id, c in as_administrator.items()
    }
    assert "/mail/thread/messages" in {each.path for each in odoo.requests}


def test_odoo_refuses_a_salesperson_the_tracking_values_with_http_200(odoo):
    source = opened("odoo", odoo, odoo.salesperson())
    with pytest.raises(NoRight):
        source.call(TRACKING, "search_count", domain=[])
    assert odoo.replies[-1].status == 200


def test_the_self_test_of_a_salesperson_says_which_right_of_odoo_is_missing(odoo):
    with_key = Address(odoo.url, {"login": "sync@example.com", "key": replay.HIDDEN}, {"database": "demo"})
    found = {line.capability: line for line in opened("odoo", odoo, with_key).test()}
    assert found[Capability.STAGE_HISTORY].found == Found.NO_RIGHT
    assert "Administration / Settings" in found[Capability.STAGE_HISTORY].ask_for
    as_person = {line.capability: line for line in opened("odoo", odoo, odoo.salesperson()).test()}
    assert as_person[Capability.STAGE_HISTORY].found == Found.TRACKED


def test_a_method_of_odoo_without_a_result_is_no_error(odoo):
    said = ["demo", 2, "admin", LEAD, "action_set_lost", [[49]], {"lost_reason_id": 1}]
    assert json_rpc(odoo.exchange(), "object", "execute_kw", said).result is None
    assert b'"result"' not in odoo.replies[-1].bytes()


def test_what_odoo_does_not_know_is_a_refusal_in_its_words(odoo):
    said = ["demo", 2, "admin", "res.users.apikeys", "generate", ["x"], {}]
    with pytest.raises(Rejected, match="Odoo refused"):
        json_rpc(odoo.exchange(), "object", "execute_kw", said)


def test_a_deal_of_odoo_that_was_deleted_has_vanished(odoo):
    source = opened("odoo", odoo)
    assert source.ids(CrmObject.DEALS, "") == (frozenset({"49"}), "")
    assert [each.fate for each in source.fates(CrmObject.DEALS, ["49", "50"])] == [Fate.LIVE, Fate.VANISHED]


def test_our_fields_are_written_to_odoo_as_they_were_when_it_was_recorded():
    values = {
        "x_agx_status": "4/7 gained", "x_agx_next_agreement": "Executive sponsor named",
        "x_agx_plan_url": "http://127.0.0.1/agreements/deal/46", "x_agx_gained": "4",
    }  # fmt: skip
    with replay.Odoo(until=41) as odoo:
        source = opened("odoo", odoo)
        done = source.write("49", values)
        assert done.written is Written.DONE
        assert done.modified_at == dt.datetime(2026, 11, 23, 5, 52, 16, tzinfo=dt.UTC)
        assert source.write("49", values).written is Written.SAME
        assert odoo.never_recorded == []


def test_what_is_asked_of_odoo_beyond_what_was_recorded_is_known(odoo):
    """The recording does not show these; whoever asks for more adds a line here, and knows that it was never seen."""
    source = opened("odoo", odoo)
    read(source, CrmObject.DEALS, CrmObject.CHANGES)
    assert odoo.never_recorded == []
    of_messages = {
        "write_date",
        "subtype_id",
        "mail_activity_type_id",
        "tracking_value_ids",
    }  # of some of them
    assert odoo.not_shown == {
        *(f"{LEAD}.{name}" for name in ("company_currency", "team_id", "source_id", "function")),
        *(f"{MESSAGE}.{name}" for name in of_messages),
        "res.partner.write_date",
    }


# -- EspoCRM 8.4.2 -------------------------------------------------------------------------------------------------

LINE_4 = "6b03d4bf82c2dd155"
FIVE = dt.datetime(2026, 11, 23, 5, tzinfo=dt.UTC)


@pytest.fixture
def espocrm() -> Iterator[replay.EspoCrm]:
    with replay.EspoCrm() as server:
        yield server


def test_espocrm_describes_its_stages_and_the_names_that_it_gave_our_fields(espocrm):
    said = opened("espocrm", espocrm).describe()
    assert (said.instance, said.currency) == ("EspoCRM", "USD")
    outcomes = {stage.id: stage.status for stage in said.stages}
    assert (outcomes["Closed Won"], outcomes["Closed Lost"], outcomes["Negotiation"]) == (
        DealStatus.WON, DealStatus.LOST, DealStatus.OPEN,
    )  # fmt: skip
    assert {each.name for each in said.fields if each.custom} >= {"cAgxStatus", "cAgxGained", "cAgxPlanUrl"}
    assert {each.name for each in said.fields if each.tracked} >= {"amount", "stage", "closeDate"}
    assert espocrm.never_recorded == []


def test_the_deals_that_espocrm_shows_since_five_come_with_the_people_on_them():
    with replay.EspoCrm(until=33) as espocrm:
        source = opened("espocrm", espocrm, espocrm.with_a_role())
        page = source.page(CrmObject.DEALS, json.dumps({"records": Mark(FIVE + SECOND).text()}))
        assert (len(page.records), page.more, espocrm.never_recorded) == (125, False, [])
    deal = next(each for each in page.records if each.id == LINE_4)
    assert (deal.amount, deal.currency, deal.stage_id) == (Decimal(110000), "USD", "Closed Won")
    assert (deal.status, deal.expected_close_on) == (DealStatus.WON, dt.date(2027, 1, 31))
    assert [role.role for role in deal.roles] == ["Decision Maker"]


@pytest.mark.parametrize("who", ["address", "with_a_role"])
def test_the_history_comes_from_espocrm_as_it_went(espocrm, who):
    """For an administrator from the list of all notes, for others, who are shown none there, from the stream of the deal."""
    source = opened("espocrm", espocrm, getattr(espocrm, who)())
    changes = source.again(CrmObject.CHANGES, [LINE_4]).records
    assert [new for _, new in told(changes, DealField.STAGE)] == [
        "Prospecting", "Qualification", "Proposal", "Negotiation", "Closed Lost", "Negotiation", "Closed Won",
    ]  # fmt: skip
    assert [new for _, new in told(changes, DealField.STATUS)] == ["open", "lost", "open", "won"]
    assert told(changes, DealField.AMOUNT)[0] == ("120000", "110000")
    assert told(changes, DealField.EXPECTED_CLOSE) == [("2026-12-31", "2027-01-31")]
    assert [new for _, new in told(changes, DealField.OWNER)] == ["6b03d4c32aa31aed5"]
    assert told(changes, DealField.AMOUNT, Origin.INFERRED) == [("", "120000")]


def test_all_notes_of_espocrm_are_read_in_order_of_their_number(espocrm):
    source = opened("espocrm", espocrm)
    source.size = 40
    found = read(source, CrmObject.CHANGES)[CrmObject.CHANGES]
    native = {each.native_id for each in found if each.origin is Origin.NATIVE}
    again = source.again(CrmObject.CHANGES, [LINE_4]).records
    assert native >= {each.native_id for each in again if each.origin is Origin.NATIVE}
    assert {each.deal_id for each in found} > {LINE_4}


def test_espocrm_refuses_a_larger_page_and_says_the_reason_in_a_header(espocrm):
    source = opened("espocrm", espocrm)
    source.size = 500
    with pytest.raises(NoRight):
        source.page(CrmObject.DEALS, "")
    assert "Max size should not exceed 200" in espocrm.replies[-1].headers["x-status-reason"]


def test_espocrm_does_not_take_a_key_that_is_wrong(espocrm):
    with pytest.raises(NotSignedIn):
        opened("espocrm", espocrm, espocrm.stranger()).page(CrmObject.DEALS, "")


@pytest.mark.parametrize(("who", "fate"), [("address", Fate.DELETED), ("with_a_role", Fate.VANISHED)])
def test_a_deal_that_was_deleted_in_espocrm(espocrm, who, fate):
    """An administrator is shown it as deleted; to others there is none."""
    deleted = "6b03d4d18f71fd457"
    [found] = opened("espocrm", espocrm, getattr(espocrm, who)()).fates(CrmObject.DEALS, [deleted])
    assert found.fate is fate


def test_the_loser_of_a_merge_in_espocrm_is_deleted_and_names_no_survivor(espocrm):
    [fate] = opened("espocrm", espocrm).fates(CrmObject.DEALS, ["6b03d4ce60c6121b9"])
    assert (fate.fate, fate.into) == (Fate.DELETED, "")
    assert espocrm.never_recorded == []


def test_an_empty_list_of_notes_of_espocrm_is_not_taken_for_no_history():
    with replay.EspoCrm(until=35) as espocrm:  # later deals stand there without their notes
        found = {line.capability: line for line in opened("espocrm", espocrm, espocrm.with_a_role()).test()}
    assert found[Capability.STAGE_HISTORY].found == Found.TRACKED
    assert "stream of each deal" in found[Capability.STAGE_HISTORY].detail


def test_the_self_test_counts_the_deals_that_espocrm_counted(espocrm):
    found = {line.capability: line for line in opened("espocrm", espocrm).test()}
    assert (found[Capability.DEALS].found, found[Capability.DEALS].count) == (Found.TRACKED, 129)
    assert found[Capability.WRITE_BACK].found == Found.TRACKED


def test_our_fields_are_written_to_espocrm_as_they_were_when_it_was_recorded():
    values = {
        "cAgxStatus": "4/7", "cAgxNextAgreement": "Exec sponsor", "cAgxPlanUrl": "http://127.0.0.1/deal/1",
        "cAgxGained": "4",
    }  # fmt: skip
    with replay.EspoCrm(until=24) as espocrm:
        source = opened("espocrm", espocrm)
        done = source.write(LINE_4, values)
        assert (done.written, done.modified_at) == (
            Written.DONE,
            dt.datetime(2026, 11, 23, 5, 53, 15, tzinfo=dt.UTC),
        )
        assert source.write(LINE_4, values).written is Written.SAME
        assert espocrm.never_recorded == []


@pytest.mark.parametrize(
    ("entity", "values", "reason"),
    [
        (
            "Task",
            {"name": "Prepare", "parentType": "Opportunity", "parentId": LINE_4},
            "assignedUser, type: required",
        ),
        ("Account", {"name": "Globex Industrial"}, "duplicate"),
    ],
)
def test_what_espocrm_refuses_is_told_with_its_reason(espocrm, entity, values, reason):
    """400 for a field that must be filled in, 409 for what looks like a duplicate."""
    said = opened("espocrm", espocrm)._put("POST", entity, values)
    assert said.written is Written.REFUSED
    assert reason in said.detail


# -- Tryton 8.2 ----------------------------------------------------------------------------------------------------


@pytest.fixture
def tryton() -> Iterator[replay.Tryton]:
    with replay.Tryton() as server:
        yield server


def test_the_history_comes_from_tryton_as_it_went(tryton):
    changes = list(opened("tryton", tryton).again(CrmObject.CHANGES, ["1"]).records)
    assert [new for _, new in told(changes, DealField.STAGE)] == ["lead", "opportunity", "converted", "won"]
    assert told(changes, DealField.AMOUNT)[-2:] == [("120000", "110000"), ("110000", "8000")]
    assert told(changes, DealField.OWNER)[-1] == ("1", "2")
    assert told(changes, DealField.STATUS, Origin.INFERRED) == [("open", "won")]
    assert tryton.never_recorded == []


def test_a_deal_that_was_deleted_in_tryton_has_left_its_revisions(tryton):
    [fate] = opened("tryton", tryton).fates(CrmObject.DEALS, ["2"])
    assert (fate.fate, fate.at) == (Fate.DELETED, dt.datetime(2026, 11, 23, 5, 52, 35, 517300, tzinfo=dt.UTC))


def test_tryton_takes_the_next_agreement_as_a_note(tryton):
    made = opened("tryton", tryton).write_task("1", "", "Dana agreed to data access", None)
    assert (made.written, made.task_id) == (Written.DONE, "2")


def test_tryton_refuses_to_change_a_closed_deal_in_an_answer_with_http_200(tryton):
    with pytest.raises(Rejected, match="not allowed to modify the field"):
        opened("tryton", tryton).call(
            "sale.opportunity.write", [1], {"comment": "AGX 4/7 http://127.0.0.1/x"}
        )
    assert tryton.replies[-1].status == 200
