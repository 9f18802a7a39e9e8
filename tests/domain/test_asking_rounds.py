"""Open deals are asked in batches: with what outcome, by how many statements, and what a kill leaves."""

import datetime as dt
import threading
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cast import NOW, TODAY, deal, make_cast
from hingepoint.domain.agreements import actions as agreements
from hingepoint.domain.agreements.models import Agreement, AgreementType
from hingepoint.domain.audit.models import AuditEvent
from hingepoint.domain.deals import actions as deals
from hingepoint.domain.deals.models import Deal
from hingepoint.domain.strategy import actions, asking
from hingepoint.domain.strategy.models import AskingRound, NeededBy
from hingepoint.domain.strategy.rules import books_in_force, usual_days_to_stage, wanted_of
from hingepoint.jobs import monthly, schedule
from hingepoint.records.agreements import AgreementState, Evidence
from hingepoint.records.deals import EventKind
from playbooks import choose, in_force, written

SAYS = ("deal__key", "type__key", "required", "needed_by", "needed_because", "recheck_days", "expires_on")


class Killed(Exception):
    """The worker was killed: nothing after it runs."""


@pytest.fixture
def small_batches(monkeypatch):
    monkeypatch.setattr(asking, "BATCH", 2)


def unhurried(seconds):
    """Let nobody in: nobody waits here."""


def gain(found, key, *, due_on=TODAY):
    facts = {"act": "send it", "person_name": "Bo", "due_on": due_on, "evidence": Evidence.TOLD}
    step = agreements.Step(state=AgreementState.GAINED, occurred_at=NOW, **facts)
    return agreements.take_step(by=None, at=NOW, deal_id=found.pk, type_key=key, step=step)


def world(cast) -> list[Deal]:
    """Five more deals that differ in all a rule looks at, one of them closed, with work on some."""
    made = [
        deal("R-1", owner=cast.seller, team=cast.north, segment="ENT", amount=20_000, stage="prove"),
        deal("R-2", owner=cast.seller, team=cast.north, segment="ENT", expected_close_on=dt.date(2026, 6, 1)),
        deal("R-3", owner=cast.seller, team=cast.north, segment="SMB", stage="close"),
        deal("R-4", owner=cast.seller, team=cast.north, amount=None),
        deal("R-5", owner=cast.seller, team=cast.north, status="lost", closed_at=NOW),
    ]
    gain(made[0], "cust.data_access")
    gain(made[1], "cust.deal_sponsor")
    return made


def books(cast):
    """Two strategies: the first for one segment only, with each way of saying by when."""
    first = written(cast, name="First", segment="ENT")
    book = first.playbooks.get()
    choose(book, "cust.data_access", needed_days=20, recheck_days=30)
    choose(book, "cust.deal_sponsor", needed_by=NeededBy.DAYS_BEFORE_CLOSE, needed_days=60)
    choose(book, "cust.mutual_plan", needed_by=NeededBy.STAGE, needed_days=None, needed_stage="shape")
    second = written(cast, name="Second")
    choose(second.playbooks.get(), "cust.data_access", needed_days=10, least_amount=Decimal(50_000))
    for one in (first, second):
        actions.publish(by=None, at=NOW, playbook=one.playbooks.get())
        actions.put_in_force(by=None, at=NOW, strategy=one, starts_on=TODAY)
    return first, second


def by_row() -> None:
    """Ask every open deal one row after another: slow, and plain to read."""
    wanted_by = books_in_force()
    days = usual_days_to_stage()
    for one in Deal.objects.open():
        needs = {need.type_id: need for need in wanted_of(one, wanted_by, days)}
        for kind, need in needs.items():
            row = Agreement.objects.filter(deal=one, type_id=kind).first()
            said = (True, need.needed_by, need.why, need.recheck_days)
            by_row_says(row or Agreement(deal=one, type_id=kind, changed_at=NOW, batch=one.batch), said)
        for row in one.agreements.filter(required=True).exclude(type__in=needs):
            by_row_says(row, (False, None, "", None))


