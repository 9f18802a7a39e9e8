"""Rows kept between nights: with them is told exactly what is told without, whatever happened in between."""

from __future__ import annotations

import datetime as dt
import json
import logging
import random
from contextlib import suppress
from dataclasses import fields, replace
from decimal import Decimal

import polars as pl
import pytest

from cast import NOW, deal
from hingepoint.domain.audit.models import AuditEvent
from hingepoint.domain.deals import actions as deals
from hingepoint.domain.deals import kept_rows
from hingepoint.domain.deals.kept_rows import kept_in
from hingepoint.domain.deals.models import Deal, DealEvent
from hingepoint.domain.imports import actions as imports
from hingepoint.domain.imports.models import ImportBatch
from hingepoint.domain.negotiation import actions as negotiation
from hingepoint.domain.people.models import Team
from hingepoint.domain.signals import actions as signals
from hingepoint.domain.signals import frames
from hingepoint.domain.signals.models import SignalReading
from hingepoint.records.deals import EventKind
from hingepoint.records.talks import ReasonState, Topic
from importing import import_deals, import_events

pytestmark = pytest.mark.django_db

DAY = dt.timedelta(days=1)
LATER = (NOW + 40 * DAY).date()
LOG = "deal_id,agreement,at,kind,value,recorded_at\n"


@pytest.fixture(autouse=True)
def few_rows_are_kept_too(monkeypatch):
    monkeypatch.setattr(kept_rows, "FEW", 0)
    monkeypatch.setattr(kept_rows, "MANY", 1.0)
    monkeypatch.setattr(kept_rows, "AT_ONCE", 2)


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "rows"


def told(as_of: dt.date, folder=None) -> dict[str, pl.DataFrame]:
    """Return all that the signals read, with the rows kept in a folder or straight from the tables."""
    if folder is None:
        facts = frames.facts(as_of)
    else:
        with kept_in(folder) as shelf:
            facts = frames.facts(as_of, shelf=shelf)
    return {
        one.name: value
        for one in fields(facts)
        if isinstance(value := getattr(facts, one.name), pl.DataFrame)
    }


def same(folder, as_of: dt.date = LATER) -> bool:
    found, straight = told(as_of, folder), told(as_of)
    return all(found[name].equals(straight[name]) for name in straight) and found.keys() == straight.keys()


