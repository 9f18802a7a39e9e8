"""What comes over from a CRM, and what CRMs do to records on the way."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import replace
from decimal import Decimal

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

import locks
from fake_crm import BEGIN, FakeCrm, plug_in
from hingepoint.connectors.exchange import NotReachable
from hingepoint.domain.agreements.models import Agreement, AgreementType
from hingepoint.domain.audit.models import AuditEvent
from hingepoint.domain.deals.models import Deal, DealContact, DealEvent
from hingepoint.domain.imports.models import ImportBatch
from hingepoint.domain.sync import actions, dates
from hingepoint.domain.sync.landing import Landing
from hingepoint.domain.sync.models import Connection, Cursor, Landed, LandedChange, SyncRun
from hingepoint.records.crm import (
    Capability,
    CapabilityFound,
    CrmFate,
    CrmLine,
    CrmObject,
    CrmRole,
    DealField,
    Fate,
    Found,
    Origin,
)
from hingepoint.records.deals import DealStatus

LATER = BEGIN + dt.timedelta(days=60)


@pytest.fixture
def crm(db, monkeypatch) -> FakeCrm:
    made = FakeCrm()
    made.user("u1", "Sanna Sol", email="sanna@hinge.example", team="North", manager_id="u2")
    made.user("u2", "Maud Moor", team="North")
    made.account("a1", "Nordwerk", region="North", segment="ENT")
    plug_in(monkeypatch, made)
    return made


def connected(key: str = "fake1", **facts) -> Connection:
    return actions.connect(
        by=None,
        at=BEGIN,
        crm=key,
        given={"token": "secret-canary"},
        **{"url": "https://crm.example"} | facts,
    )


def synced(connection: Connection, at: dt.datetime = LATER, **how) -> actions.Told:
    told = actions.sync(at=at, connection_id=connection.pk, **how)
    assert (told.problem, told.problems) == ("", [])
    return told


def happened(deal: str, kind: str, name: str = "") -> list[tuple]:
    rows = DealEvent.objects.filter(deal__key=deal, kind=kind).order_by("occurred_at", "pk")
    rows = rows.filter(name=name) if name else rows
    return [(row.name, row.value, row.note, row.occurred_at) for row in rows]


def test_deals_come_with_their_history(crm):
    crm.open_deal("d1", account_id="a1", expected_close_on=dt.date(2026, 3, 1))
    crm.pass_time(days=7)
    crm.change("d1", stage_id="s2", amount=Decimal(900))
    told = synced(connected())
    deal = Deal.objects.get(key="d1")
    assert (deal.stage, deal.status, deal.amount, deal.initial_amount) == ("Proposal", "open", 900, 1000)
    assert (deal.owner.name, deal.team.name, deal.account.name) == ("Sanna Sol", "North", "Nordwerk")
    assert (deal.region, deal.segment, deal.expected_close_on) == ("North", "ENT", dt.date(2026, 3, 1))
    week = BEGIN + dt.timedelta(days=7)
    assert happened("d1", "stage") == [("Qualified", None, "", BEGIN), ("Proposal", None, "", week)]
    assert happened("d1", "field", "amount") == [("amount", 1000, "", BEGIN), ("amount", 900, "", week)]
    assert told.brought == {"deals_created": 1, "deals_updated": 0, "events": 5}


def test_a_second_run_changes_nothing_and_asks_once_a_kind(crm):
    crm.open_deal("d1")
    connection = connected()
    synced(connection)
    crm.asked.clear()
    before = (DealEvent.objects.count(), ImportBatch.objects.count(), Landed.objects.count())
    told = synced(connection, sweep=False)
    assert (DealEvent.objects.count(), ImportBatch.objects.count(), Landed.objects.count()) == before
    assert len(crm.asked) == len(set(crm.asked)) == 8
    assert told.brought == {}


def test_a_reading_that_was_stopped_goes_on_and_another_follows_it(crm):
    crm.open_deal("d1")
    connection = connected()
    synced(connection)
    Cursor.objects.filter(connection=connection, object=CrmObject.CHANGES).update(complete=False)
    crm.asked.clear()
    synced(connection, sweep=False)
    assert crm.asked.count(CrmObject.CHANGES.value) == 2
    assert len(crm.asked) == 9


def test_pages_give_the_same_as_one_page(crm, monkeypatch):
    for number in range(11):
        crm.open_deal(f"d{number:02}")
        crm.pass_time(hours=1)
    monkeypatch.setattr("hingepoint.domain.sync.register.PAGE", 4)
    synced(connected())
    assert Deal.objects.count() == 11
    assert ImportBatch.objects.count() == 3


def test_deals_with_long_histories_make_shorter_pages(crm, monkeypatch):
    for number in range(4):
        crm.open_deal(f"d{number}")
        for amount in range(5):
            crm.pass_time(minutes=1)
            crm.change(f"d{number}", amount=Decimal(amount))
    monkeypatch.setattr("hingepoint.domain.sync.register.MOST_CHANGES", 17)  # each has eight
    told = synced(connected())
    assert (told.brought["deals_created"], told.brought["events"]) == (4, 4 * 8)
    assert ImportBatch.objects.count() == 2


def test_a_page_however_long_is_kept_in_pieces_so_that_nobody_waits_to_write(crm, monkeypatch):
    """With four times the records in each page of the CRM no transaction writes more."""
    monkeypatch.setattr("hingepoint.domain.sync.reading.AT_ONCE", 20)
    monkeypatch.setattr("hingepoint.domain.sync.register.PAGE", 5)
    crm.page_size, most = 1000, []
    connection = connected()
    for size in (20, 80):
        for number in range(size):
            crm.open_deal(f"{size}-{number:02}")
            crm.pass_time(minutes=1)
            crm.change(f"{size}-{number:02}", amount=Decimal(number))
        with locks.measured() as meter:
            told = synced(connection, sweep=False)
        assert told.brought["deals_created"] == size
        most.append(meter.most_rows)
    assert most[1] <= most[0]


def test_a_deal_that_was_written_before_its_mark_is_found_by_the_sweep_with_its_history(crm):
    crm.open_deal("d1")
    crm.pass_time(days=9)
    crm.change("d1", amount=Decimal(900))
    connection = connected()
    synced(connection)
    now, crm.now = crm.now, BEGIN  # committed late, with the time at which it began
    crm.open_deal("late")
    crm.pass_time(days=2)
    crm.change("late", stage_id="s2")
    crm.now = now
    synced(connection, at=LATER + dt.timedelta(hours=1), sweep=False)
    assert not Deal.objects.filter(key="late").exists()
    synced(connection, at=LATER + dt.timedelta(hours=2), sweep=True)
    assert [name for name, *_ in happened("late", "stage")] == ["Qualified", "Proposal"]


def test_a_close_date_that_the_crm_does_not_track_is_seen_between_two_readings(crm):
    crm.tracked = frozenset({DealField.STAGE, DealField.AMOUNT, DealField.OWNER})
    crm.found = tuple(
        CapabilityFound(each, Found.NOT_TRACKED if each == Capability.CLOSE_DATE_HISTORY else Found.TRACKED)
        for each in Capability
    )
    crm.open_deal("d1", expected_close_on=dt.date(2026, 3, 1))
    connection = connected()
    first = BEGIN + dt.timedelta(days=1)
    synced(connection, at=first)
    crm.pass_time(days=3)
    crm.change("d1", expected_close_on=dt.date(2026, 4, 1))
    told = synced(connection, at=first + dt.timedelta(days=5))
    said = [(note, at) for _, _, note, at in happened("d1", "field", "expected_close")]
    assert said == [("2026-03-01", first), ("2026-04-01", BEGIN + dt.timedelta(days=3))]
    assert told.rules["seen_by_us"] == 2
    newest = DealEvent.objects.filter(name="expected_close").latest("occurred_at")
    assert newest.recorded_at == first + dt.timedelta(days=5)


def test_it_is_told_how_dates_are_known(crm):
    crm.tracked = frozenset({DealField.STAGE})
    crm.found = (CapabilityFound(Capability.STAGE_HISTORY, Found.TRACKED, count=1),)
    crm.open_deal("d1")
    connection = connected()
    synced(connection)
    crm.pass_time(days=1)
    crm.change("d1", stage_id="s2", amount=Decimal(900))
    synced(connection, at=LATER + dt.timedelta(days=1), sweep=False)
    told = {one.what: (one.kept, one.seen, one.concluded) for one in dates.dates()}
    # a first stage is concluded from when the deal was made; an amount before its first change is what was read first
    assert told == {"Stage": (1, 0, 1), "Amount": (0, 2, 0)}


def test_a_deal_that_was_won_and_opened_again_keeps_both_outcomes(crm):
    crm.open_deal("d1")
    for stage in ("s3", "s1", "s4"):
        crm.pass_time(days=5)
        crm.change("d1", stage_id=stage)
    told = synced(connected())
    assert [note for _, _, note, _ in happened("d1", "field", "status")] == ["won", "open", "lost"]
    assert Deal.objects.get().status == DealStatus.LOST
    assert Deal.objects.get().closed_at == BEGIN + dt.timedelta(days=15)
    assert told.rules["reopened"] == 1


def test_a_stage_that_is_called_otherwise_today_keeps_its_name_in_history(crm):
    crm.open_deal("d1")
    connection = connected()
    synced(connection)
    crm.stages = (replace(crm.stages[0], name="Discovery"), *crm.stages[1:])
    crm.pass_time(days=70)
    crm.change("d1", amount=Decimal(5))
    synced(connection, at=LATER + dt.timedelta(days=20))
    assert [name for name, *_ in happened("d1", "stage")] == ["Qualified"]
    assert Deal.objects.get().stage == "Discovery"


def test_however_many_are_called_otherwise_the_deals_are_gone_through_once_for_all(crm):
    """So many accounts and users renamed at once must not hold up everybody who writes."""
    crm.page_size = 100
    names = [f"{number:02}" for number in range(30)]
    for name in names:
        crm.user(f"o{name}", f"Seller {name}")
        crm.account(f"b{name}", f"Works {name}")
        crm.open_deal(f"d{name}", account_id=f"b{name}", owner_id=f"o{name}")
    connection = connected()
    synced(connection)
    crm.pass_time(days=1)
    for name in names:
        crm.user(f"o{name}", f"Seller {name} Sol")
        crm.account(f"b{name}", f"Werk {name}")
    with CaptureQueriesContext(database) as asked:
        synced(connection, sweep=False)
    place = re.compile(r'UPDATE "domain_landed" SET "due" .*?payload.*?(owner_id|account_id)')
    assert [found[1] for one in asked if (found := place.match(one["sql"]))] == ["owner_id", "account_id"]
    now = Deal.objects.order_by("key").values_list("owner__name", "account__name")
    assert list(now) == [(f"Seller {name} Sol", f"Werk {name}") for name in names]


@pytest.mark.parametrize(("renamed", "beside"), [("a1x", "A1x"), ("a%", "ab"), ('a"b', "a"), ("a\\b", "ab")])
def test_only_deals_of_the_very_account_that_is_called_otherwise_are_told_again(crm, renamed, beside):
    crm.account(renamed, "Works")
    crm.account(beside, "Other")
    crm.open_deal("d1", account_id=renamed)
    crm.open_deal("d2", account_id=beside)
    connection = connected()
    synced(connection)
    crm.pass_time(days=1)
    crm.account(renamed, "Werk")
    crm.page_size = 100
    Landing(connection, LATER, {}, frozenset()).keep(crm.page(CrmObject.ACCOUNTS, ""))
    due = Landed.objects.filter(object=CrmObject.DEALS, due=True)
    assert [row.external_id for row in due] == ["d1"]


def test_a_stage_of_which_nobody_knows_what_it_means_is_held_back_and_asked_about(crm):
    crm.stages = (*crm.stages, replace(crm.stages[0], id="s9", name="Parked", status=None))
    crm.open_deal("d1", stage_id="s9")
    crm.open_deal("d2")
    connection = connected()
    told = synced(connection)
    assert told.rules["stage_without_meaning"] == 1
    assert set(Deal.objects.values_list("key", flat=True)) == {"d2"}
    with pytest.raises(actions.NotReady, match="Parked"):
        actions.switch_on(by=None, at=LATER, connection_id=connection.pk)
    actions.say(by=None, at=LATER, connection_id=connection.pk, stages={"s9": "open"})
    synced(connection)
    assert set(Deal.objects.values_list("key", flat=True)) == {"d1", "d2"}


@pytest.mark.parametrize("status", [DealStatus.WON, DealStatus.LOST])
def test_a_deal_closed_before_its_close_date_is_closed_when_it_was_and_stops_no_run(crm, status):
    """Whoever wins a deal early may leave the date that was planned."""
    crm.open_deal("d1")
    crm.pass_time(days=3)
    stage = next(each.id for each in crm.stages if each.status == status)
    planned = BEGIN + dt.timedelta(days=90)
    crm.change("d1", stage_id=stage, status=status, closed_at=planned)
    connection = connected()
    told = synced(connection, at=BEGIN + dt.timedelta(days=4))
    closed = Deal.objects.get()
    assert (closed.status, closed.closed_at) == (status, BEGIN + dt.timedelta(days=3))
    assert told.rules["close_lies_ahead"] == 1
    crm.pass_time(days=91)
    crm.change("d1", name="Called otherwise")
    assert "close_lies_ahead" not in synced(connection, at=crm.now + dt.timedelta(hours=1)).rules
    assert Deal.objects.get().closed_at == planned


@pytest.mark.parametrize("kind", sorted(set(CrmObject) - {CrmObject.DEALS, CrmObject.CHANGES}))
def test_a_kind_that_the_sign_in_may_not_see_is_left_out_and_told_and_read_once_it_may(crm, kind):
    crm.contact("c1", "a1", "Cleo Diaz")
    crm.open_deal("d1", account_id="a1")
    crm.quote("q1", "d1", net_price=Decimal(900))
    crm.approval("p1", "d1", asked_by="u1")
    crm.activity("v1", "d1", "call")
    connection = connected()
    synced(connection)
    landed = Landed.objects.filter(object=kind).order_by("pk").values_list("external_id", "fate")
    before = list(landed)
    crm.unseen = {kind}
    crm.pass_time(days=1)
    crm.change("d1", name="Called otherwise")
    told = synced(connection, at=LATER + dt.timedelta(days=1), sweep=True)
    assert (Deal.objects.get().name, told.rules["kind_without_right"]) == ("Called otherwise", 1)
    assert list(landed) == before  # what was read stays, and nothing is taken as gone
    crm.unseen = set()
    told = synced(connection, at=LATER + dt.timedelta(days=2), sweep=True)
    assert "kind_without_right" not in told.rules
    assert len(before) > 0


@pytest.mark.parametrize("kind", [CrmObject.DEALS, CrmObject.CHANGES])
def test_without_the_right_to_deals_and_their_history_a_run_ends_with_a_sentence(crm, kind):
    crm.open_deal("d1")
    crm.unseen = {kind}
    told = actions.sync(at=LATER, connection_id=connected().pk)
    assert told.problem == "The CRM says that this sign-in has no right to it."
    assert not Deal.objects.exists()


def test_a_history_that_the_self_test_found_closed_is_left_out_and_changes_are_seen_between_readings(crm):
    crm.found = tuple(
        replace(each, found=Found.NO_RIGHT) for each in crm.found if "history" in each.capability
    )
    crm.unseen, crm.tracked = {CrmObject.CHANGES}, frozenset()
    crm.open_deal("d1")
    connection = connected()
    actions.test(by=None, at=LATER, connection_id=connection.pk)
    connection.refresh_from_db()
    assert synced(connection).rules["kind_without_right"] == 1
    crm.pass_time(days=1)
    crm.change("d1", amount=Decimal(900))
    synced(connection, at=LATER + dt.timedelta(days=1), sweep=True)
    assert [value for _, value, _, _ in happened("d1", "field", "amount")] == [1000, 900]


def test_owners_of_then_stay_in_history_and_a_mass_update_says_so(crm):
    crm.user("u3", "Stig Sand")
    crm.open_deal("d1")
    crm.pass_time(days=2)
    crm.change("d1", owner_id="u3", bulk=True)
    told = synced(connected())
    assert [note for _, _, note, _ in happened("d1", "field", "owner")] == ["Sanna Sol", "Stig Sand"]
    assert DealEvent.objects.get(name="owner", note="Stig Sand").actor == "mass update"
    assert (told.rules["owner_changed"], told.rules["bulk_update"]) == (1, 1)
    assert Deal.objects.get().owner.name == "Stig Sand"


def test_a_team_that_the_crm_changes_with_the_owner_is_that_of_the_deal_and_no_work_of_before(crm):
    crm.user("u3", "Stig Sand", team="South", active=False)
    crm.open_deal("d1", team="North")
    connection = connected()
    synced(connection)
    crm.pass_time(days=2)
    crm.change("d1", owner_id="u3", team="South")
    synced(connection, at=LATER + dt.timedelta(days=1))
    deal = Deal.objects.get()
    assert (deal.owner.name, deal.team.name) == ("Stig Sand", "South")  # who left is still a person
    assert happened("d1", "field", "owner")[0][2:] == ("Sanna Sol", BEGIN)


def test_another_currency_keeps_its_own_and_an_amount_that_moves_is_no_concession(crm):
    """Amounts move with rates and with quotes: only what a quote gives away is given away."""
    crm.open_deal("d1")
    crm.pass_time(days=1)
    crm.change("d1", amount=Decimal(1100), currency="USD")
    crm.pass_time(days=1)
    crm.change("d1", amount=Decimal(800))
    told = synced(connected())
    amounts = DealEvent.objects.filter(name="amount").order_by("occurred_at")
    assert [(one.value, one.currency) for one in amounts] == [(1000, "EUR"), (1100, "USD"), (800, "USD")]
    assert (Deal.objects.get().currency, happened("d1", "concession")) == ("USD", [])
    assert told.rules["other_currency"] == 1


def test_a_deal_that_begins_late_or_goes_back_has_the_stages_it_had_and_no_others(crm):
    crm.open_deal("d1", stage_id="s2")
    crm.open_deal("d2", stage_id="s3")
    crm.pass_time(days=3)
    crm.change("d1", stage_id="s1")
    synced(connected())
    assert [name for name, *_ in happened("d1", "stage")] == ["Proposal", "Qualified"]
    assert [name for name, *_ in happened("d2", "stage")] == ["Closed Won"]
    won = Deal.objects.get(key="d2")
    assert (won.status, won.closed_at) == (DealStatus.WON, BEGIN)


def line(listed: int, net: int) -> CrmLine:
    return CrmLine("l", "Press", Decimal(1), Decimal(listed), Decimal(net), Decimal(400))


def test_a_quote_brings_prices_and_what_was_given_between_its_forms(crm):
    crm.open_deal("d1")
    for listed, net in ((1000, 1000), (1000, 950), (2000, 1900), (2000, 1700)):
        crm.pass_time(days=1)
        crm.quote("q1", "d1", lines=(line(listed, net),), state="sent")
    synced(connected())
    deal = Deal.objects.get()
    assert (deal.list_price, deal.net_price, round(deal.discount, 4), deal.cost) == (2000, 1700, 0.15, 400)
    assert [value for _, value, _, _ in happened("d1", "quote")] == [1000, 950, 1900, 1700]
    # twice the goods at the same discount are no concession
    assert [value for _, value, _, _ in happened("d1", "concession")] == [50, 200]


@pytest.mark.parametrize(("origin", "ours"), [(Origin.SNAPSHOT, True), (Origin.NATIVE, False)])
def test_a_form_of_an_offer_that_only_we_saw_was_written_down_when_we_saw_it(crm, origin, ours):
    crm.open_deal("d1")
    connection, seen = connected(), []
    for net in (1000, 900):
        crm.quote("q1", "d1", lines=(line(1000, net),), origin=origin)
        crm.pass_time(days=2)
        seen.append((crm.now - dt.timedelta(days=2), crm.now))
        told = synced(connection, at=crm.now)
    (first, _), (second, later) = seen
    recorded = DealEvent.objects.filter(kind__in=["quote", "concession"]).order_by("occurred_at", "kind")
    assert list(recorded.values_list("kind", "occurred_at", "recorded_at")) == [
        ("quote", first, first),
        ("concession", second, later if ours else second),
        ("quote", second, later if ours else second),
    ]
    assert told.rules.get("seen_by_us", 0) == ours


def test_a_quote_that_is_deleted_prices_the_deal_no_more_and_what_it_gave_stays(crm):
    crm.open_deal("d1")
    for net in (1000, 900):
        crm.pass_time(days=1)
        crm.quote("q1", "d1", lines=(line(1000, net),), state="sent")
    crm.quote("q2", "d1", lines=(line(700, 700),), state="draft", current=False)
    connection = connected()
    synced(connection)
    assert Deal.objects.get().net_price == 900
    crm.take_back("q1")
    synced(connection, at=LATER + dt.timedelta(days=1), sweep=True)
    deal = Deal.objects.get()
    assert (deal.list_price, deal.net_price, deal.discount, deal.cost) == (None, None, None, None)
    assert [value for _, value, _, _ in happened("d1", "concession")] == [100]
    fates = set(Landed.objects.filter(object="quotes").values_list("external_id", "fate"))
    assert sorted(fate for _, fate in fates) == ["deleted", "deleted", "live"]


def test_a_meeting_that_lies_ahead_is_no_activity_until_it_has_taken_place(crm):
    crm.open_deal("d1")
    crm.activity("m1", "d1", "meeting", on=LATER + dt.timedelta(days=3))
    crm.activity("m2", "d1", "meeting")
    connection = connected()
    synced(connection)
    assert len(happened("d1", "activity")) == 1
    crm.change("d1", name="Another name")
    synced(connection, at=LATER + dt.timedelta(days=2), sweep=False)
    assert len(happened("d1", "activity")) == 1
    synced(connection, at=LATER + dt.timedelta(days=4), sweep=False)
    assert [at for *_, at in happened("d1", "activity")] == [BEGIN, LATER + dt.timedelta(days=3)]
    assert synced(connection, at=LATER + dt.timedelta(days=5), sweep=False).brought.get("events", 0) == 0


def test_a_meeting_that_is_called_off_before_its_time_never_took_place(crm):
    crm.open_deal("d1")
    crm.activity("m1", "d1", "meeting", on=LATER + dt.timedelta(days=3))
    connection = connected()
    synced(connection)
    del crm.rows[CrmObject.ACTIVITIES]["m1"]
    crm.fates_told.append(CrmFate(CrmObject.ACTIVITIES, "m1", Fate.DELETED))
    for days in (2, 4, 5):
        synced(connection, at=LATER + dt.timedelta(days=days), sweep=False)
    assert happened("d1", "activity") == []
    assert not Landed.objects.filter(object="activities", due=True).exists()


@pytest.mark.parametrize("problem", [ValueError("no number"), KeyError("id"), TypeError("None")])
def test_an_answer_that_cannot_be_read_is_a_sentence_and_never_the_end_of_the_run(crm, monkeypatch, problem):
    crm.open_deal("d1")
    connection = connected()

    def odd(*_):
        raise problem

    monkeypatch.setattr(crm, "page", odd)
    told = actions.sync(at=LATER, connection_id=connection.pk)
    assert told.problem.startswith("The CRM sent something that is not as its maker describes it")
    assert type(problem).__name__ in told.problem
    connection.refresh_from_db()
    assert (connection.failures, connection.problem) == (1, told.problem)


def test_an_approval_is_a_request_and_an_answer(crm):
    crm.open_deal("d1")
    crm.approval("p1", "d1", asked_by="u1")
    connection = connected()
    synced(connection)
    crm.pass_time(days=1)
    approval = crm.rows[CrmObject.APPROVALS]["p1"][1]
    crm.put(CrmObject.APPROVALS, replace(approval, decided_at=crm.now, decided_by="u2", approved=False))
    synced(connection)
    rows = DealEvent.objects.filter(kind="escalation").order_by("occurred_at")
    assert [(row.state, row.actor) for row in rows] == [("asked", "Sanna Sol"), ("declined", "Maud Moor")]


def test_people_of_the_customer_come_with_their_roles_and_leave(crm):
    crm.contact("c1", "a1", "Ines Buyer", title="CFO")
    crm.open_deal("d1", account_id="a1", roles=(CrmRole("c1", "Economic Buyer"),))
    connection = connected()
    synced(connection)
    row = DealContact.objects.get()
    assert (row.contact.name, row.role, row.until) == ("Ines Buyer", "budget_owner", None)
    crm.pass_time(days=1)
    crm.change("d1", roles=())
    synced(connection)
    assert DealContact.objects.get().until == LATER.date()


def test_an_archived_deal_is_not_lost_and_a_vanished_one_not_deleted(crm):
    for name in ("d1", "d2", "d3"):
        crm.open_deal(name)
    connection = connected()
    synced(connection)
    crm.pass_time(days=1)
    crm.change("d1", archived=True)
    crm.delete("d2")
    crm.delete("d3", silently=True)
    told = synced(connection, at=LATER + dt.timedelta(days=1))
    assert told.swept
    assert (told.rules["deleted"], told.rules["vanished"]) == (1, 1)
    assert set(Deal.objects.values_list("status", flat=True)) == {"open"}
    fates = dict(Landed.objects.filter(object="deals").values_list("external_id", "fate"))
    assert fates == {"d1": "archived", "d2": "deleted", "d3": "vanished"}


def test_two_connections_keep_deals_of_one_id_apart(db, monkeypatch):
    one, other = FakeCrm(), FakeCrm()
    plug_in(monkeypatch, one, other)
    one.open_deal("d1", name="Of the first")
    other.open_deal("d1", name="Of the second")
    for connection in (connected("fake1"), connected("fake2")):
        synced(connection)
    assert dict(Deal.objects.values_list("key", "name")) == {
        "d1": "Of the first",
        "fake2-d1": "Of the second",
    }


def test_two_runs_of_one_connection_do_not_meet(crm):
    connection = connected()
    SyncRun.objects.create(connection=connection, began_at=LATER, touched_at=LATER, holder="elsewhere:1")
    with pytest.raises(actions.UnderWay):
        actions.sync(at=LATER, connection_id=connection.pk)
    synced(connection, at=LATER + dt.timedelta(minutes=11))
    dead = SyncRun.objects.get(holder="elsewhere:1")
    assert "stopped in the middle" in dead.problem


def test_a_run_that_fails_in_the_middle_goes_on_where_it_was(crm):
    for number in range(10):
        crm.open_deal(f"d{number}")
        crm.pass_time(hours=1)

    def fail(number: int) -> None:
        if number == 7:
            raise NotReachable("The CRM says that it fails (HTTP 500).")

    crm.before_page = fail
    connection = connected()
    told = actions.sync(at=LATER, connection_id=connection.pk)
    assert told.problem == "The CRM says that it fails (HTTP 500)."
    connection.refresh_from_db()
    assert connection.next_at == LATER + dt.timedelta(minutes=5)
    kept = Landed.objects.filter(object="deals").count()
    assert 0 < kept < 10
    crm.before_page = lambda number: None
    crm.asked.clear()
    synced(connection)
    assert Deal.objects.count() == 10
    assert crm.asked.count("deals") < 4  # not from the beginning
    assert LandedChange.objects.count() == 30


def test_each_failure_waits_twice_as_long_as_the_one_before_and_a_run_that_ends_well_forgets_them(crm):
    connection, waited = connected(), []
    crm.unseen = {CrmObject.DEALS}
    for number in range(9):
        at = LATER + dt.timedelta(days=number)
        actions.sync(at=at, connection_id=connection.pk)
        connection.refresh_from_db()
        waited.append((connection.next_at - at) // dt.timedelta(minutes=1))
    assert waited == [5, 10, 20, 40, 80, 160, 320, 360, 360]
    crm.unseen = set()
    synced(connection)
    connection.refresh_from_db()
    assert (connection.failures, connection.next_at) == (0, LATER + dt.timedelta(minutes=15))


def test_a_token_stands_nowhere_in_the_open(crm):
    connection = connected()
    kept = Connection.objects.filter(pk=connection.pk).values().get()
    assert "secret-canary" not in str(kept)
    assert not any("secret-canary" in str(row) for row in AuditEvent.objects.values())


def agreed(deal: str, key: str) -> Agreement:
    return Agreement.objects.create(
        deal=Deal.objects.get(key=deal),
        type=AgreementType.objects.get_or_create(
            key=key, defaults={"name": key, "side": "customer", "origin": "imported"}
        )[0],
        state="asked",
        changed_at=LATER,
    )


def test_agreements_go_to_the_third_deal_that_two_were_merged_into(crm):
    crm.open_deal("a")
    crm.open_deal("b")
    connection = connected()
    synced(connection)
    agreed("a", "budget")
    agreed("b", "budget")
    agreed("b", "timeline")
    crm.pass_time(days=61)
    crm.merge(["a", "b"], into="c")
    told = synced(connection, at=LATER + dt.timedelta(days=2))
    standing = Agreement.objects.values_list("deal__key", "type__key").order_by("pk")
    # the second budget is not merged in silence
    assert list(standing) == [("c", "budget"), ("b", "budget"), ("c", "timeline")]
    assert (told.rules["merged"], told.rules["agreement_stays"]) == (2, 1)
    moved = AuditEvent.objects.filter(action="take over agreements")
    assert moved.count() == 2
    again = synced(connection, at=LATER + dt.timedelta(days=3))
    assert "agreement_stays" not in again.rules
    assert AuditEvent.objects.filter(action="take over agreements").count() == 2


@pytest.mark.parametrize(
    ("url", "allowed", "taken"),
    [
        ("http://crm.example", [], False),
        ("http://crm.example", ["crm.example:80"], True),
        ("http://crm.example:8069", ["crm.example:80"], False),
        ("https://crm.example", [], True),
    ],
)
def test_a_token_goes_over_http_only_to_a_host_that_was_allowed_by_name(crm, url, allowed, taken):
    if taken:
        assert connected(url=url, allowed=allowed).url == url
    else:
        with pytest.raises(actions.CannotConnect, match="https"):
            connected(url=url, allowed=allowed)


def test_what_an_analyst_may_a_seller_may_not(crm, cast):
    for who in (cast.seller, cast.manager):
        with pytest.raises(actions.NotAllowed):
            actions.connect(by=who, at=BEGIN, crm="fake1", url="https://crm.example", given={"token": "x"})
    made = actions.connect(
        by=cast.analyst, at=BEGIN, crm="fake1", url="https://crm.example", given={"token": "x"}
    )
    for change in (actions.pause, actions.switch_on):
        with pytest.raises(actions.NotAllowed):
            change(by=cast.seller, at=BEGIN, connection_id=made.pk)


def test_a_dry_run_says_what_would_come_and_keeps_nothing(crm):
    crm.open_deal("d1", account_id="a1")
    crm.open_deal("d2")
    told = actions.rehearse(by=None, at=LATER, connection_id=connected().pk)
    assert (told.deals, told.created, told.updated, told.rejected) == (2, 2, 0, 0)
    assert told.read["deals"] == 2
    assert not (Deal.objects.exists())
    assert not (Landed.objects.exists())
    assert not (ImportBatch.objects.exists())


def test_the_trail_is_not_held_while_the_crm_is_asked(crm):
    """Whoever changes something by hand does not wait for a CRM: no transaction is open while it answers."""
    from django.db import connection as database

    crm.open_deal("d1")
    depths = []
    crm.before_page = lambda number: depths.append(len(database.savepoint_ids))
    synced(connected())
    assert depths
    assert not any(depths)
