"""Odoo, recorded and played: what comes over, what it becomes, and what cannot be known."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from connectors.fakes.base import CUT, FAILS
from connectors.fakes.odoo import LEAD, MESSAGE, FakeOdoo
from hingepoint.connectors import crm
from hingepoint.connectors.exchange import Exchange, NoRight, NotReachable, NotSignedIn, NotThere, Rejected
from hingepoint.connectors.odoo import Odoo
from hingepoint.connectors.odoo.rpc import problem, series
from hingepoint.connectors.source import Address, Wanted
from hingepoint.records.crm import (
    Capability,
    CrmChange,
    CrmObject,
    CrmQuote,
    CrmRecord,
    DealField,
    Fate,
    Found,
    Origin,
    Written,
)
from hingepoint.records.deals import DealStatus

ADMIN = {"login": "admin", "password": "secret"}


def opened(fake: FakeOdoo, secrets: dict[str, str] | None = None, **wanted: Any) -> Odoo:
    known = {"key": "secret"} if fake.version >= 19 else ADMIN
    address = Address(fake.url, secrets or known, {"database": "demo"})
    exchange = Exchange(fake.url, allowed={fake.place}, sleep=lambda seconds: None)
    return crm("odoo").open(address, exchange, Wanted(**wanted))


def everything(source: Odoo, object: CrmObject, mark: str = "") -> tuple[list[CrmRecord], str, list[Any]]:
    """Return all records since a mark, the next mark and the fates told on the way."""
    records, fates, more = [], [], True
    while more:
        page = source.page(object, mark)
        records += page.records
        fates += page.fates
        mark, more = page.mark, page.more
    return records, mark, fates


def history(source: Odoo) -> dict[str, CrmChange]:
    return {change.native_id: change for change in everything(source, CrmObject.CHANGES)[0]}


def told(changes: dict[str, CrmChange], field: DealField) -> list[tuple[str | None, str]]:
    """Return the old and new values of a field, in order."""
    found = [change for change in changes.values() if change.field == field]
    order = {native_id: number for number, native_id in enumerate(changes)}
    found.sort(key=lambda change: (change.at, change.origin != Origin.INFERRED, order[change.native_id]))
    return [(change.old, change.new) for change in found]


@pytest.fixture(params=[18, 19])
def fake(request) -> Iterator[FakeOdoo]:
    with FakeOdoo(request.param) as fake:
        yield fake


def test_a_field_that_is_not_there_is_a_wrong_question_not_a_server_that_fails(fake):
    """JSON-2 answers 500 to it, as to a fault of its own; the name of the error tells them apart."""
    fake.add()
    with pytest.raises(Rejected, match="Invalid field"):
        opened(fake).rpc.call("crm.lead", "search_read", domain=[], fields=["no_such_field"])
    source = opened(fake)
    assert source.rpc.uid
    for number in (1, 2, 3):
        fake.next(number, FAILS)
    with pytest.raises(NotReachable):
        source.rpc.call("crm.lead", "search_count", domain=[])


def test_a_deal_comes_over_with_its_dates_owner_and_money(fake):
    partner = fake.insert("res.partner", name="Acme", is_company=True, commercial_partner_id=[1, "Acme"])
    person = fake.insert(
        "res.partner", name="Dana", parent_id=[1, "Acme"], commercial_partner_id=[partner, "Acme"]
    )
    fake.deal("Line 4", 120000.0, partner_id=[person, "Acme, Dana"], date_deadline="2026-12-31")
    [deal], _, _ = everything(opened(fake), CrmObject.DEALS)
    assert (deal.name, deal.amount, deal.currency) == ("Line 4", Decimal("120000.0"), "EUR")
    assert (deal.account_id, deal.owner_id, deal.stage_id) == ("1", "2", "1")
    assert deal.expected_close_on == dt.date(2026, 12, 31)
    assert deal.roles[0].contact_id == "2"
    assert deal.roles[0].primary
    assert deal.created_at == fake.now
    assert deal.status == DealStatus.OPEN


def test_every_change_of_stage_amount_and_owner_is_dated_and_the_beginning_is_the_first_old_value(fake):
    deal = fake.deal("Line 4", 120000.0)
    fake.tick(60)
    fake.change(deal, stage_id=fake.stage(2))
    fake.tick(60)
    fake.change(deal, expected_revenue=110000.0, user_id=[1, "Administrator"])
    changes = history(opened(fake))
    assert told(changes, DealField.STAGE) == [("", "1"), ("1", "2")]
    assert told(changes, DealField.AMOUNT) == [("", "120000"), ("120000", "110000")]
    assert told(changes, DealField.OWNER) == [("", "2"), ("2", "1")]
    stage = next(c for c in changes.values() if c.field == DealField.STAGE and c.origin == Origin.NATIVE)
    assert (stage.old_label, stage.new_label, stage.actor_id) == ("New", "Qualified", "1")
    assert stage.at == fake.now - dt.timedelta(seconds=60)


def test_each_closing_of_a_reopened_deal_is_told(fake):
    deal = fake.deal("Line 4")
    for step in (fake.lose, fake.restore, fake.win):
        fake.tick(60)
        step(deal)
    fake.tick(60)
    said = {"won_status": "pending"} if fake.version == 19 else {}
    fake.change(deal, stage_id=fake.stage(2), **said)
    source = opened(fake)
    assert [new for _, new in told(history(source), DealField.STATUS)] == [
        "open",
        "lost",
        "open",
        "won",
        "open",
    ]


def test_lost_is_inactive_without_probability_and_archived_is_not_lost(fake):
    lost, archived = fake.deal("Lost"), fake.deal("Archived")
    fake.lose(lost)
    fake.archive(archived)
    source = opened(fake)
    deals = {deal.name: deal for deal in everything(source, CrmObject.DEALS)[0]}
    assert deals["Lost"].status == DealStatus.LOST
    assert not deals["Lost"].archived
    assert deals["Lost"].loss_reason == "Too expensive"
    assert deals["Lost"].closed_at
    assert deals["Archived"].status == DealStatus.OPEN
    assert deals["Archived"].archived
    fates = source.fates(CrmObject.DEALS, [str(lost), str(archived)])
    assert [fate.fate for fate in fates] == [Fate.LIVE, Fate.ARCHIVED]
    assert told(history(source), DealField.STATUS).count((None, "lost")) == 1


def test_the_loser_of_a_merge_names_its_survivor_and_keeps_its_own_history(fake):
    survivor, loser = fake.deal("A", 10.0), fake.deal("B", 20.0)
    fake.change(loser, expected_revenue=25.0)
    source = opened(fake)
    _, mark, _ = everything(source, CrmObject.CHANGES)
    fake.tick(3600 * 3)
    fake.merge(survivor, loser)
    records, _, fates = everything(source, CrmObject.CHANGES, mark)
    assert [(fate.fate, fate.id, fate.into) for fate in fates] == [(Fate.MERGED, str(loser), str(survivor))]
    assert {r.deal_id for r in records if r.new == "25"} == {str(loser)}
    [fate] = source.fates(CrmObject.DEALS, [str(loser)])
    assert (fate.fate, fate.into) == (Fate.MERGED, str(survivor))


def test_a_deleted_deal_has_vanished_and_is_not_said_to_be_deleted(fake):
    deal = fake.deal("Gone")
    fake.delete(deal)
    source = opened(fake)
    assert source.ids(CrmObject.DEALS, "")[0] == frozenset()
    assert source.fates(CrmObject.DEALS, [str(deal)])[0].fate == Fate.VANISHED


def test_a_second_sync_gives_only_what_changed_and_a_quiet_one_asks_once(fake):
    first, _ = fake.deal("Old"), fake.deal("Older")
    source = opened(fake)
    fake.tick(7200)
    _, mark, _ = everything(source, CrmObject.DEALS)
    before = len(fake.requests)
    assert everything(source, CrmObject.DEALS, mark)[0] == []
    assert len(fake.requests) == before + 1
    fake.change(first, expected_revenue=5.0)
    records, _, _ = everything(source, CrmObject.DEALS, mark)
    assert [record.id for record in records] == [str(first)]


def test_more_deals_than_a_page_within_one_second_all_come_over(fake):
    source = opened(fake)
    source.size = 3
    for number in range(5):
        fake.deal(f"Before {number}")
        fake.tick()
    for number in range(8):
        fake.deal(f"Imported {number}")
    fake.tick()
    fake.deal("After")
    records, _, _ = everything(source, CrmObject.DEALS)
    assert {record.name for record in records} == {row["name"] for row in fake.tables[LEAD].values()}


def test_a_deal_committed_late_with_an_earlier_time_is_not_missed(fake):
    fake.deal("First")
    _, mark, _ = everything(source := opened(fake), CrmObject.DEALS)
    late = fake.deal("Late")
    fake.tables[LEAD][late]["write_date"] = "2026-03-02 07:57:00.000001"
    assert "Late" in {deal.name for deal in everything(source, CrmObject.DEALS, mark)[0]}


def test_the_price_on_a_line_counts_from_the_list_and_not_from_what_was_written_over_it(fake):
    deal = fake.deal("Line 4")
    product = fake.insert("product.product", name="Desk", lst_price=750.0, standard_price=400.0)
    order = fake.insert(
        "sale.order", opportunity_id=[deal, "Line 4"], state="draft", currency_id=[2, "USD"],
        currency_rate=2.0, amount_untaxed=2700.0,
    )  # fmt: skip
    of = {"order_id": [order, "S1"], "product_id": [product, "Desk"]}
    fake.insert(
        "sale.order.line", **of, product_uom_qty=2.0, price_unit=1350.0, discount=0.0, price_subtotal=2700.0
    )
    fake.insert("sale.order.line", order_id=[order, "S1"], product_id=False, price_subtotal=0.0)
    quote = everything(opened(fake), CrmObject.QUOTES)[0][0]
    [line] = quote.lines
    assert (line.list_price, line.net_price, line.cost) == (Decimal(3000), Decimal("2700.0"), Decimal(1600))
    assert (quote.deal_id, quote.currency, quote.current) == (str(deal), "USD", True)


def test_a_line_that_changed_alone_brings_its_quote_again(fake):
    deal = fake.deal("Line 4")
    order = fake.insert("sale.order", opportunity_id=[deal, "Line 4"], state="sent")
    line = fake.insert("sale.order.line", order_id=[order, "S1"], product_id=[7, "Desk"], price_subtotal=10.0)
    fake.tick(7200)
    source = opened(fake)
    _, mark, _ = everything(source, CrmObject.QUOTES)
    assert everything(source, CrmObject.QUOTES, mark)[0] == []
    fake.tables["sale.order.line"][line].update(price_subtotal=8.0, write_date=fake.stamp())
    [quote] = everything(source, CrmObject.QUOTES, mark)[0]
    assert isinstance(quote, CrmQuote)
    assert quote.lines[0].net_price == Decimal("8.0")
    assert quote.at == fake.now


def test_an_odoo_without_sales_has_no_quotes(fake):
    del fake.fields["sale.order"], fake.fields["sale.order.line"]
    source = opened(fake)
    assert everything(source, CrmObject.QUOTES)[0] == []
    found = {line.capability: line for line in source.test()}
    assert found[Capability.QUOTE_LINES].found == Found.NOT_THERE


def test_activities_are_done_ones_mails_and_meetings(fake):
    deal = fake.deal("Line 4")
    fake.say(deal, "Note", mail_activity_type_id=[2, "Call"])
    fake.say(deal, "Note", message_type="email")
    fake.insert(
        "calendar.event", start="2026-03-05 09:00:00", opportunity_id=[deal, "Line 4"], user_id=[2, "Ida"]
    )
    found = everything(opened(fake), CrmObject.ACTIVITIES)[0]
    assert {(each.kind, each.deal_id) for each in found} == {
        (k, str(deal)) for k in ("call", "email", "meeting")
    }


def test_a_salesperson_reads_the_history_from_the_thread_of_each_deal_when_signed_in_by_password():
    with FakeOdoo(18) as fake:
        deal = fake.deal("Line 4", 100.0)
        fake.change(deal, stage_id=fake.stage(3), expected_revenue=90.0)
        fake.lose(deal)
        as_administrator = {key: (c.old, c.new) for key, c in history(opened(fake)).items()}
        fake.administrator = False
        as_person = {key: (c.old, c.new) for key, c in history(opened(fake)).items()}
        assert as_person == as_administrator
        found = {line.capability: line for line in opened(fake).test()}
        assert found[Capability.STAGE_HISTORY].found == Found.TRACKED


def test_a_salesperson_with_a_key_is_told_which_right_is_missing():
    with FakeOdoo(18, administrator=False) as fake:
        fake.change(fake.deal("Line 4"), stage_id=fake.stage(3))
        source = opened(fake, {"login": "ida@example.com", "key": "secret"})
        found = {line.capability: line for line in source.test()}
        assert found[Capability.STAGE_HISTORY].found == Found.NO_RIGHT
        assert "Administration / Settings" in found[Capability.STAGE_HISTORY].ask_for
        assert {change.origin for change in history(source).values()} == {Origin.INFERRED}


def test_the_self_test_counts_what_it_sees(fake):
    deal = fake.deal("Line 4")
    fake.deal("Line 5")
    fake.change(deal, stage_id=fake.stage(2))
    found = {line.capability: line for line in opened(fake).test()}
    assert set(found) == set(Capability)
    assert found[Capability.DEALS].count == 2
    assert found[Capability.STAGE_HISTORY].count == 1
    assert found[Capability.CLOSE_DATE_HISTORY].found == Found.NOT_TRACKED


def test_fields_stages_and_currency_are_discovered(fake):
    said = opened(fake).describe()
    assert (said.currency, said.version, said.user) == ("EUR", f"{fake.version}.0", "1")
    assert [(stage.name, stage.status) for stage in said.stages][-1] == ("Won", DealStatus.WON)
    fields = {each.name: each for each in said.fields}
    assert fields["stage_id"].tracked
    assert not fields["date_deadline"].tracked
    assert fields["x_agreements"].custom
    assert not fields["stage_id"].writable
    assert said.server_time == fake.now


def test_further_fields_come_as_asked(fake):
    fake.deal("Line 4", x_agreements="3 of 5")
    [deal], _, _ = everything(opened(fake, fields={"agreements": "x_agreements"}), CrmObject.DEALS)
    assert deal.extra == {"agreements": "3 of 5"}


def test_only_what_differs_is_written_back(fake):
    deal = str(fake.deal("Line 4", x_gained=1))
    source = opened(fake)
    assert source.write(deal, {"x_agreements": "3 of 5", "x_gained": "3"}).written == Written.DONE
    assert fake.tables[LEAD][1]["x_gained"] == 3
    messages = len(fake.tables[MESSAGE])
    again = source.write(deal, {"x_agreements": "3 of 5", "x_gained": "3"})
    assert again.written == Written.SAME
    assert again.modified_at == fake.now
    assert len(fake.tables[MESSAGE]) == messages
    assert source.write(deal, {"x_agreements": "forbidden"}).written == Written.REFUSED
    assert source.write(deal, {"x_gained": "many"}).written == Written.REFUSED
    assert source.write(deal, {"x_nothing": "1"}).written == Written.NO_FIELD
    assert source.write("99", {"x_gained": "1"}).written == Written.GONE


@pytest.mark.parametrize("name", ["stage_id", "expected_revenue"])
def test_stage_and_amount_are_never_written(fake, name):
    deal = fake.deal("Line 4")
    before = dict(fake.tables[LEAD][deal])
    assert opened(fake).write(str(deal), {name: "2"}).written == Written.REFUSED
    assert fake.tables[LEAD][deal] == before


def test_the_task_of_the_next_agreement_is_made_once_and_moved(fake):
    deal, source = str(fake.deal("Line 4")), opened(fake)
    made = source.write_task(deal, "", "Agree on access to data", dt.date(2026, 4, 1))
    assert made.written == Written.DONE
    assert fake.tables["mail.activity"][1]["user_id"] == 2
    same = source.write_task(deal, made.task_id, "Agree on access to data", dt.date(2026, 4, 1))
    assert (same.written, same.task_id) == (Written.SAME, made.task_id)
    source.write_task(deal, made.task_id, "Agree on access to data", dt.date(2026, 4, 8))
    assert fake.tables["mail.activity"][1]["date_deadline"] == "2026-04-08"
    assert len(fake.tables["mail.activity"]) == 1
    del fake.tables["mail.activity"][1]  # done in Odoo
    assert source.write_task(deal, made.task_id, "Agree on a sponsor", None).task_id == "2"
    assert source.write_task("99", "", "Agree", None).written == Written.GONE


def test_a_task_whose_answer_was_cut_is_not_sent_again_by_itself(fake):
    deal, source = str(fake.deal("Line 4")), opened(fake)
    source.fields(LEAD)
    fake.next(2, CUT)
    with pytest.raises(NotReachable):
        source.write_task(deal, "", "Agree on access", None)
    assert len(fake.tables["mail.activity"]) == 1


def test_a_wrong_sign_in_is_said_in_one_sentence(fake):
    with pytest.raises(NotSignedIn, match="sign-in"):
        opened(fake, {"key": "wrong", "login": "admin"}).describe()


@pytest.mark.parametrize(
    ("name", "status", "kind"),
    [
        ("odoo.exceptions.AccessError", 422, NoRight),
        ("odoo.exceptions.MissingError", 422, NotThere),
        ("odoo.exceptions.AccessDenied", 422, NotSignedIn),
        ("psycopg2.OperationalError", 422, NotReachable),
        ("odoo.exceptions.ValidationError", 422, Rejected),
        ("something", 403, NoRight),
        ("something", 404, NotThere),
    ],
)
def test_each_error_of_odoo_is_one_of_ours(name, status, kind):
    assert type(problem({"name": name, "message": "no"}, status)) is kind


@pytest.mark.parametrize(("said", "number"), [("18.0", 18), ("saas~19.1", 19), ("19.0+e", 19), ("", 0)])
def test_versions_are_read_as_odoo_writes_them(said, number):
    assert series(said) == number


@pytest.mark.parametrize(
    ("url", "ends"),
    [
        ("https://odoo.example.com", dt.date(2028, 9, 1)),
        ("https://company.odoo.com/web", dt.date(2027, 12, 1)),
        ("https://notodoo.com", dt.date(2028, 9, 1)),
    ],
)
def test_signing_in_the_old_way_ends_earlier_on_odoo_online(url, ends):
    ways = {each.key: each.ends_on(url) for each in crm("odoo").sign_ins}
    assert ways == {"json2": None, "jsonrpc": ends, "password": ends}