class Company:
    """Things that happen in a company by chance."""

    def __init__(self, cast, tmp_path, seed: int):
        self.cast, self.folder, self.chance = cast, tmp_path, random.Random(seed)
        self.at, self.number = NOW, 0

    def happens(self) -> None:
        self.at += self.chance.choice([dt.timedelta(hours=5), 2 * DAY])
        self.number += 1
        doings = (
            self.a_deal,
            self.a_change,
            self.an_event,
            self.a_concession,
            self.a_demand,
            self.a_corridor,
            self.a_taking_back,
            self.a_file,
            self.a_file,
            self.an_undoing,
            self.a_name,
        )
        self.chance.choice(doings)()

    def any_deal(self) -> Deal:
        return self.chance.choice(list(Deal.objects.order_by("pk")))

    def a_deal(self) -> None:
        deal(f"R-{self.number}", owner=self.cast.seller, team=self.cast.north, account=self.cast.account)

    def a_change(self) -> None:
        facts = self.chance.choice(
            [
                {"amount": Decimal(self.number)},
                {"team": self.cast.south, "owner": self.cast.stranger},
                {"status": "won", "closed_at": self.at, "margin": 0.1},
                {"segment": "Large"},
            ]
        )
        deals.change_deal(by=self.cast.sponsor, at=self.at, deal_id=self.any_deal().pk, **facts)

    def an_event(self) -> None:
        kind = self.chance.choice([EventKind.QUOTE, EventKind.EXECUTIVE, EventKind.ESCALATION])
        told = {"name": "price", "occurred_at": self.at - self.chance.randint(0, 9) * DAY}
        deals.note_event(
            by=self.cast.sponsor, at=self.at, deal_id=self.any_deal().pk, kind=kind, value=Decimal(9), **told
        )

    def a_concession(self) -> None:
        negotiation.concede(
            by=self.cast.sponsor,
            at=self.at,
            deal_id=self.any_deal().pk,
            topic=Topic.EXTRAS,
            what=f"Thing {self.number}",
        )

    def a_demand(self) -> None:
        who = {"by": self.cast.sponsor, "at": self.at}
        asked = {"topic": Topic.PRICE, "words": f"{self.number} percent off", "asked_by": "Bo Lind"}
        demand = negotiation.log_demand(**who, deal_id=self.any_deal().pk, **asked)
        why = negotiation.Why("The budget was set before", ReasonState.HYPOTHESISED)
        negotiation.give_reason(**who, demand_id=demand.pk, why=why)

    def a_corridor(self) -> None:
        figures = {"opening": Decimal(90), "target": Decimal(80), "walk_away": Decimal(70 - self.number)}
        negotiation.set_corridor(by=self.cast.sponsor, at=self.at, deal_id=self.any_deal().pk, **figures)

    def a_taking_back(self) -> None:
        standing = DealEvent.objects.standing().filter(kind=EventKind.QUOTE, batch__isnull=True)
        if event := standing.order_by("-pk").first():
            deals.take_back_event(by=event.recorded_by, at=self.at, event_id=event.pk)

    def a_file(self) -> None:
        key = f"F-{self.number % 3}"
        import_deals(
            self.folder, f"deal_id,created,status,amount\n{key},2025-02-01,open,{self.number}\n", at=self.at
        )
        import_events(
            self.folder, f"{LOG}{key},price,2025-03-0{1 + self.number % 8},concession,5,\n", at=self.at
        )

    def an_undoing(self) -> None:
        batch = ImportBatch.objects.filter(state="done").order_by("-pk").first()
        with suppress(imports.CannotUndo):  # where something stands on it, nothing happens
            imports.undo_import(by=None, at=self.at, batch_id=batch.pk if batch else 0)

    def a_name(self) -> None:
        Team.objects.filter(pk=self.cast.north.pk).update(name=f"North {self.number}")


@pytest.mark.parametrize("seed", range(4))
def test_what_is_told_with_kept_rows_is_what_the_tables_say(cast, tmp_path, folder, seed):
    company = Company(cast, tmp_path, seed)
    for night in range(7):
        for _ in range(company.chance.randint(0, 4)):
            company.happens()
        assert same(folder), f"night {night}"
        assert same(folder, (NOW + company.chance.randint(-20, 20) * DAY).date()), (
            f"as of a day, night {night}"
        )


def test_an_import_that_was_taken_back_is_out_of_the_kept_rows(cast, tmp_path, folder):
    import_deals(tmp_path, "deal_id,created,status\nF-1,2025-02-01,open\n")
    before = told(NOW.date(), folder)
    report = import_events(tmp_path, f"{LOG}F-1,price,2025-03-01,concession,5,\n")
    assert told(NOW.date(), folder)["concessions"].height == 1
    imports.undo_import(by=None, at=NOW, batch_id=report.batch)
    assert same(folder)
    assert told(NOW.date(), folder)["concessions"].equals(before["concessions"])


def test_only_rows_that_changed_are_read(cast, folder, caplog, django_assert_num_queries):
    for number in range(5):
        deal(f"R-{number}")
    told(NOW.date(), folder)
    changed = Deal.objects.get(key="R-3")
    deals.change_deal(by=cast.sponsor, at=NOW, deal_id=changed.pk, amount=Decimal(7))
    with caplog.at_level(logging.INFO), kept_in(folder) as shelf, django_assert_num_queries(2) as asked:
        rows = frames._DEALS.read(shelf)
    assert rows.filter(pl.col("amount") == 7)["deal_id"].to_list() == ["R-3"]
    assert f"IN ({changed.pk})" in asked[1]["sql"]
    assert f"Of {Deal.objects.count()} deals that are kept, 1 came or changed." in caplog.text


