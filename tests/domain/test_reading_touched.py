"""Rules read what was touched: with the outcome of reading everything, in short transactions, whatever is killed."""

from __future__ import annotations

import datetime as dt
import random

import pytest
from django.utils import timezone

import locks
import rules
from cast import NOW, deal
from hingepoint.domain.agreements import actions as agreements
from hingepoint.domain.agreements.models import Agreement
from hingepoint.domain.deals import actions as deals
from hingepoint.domain.deals.models import Deal
from hingepoint.domain.detection import actions, reading
from hingepoint.domain.detection.models import Detection, DetectionRule
from hingepoint.domain.imports import actions as imports
from hingepoint.domain.imports.models import ImportBatch
from hingepoint.domain.imports.touched import deals_with_news_of_import
from hingepoint.domain.people.models import User
from hingepoint.domain.strategy import actions as strategy
from hingepoint.domain.strategy import asking
from hingepoint.jobs import nightly, schedule
from hingepoint.records.agreements import AgreementState, Evidence
from hingepoint.records.errors import Refused
from playbooks import in_force

LATER = NOW + dt.timedelta(hours=1)
TYPE = "cust.data_access"


class Killed(Exception):
    """The worker was killed: nothing after it runs."""


def found() -> list[str]:
    return sorted(Detection.objects.values_list("deal__key", flat=True))


@pytest.fixture
def small_batches(monkeypatch):
    monkeypatch.setattr(reading, "BATCH", 2)
    monkeypatch.setattr(reading, "WRITTEN_AT_ONCE", 1)


def test_a_trace_noted_since_is_read_the_next_night(cast):
    rules.switched_on()
    rules.log_arrives(cast.deal)
    nightly.read_traces(at=LATER)
    assert found() == [cast.deal.key]


def test_a_night_without_news_reads_the_trail_and_no_deal(cast, django_assert_num_queries):
    rules.log_arrives(cast.deal)
    rules.switched_on()
    nightly.read_traces(at=LATER)
    with django_assert_num_queries(4) as done:  # the rules' lines, the trail's end, the trail, the new line
        nightly.read_traces(at=LATER)
    read = " ".join(query["sql"] for query in done)
    assert not any(table in read for table in ("domain_deal", "domain_agreementevent", 'domain_detection"'))


def test_a_missed_night_is_caught_up_with(cast):
    rules.switched_on()
    rules.log_arrives(cast.deal)
    other = deal("N-2", owner=cast.seller)
    rules.log_arrives(other)
    nightly.read_traces(at=LATER + dt.timedelta(days=9))
    assert found() == [cast.deal.key, "N-2"]


def test_a_deal_that_is_opened_again_is_read_again(cast):
    one = deal("N-2", owner=cast.seller, team=cast.north)
    rules.log_arrives(one)
    deals.change_deal(by=None, at=NOW, deal_id=one.pk, status="lost", closed_at=NOW)
    rules.switched_on(only_open=True)
    assert found() == []
    deals.change_deal(by=None, at=NOW, deal_id=one.pk, status="open", closed_at=None)
    nightly.read_traces(at=LATER)
    assert found() == ["N-2"]


def test_a_step_taken_back_leaves_room_for_what_the_trace_says(cast):
    step = agreements.Step(state=AgreementState.DECLINED, occurred_at=NOW, reason="no")
    row = agreements.take_step(by=cast.seller, at=NOW, deal_id=cast.deal.pk, type_key=TYPE, step=step)
    rules.log_arrives(cast.deal)
    rules.switched_on()
    assert found() == []
    agreements.undo_step(by=cast.seller, at=LATER, agreement_id=row.pk)
    nightly.read_traces(at=LATER)
    assert found() == [cast.deal.key]


