"""EspoCRM, recorded and played: what comes over, what it becomes, and what cannot be known."""

from __future__ import annotations

import base64
import datetime as dt
import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from connectors.fakes import espocrm as fakes
from connectors.fakes.base import CUT
from connectors.recorded import exchanges, needs_cassettes
from hingepoint.connectors import crm
from hingepoint.connectors.espocrm import EspoCrm
from hingepoint.connectors.exchange import Exchange, NotReachable, NotSignedIn
from hingepoint.connectors.source import Address, Wanted
from hingepoint.records.crm import (
    Capability,
    CrmObject,
    CrmRecord,
    DealField,
    Fate,
    Found,
    Origin,
    Written,
)
from hingepoint.records.deals import DealStatus


@pytest.fixture
def fake() -> Iterator[fakes.EspoCrm]:
    with fakes.EspoCrm() as fake:
        yield fake


def opened(fake: fakes.EspoCrm, key: str = "admin-key", **wanted: Any) -> EspoCrm:
    exchange = Exchange(fake.url, allowed={fake.place}, sleep=lambda seconds: None)
    return crm("espocrm").open(Address(fake.url, {"key": key}), exchange, Wanted(**wanted))


def everything(source: EspoCrm, object: CrmObject, mark: str = "") -> tuple[list[CrmRecord], str]:
    records, more = [], True
    while more:
        page = source.page(object, mark)
        records += page.records
        mark, more = page.mark, page.more
    return records, mark


def told(source: EspoCrm, field: DealField) -> list[tuple[str | None, str]]:
    found = {c.native_id: c for c in everything(source, CrmObject.CHANGES)[0] if c.field == field}
    return [(c.old, c.new) for c in sorted(found.values(), key=lambda c: (c.at, c.native_id))]


@pytest.fixture(params=["admin-key", "role-key"])
def key(request) -> str:
    """The list of all notes for an administrator, the stream of each deal for an API user."""
    return request.param


def test_a_deal_comes_over_with_people_in_their_parts(fake):
    person = fake.insert("Contact", name="Dana", accountId="a1", title="VP")
    roles = {"contactsIds": [person], "contactsColumns": {person: {"role": "Decision Maker"}}}
    fake.deal("Line 4", 120000, accountId="a1", cAgreements="2 of 5", **roles)
    [deal], _ = everything(opened(fake, fields={"agreements": "cAgreements"}), CrmObject.DEALS)
    assert (deal.name, deal.amount, deal.currency, deal.account_id) == (
        "Line 4",
        Decimal(120000),
        "EUR",
        "a1",
    )
    assert [(role.contact_id, role.role) for role in deal.roles] == [(person, "Decision Maker")]
    assert (deal.expected_close_on, deal.probability) == (dt.date(2026, 12, 31), 0.1)
    assert (deal.owner_id, deal.status, deal.extra) == ("u-ida", DealStatus.OPEN, {"agreements": "2 of 5"})


@pytest.mark.parametrize(("lists_people", "requests"), [(True, 2), (False, 14)])
def test_people_come_with_the_list_of_deals_or_else_one_by_one(fake, lists_people, requests):
    """A list names them where it is asked for them; an EspoCRM that does not is asked for each deal."""
    fake.lists_people = lists_people
    person = fake.insert("Contact", name="Dana", accountId="a1")
    for number in range(12):
        part = {"contactsIds": [person], "contactsColumns": {person: {"role": "Evaluator"}}}
        fake.deal(f"Line {number}", **part)
    deals, _ = everything(opened(fake), CrmObject.DEALS)
    assert {(deal.name, deal.roles[0].role) for deal in deals} == {
        (f"Line {n}", "Evaluator") for n in range(12)
    }
    assert len(fake.requests) == requests


