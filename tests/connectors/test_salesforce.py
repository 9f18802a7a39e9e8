"""Salesforce: what its rows and histories become here, and how the sign-in, long lists of fields and limits are borne."""

from __future__ import annotations

import base64
import datetime as dt
import json
from decimal import Decimal

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from connectors.fakes import base
from connectors.fakes.salesforce import Salesforce
from connectors.reading import Kept, changes, read
from hingepoint import connectors
from hingepoint.connectors import exchange
from hingepoint.connectors.source import Address, Wanted
from hingepoint.records.crm import Capability, CrmObject, CrmRole, DealField, Fate, Found, Origin, Written
from hingepoint.records.deals import DealStatus


@pytest.fixture
def fake():
    with Salesforce() as fake:
        yield fake


def opened(fake, address=None, **wanted):
    return connectors.crm("salesforce").open(address or fake.address(), fake.exchange(), Wanted(**wanted))


def only(source, object):
    found = {each.id: each for each in read(source, object)[object]}
    (record,) = found.values()
    return record


# Signing in


def test_a_token_that_ends_in_the_middle_is_replaced_and_nothing_is_lost(fake):
    deal = fake.add()
    source = opened(fake)
    source.describe()
    fake.next(1, base.EXPIRED)
    assert only(source, CrmObject.DEALS).id == deal


def test_a_wrong_secret_is_said_and_not_tried_again(fake):
    wrong = Address(fake.url, {"client_id": "app", "client_secret": "wrong"})
    with pytest.raises(exchange.NotSignedIn, match="invalid client credentials") as refused:
        opened(fake, wrong).describe()
    assert len(fake.requests) == 1
    assert "wrong" not in str(refused.value) + repr(wrong)


