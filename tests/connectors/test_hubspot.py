"""HubSpot: what its records and histories become here, and that what goes over the wire is as HubSpot describes it."""

from __future__ import annotations

import datetime as dt
import json
import re
from decimal import Decimal

import pytest

from conftest import SHARED
from connectors.fakes import base
from connectors.fakes.hubspot import HubSpot
from connectors.openapi import Spec
from connectors.reading import Kept, changes, read
from hingepoint import connectors
from hingepoint.connectors import exchange
from hingepoint.connectors.source import Wanted
from hingepoint.records.crm import Capability, CrmObject, CrmRole, DealField, Fate, Found, Origin, Written
from hingepoint.records.deals import DealStatus

SPEC = SHARED / "crm/specs/hubspot_deals_v3.json"


@pytest.fixture
def fake():
    with HubSpot() as fake:
        yield fake


def opened(fake, **wanted):
    return connectors.crm("hubspot").open(fake.address(), fake.exchange(), Wanted(**wanted))


def only(source, object):
    (record,) = read(source, object)[object]
    return record


# Records


def test_a_deal_comes_with_its_account_its_people_and_its_close_as_a_day_of_the_account(fake):
    id = fake.add(amount="1250.50", closedate="2026-03-30T22:30:00.000Z", hs_deal_note="x")
    deal = only(opened(fake, fields={"note": "hs_deal_note"}), CrmObject.DEALS)
    assert (deal.id, deal.amount, deal.currency) == (id, Decimal("1250.50"), "EUR")
    assert deal.expected_close_on == dt.date(2026, 3, 31)  # half past midnight in Berlin
    assert (deal.account_id, deal.owner_id, deal.status) == (fake.company, "71", DealStatus.OPEN)
    assert deal.roles == (CrmRole(fake.contact, "Decision maker"),)
    assert deal.extra == {"note": "x"}
    assert deal.link == f"https://app.hubspot.com/contacts/4711/record/0-3/{id}"
    assert deal.closed_at is None


def test_a_won_deal_says_so_and_when(fake):
    fake.add(closedate="2026-03-05T10:00:00.000Z", dealstage="won")
    deal = only(opened(fake), CrmObject.DEALS)
    assert (deal.status, deal.closed_at) == (DealStatus.WON, dt.datetime(2026, 3, 5, 10, tzinfo=dt.UTC))


def test_owners_who_left_are_still_known(fake):
    users = read(opened(fake), CrmObject.USERS)[CrmObject.USERS]
    assert [(each.name, each.team, each.active) for each in users] == [
        ("Ada Berg", "North", True), ("Ben Cole", "North", False),
    ]  # fmt: skip


@pytest.mark.parametrize(("team", "name"), [("9", "North"), ("4711", ""), ("", "")])
def test_the_team_of_a_deal_is_called_by_its_name_and_one_that_nobody_is_in_by_none(fake, team, name):
    fake.add(hubspot_team_id=team)
    assert only(opened(fake), CrmObject.DEALS).team == name


def test_a_deal_with_more_people_than_a_page_of_associations_has_them_all(fake):
    deal = fake.add()
    for n in range(5):
        fake.link("0-3", deal, "contacts", fake.put("contacts", {"firstname": str(n)}))
    assert len(only(opened(fake), CrmObject.DEALS).roles) == 6


def test_deals_from_before_the_wished_day_are_not_asked_for(fake):
    fake.add()
    assert read(opened(fake, since=dt.date(2026, 3, 3)), CrmObject.DEALS)[CrmObject.DEALS] == []


# History


def test_each_change_of_a_field_is_a_fact_with_its_time_and_its_person(fake):
    fake.add()
    fake.reprice(200)
    fake.hand_over(1)
    fake.postpone(3)
    source = opened(fake)
    assert changes(source, DealField.AMOUNT) == [("", "1000"), ("1000", "1200")]
    assert changes(source, DealField.OWNER) == [("", "71"), ("71", "72")]
    assert changes(source, DealField.EXPECTED_CLOSE) == [("", "2026-03-02"), ("2026-03-02", "2026-03-05")]
    found = read(source, CrmObject.CHANGES)[CrmObject.CHANGES]
    assert {each.actor_id for each in found} == {"71"}  # the owner whose user made it
    assert {each.currency for each in found if each.field is DealField.AMOUNT} == {"EUR"}