def by_row_says(row, said) -> None:
    before = row.holds_days
    row.required, row.needed_by, row.needed_because, row.recheck_days = said
    if row.expires_on:
        row.expires_on += dt.timedelta(days=row.holds_days - before)
    row.save()


def register() -> set:
    return set(Agreement.objects.values_list(*SAYS))


def asked() -> set:
    return {row for row in register() if row[2]}


def refreshes() -> list[dict]:
    lines = AuditEvent.objects.filter(subject="requirements", action="refresh")
    return list(lines.values_list("changes", flat=True))


def test_batches_write_what_asking_row_by_row_writes(cast, small_batches):
    world(cast)
    first, _ = books(cast)
    actions.ask_open_deals(at=NOW, pause=unhurried)
    batched = register()
    Agreement.objects.filter(state=AgreementState.NEEDED).delete()
    for gained in Agreement.objects.all():
        by_row_says(gained, (False, None, "", None))
    by_row()
    assert batched == register()
    assert len(asked()) == 9  # three each, N-1, S-1 and R-3 one

    actions.retire(by=None, at=NOW, strategy=first)
    actions.ask_open_deals(at=NOW, pause=unhurried)
    assert len(asked()) == 4  # R-2 falls to the second strategy, for which R-1 is too small
    released = register()
    by_row()
    assert released == register()


def test_the_kept_days_move_with_what_the_playbook_asks_and_back(cast):
    [one, *_] = world(cast)
    usual = AgreementType.objects.get(key="cust.data_access").recheck_days
    held = Agreement.objects.get(deal=one, type__key="cust.data_access")
    assert held.expires_on == TODAY + dt.timedelta(days=usual)
    first, second = books(cast)
    actions.ask_open_deals(at=NOW)
    held.refresh_from_db()
    assert (held.state, held.expires_on) == (AgreementState.GAINED, TODAY + dt.timedelta(days=30))
    for strategy in (first, second):
        actions.retire(by=None, at=NOW, strategy=strategy)
    actions.ask_open_deals(at=NOW)
    held.refresh_from_db()
    assert (held.required, held.expires_on) == (False, TODAY + dt.timedelta(days=usual))


def test_asking_is_unfinished_from_its_first_batch_to_its_last(cast, small_batches):
    world(cast)
    assert asking.unfinished() is None
    in_force(cast)
    row = AskingRound.objects.get()
    row.finished_at = None
    row.save()
    assert asking.unfinished().finished is False
    AskingRound.objects.update(finished_at=NOW)
    assert asking.unfinished() is None


def test_the_trail_says_once_what_a_round_changed(cast, small_batches):
    world(cast)
    first, _ = books(cast)
    actions.ask_open_deals(at=NOW, pause=unhurried)
    assert refreshes() == [{"added": 7, "changed": 2, "released": 0}]
    actions.ask_anew(by=None, at=NOW)
    actions.ask_open_deals(at=NOW, pause=unhurried)
    assert len(refreshes()) == 1  # nothing changed, nothing said
    actions.retire(by=None, at=NOW, strategy=first)
    actions.ask_open_deals(at=NOW, pause=unhurried)
    assert refreshes()[1:] == [{"added": 0, "changed": 1, "released": 5}]


def test_a_round_that_was_killed_goes_on_where_it_stopped(cast, small_batches):
    world(cast)
    books(cast)

    def killed(seconds):
        raise Killed

    with pytest.raises(Killed):
        actions.ask_open_deals(at=NOW, pause=killed)
    before, row = asked(), AskingRound.objects.get()
    assert (row.done, row.finished_at, refreshes()) == (2, None, [])
    assert row.after == Deal.objects.open().order_by("pk")[1].pk
    with CaptureQueriesContext(connection) as done:
        schedule.JOBS["hourly.ask_open_deals"][1](at=NOW)
    assert before < asked()
    asked_again = f'"domain_agreement"."deal_id" IN ({cast.deal.pk}, '
    assert not [query["sql"] for query in done if asked_again in query["sql"]]
    assert refreshes() == [{"added": 7, "changed": 2, "released": 0}]
    assert asking.progress() == asking.Progress(6, 6, True, asking.Refreshed(7, 2, 0))