def test_a_certificate_signs_for_the_user_by_the_clock_of_salesforce(fake):
    key = rsa.generate_private_key(65537, 2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    opened(
        fake, Address(fake.url, {"client_id": "app", "user": "sync@example.com", "private_key": pem})
    ).describe()
    signed, _, signature = fake.assertions[0].rpartition(".")
    raw = base64.urlsafe_b64decode(signature + "==")
    key.public_key().verify(raw, signed.encode(), padding.PKCS1v15(), hashes.SHA256())
    claims = json.loads(base64.urlsafe_b64decode(signed.partition(".")[2] + "=="))
    assert (claims["iss"], claims["sub"], claims["aud"]) == ("app", "sync@example.com", fake.url)
    assert dt.datetime.fromtimestamp(claims["exp"], dt.UTC) == fake.now + dt.timedelta(minutes=3)


def test_a_key_that_is_none_is_refused_in_words(fake):
    with pytest.raises(exchange.NotSignedIn, match="PEM"):
        opened(fake, Address(fake.url, {"client_id": "a", "user": "u", "private_key": "x"})).describe()


# Records


def test_a_deal_comes_with_its_people_money_and_outcome(fake):
    fake.add(Amount=1250.5, StageName="Closed Won", Probability=100.0, CloseDate="2026-03-05")
    deal = only(opened(fake), CrmObject.DEALS)
    assert (deal.amount, deal.currency, deal.probability) == (Decimal("1250.5"), "EUR", 1.0)
    assert (deal.status, deal.expected_close_on) == (DealStatus.WON, dt.date(2026, 3, 5))
    assert deal.roles == (CrmRole(fake.contact, "Decision Maker", primary=True),)
    assert (deal.account_id, deal.owner_id) == (fake.account, fake.ada)


def test_a_role_that_changes_or_goes_brings_its_deal_although_the_deal_did_not_change(fake):
    fake.add()
    kept, source = Kept(), opened(fake)
    kept.sync(source)
    for n, roles in ((1, [CrmRole(fake.contact, "Role 1", primary=True)]), (3, [])):
        fake.tick(3600)
        fake.role(n)
        kept.sync(source)
        (deal,) = kept.records[CrmObject.DEALS].values()
        assert list(deal.roles) == roles


def test_a_very_long_list_of_fields_is_asked_in_parts_that_fit(fake):
    names = [f"A_rather_long_name_of_a_field_number_{n}__c" for n in range(400)]
    fake.custom = dict.fromkeys(names, "string")
    deal = fake.add(**{names[0]: "first", names[-1]: "last"})
    found = only(opened(fake, fields={name: name for name in names}), CrmObject.DEALS)
    assert (found.id, found.extra[names[0]], found.extra[names[-1]]) == (deal, "first", "last")
    sizes = [len(request.query.get("q", "")) for request in fake.requests]
    assert 2_000 < max(sizes) < 10_000


def test_a_field_the_user_may_not_see_is_left_out(fake):
    fake.add()
    assert only(opened(fake, fields={"secret": "Secret__c"}), CrmObject.DEALS).extra == {"secret": ""}


def test_answers_in_several_batches_are_read_to_the_end(fake):
    for n in range(9):
        fake.add(n)
    assert len(read(opened(fake), CrmObject.DEALS)[CrmObject.DEALS]) >= 9
    assert any("/query/01g" in each.path for each in fake.requests)


def test_quotes_have_list_and_net_price_and_a_changed_line_brings_its_quote(fake):
    fake.quote(fake.add())
    kept, source = Kept(), opened(fake)
    kept.sync(source)
    fake.tick(3600)
    fake.requote(5)
    kept.sync(source)
    (quote,) = kept.records[CrmObject.QUOTES].values()
    assert [(each.list_price, each.net_price, each.product) for each in quote.lines] == [
        (Decimal(1000), Decimal("805.0"), "Press"),
    ]  # fmt: skip


def test_an_approval_of_a_quote_belongs_to_its_deal(fake):
    deal = fake.add()
    quote = fake.quote(deal)
    for target, status in ((deal, "Approved"), (quote, "Rejected"), (deal, "Pending")):
        said = {"CompletedDate": "2026-03-02T09:00:00.000+0000", "LastActorId": fake.ben}
        fake.put("ProcessInstance", TargetObjectId=target, Status=status, SubmittedById=fake.ada, **said)
    found = read(opened(fake), CrmObject.APPROVALS)[CrmObject.APPROVALS]
    assert [(each.deal_id, each.approved) for each in found] == [(deal, True), (deal, False), (deal, None)]
    assert found[2].decided_at is None


# History


def test_each_change_comes_from_the_row_before_it(fake):
    fake.add()
    fake.reprice(200)
    fake.postpone(3)
    fake.move(1)
    source = opened(fake)
    assert changes(source, DealField.AMOUNT) == [("", "1000"), ("1000", "1200")]
    assert changes(source, DealField.EXPECTED_CLOSE) == [("", "2026-03-02"), ("2026-03-02", "2026-03-05")]
    assert changes(source, DealField.STAGE) == [("", "New"), ("New", "Talks")]
    assert changes(source, DealField.PROBABILITY) == [("", "0.2")]


def test_each_outcome_is_kept_when_a_deal_is_opened_again(fake):
    fake.add()
    fake.reopen()
    fake.move(3)
    assert changes(opened(fake), DealField.STATUS) == [
        (None, "open"), ("open", "won"), ("won", "open"), ("open", "lost"),
    ]  # fmt: skip


def test_a_change_of_owner_is_one_though_salesforce_keeps_it_twice(fake):
    fake.add()
    fake.hand_over(1)
    found = [
        each
        for each in read(opened(fake), CrmObject.CHANGES)[CrmObject.CHANGES]
        if each.field is DealField.OWNER
    ]
    assert [(each.old, each.new, each.origin) for each in found] == [
        (None, fake.ada, Origin.INFERRED), (fake.ada, fake.ben, Origin.NATIVE),
    ]  # fmt: skip
    assert (found[1].old_label, found[1].new_label) == ("Ada Berg", "Ben Cole")


def test_the_first_owner_of_a_deal_older_than_the_history_is_not_made_up(fake):
    fake.add()
    fake.tick(600 * 86_400)
    fake.hand_over(1)
    assert changes(opened(fake), DealField.OWNER) == [(fake.ada, fake.ben)]


# The self-test


def test_the_self_test_tells_not_tracked_no_right_and_tracked_since(fake):
    fake.add()
    fake.tick(86_400)
    fake.hand_over(1)
    fake.hidden = {"ProcessInstance", "Quote"}
    found = {each.capability: each for each in opened(fake).test()}
    owners = found[Capability.OWNER_HISTORY]
    assert (owners.found, owners.since, owners.count) == (Found.TRACKED_SINCE, dt.date(2026, 3, 3), 2)
    assert found[Capability.APPROVALS].found is Found.NO_RIGHT
    assert found[Capability.QUOTE_LINES].found is Found.NOT_THERE
    assert (found[Capability.DEALS].found, found[Capability.DEALS].count) == (Found.TRACKED, 1)
    fake.owner_tracked = False
    again = {each.capability: each for each in opened(fake).test()}[Capability.OWNER_HISTORY]
    assert (again.found, again.ask_for) == (Found.NOT_TRACKED, "Set History Tracking for Opportunity Owner")


def test_objects_that_are_hidden_give_no_records_and_no_error(fake):
    fake.quote(fake.add())
    fake.hidden = {"Quote", "QuoteLineItem", "ProcessInstance", "OpportunityContactRole"}
    found = read(opened(fake), CrmObject.DEALS, CrmObject.QUOTES, CrmObject.APPROVALS)
    assert [len(found[each]) for each in found] == [1, 0, 0]


def test_the_limit_of_a_day_is_told_as_a_wait(fake):
    source = opened(fake)
    source.describe()
    assert source._link.budget.left == 100_000 - fake.used
    fake.used = 100_000
    source._link.budget.left = 99_000
    with pytest.raises(exchange.Busy) as busy:
        source.page(CrmObject.DEALS, "")
    assert busy.value.seconds == 3600


# What became of deals


def test_deleted_deals_say_so_until_the_bin_is_emptied(fake):
    deal = fake.add()
    source, kept = opened(fake), Kept()
    kept.sync(source)
    fake.tick(3600)
    fake.delete()
    assert source.fates(CrmObject.DEALS, [deal])[0].fate is Fate.DELETED
    kept.sync(source)
    assert kept.gone[deal] == (Fate.DELETED, "")
    fake.purge()
    assert source.fates(CrmObject.DEALS, [deal])[0].fate is Fate.VANISHED


def test_a_merged_account_names_its_survivor(fake):
    gone = fake.put("Account", Name="Nordwerk GmbH")
    fake.set("Account", gone, IsDeleted=True, MasterRecordId=fake.account)
    (fate,) = opened(fake).fates(CrmObject.ACCOUNTS, [gone])
    assert (fate.fate, fate.into) == (Fate.MERGED, fake.account)


def test_a_formula_moves_no_mark_and_is_read_again_by_the_sweep(fake):
    fake.formulas = {"Score__c": "1"}
    deal = fake.add()
    source = opened(fake, fields={"score": "Score__c"})
    mark = source.page(CrmObject.DEALS, "").mark
    fake.tick(3600)
    fake.formulas = {"Score__c": "2"}
    assert [each.extra["score"] for each in source.again(CrmObject.DEALS, [deal]).records] == ["2"]
    assert mark
    assert {each.name for each in source.describe().fields if each.formula} == {"Score__c"}


# Writing


def test_only_what_changed_is_written_and_its_time_is_told(fake):
    deal, source = fake.add(), opened(fake)
    done = source.write(deal, {"Hingepoint__c": "gained"})
    assert done.written is Written.DONE
    assert only(source, CrmObject.DEALS).modified_at == done.modified_at
    assert source.write(deal, {"Hingepoint__c": "gained"}).written is Written.SAME


def test_locks_rules_unknown_fields_and_gone_deals_refuse_and_never_raise(fake):
    deal, source = fake.add(), opened(fake)
    assert source.write(deal, {"Nobody__c": "x"}).written is Written.NO_FIELD
    fake.locked = {deal}
    assert source.write(deal, {"Hingepoint__c": "x"}).written is Written.LOCKED
    fake.locked, fake.rule = set(), "Say the next step."
    refused = source.write(deal, {"Hingepoint__c": "x"})
    assert (refused.written, refused.detail) == (Written.REFUSED, "Say the next step.")
    fake.delete()
    assert source.write(deal, {"Hingepoint__c": "x"}).written is Written.GONE


def test_the_task_of_the_next_agreement_is_made_once_and_anew_when_it_was_deleted(fake):
    deal, source = fake.add(), opened(fake)
    made = source.write_task(deal, "", "Gain the trial", dt.date(2026, 4, 1))
    source.write_task(deal, made.task_id, "Gain the budget", dt.date(2026, 4, 8))
    (task,) = fake.all("Task")
    assert (task["Id"], task["Subject"], task["WhatId"]) == (made.task_id, "Gain the budget", deal)
    fake.set("Task", made.task_id, IsDeleted=True)
    assert source.write_task(deal, made.task_id, "Gain it", None).task_id != made.task_id