def test_each_winning_and_losing_of_a_deal_is_kept_when_it_is_opened_again(fake):
    fake.add()
    fake.reopen()
    fake.move(3)
    found = changes(opened(fake), DealField.STATUS)
    assert found == [(None, "open"), ("open", "won"), ("won", "open"), ("open", "lost")]


def test_a_history_that_was_cut_has_no_first_value(fake):
    fake.add()
    for n in range(25):
        fake.reprice(n + 1)
    found = changes(opened(fake), DealField.AMOUNT)
    assert len(found) == 20
    assert found[0] == (None, "1006")


def test_a_field_without_history_is_concluded_from_what_it_is_now(fake):
    fake.add()
    (deal,) = fake.all("0-3")
    deal["history"].pop("amount")
    found = [
        each
        for each in read(opened(fake), CrmObject.CHANGES)[CrmObject.CHANGES]
        if each.field is DealField.AMOUNT
    ]
    assert [(each.new, each.origin) for each in found] == [("1000", Origin.INFERRED)]
    assert found[0].at == dt.datetime.fromisoformat(deal["createdAt"])


def test_imports_are_marked(fake):
    deal = fake.add()
    fake.set("0-3", deal, {"amount": "7"}, source="IMPORT")
    found = read(opened(fake), CrmObject.CHANGES)[CrmObject.CHANGES]
    assert [each.new for each in found if each.bulk] == ["7"]


# Quotes, approvals, activities


def test_a_meeting_that_was_called_off_is_told_as_gone_and_is_no_activity(fake):
    deal = fake.add()
    for outcome in ("SCHEDULED", "CANCELED", "COMPLETED", "NO_SHOW"):
        said = {"hs_timestamp": fake.now.isoformat(), "hs_meeting_outcome": outcome}
        fake.link("meetings", fake.put("meetings", said), "0-3", deal)
    records, fates, mark, more = [], [], "", True
    while more:
        page = opened(fake).page(CrmObject.ACTIVITIES, mark)
        records, fates = [*records, *page.records], [*fates, *page.fates]
        mark, more = page.mark, page.more
    assert [each.kind for each in records] == ["meeting", "meeting"]
    assert len({each.id for each in fates}) == 2
    assert {each.fate for each in fates} == {Fate.DELETED}
    assert {each.id for each in fates}.isdisjoint({each.id for each in records})


def test_a_quote_has_list_and_net_price_whoever_changed_the_price(fake):
    fake.quote(fake.add(), "900")
    quote = read(opened(fake), CrmObject.QUOTES)[CrmObject.QUOTES][0]
    (line,) = quote.lines
    assert (line.list_price, line.net_price, line.cost) == (Decimal(1000), Decimal(900), Decimal(600))
    assert (quote.currency, quote.net_price) == ("EUR", Decimal(900))


def test_a_line_that_changes_brings_its_quote_although_the_quote_did_not_change(fake):
    fake.quote(fake.add())
    kept, source = Kept(), opened(fake)
    kept.sync(source)
    fake.tick(3600)
    fake.requote(1)
    kept.sync(source)
    (quote,) = kept.records[CrmObject.QUOTES].values()
    assert quote.lines[0].net_price == Decimal(801)


def test_an_approval_is_read_from_the_states_of_a_quote(fake):
    quote = fake.quote(fake.add())
    for state in ("PENDING_APPROVAL", "REJECTED", "PENDING_APPROVAL", "APPROVED", "PENDING_APPROVAL"):
        fake.set("quotes", quote, {"hs_status": state})
    found = read(opened(fake), CrmObject.APPROVALS)[CrmObject.APPROVALS]
    assert [each.approved for each in found] == [False, True, None]
    assert all(each.decided_at is None or each.asked_at < each.decided_at for each in found)