def test_a_step_taken_back_keeps_the_day_that_was_asked_for_since(cast):
    rules.log_arrives(cast.deal)
    rules.switched_on()
    in_force(cast, TYPE)
    row = Agreement.objects.get(deal=cast.deal, type__key=TYPE)
    assert row.needed_by is not None
    agreements.undo_step(by=cast.seller, at=LATER, agreement_id=row.pk)
    assert Agreement.objects.get(pk=row.pk).needed_by == row.needed_by


def test_reading_that_was_killed_goes_on_where_it_stopped(cast, small_batches):
    made = [deal(f"P-{n}", owner=cast.seller) for n in range(6)]
    for one in made:
        rules.log_arrives(one)

    def killed(seconds):
        raise Killed

    row = rules.written()
    actions.test_rule(by=None, at=NOW, row=row)
    DetectionRule.objects.filter(pk=row.pk).update(on=True, after=0)
    with pytest.raises(Killed):
        actions.read_on(at=NOW, pause=killed)
    assert found() == ["P-0"]
    schedule.JOBS["hourly.read_on"][1](at=LATER)
    assert found() == [one.key for one in made]
    row.refresh_from_db()
    assert row.after is None


def test_a_rule_switched_on_reads_the_first_deals_at_once_and_the_others_in_the_background(
    cast, small_batches
):
    for n in range(4):
        rules.log_arrives(deal(f"P-{n}", owner=cast.seller))
    row = rules.written()
    actions.test_rule(by=None, at=NOW, row=row)
    ran = actions.switch_on(by=cast.analyst, at=NOW, row=row)
    assert (ran.found, ran.left) == (0, True)  # the two deals of the cast have no trace
    assert actions.read_on(at=LATER).found == 4
    assert found() == ["P-0", "P-1", "P-2", "P-3"]


def test_what_is_written_at_once_is_a_few_deals_and_the_trail_comes_last(cast):
    made = [deal(f"P-{n:03}", owner=cast.seller) for n in range(3 * reading.WRITTEN_AT_ONCE)]
    for one in made:
        rules.log_arrives(one)
    with locks.measured() as meter:
        rules.switched_on()
    assert len(found()) == len(made)
    detecting = [one for one in meter.transactions if any('domain_detection"' in sql for sql in one.wrote)]
    assert len(detecting) == 3
    a_deal, trail = 3, 3  # the agreement, its step and the detection; the line, and the head, read or made
    assert all(one.rows <= a_deal * reading.WRITTEN_AT_ONCE + trail for one in detecting)
    assert all(one.trail_last for one in meter.transactions)


def test_a_rule_switched_off_meanwhile_writes_nothing(cast):
    rules.log_arrives(cast.deal)
    row = rules.written()
    actions.test_rule(by=None, at=NOW, row=row)
    by = reading.readers([row])
    news = reading.found_on([cast.deal.pk], by, at=NOW)
    assert len(news) == 1
    assert actions._write_found(news, by, at=NOW) == actions.Ran(0, 0)
    assert not Agreement.objects.exists()


# ---- whatever happens, reading what was touched says what reading everything says ----


def bring(tmp_path, chance: random.Random) -> None:
    """Import a few deals, known and new, with events of theirs."""
    keys = chance.sample(range(8), 3)
    day = (NOW - dt.timedelta(days=chance.randint(1, 9))).date()
    deals_csv, events_csv = tmp_path / "deals.csv", tmp_path / "events.csv"
    status = ["open" if chance.random() < 0.7 else "lost" for _ in keys]
    rows = [f"I-{n},2026-01-02,{'' if s == 'open' else day},{s}" for n, s in zip(keys, status, strict=True)]
    deals_csv.write_text("\n".join(["deal_id,created,closed,status", *rows, ""]))
    told = [f"I-{n},Stoppage log {chance.randint(1, 9)}.xlsx,{day},document,Ann Moor" for n in keys]
    events_csv.write_text("\n".join(["deal_id,agreement,at,kind,counterpart", *told, ""]))
    imports.import_files(by=None, at=NOW, given=imports.Files(deals=deals_csv, events=events_csv))