@pytest.mark.parametrize("counts", [True, False])
def test_a_stream_of_many_notes_is_read_to_its_end_counted_or_not(fake, counts):
    """Large companies tell EspoCRM not to count: then a total says only whether there is more."""
    fake.counts = counts
    deal = fake.deal("Line 4", 1)
    for number in range(230):
        fake.tick(1)
        fake.change(deal, amount=2 + number)
    source = opened(fake, "role-key")
    assert told(source, DealField.AMOUNT)[-1] == ("230", "231")
    assert len(told(source, DealField.AMOUNT)) == 231


def test_what_is_not_counted_is_found_all_the_same(fake):
    fake.counts = False
    found = {line.capability: line for line in opened(fake).test()}
    assert (found[Capability.DEALS].found, found[Capability.DEALS].count) == (Found.TRACKED, None)
    assert found[Capability.STAGE_HISTORY].found == Found.NO_RIGHT  # not one note
    fake.deal("Line 4")
    for key in ("admin-key", "role-key"):
        found = {line.capability: line for line in opened(fake, key).test()}
        assert found[Capability.STAGE_HISTORY].found == Found.TRACKED


def test_every_change_is_dated_also_the_expected_close(fake, key):
    deal = fake.deal("Line 4", 120000)
    for values in (
        {"stage": "Proposal"},
        {"amount": 110000},
        {"closeDate": "2027-01-31"},
        {"assignedUserId": "u-2"},
    ):
        fake.tick(60)
        fake.change(deal, **values)
    source = opened(fake, key)
    assert told(source, DealField.STAGE) == [("", "Prospecting"), ("Prospecting", "Proposal")]
    assert told(source, DealField.AMOUNT) == [("", "120000"), ("120000", "110000")]
    assert told(source, DealField.EXPECTED_CLOSE) == [("", "2026-12-31"), ("2026-12-31", "2027-01-31")]
    assert told(source, DealField.OWNER) == [("", "u-ida"), ("u-ida", "u-2")]


def test_a_value_that_never_changed_is_concluded_from_what_it_is_now(fake, key):
    fake.deal("Line 4", 120000)
    changes = everything(opened(fake, key), CrmObject.CHANGES)[0]
    began = {c.field: (c.new, c.origin) for c in changes}
    assert began[DealField.AMOUNT] == ("120000", Origin.INFERRED)
    assert began[DealField.STAGE] == ("Prospecting", Origin.NATIVE)
    assert all(c.at == fake.now for c in changes)


def test_each_closing_of_a_reopened_deal_is_told_once(fake, key):
    deal = fake.deal("Line 4")
    for stage in ("Negotiation", "Closed Lost", "Negotiation", "Proposal", "Closed Won"):
        fake.tick(60)
        fake.change(deal, stage=stage)
    found = told(opened(fake, key), DealField.STATUS)
    assert found == [("", "open"), ("open", "lost"), ("lost", "open"), ("open", "won")]


def test_an_empty_list_of_notes_is_not_taken_for_no_history(fake):
    fake.change(fake.deal("Line 4"), stage="Proposal")
    found = {line.capability: line for line in opened(fake, "role-key").test()}
    assert found[Capability.STAGE_HISTORY].found == Found.TRACKED
    assert "stream of each deal" in found[Capability.STAGE_HISTORY].detail
    fake.stream = False
    found = {line.capability: line for line in opened(fake, "role-key").test()}
    assert found[Capability.STAGE_HISTORY].found == Found.NO_RIGHT
    assert found[Capability.STAGE_HISTORY].ask_for == "Opportunities: Stream"


def test_a_field_that_is_not_audited_is_not_tracked(fake):
    fake.deal("Line 4")
    fake.fields["closeDate"]["audited"] = False
    found = {line.capability: line for line in opened(fake).test()}
    assert set(found) == set(Capability)
    assert found[Capability.CLOSE_DATE_HISTORY].found == Found.NOT_TRACKED
    assert found[Capability.AMOUNT_HISTORY].found == Found.TRACKED
    assert found[Capability.DEALS].count == 1