def test_calls_come_with_kind_and_moment(fake):
    deal = fake.add()
    fake.call()
    call = only(opened(fake), CrmObject.ACTIVITIES)
    assert (call.deal_id, call.kind, call.actor_id) == (deal, "call", "71")


# What became of deals


def test_two_merged_deals_are_one_third(fake):
    one, other = fake.add(1), fake.add(2)
    third = fake.merge()
    source = opened(fake)
    assert only(source, CrmObject.DEALS).merged_from == (one, other)
    page = source.page(CrmObject.DEALS, "")
    assert {(each.id, each.fate, each.into) for each in page.fates} == {
        (one, Fate.MERGED, third), (other, Fate.MERGED, third),
    }  # fmt: skip
    found = source.fates(CrmObject.DEALS, [one, other, third])
    assert [(each.fate, each.into) for each in found] == [
        (Fate.MERGED, third), (Fate.MERGED, third), (Fate.LIVE, ""),
    ]  # fmt: skip


def test_deals_merged_twice_lead_to_the_last(fake):
    one, _, _ = fake.add(1), fake.add(2), fake.add(3)
    fake.merge(0)
    last = fake.merge(0)
    assert opened(fake).fates(CrmObject.DEALS, [one])[0].into == last


def test_a_deleted_deal_says_when_and_one_nobody_knows_has_only_vanished(fake):
    deal = fake.add()
    fake.archive()
    deleted, unknown = opened(fake).fates(CrmObject.DEALS, [deal, "999999"])
    assert (deleted.fate, deleted.at) == (Fate.DELETED, fake.now)
    assert unknown.fate is Fate.VANISHED
    assert opened(fake).ids(CrmObject.DEALS, "")[0] == frozenset()


# The self-test and describing


def test_stages_say_open_won_or_lost_and_fields_what_can_be_written(fake):
    described = opened(fake).describe()
    assert {each.id: each.status.value for each in described.stages} == {
        "new": "open", "talks": "open", "won": "won", "lost": "lost",
    }  # fmt: skip
    fields = {each.name: each for each in described.fields}
    assert (described.currency, described.instance) == ("EUR", "4711")
    assert fields["hingepoint_status"].custom
    assert fields["hs_is_closed"].formula
    assert not fields["hs_is_closed"].writable


def test_a_field_made_between_two_readings_is_found(fake):
    source = opened(fake)
    source.describe()
    fake.custom.append("hingepoint_coverage")
    assert "hingepoint_coverage" in {each.name for each in source.describe().fields}


def test_a_missing_scope_is_named_and_the_rest_is_counted(fake):
    fake.add()
    fake.reprice(5)
    fake.scopes_missing = {"/quotes"}
    found = {each.capability: each for each in opened(fake).test()}
    assert found[Capability.APPROVALS].found is Found.NO_RIGHT
    assert found[Capability.APPROVALS].ask_for == "crm.objects.quotes.read"
    assert (found[Capability.DEALS].found, found[Capability.DEALS].count) == (Found.TRACKED, 1)
    assert (found[Capability.AMOUNT_HISTORY].count, found[Capability.AMOUNT_HISTORY].since) == (
        2,
        dt.date(2026, 3, 2),
    )
    assert found[Capability.LINE_HISTORY].found is Found.NOT_TRACKED


def test_the_budget_of_the_day_is_kept(fake):
    link = fake.exchange()
    connectors.crm("hubspot").open(fake.address(), link, Wanted()).describe()
    assert link.budget.allowed == 250_000
    assert link.budget.left == 250_000 - len(fake.requests)


# Writing


def test_what_is_there_already_is_not_written(fake):
    deal, source = fake.add(), opened(fake)
    assert source.write(deal, {"hingepoint_status": "gained"}).written is Written.DONE
    before = fake.records["0-3"][deal]["updatedAt"]
    assert source.write(deal, {"hingepoint_status": "gained"}).written is Written.SAME
    assert fake.records["0-3"][deal]["updatedAt"] == before