def test_a_night_without_news_writes_no_file(cast, folder):
    told(NOW.date(), folder)
    before = {path.name: path.stat().st_mtime_ns for path in folder.glob("*.parquet")}
    told(NOW.date() + DAY, folder)
    assert before == {path.name: path.stat().st_mtime_ns for path in folder.glob("*.parquet")}
    assert len(before) == 4 + len(frames._EVENTS)


def test_rows_of_a_database_that_did_not_go_on_are_not_believed(cast, folder):
    told(NOW.date(), folder)
    Deal.objects.filter(pk=cast.deal.pk).update(
        amount=1
    )  # as a restored backup, whose marks are those of before
    line = json.loads((folder / "trail.json").read_text())
    AuditEvent.objects.filter(pk=line[0]).update(digest="another")
    assert same(folder)


def test_whatever_ends_the_work_leaves_rows_that_are_not_believed(cast, folder):
    told(NOW.date(), folder)
    with pytest.raises(KeyboardInterrupt), kept_in(folder):
        raise KeyboardInterrupt
    Deal.objects.filter(pk=cast.deal.pk).update(amount=1)
    assert same(folder)


def test_rows_of_other_columns_are_read_anew(cast, folder, monkeypatch):
    told(NOW.date(), folder)
    monkeypatch.setattr(frames, "_DEALS", replace(frames._DEALS, marks=("version",)))
    assert same(folder)
    assert len(list(folder.glob("deals-*"))) == 1


def test_a_small_table_is_not_kept(cast, folder, monkeypatch):
    told(NOW.date(), folder)
    monkeypatch.setattr(kept_rows, "FEW", 1_000)
    deal("R-1")
    assert same(folder)
    assert not list(folder.glob("deals-*"))


def test_a_recount_believes_no_kept_row(cast, folder):
    signals.read_signals(at=NOW, as_of=NOW.date(), kept=folder)
    Deal.objects.filter(pk=cast.deal.pk).update(amount=1)
    assert not same(folder)  # without a mark that moved, a night does not see it
    assert signals.read_anew(at=NOW, kept=folder) == [NOW.date()]
    assert same(folder)
    assert SignalReading.objects.count() == 1


def test_of_events_only_the_newer_are_read(cast, folder, django_assert_num_queries):
    who = {"by": cast.sponsor, "at": NOW, "deal_id": cast.deal.pk, "kind": EventKind.QUOTE}
    deals.note_event(**who, name="price", value=Decimal(9), occurred_at=NOW - DAY)
    told(NOW.date(), folder)
    newer = deals.note_event(**who, name="price", value=Decimal(8), occurred_at=NOW)
    with kept_in(folder) as shelf, django_assert_num_queries(2) as asked:
        rows = frames._EVENTS[EventKind.QUOTE].read(shelf)
    assert rows["id"][-1] == newer.pk
    assert f'"id" > {newer.pk - 1}' in asked[1]["sql"]
    assert same(folder)


def test_a_row_that_went_is_seen_though_another_came(cast, folder):
    who = {"by": cast.sponsor, "at": NOW, "deal_id": cast.deal.pk, "kind": EventKind.QUOTE}
    gone = deals.note_event(**who, name="price", value=Decimal(9), occurred_at=NOW - DAY)
    deals.note_event(**who, name="price", value=Decimal(7), occurred_at=NOW - DAY)
    told(NOW.date(), folder)
    DealEvent.objects.filter(pk=gone.pk).delete()
    deals.note_event(**who, name="price", value=Decimal(8), occurred_at=NOW)
    assert same(folder)
    assert told(LATER, folder)["quotes"]["value"].to_list() == [7.0, 8.0]


def test_nobody_else_on_the_machine_reads_what_is_kept(cast, folder):
    told(NOW.date(), folder)
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
    assert folder.stat().st_mode & 0o777 == 0o700