def test_deleted_is_known_to_an_administrator_and_vanished_to_others(fake):
    gone, there = fake.deal("Gone"), fake.deal("There")
    fake.delete(gone)
    ids = [gone, there, "nowhere"]
    as_admin = [fate.fate for fate in opened(fake).fates(CrmObject.DEALS, ids)]
    as_role = [fate.fate for fate in opened(fake, "role-key").fates(CrmObject.DEALS, ids)]
    assert as_admin == [Fate.DELETED, Fate.LIVE, Fate.VANISHED]
    assert as_role == [Fate.VANISHED, Fate.LIVE, Fate.VANISHED]
    assert opened(fake).ids(CrmObject.DEALS, "") == (frozenset({there}), "")


def test_identities_come_a_page_at_a_time(fake):
    made = {fake.deal(f"Deal {number}") for number in range(7)}
    source, found, mark = opened(fake), set(), ""
    source.size = 3
    while True:
        ids, mark = source.ids(CrmObject.DEALS, mark)
        found |= ids
        if not mark:
            break
    assert found == made


def test_more_deals_and_notes_than_a_page_within_one_second_all_come_over(fake, key):
    fake.deal("Before")
    fake.tick()
    made = {fake.change(deal, amount=5) or deal for deal in [fake.deal(f"Deal {n}") for n in range(8)]}
    fake.tick()
    fake.deal("After")
    source = opened(fake, key)
    source.size = 3
    assert {deal.id for deal in everything(source, CrmObject.DEALS)[0]} == set(fake.rows["Opportunity"])
    changes = everything(source, CrmObject.CHANGES)[0]
    assert {c.deal_id for c in changes if c.field == DealField.AMOUNT and c.new == "5"} == made


def test_a_quiet_sync_asks_once_for_each_list_and_a_note_that_comes_late_is_not_missed(fake):
    deal = fake.deal("Line 4")
    source = opened(fake)
    _, mark = everything(source, CrmObject.CHANGES)
    fake.note(deal, "Status", field="stage", value="Proposal")
    assert "Proposal" in {c.new for c in everything(source, CrmObject.CHANGES, mark)[0]}
    fake.tick(7200)
    _, mark = everything(source, CrmObject.CHANGES, mark)
    before = len(fake.requests)
    assert everything(source, CrmObject.CHANGES, mark)[0] == []
    assert len(fake.requests) == before + 2


def test_activities_are_those_that_took_place(fake):
    on = {"parentType": "Opportunity", "parentId": fake.deal("Line 4")}
    fake.insert("Call", status="Held", dateStart="2026-02-20 09:00:00", assignedUserId="u-ida", **on)
    fake.insert("Meeting", status="Planned", dateStart="2026-03-20 09:00:00", **on)
    fake.insert("Email", status="Archived", dateSent="2026-02-21 10:00:00", **on)
    fake.insert("Task", status="Completed", dateCompleted=None, parentType="Account", parentId="a1")
    found = everything(opened(fake), CrmObject.ACTIVITIES)[0]
    assert [(each.kind, each.at.day) for each in found] == [("call", 20), ("email", 21)]


def test_only_what_differs_is_written_back(fake):
    deal, source = fake.deal("Line 4"), opened(fake)
    assert source.write(deal, {"cAgreements": "3 of 5", "cGained": "3"}).written == Written.DONE
    assert fake.rows["Opportunity"][deal]["cGained"] == 3
    writes = [r for r in fake.requests if r.method == "PUT"]
    assert source.write(deal, {"cAgreements": "3 of 5", "cGained": "3"}).written == Written.SAME
    assert [r for r in fake.requests if r.method == "PUT"] == writes
    locked = source.write(deal, {"cAgreements": "locked"})
    assert (locked.written, locked.detail) == (Written.LOCKED, "No edit access.")
    assert source.write(deal, {"cAgreements": "forbidden"}).written == Written.REFUSED
    assert source.write(deal, {"cAgreements": "twice"}).written == Written.REFUSED  # the duplicates, as 409
    assert source.write(deal, {"cGained": "many"}).written == Written.REFUSED
    assert source.write(deal, {"agreements": "3"}).written == Written.NO_FIELD
    assert source.write(deal, {"stage": "Closed Won", "amount": "1"}).written == Written.REFUSED
    assert fake.rows["Opportunity"][deal]["stage"] == "Prospecting"
    fake.delete(deal)
    assert source.write(deal, {"cGained": "4"}).written == Written.GONE


