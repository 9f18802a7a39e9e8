"""Dynamics 365: links that go on, an audit log that is on or off, and rows that are made unless one forbids it."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from connectors.fakes import base
from connectors.fakes.dynamics import STAGES, Dynamics
from connectors.reading import Kept, changes, read
from hingepoint import connectors
from hingepoint.connectors import exchange
from hingepoint.connectors.source import Address, Wanted
from hingepoint.records.crm import Capability, CrmObject, CrmRole, DealField, Fate, Found, Origin, Written
from hingepoint.records.deals import DealStatus


@pytest.fixture
def fake():
    with Dynamics() as fake:
        yield fake


def opened(fake, address=None, **wanted):
    return connectors.crm("dynamics").open(address or fake.address(), fake.exchange(), Wanted(**wanted))


def only(source, object):
    found = {each.id: each for each in read(source, object)[object]}
    (record,) = found.values()
    return record


# Signing in and links


def test_a_token_that_ends_in_the_middle_is_replaced(fake):
    deal = fake.add()
    source = opened(fake)
    source.describe()
    fake.next(1, base.EXPIRED)
    assert only(source, CrmObject.DEALS).id == deal


def test_a_wrong_secret_is_said_without_the_secret(fake):
    secrets = {"tenant": "tenant-1", "client_id": "app", "client_secret": "not-this-one"}
    with pytest.raises(exchange.NotSignedIn, match="AADSTS7000215") as refused:
        opened(fake, Address(fake.url, secrets, {"login": fake.url})).describe()
    assert "not-this-one" not in str(refused.value)


def test_the_delta_link_gives_what_was_changed_and_what_was_deleted(fake):
    one, other, _ = fake.add(1), fake.add(2), fake.add(3)
    source, kept = opened(fake), Kept()
    kept.sync(source)
    fake.set("opportunities", one, name="Renamed")
    fake.remove("opportunities", other)
    page = source.page(CrmObject.DEALS, kept.marks[CrmObject.DEALS])
    assert [(each.id, each.name) for each in page.records] == [(one, "Renamed")]
    assert [(each.id, each.fate) for each in page.fates] == [(other, Fate.DELETED)]


def test_a_delta_link_that_is_too_old_begins_again(fake):
    fake.add(1)
    source, kept = opened(fake), Kept()
    kept.sync(source)
    fake.add(2)
    fake.oldest_token = 10_000
    kept.sync(source)
    assert len(kept.records[CrmObject.DEALS]) == 2


def test_without_change_tracking_the_time_of_the_change_is_asked_with_an_overlap(fake):
    fake.tracking = set()
    fake.add(1)
    source, kept = opened(fake), Kept()
    kept.sync(source)
    fake.tick(200)
    fake.late(0)
    kept.sync(source)
    (deal,) = kept.records[CrmObject.DEALS].values()
    assert deal.name == "Late 0"


# Records


def test_a_won_deal_has_its_actual_revenue_its_day_and_its_people(fake):
    deal = fake.add(
        statecode=1, actualvalue=950.0, actualclosedate="2026-03-05", _parentcontactid_value=fake.contact
    )
    fake.connect(7)
    found = only(opened(fake), CrmObject.DEALS)
    assert (found.id, found.status, found.amount, found.currency) == (
        deal,
        DealStatus.WON,
        Decimal(950),
        "EUR",
    )
    assert found.closed_at == dt.datetime(2026, 3, 5, tzinfo=dt.UTC)
    assert found.roles == (CrmRole(fake.contact, "Role-7", primary=True),)


def test_a_lost_deal_says_why_and_a_new_connection_brings_its_deal(fake):
    fake.add()
    source, kept = opened(fake), Kept()
    kept.sync(source)
    fake.tick(3600)
    fake.connect(1)
    kept.sync(source)
    (deal,) = kept.records[CrmObject.DEALS].values()
    assert [each.role for each in deal.roles] == ["Role-1"]
    fake.close(1)
    assert only(source, CrmObject.DEALS).loss_reason == "Out-Sold"


def test_a_quote_has_net_prices_without_tax(fake):
    fake.quote(fake.add(), 900.0)
    quote = read(opened(fake), CrmObject.QUOTES)[CrmObject.QUOTES][0]
    (line,) = quote.lines
    assert (line.list_price, line.net_price, quote.net_price) == (Decimal(1000), Decimal(900), Decimal(900))


def quoted(fake):
    return read(opened(fake), CrmObject.QUOTES)[CrmObject.QUOTES][0]


def test_a_discount_on_the_whole_quote_is_a_discount(fake):
    quote = fake.quote(fake.add(), 900.0)
    fake.set("quotes", quote, discountpercentage=10.0, discountamount=60.0)
    assert quoted(fake).net_price == Decimal(750)


def test_a_quote_without_lines_costs_its_total_less_tax_and_never_nothing(fake):
    quote = fake.quote(fake.add(), 900.0)
    (line,) = fake.all("quotedetails")
    fake.remove("quotedetails", line["quotedetailid"])
    fake.set("quotes", quote, totalamount=1071.0, totaltax=171.0)
    assert quoted(fake).net_price == Decimal(900)
    fake.set("quotes", quote, totalamount=0.0, totaltax=None)
    assert quoted(fake).net_price is None


def test_a_call_or_mail_that_is_planned_and_a_meeting_that_was_called_off_are_no_activities(fake):
    deal = fake.add()
    for kind, state in (("phonecall", 0), ("email", 0), ("appointment", 2), ("appointment", 3), ("email", 1)):
        fake.put("activitypointers", _regardingobjectid_value=deal, activitytypecode=kind, statecode=state)
    page = opened(fake).page(CrmObject.ACTIVITIES, "")
    assert sorted(each.kind for each in page.records) == ["mail", "meeting"]
    assert [each.fate for each in page.fates] == [Fate.DELETED]


def test_deals_from_before_the_wished_day_are_left_out_though_tracking_cannot_filter(fake):
    fake.add()
    assert read(opened(fake, since=dt.date(2026, 3, 3)), CrmObject.DEALS)[CrmObject.DEALS] == []


# History


def test_the_audit_log_gives_each_change_and_what_the_deal_began_with(fake):
    fake.add()
    fake.reprice(200)
    fake.postpone(3)
    fake.move(1)
    fake.hand_over(1)
    source = opened(fake)
    assert changes(source, DealField.AMOUNT) == [(None, "1000"), ("1000", "1200")]
    assert changes(source, DealField.EXPECTED_CLOSE) == [(None, "2026-03-02"), ("2026-03-02", "2026-03-05")]
    assert changes(source, DealField.STAGE) == [(None, STAGES[0]), STAGES]
    assert changes(source, DealField.OWNER) == [(None, fake.ada), (fake.ada, fake.ben)]
    found = read(source, CrmObject.CHANGES)[CrmObject.CHANGES]
    stage = [each for each in found if each.field is DealField.STAGE]
    assert [(each.origin, each.new_label) for each in stage] == [
        (Origin.INFERRED, "Qualify"), (Origin.NATIVE, "Propose"),
    ]  # fmt: skip


def test_a_deal_of_an_older_sales_process_has_its_step_as_its_stage(fake):
    deal = fake.add(stageid=None, processid=None, stepname="1-Qualify")
    fake.tick(600)
    fake.set("opportunities", deal, stepname="2-Develop")
    source = opened(fake)
    assert only(source, CrmObject.DEALS).stage_id == "2-Develop"
    assert changes(source, DealField.STAGE) == [(None, "1-Qualify"), ("1-Qualify", "2-Develop")]
    fake.tick(600)
    fake.set("opportunities", deal, stageid=STAGES[0], stepname="Qualify")
    assert only(source, CrmObject.DEALS).stage_id == STAGES[0]


def test_a_step_beside_the_stage_of_a_process_is_no_stage(fake):
    fake.add(stepname="Qualify")
    source = opened(fake)
    assert only(source, CrmObject.DEALS).stage_id == STAGES[0]
    assert changes(source, DealField.STAGE) == [(None, STAGES[0])]


def test_each_closing_and_each_opening_is_kept(fake):
    fake.add()
    fake.close(0)
    fake.reopen()
    fake.close(1)
    assert changes(opened(fake), DealField.STATUS) == [
        (None, "open"), ("open", "won"), ("won", "open"), ("open", "lost"),
    ]  # fmt: skip


def test_without_auditing_the_closings_are_still_there_and_the_rest_is_of_today(fake):
    fake.audit = False
    fake.add()
    fake.reprice(200)
    fake.close(0)
    fake.reopen()
    fake.close(1)
    source = opened(fake)
    assert changes(source, DealField.STATUS) == [(None, "won"), (None, "lost")]
    assert changes(source, DealField.AMOUNT) == [(None, "1200")]


def test_a_closing_of_which_dynamics_does_not_say_the_outcome_is_not_taken_as_lost(fake):
    fake.audit = False
    fake.add()
    fake.close(1)
    (closing,) = fake.all("opportunitycloses")
    del closing["opportunitystatecode"]
    assert changes(opened(fake), DealField.STATUS) == []


# The self-test


def test_the_self_test_asks_for_what_is_switched_off(fake):
    fake.add()
    fake.audit, fake.tracking, fake.forbidden = False, set(), {"quotes"}
    found = {each.capability: each for each in opened(fake).test()}
    assert found[Capability.AMOUNT_HISTORY].found is Found.NOT_TRACKED
    assert found[Capability.AMOUNT_HISTORY].ask_for == "Auditing of estimatedvalue on Opportunity"
    assert found[Capability.DELETIONS].ask_for == "Track changes on Opportunity"
    assert (found[Capability.QUOTE_LINES].found, found[Capability.QUOTE_LINES].ask_for) == (
        Found.NO_RIGHT,
        "Read on Quote",
    )
    assert (found[Capability.DEALS].count, found[Capability.APPROVALS].found) == (1, Found.NOT_THERE)


def test_since_when_there_is_an_audit_log_is_told(fake):
    fake.add()
    fake.tick(86_400)
    fake.reprice(1)
    found = {each.capability: each for each in opened(fake).test()}[Capability.AMOUNT_HISTORY]
    assert (found.found, found.since) == (Found.TRACKED_SINCE, dt.date(2026, 3, 3))


def test_columns_say_whether_they_are_audited_and_can_be_written(fake):
    fields = {each.name: each for each in opened(fake).describe().fields}
    assert fields["estimatedvalue"].tracked
    assert not fields["name"].tracked
    assert fields["agx_status"].custom
    assert not fields["statecode"].writable


# What became of records


def test_a_merged_account_names_its_master_and_a_row_that_is_gone_has_vanished(fake):
    gone = fake.put("accounts", name="Nordwerk GmbH", merged=True, _masterid_value=fake.account)
    deal = fake.add()
    fake.remove("opportunities", deal)
    source = opened(fake)
    (merged,) = source.fates(CrmObject.ACCOUNTS, [gone])
    assert (merged.fate, merged.into) == (Fate.MERGED, fake.account)
    assert source.fates(CrmObject.DEALS, [deal])[0].fate is Fate.VANISHED


# Writing


def test_values_are_written_in_the_type_of_their_column_and_once(fake):
    deal, source = fake.add(), opened(fake)
    done = source.write(deal, {"agx_status": "gained", "agx_count": "3"})
    assert (done.written, fake.rows["opportunities"][deal]["agx_count"]) == (Written.DONE, 3)
    assert done.modified_at == only(source, CrmObject.DEALS).modified_at
    assert source.write(deal, {"agx_status": "gained", "agx_count": "3"}).written is Written.SAME


@pytest.mark.parametrize(("kind", "there", "said"), [("Boolean", True, "true"), ("Decimal", 50.0, "50")])
def test_what_is_there_in_another_writing_is_not_written_again(fake, kind, there, said):
    fake.custom["agx_count"] = kind
    deal, source = fake.add(agx_count=there), opened(fake)
    assert source.write(deal, {"agx_count": said}).written is Written.SAME
    assert [each for each in fake.requests if each.method == "PATCH"] == []


@pytest.mark.parametrize("kind", ["Integer", "Decimal", "Money", "Boolean"])
def test_a_text_for_a_column_of_another_kind_is_refused_and_never_raises(fake, kind):
    fake.custom["agx_count"] = kind
    deal, source = fake.add(), opened(fake)
    assert source.write(deal, {"agx_count": "50%"}).written is Written.REFUSED
    assert [each for each in fake.requests if each.method == "PATCH"] == []


def test_rules_unknown_columns_closed_and_gone_deals_refuse_and_never_raise(fake):
    deal, source = fake.add(), opened(fake)
    assert source.write(deal, {"nobody_made": "x"}).written is Written.NO_FIELD
    fake.rule = "A business rule says no."
    refused = source.write(deal, {"agx_status": "x"})
    assert (refused.written, refused.detail) == (Written.REFUSED, "A business rule says no.")
    fake.close()
    assert source.write(deal, {"agx_status": "x"}).written is Written.LOCKED
    fake.remove("opportunities", deal)
    assert source.write(deal, {"agx_status": "x"}).written is Written.GONE


def test_the_task_is_made_once_and_one_that_is_gone_is_made_anew_by_us_and_not_by_chance(fake):
    deal, source = fake.add(), opened(fake)
    made = source.write_task(deal, "", "Gain the trial", dt.date(2026, 4, 1))
    assert source.write_task(deal, made.task_id, "Gain the budget", None).task_id == made.task_id
    fake.remove("tasks", made.task_id)
    assert source.write_task(deal, made.task_id, "Gain it", None).task_id != made.task_id
    (task,) = fake.all("tasks")
    assert task["regardingobjectid_opportunity@odata.bind"] == f"/opportunities({deal})"