def test_a_written_value_tells_its_time_so_that_the_echo_is_known(fake):
    deal, source = fake.add(), opened(fake)
    done = source.write(deal, {"hingepoint_status": "gained"})
    assert only(source, CrmObject.DEALS).modified_at == done.modified_at


def test_rules_unknown_fields_and_gone_deals_refuse_and_never_raise(fake):
    deal, source = fake.add(), opened(fake)
    assert source.write(deal, {"nobody_made_this": "x"}).written is Written.NO_FIELD
    fake.required = "hs_next_step"
    refused = source.write(deal, {"hingepoint_status": "x"})
    assert (refused.written, refused.detail) == (Written.REFUSED, "hs_next_step is required.")
    before = len(fake.requests)
    source.write(deal, {"hingepoint_status": "x"})
    assert len(fake.requests) - before == 2  # looked, tried once
    other = fake.add(2)
    third = fake.merge()
    gone = source.write(other, {"hingepoint_status": "x"})
    assert (gone.written, gone.detail) == (Written.GONE, f"It is deal {third} now.")


def test_the_task_of_the_next_agreement_is_made_once_and_then_changed(fake):
    deal, source = fake.add(), opened(fake)
    made = source.write_task(deal, "", "Gain the trial", dt.date(2026, 4, 1))
    again = source.write_task(deal, made.task_id, "Gain the budget", dt.date(2026, 4, 8))
    (task,) = fake.all("tasks")
    assert made.task_id == again.task_id == task["id"]
    assert task["properties"]["hs_task_subject"] == "Gain the budget"
    assert deal in fake.links[("tasks", "0-3")][task["id"]]


def test_a_task_that_somebody_deleted_is_made_anew(fake):
    deal, source = fake.add(), opened(fake)
    made = source.write_task(deal, "4242", "Gain the trial", None)
    assert (made.written, made.task_id) == (Written.DONE, fake.all("tasks")[0]["id"])


def test_a_task_is_not_made_twice_when_the_answer_was_cut(fake):
    deal, source = fake.add(), opened(fake)
    fake.next(1, base.CUT)
    with pytest.raises(exchange.NotReachable):
        source.write_task(deal, "", "Gain the trial", None)
    assert len(fake.all("tasks")) == 1


def test_the_key_stands_in_no_representation_and_no_message(fake):
    source = opened(fake)
    fake.next(1, base.EXPIRED)
    with pytest.raises(exchange.NotSignedIn) as refused:
        source.describe()
    assert "service-key" not in repr(fake.address()) + repr(source._link) + str(refused.value)


# As HubSpot describes it


@pytest.mark.skipif(not SPEC.exists(), reason=f"HubSpot's description of deals is not here: {SPEC}")
def test_requests_and_replies_are_as_hubspot_describes_them(fake):
    spec = Spec(json.loads(SPEC.read_text()))
    one, two, three = fake.add(1), fake.add(2), fake.add(3)
    fake.archive(0)
    fake.merge(0)
    source = opened(fake)
    Kept().sync(source)
    list(source.test())
    source.fates(CrmObject.DEALS, [one, two, three])
    last = fake.add(4)
    source.write(last, {"hingepoint_status": "x"})
    source.write(last, {"nobody_made_this": "x"})
    seen = set()
    for request, reply in zip(fake.requests, fake.replies, strict=True):
        if "/0-3" not in request.path or "/crm/objects/" not in request.path:
            continue
        path = re.sub(r"0-3/\d+$", "0-3/{dealId}", request.path.replace("objects/2026-09", "v3/objects"))
        faults = []
        if request.method != "GET":
            faults += spec.faults(request.json, spec.request(path, request.method))
        faults += spec.faults(reply.body, spec.reply(path, request.method, reply.status))
        assert not faults, (request, faults)
        assert request.query.keys() <= spec.parameters(path, request.method)
        seen.add((request.method, path.rpartition("0-3")[2]))
    assert seen == {("POST", "/search"), ("POST", "/batch/read"), ("GET", ""), ("PATCH", "/{dealId}")}