def test_a_batch_that_breaks_half_way_leaves_nothing_of_itself(cast, small_batches, monkeypatch):
    world(cast)
    books(cast)
    before = register()

    def killed(row):
        raise Killed

    monkeypatch.setattr(actions, "_unmoved", killed)
    with pytest.raises(Killed):
        actions.ask_open_deals(at=NOW)
    assert (register(), AskingRound.objects.get().done) == (before, 0)


def test_a_batch_takes_the_same_few_statements_however_many_deals_are_open(cast, monkeypatch):
    def statements() -> list[int]:
        actions.ask_anew(by=None, at=NOW)
        Agreement.objects.all().delete()
        counts = []
        with CaptureQueriesContext(connection) as done:

            def look(seconds):
                counts.append(len(done) - sum(counts))

            actions.ask_open_deals(at=NOW, pause=look)
        return counts

    in_force(cast, "cust.data_access", "cust.deal_sponsor")
    monkeypatch.setattr(asking, "BATCH", 4)
    for n in range(6):
        deal(f"M-{n}", owner=cast.seller, team=cast.north)
    first, second = statements()
    for n in range(6, 18):
        deal(f"M-{n}", owner=cast.seller, team=cast.north)
    more = statements()
    assert len(more) == 5  # 20 open deals, four at a time
    assert set(more[1:]) == {second}
    assert more[0] == first
    assert second <= 8  # the round, the deals; then a savepoint, the register, its upsert, the round


def test_no_transaction_asks_more_than_one_batch(cast, monkeypatch):
    monkeypatch.setattr(asking, "BATCH", 3)
    for n in range(8):
        deal(f"M-{n}", owner=cast.seller, team=cast.north)
    counts = [0]
    book = written(cast).playbooks.get()
    choose(book, "cust.data_access")
    actions.put_in_force(by=None, at=NOW, strategy=book.strategy, starts_on=TODAY)
    actions.publish(by=None, at=NOW, playbook=book)
    actions.ask_open_deals(
        at=NOW, pause=lambda seconds: counts.append(Agreement.objects.filter(required=True).count())
    )
    assert counts == [0, 3, 6, 9, 10]


def test_a_version_published_in_the_middle_is_asked_of_every_deal(cast, small_batches):
    world(cast)
    first, _ = books(cast)
    published = []

    def meanwhile(seconds):
        if not published:
            draft = actions.draft_playbook(by=None, at=NOW, strategy=first)
            actions.drop(by=None, at=NOW, pivotal=draft.pivotal.get(type__key="cust.mutual_plan"))
            actions.publish(by=None, at=NOW, playbook=draft)
            published.append(draft)

    actions.ask_open_deals(at=NOW, pause=meanwhile)
    assert not Agreement.objects.filter(required=True, type__key="cust.mutual_plan").exists()
    assert asking.progress().done == 6
    assert refreshes() == [{"added": 5, "changed": 2, "released": 0}]


def test_a_deal_changed_after_it_was_asked_is_asked_again_at_night(cast, small_batches):
    in_force(cast, least_amount=150_000)
    actions.ask_anew(by=None, at=NOW)

    def meanwhile(seconds):
        deals.change_deal(by=None, at=NOW, deal_id=cast.deal.pk, amount=200_000)

    actions.ask_open_deals(at=NOW, pause=meanwhile)
    assert not Agreement.objects.filter(required=True).exists()
    changed = actions.ask_touched_deals(at=NOW, deals_of_import=lambda batch: [])
    assert changed == asking.Refreshed(1, 0, 0)
    assert Agreement.objects.get(required=True).deal == cast.deal
    assert refreshes() == [{"added": 1, "changed": 0, "released": 0}]