def take_import_back(tmp_path, chance: random.Random) -> None:
    if batch := ImportBatch.objects.filter(state="done").order_by("pk").last():
        imports.undo_import(by=None, at=NOW, batch_id=batch.pk)


def add_deal(tmp_path, chance: random.Random) -> None:
    deal(f"H-{Deal.objects.count()}-{chance.randint(0, 10**6)}", owner=None)


def note_trace(tmp_path, chance: random.Random) -> None:
    name = f"Stoppage log {chance.randint(0, 10**6)}"
    rules.log_arrives(
        any_deal(chance), name=name, days_ago=chance.randint(0, 9), who=chance.choice(["Ann", ""])
    )


def take_step(tmp_path, chance: random.Random) -> None:
    facts = {
        "act": "x",
        "person_name": "Bo",
        "due_on": NOW.date(),
        "evidence": Evidence.TOLD,
        "reason": "why",
    }
    state = AgreementState(chance.choice(["asked", "soft", "gained", "declined"]))
    at = NOW - dt.timedelta(days=chance.randint(0, 9), minutes=chance.randint(1, 999))
    step = agreements.Step(state=state, occurred_at=at, **facts)
    agreements.take_step(by=None, at=NOW, deal_id=any_deal(chance).pk, type_key=TYPE, step=step)


def undo_step(tmp_path, chance: random.Random) -> None:
    if row := Agreement.objects.order_by("?").first():
        agreements.undo_step(by=None, at=NOW, agreement_id=row.pk)


def judge(tmp_path, chance: random.Random) -> None:
    if one := Detection.objects.open().order_by("pk").last():
        judged = chance.choice([actions.confirm, actions.reject])
        judged(by=User.objects.get(name="Otto"), at=NOW, detection_id=one.pk)


def take_rule_back(tmp_path, chance: random.Random) -> None:
    row = DetectionRule.objects.get(key="log-arrives")
    actions.take_back(by=None, at=NOW, row=row)
    actions.switch_on(by=None, at=NOW, row=DetectionRule.objects.get(pk=row.pk))


def change_deal(tmp_path, chance: random.Random) -> None:
    closed = chance.random() < 0.5
    facts = {"status": "lost", "closed_at": NOW} if closed else {"status": "open", "closed_at": None}
    deals.change_deal(
        by=None, at=NOW, deal_id=any_deal(chance).pk, segment=chance.choice(["", "ENT"]), **facts
    )


def change_strategy(tmp_path, chance: random.Random) -> None:
    one = strategy.Strategy.objects.get()
    strategy.change_strategy(by=None, at=NOW, strategy=one, segment=chance.choice(["", "ENT"]))
    strategy.ask_open_deals(at=NOW)


def any_deal(chance: random.Random) -> Deal:
    return chance.choice(list(Deal.objects.order_by("pk")))


HAPPENS = (
    bring, bring, take_import_back, add_deal, note_trace, note_trace, take_step, undo_step, judge, take_rule_back,
    change_deal, change_strategy,
)  # fmt: skip


@pytest.mark.parametrize("seed", [0, *(pytest.param(n, marks=pytest.mark.slow) for n in range(1, 6))])
def test_reading_what_was_touched_leaves_nothing_to_reading_everything(cast, tmp_path, seed):
    chance = random.Random(seed)
    in_force(cast)
    rules.switched_on(only_open=True)
    rules.switched_on(key="asked-for", name="It was asked for", state="asked", words=("stoppage",))
    for _ in range(12):
        happens = chance.choice(HAPPENS)
        try:
            happens(tmp_path, chance)
        except Refused:
            continue
        actions.read_touched(at=LATER, deals_of_import=deals_with_news_of_import)
        nightly.ask_what_deals_need(at=LATER)
        assert actions.settle(at=LATER) == 0, happens.__name__
        assert actions.run_rules(at=LATER) == actions.Ran(0, 0), happens.__name__
        assert asking.differing(today=timezone.localdate(LATER)) == 0, happens.__name__
