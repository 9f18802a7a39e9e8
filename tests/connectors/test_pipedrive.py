"""Pipedrive, played: what comes over, what it becomes, and what cannot be known."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from connectors.fakes import pipedrive as fakes
from connectors.fakes.base import CUT
from connectors.reading import changes, read
from hingepoint.connectors import crm, paging
from hingepoint.connectors.exchange import Busy, NotReachable, NotSignedIn
from hingepoint.connectors.pipedrive import Pipedrive
from hingepoint.connectors.source import Address, Wanted
from hingepoint.records.crm import CrmObject, DealField, Fate, Written
from hingepoint.records.deals import DealStatus


@pytest.fixture
def fake() -> Iterator[fakes.Pipedrive]:
    with fakes.Pipedrive() as fake:
        yield fake


def opened(fake: fakes.Pipedrive, **wanted: Any) -> Pipedrive:
    return crm("pipedrive").open(fake.address(), fake.exchange(), Wanted(**wanted))


def deals_of(source: Pipedrive) -> dict[str, Any]:
    return {deal.name: deal for deal in read(source, CrmObject.DEALS)[CrmObject.DEALS]}


def test_a_deal_comes_over_with_its_fields(fake):
    fake.add(1, probability=40, custom_fields={fakes.OWN: "2 of 5"})
    deal = deals_of(opened(fake, fields={"agreements": fakes.OWN}))["Deal 1"]
    assert (deal.amount, deal.currency, deal.probability) == (Decimal(1000), "EUR", 0.4)
    assert (deal.account_id, deal.owner_id, deal.stage_id) == (str(fake.company), "71", "1")
    assert (deal.expected_close_on, deal.status) == (dt.date(2026, 12, 31), DealStatus.OPEN)
    assert [(role.contact_id, role.primary) for role in deal.roles] == [(str(fake.person), True)]
    assert deal.extra == {"agreements": "2 of 5"}


def test_every_change_is_dated_and_a_deal_begins_with_its_first_old_values(fake):
    fake.add(0)
    for step in (fake.move, fake.reprice, fake.postpone, fake.hand_over):
        step(1)
    source = opened(fake)
    assert changes(source, DealField.STAGE) == [("", "1"), ("1", "2")]
    assert changes(source, DealField.AMOUNT) == [("", "1000"), ("1000", "1001")]
    assert changes(source, DealField.EXPECTED_CLOSE) == [("", "2026-12-31"), ("2026-12-31", "2027-01-02")]
    assert changes(source, DealField.OWNER) == [("", "71"), ("71", "72")]


def test_each_closing_of_a_reopened_deal_is_told(fake):
    fake.add(0)
    fake.reopen(0)
    assert changes(opened(fake), DealField.STATUS) == [("", "open"), ("open", "lost"), ("lost", "open")]


def test_mass_changes_are_marked_as_such(fake):
    deal = fake.lists["deals"][int(fake.add(0))]
    fake.tick()
    fake.change(deal, bulk=True, stage_id=3)
    found = read(opened(fake), CrmObject.CHANGES)[CrmObject.CHANGES]
    assert [change.new for change in found if change.bulk] == ["3"]


def test_archived_deals_come_over_and_are_neither_lost_nor_gone(fake):
    fake.add(0)
    fake.archive(0)
    source = opened(fake)
    deal = deals_of(source)["Deal 0"]
    assert (deal.archived, deal.status) == (True, DealStatus.OPEN)
    assert source.ids(CrmObject.DEALS, "")[0] == {deal.id}
    assert source.fates(CrmObject.DEALS, [deal.id])[0].fate == Fate.ARCHIVED


def test_a_deleted_deal_is_told_for_30_days_and_has_vanished_after_that(fake):
    id = fake.add(0)
    fake.delete(0)
    source = opened(fake)
    page = source.page(CrmObject.DEALS, "")
    assert [(fate.id, fate.fate) for fate in page.fates] == [(id, Fate.DELETED)]
    assert source.fates(CrmObject.DEALS, [id])[0].fate == Fate.DELETED
    fake.tick(31 * 86400)
    assert source.fates(CrmObject.DEALS, [id])[0].fate == Fate.VANISHED


def test_only_deals_that_changed_are_asked_for_their_history(fake):
    fake.add(0)
    fake.add(1)
    source = opened(fake)
    fake.tick(7200)
    page = source.page(CrmObject.CHANGES, "")
    fake.reprice(1)
    before = len(fake.requests)
    found = source.page(CrmObject.CHANGES, page.mark)
    assert {change.deal_id for change in found.records} == {str(fake.chosen(1)["id"])}
    assert sum("changelog" in request.path for request in fake.requests[before:]) == 1


def test_the_price_counts_from_the_list_and_a_discount_on_the_deal_is_shared_out(fake):
    id = int(fake.add(0))
    fake.sell(0)
    fake.discounts[id] = [{"type": "amount", "amount": 81}]
    [quote] = read(opened(fake), CrmObject.QUOTES)[CrmObject.QUOTES]
    [line] = quote.lines
    # list 2 x 500; price written over to 450, 10 % off: 810; a tenth of that off the deal
    assert (line.list_price, line.net_price, line.cost) == (Decimal(1000), Decimal(729), Decimal(600))
    assert (quote.net_price, quote.deal_id) == (Decimal(729), str(id))


def test_activities_are_done_ones_of_deals(fake):
    deal = int(fake.add(0))
    fake.insert(
        "activities", type="call", deal_id=deal, done=True, marked_as_done_time="2026-02-20T09:00:00Z"
    )
    fake.insert("activities", type="call", deal_id=deal, done=False)
    fake.insert("activities", type="lunch", deal_id=None, done=True)
    [found] = read(opened(fake), CrmObject.ACTIVITIES)[CrmObject.ACTIVITIES]
    assert (found.kind, found.deal_id, found.at.day) == ("call", str(deal), 20)


def test_a_cursor_that_is_too_old_begins_the_list_again(fake):
    for number in range(5):
        fake.add(number)
    source = opened(fake)
    source.size = 2
    page = source.page(CrmObject.DEALS, "")
    fake.stale = {paging.read(json.loads(page.mark)["deals"]).after}
    again = source.page(CrmObject.DEALS, page.mark)
    assert [deal.id for deal in again.records] == [deal.id for deal in page.records]


def test_the_tokens_left_are_kept_and_half_of_a_day_is_ours(fake):
    source = opened(fake)
    source.exchange.budget.allowed = 30_000
    source.describe()
    assert source.exchange.budget.left == fake.tokens_left
    fake.tokens_left = 14_000
    source.page(CrmObject.USERS, "")
    with pytest.raises(Busy, match=r"16,0\d\d of the 30,000 requests .* We stop at 50%"):
        source.page(CrmObject.USERS, "")


def test_only_what_differs_is_written_back_and_only_into_own_fields(fake):
    deal, source = fake.add(0), opened(fake)
    values = {fakes.OWN: "3 of 5", "b" * 40: "3"}
    assert source.write(deal, values).written == Written.DONE
    assert fake.lists["deals"][int(deal)]["custom_fields"] == {fakes.OWN: "3 of 5", "b" * 40: 3}
    again = source.write(deal, values)
    assert (again.written, again.modified_at) == (Written.SAME, fake.now)
    assert source.write(deal, {"title": "x"}).written == Written.NO_FIELD
    assert source.write(deal, {"b" * 40: "many"}).written == Written.REFUSED
    fake.refused = "Close date is required"
    refused = source.write(deal, {fakes.OWN: "4 of 5"})
    assert (refused.written, refused.detail) == (Written.REFUSED, "Close date is required")
    fake.archive(0)
    assert source.write(deal, {fakes.OWN: "5 of 5"}).written == Written.LOCKED
    assert source.write("999", {fakes.OWN: "1"}).written == Written.GONE


def test_the_task_of_the_next_agreement_is_made_once_moved_and_made_anew_when_done(fake):
    deal, source = fake.add(0), opened(fake)
    made = source.write_task(deal, "", "Agree on access", dt.date(2026, 4, 1))
    task = fake.lists["activities"][int(made.task_id)]
    assert (task["deal_id"], task["owner_id"], task["type"]) == (int(deal), 71, "task")
    assert (
        source.write_task(deal, made.task_id, "Agree on access", dt.date(2026, 4, 1)).written == Written.SAME
    )
    source.write_task(deal, made.task_id, "Agree on access", dt.date(2026, 4, 8))
    assert task["due_date"] == "2026-04-08"
    task["done"] = True
    assert source.write_task(deal, made.task_id, "Agree on a sponsor", None).task_id != made.task_id
    assert source.write_task("999", "", "Agree", None).written == Written.GONE


def test_a_task_whose_answer_was_cut_is_not_sent_again_by_itself(fake):
    deal, source = fake.add(0), opened(fake)
    fake.next(2, CUT)
    with pytest.raises(NotReachable):
        source.write_task(deal, "", "Agree on access", None)
    assert len(fake.lists["activities"]) == 1


def test_fields_stages_and_currency_are_discovered(fake):
    said = opened(fake).describe()
    assert (said.currency, said.instance, said.user) == ("EUR", "Workshop", "71")
    assert next((stage.name, stage.pipeline) for stage in said.stages) == ("Stage 1", "Sales")
    writable = {each.label for each in said.fields if each.writable}
    assert writable == {"Agreements", "Gained"}


def test_a_wrong_token_is_said_in_one_sentence(fake):
    source = crm("pipedrive").open(Address(fake.url, {"token": "wrong"}), fake.exchange(), Wanted())
    with pytest.raises(NotSignedIn, match="sign-in"):
        source.describe()


def test_people_and_companies_come_over(fake):
    found = read(opened(fake), CrmObject.USERS, CrmObject.ACCOUNTS, CrmObject.CONTACTS)
    assert [user.name for user in found[CrmObject.USERS]] == ["Ada"]
    assert [account.name for account in found[CrmObject.ACCOUNTS]] == ["Nordwerk"]
    [contact] = found[CrmObject.CONTACTS]
    assert (contact.account_id, contact.email) == (str(fake.company), "c@x.example")


def test_deals_made_before_the_first_day_wanted_are_left_out(fake):
    fake.add(0)
    fake.tick(86400)
    fake.add(1)
    source = opened(fake, since=fake.now.date())
    assert set(deals_of(source)) == {"Deal 1"}
    assert len(source.ids(CrmObject.DEALS, "")[0]) == 1