def test_the_loser_of_two_workers_writes_nothing(cast, small_batches):
    world(cast)
    books(cast)
    row = AskingRound.objects.get()
    found = asking.open_deals()
    terms = asking.terms()
    actions._ask_batch(row, found, terms, at=NOW)
    once = register()
    Agreement.objects.filter(deal=cast.deal).delete()
    actions._ask_batch(row, found, terms, at=NOW)
    assert AskingRound.objects.get().done == 2
    assert {one for one in register() if one[0] == "N-1"} == set() != {one for one in once if one[0] == "N-1"}


def test_another_segment_of_a_strategy_in_force_asks_anew(cast):
    book = in_force(cast)
    actions.change_strategy(by=cast.sponsor, at=NOW, strategy=book.strategy, segment="ENT")
    actions.ask_open_deals(at=NOW)
    assert not Agreement.objects.filter(required=True).exists()


def test_other_words_of_a_strategy_ask_nobody_anew(cast):
    book = in_force(cast)
    actions.change_strategy(by=cast.sponsor, at=NOW, strategy=book.strategy, statement="Say it better.")
    assert AskingRound.objects.get().finished_at == NOW


def test_an_installation_upgraded_with_a_strategy_in_force_asks_everybody_once(cast):
    in_force(cast)
    AskingRound.objects.all().delete()
    Agreement.objects.all().delete()
    actions.ask_touched_deals(at=NOW, deals_of_import=lambda batch: [])
    assert Agreement.objects.filter(required=True).count() == 2


def test_a_month_in_which_stages_lasted_longer_asks_by_the_new_days(cast, monkeypatch):
    in_force(cast, needed_by=NeededBy.STAGE, needed_days=None, needed_stage="shape")
    assert set(Agreement.objects.values_list("needed_by", flat=True)) == {None}
    monkeypatch.setattr("hingepoint.domain.strategy.rules.LEAST_WON_DEALS", 1)
    known = deal("W-1", created_at=NOW - dt.timedelta(days=50), status="won", closed_at=NOW)
    moved = NOW - dt.timedelta(days=10)
    deals.note_event(by=None, at=NOW, deal_id=known.pk, kind=EventKind.STAGE, name="prove", occurred_at=moved)
    monthly.ask_by_new_usual_days(at=NOW)  # the round was this month
    assert AskingRound.objects.get().finished_at == NOW
    later = NOW + dt.timedelta(days=31)
    monthly.ask_by_new_usual_days(at=later)
    actions.ask_open_deals(at=later)
    assert set(Agreement.objects.values_list("needed_by", flat=True)) == {
        (one.created_at + dt.timedelta(days=40)).date() for one in Deal.objects.open()
    }
    monthly.ask_by_new_usual_days(at=later + dt.timedelta(days=31))
    assert AskingRound.objects.get().finished_at == later


@pytest.mark.django_db(transaction=True)
def test_others_write_between_two_batches_and_neither_is_lost(monkeypatch):
    cast = make_cast()
    monkeypatch.setattr(asking, "BATCH", 1)
    strategy = written(cast)
    choose(strategy.playbooks.get(), "cust.data_access")
    actions.put_in_force(by=None, at=NOW, strategy=strategy, starts_on=TODAY)
    actions.publish(by=None, at=NOW, playbook=strategy.playbooks.get())
    problems = []

    def write():
        try:
            connection.ensure_connection()
            if connection.vendor == "sqlite":
                connection.cursor().execute("PRAGMA busy_timeout = 0")  # refused at once, where not free
            gain(cast.foreign_deal, "cust.data_access", due_on=TODAY + dt.timedelta(days=7))
        except Exception as error:
            problems.append(error)
        finally:
            connection.close()

    def meanwhile(seconds):
        if not Agreement.objects.filter(state=AgreementState.GAINED).exists():
            other = threading.Thread(target=write)
            other.start()
            other.join()

    actions.ask_open_deals(at=NOW, pause=meanwhile)
    assert problems == []
    gained = Agreement.objects.get(deal=cast.foreign_deal)
    assert (gained.state, gained.required, gained.recheck_days) == (AgreementState.GAINED, True, 90)
    assert gained.expires_on == TODAY + dt.timedelta(days=90)
    assert Agreement.objects.get(deal=cast.deal).state == AgreementState.NEEDED