def test_the_task_of_the_next_agreement_is_made_once_moved_and_made_anew_when_done(fake):
    deal, source = fake.deal("Line 4"), opened(fake)
    made = source.write_task(deal, "", "Agree on access", dt.date(2026, 4, 1))
    assert (made.written, fake.rows["Task"][made.task_id]["assignedUserId"]) == (Written.DONE, "u-ida")
    assert (
        source.write_task(deal, made.task_id, "Agree on access", dt.date(2026, 4, 1)).written == Written.SAME
    )
    source.write_task(deal, made.task_id, "Agree on access", dt.date(2026, 4, 8))
    assert fake.rows["Task"][made.task_id]["dateEndDate"] == "2026-04-08"
    fake.rows["Task"][made.task_id]["status"] = "Completed"
    assert source.write_task(deal, made.task_id, "Agree on a sponsor", None).task_id != made.task_id
    assert source.write_task("nowhere", "", "Agree", None).written == Written.GONE


def test_a_task_whose_answer_was_cut_is_not_sent_again_by_itself(fake):
    deal, source = fake.deal("Line 4"), opened(fake)
    fake.next(2, CUT)
    with pytest.raises(NotReachable):
        source.write_task(deal, "", "Agree on access", None)
    assert len(fake.rows["Task"]) == 1


def test_fields_carry_the_names_that_the_server_gave_them(fake):
    said = opened(fake).describe()
    fields = {each.name: each for each in said.fields}
    assert fields["cAgreements"].custom
    assert fields["cAgreements"].writable
    assert fields["amountConverted"].formula
    assert not fields["stage"].writable
    assert (said.currency, said.version, said.user) == ("EUR", "8.4.2", "u-admin")
    outcomes = {stage.id: stage.status for stage in said.stages}
    assert (outcomes["Closed Won"], outcomes["Closed Lost"]) == (DealStatus.WON, DealStatus.LOST)


def test_ways_of_signing_in(fake):
    def signed(**secrets: str) -> dict[str, str]:
        return EspoCrm(Address(fake.url, secrets), Exchange(fake.url), Wanted())._signed("GET", "Opportunity")

    assert signed(key="k") == {"X-Api-Key": "k"}
    assert signed(login="ida", password="pw") == {"Authorization": "Basic aWRhOnB3"}
    key, _, mark = (
        base64.b64decode(signed(key="k", secret="s")["X-Hmac-Authorization"]).decode().partition(":")
    )
    # independent: printf 'GET /Opportunity' | openssl dgst -sha256 -hmac s
    assert (key, mark) == ("k", "1c6decee6c0653aea6f7b9809b51183399f471e851ac4e763130165548f7d01b")
    with pytest.raises(NotSignedIn):
        opened(fake, "wrong").describe()


# -- what was recorded of EspoCRM 8.4.2 ----------------------------------------------------------------------------


@needs_cassettes
def test_the_played_server_refuses_like_the_recorded_one(fake):
    asked = Exchange(fake.url, allowed={fake.place}, headers={"X-Api-Key": "role-key"})
    for each in exchanges("espocrm842"):
        if "maxSize=500" in each["path"] or (each["path"].startswith("/api/v1/Note?maxSize=3")):
            said = asked.ask("GET", each["path"], understood=(403,))
            assert said.status == each["status"]
            assert (said.body or {}).get("total") == (json.loads(each["resp_body"] or "{}")).get("total")
