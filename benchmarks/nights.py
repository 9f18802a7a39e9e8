"""What a night's reading of the ten signals costs from the tables of a large company, and pages that show what was read.

    python benchmarks/nights.py [--smoke] [--deals 300000] [--keep FOLDER]

On SQLite in a temporary folder, or on the empty database that HINGEPOINT_DATABASE_URL names. The company is that of
``hingepoint.demo.calm``, written straight into the tables: 1,000 sellers over five years, 1,000,000 deals with their quotes,
concessions, demands, requests, visits, roles, corridors and routines. What inside partners say is left out. Each reading has a process of
its own, so that CPU and memory are its own, and so has the writer beside it.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime as dt
import functools
import json
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from unittest import mock

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as commands and the worker do

import numpy as np
import polars as pl
from pages import measure, start_django

SELLERS, YEARS = 1_000, 5
TOUCHED = 0.005
ENDS_ON = dt.date(2026, 6, 30)
AT, DAY = dt.datetime(2026, 7, 1, 3, tzinfo=dt.UTC), dt.timedelta(days=1)
PAGES = ("/", "/signals/", "/signals/unplanned_concessions/", "/strategy/")


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--smoke", action="store_true", help="a small company, to see that it runs")
    options.add_argument("--deals", type=int, default=1_000_000)
    options.add_argument("--keep", help="folder for the SQLite database, used again when it is there")
    options.add_argument("--only", choices=list(DONE), help=argparse.SUPPRESS)
    asked = options.parse_args()
    deals, sellers = (2_000, 30) if asked.smoke else (asked.deals, SELLERS)
    if asked.only:
        start_django(asked.keep)
        print(json.dumps(DONE[asked.only]()))
        return
    with tempfile.TemporaryDirectory() as folder:
        folder = asked.keep or folder
        seed(folder, deals=deals, sellers=sellers)
        for way in ("recount", "night", "idle", "few pages" if asked.smoke else "pages"):
            told = in_a_process_of_its_own(folder, way)
            print(f"{way}: {told}", flush=True)


def in_a_process_of_its_own(folder: str, way: str) -> dict:
    command = [sys.executable, __file__, "--keep", folder, "--only", way]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return json.loads(done.stdout.splitlines()[-1])


# ---- what is measured ----


def recount() -> dict:
    """Read all of it anew, as after an upgrade: nothing is kept."""
    from hingepoint.domain.signals import actions

    return watched(lambda: actions.read_anew(at=AT, kept=kept()) or read(AT, ENDS_ON))


def night() -> dict:
    """Read the next day, on which one deal in 200 changed and had a concession."""
    from hingepoint.domain.deals.models import Deal

    touched = touch(max(1, int(TOUCHED * Deal.objects.count())))
    return {"touched": touched} | idle()


def idle() -> dict:
    """Read the same day again, on which nothing else happened."""
    return watched(lambda: read(AT + DAY, ENDS_ON + DAY))


def read(at: dt.datetime, as_of: dt.date) -> None:
    from hingepoint.domain.signals import actions

    actions.read_signals(at=at, as_of=as_of, kept=kept())


def kept() -> Path:
    from django.conf import settings

    return settings.KEPT_ROWS


def pages(rounds: int) -> dict:
    """Ask for the pages of a sponsor; ms of CPU for half and for 95 of 100 answers."""
    from hingepoint.domain.people.models import User

    sponsor = User.objects.get(key="sponsor")
    asked = [(page, measure(page, sponsor, lambda page=page: page, rounds=rounds)) for page in PAGES]
    return {page: [round(row["cpu"]), round(row["cpu95"])] for page, row in asked}


DONE = {
    "recount": recount,
    "night": night,
    "idle": idle,
    "pages": lambda: pages(30),
    "few pages": lambda: pages(3),
    "writer": lambda: write_beside(),
}


def watched(act) -> dict:
    """Return the CPU seconds, the clock, the memory at most, the longest transaction that writes by its CPU and by the clock, and the
    longest wait of another program that writes, before and while ``act`` is done."""
    writing = Writing()
    with Waits() as waits:
        began, clock = time.process_time(), time.perf_counter()
        with writing:
            act()
        told = {
            "cpu": round(time.process_time() - began, 1),
            "clock": round(time.perf_counter() - clock, 1),
            "MB": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        }
    return told | {
        "longest transaction, ms of CPU": round(1000 * writing.cpu),
        "longest transaction, ms": round(1000 * writing.clock),
        "longest wait of a writer before, ms": round(1000 * waits.before),
        "longest wait of a writer, ms": round(1000 * waits.longest),
    }


class Writing:
    """How long at most a reading holds the right to write: what keeps it, and what forgets old ones."""

    ACTIONS = ("_keep", "_forget")

    def __enter__(self) -> Writing:
        from hingepoint.domain.signals import actions

        self.cpu, self.clock, self._patches = 0.0, 0.0, contextlib.ExitStack()
        for name in self.ACTIONS:
            timed = functools.partial(self._timed, getattr(actions, name))
            self._patches.enter_context(mock.patch.object(actions, name, timed))
        return self

    def __exit__(self, *_: object) -> None:
        self._patches.close()

    def _timed(self, act, *args, **facts):
        began, clock = time.thread_time(), time.perf_counter()
        try:
            return act(*args, **facts)
        finally:
            self.cpu = max(self.cpu, time.thread_time() - began)
            self.clock = max(self.clock, time.perf_counter() - clock)


class Waits:
    """Another program, which takes the right to write every 20 ms and says how long it took to get it: for three seconds alone, then
    beside the reading. A thread of the same program would wait for Python too."""

    ALONE = 3.0

    def __enter__(self) -> Waits:
        command = [sys.executable, __file__, "--keep", os.environ["HINGEPOINT_DATA_DIR"], "--only", "writer"]
        self._writer = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.before = json.loads(self._writer.stdout.readline())
        return self

    def __exit__(self, *_: object) -> None:
        told, _ = self._writer.communicate()
        self.longest = json.loads(told)


def write_beside() -> float:
    """Write until the standard input ends; say the longest wait of the time alone, and return that of the time after it."""
    over = threading.Event()
    threading.Thread(target=lambda: sys.stdin.read() or over.set(), daemon=True).start()
    until = time.perf_counter() + Waits.ALONE
    print(longest_wait(lambda: time.perf_counter() > until), flush=True)
    return longest_wait(over.is_set)


def longest_wait(is_over) -> float:
    """Write every 20 ms; return the seconds that the slowest took."""
    from django.db import transaction

    from hingepoint.domain.upkeep.models import Job

    longest = 0.0
    while not is_over():
        time.sleep(0.02)
        began = time.perf_counter()
        with transaction.atomic():
            Job.objects.filter(pk=0).update(error="")
        longest = max(longest, time.perf_counter() - began)
    return longest


def touch(count: int) -> int:
    """Change deals all over the company, and let each have a concession."""
    from django.db import connection, transaction

    from hingepoint.domain.deals.models import Deal, DealEvent

    chance = np.random.default_rng(int(time.time()))
    ids = chance.choice(Deal.objects.count(), count, replace=False) + 1
    last = DealEvent.objects.order_by("-pk").values_list("pk", flat=True)[0]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.executemany(
            "UPDATE domain_deal SET amount = amount + 1, version = version + 1 WHERE id = %s",
            [(int(one),) for one in ids],
        )
        write_events(
            pl.DataFrame({"deal_id": ids, "at": [AT.replace(tzinfo=None)] * count}).with_columns(
                kind=pl.lit("concession"), agreement=pl.lit("price"), value=pl.lit(100.0)
            ),
            after=last,
        )
    return count


# ---- the company ----


def seed(folder: str, *, deals: int, sellers: int) -> None:
    start_django(folder)
    from django.db import connection, transaction

    from hingepoint.demo import calm
    from hingepoint.domain.deals.models import Deal
    from hingepoint.domain.upkeep import actions as upkeep

    if Deal.objects.exists():
        return
    made = calm.company(
        np.random.default_rng(1),
        sellers=sellers,
        years=YEARS,
        ends_on=ENDS_ON,
        a_year=deals / sellers / YEARS,
    )
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA cache_size = -1000000")  # a gigabyte: its indexes are written at random
    with transaction.atomic():
        teams = write_people(sellers)
        deal_ids = write_deals(made.deals, teams)
        write_log(made.events.join(deal_ids, on="deal_id"))
        write_routines(made.routines, teams)
    upkeep.refresh_statistics()


def write_people(sellers: int) -> dict[str, int]:
    """Write a sponsor, and teams with a manager each and all their sellers; return the teams by name."""
    from hingepoint.domain.people import actions
    from hingepoint.domain.people.models import User
    from hingepoint.records.people import Role

    actions.add_user(by=None, at=AT, name="Sponsor", key="sponsor", role=Role.SPONSOR)
    found, since = {}, dt.date(2015, 1, 1)
    for number in range(max(sellers // 10, 2)):
        team = actions.add_team(by=None, at=AT, name=f"Team {number}")
        who = actions.add_user(by=None, at=AT, name=f"Manager {number}", key=f"m-{number}", role=Role.MANAGER)
        actions.join_team(by=None, at=AT, user=who, team=team, since=since, manages=True)
        found[team.name] = team.pk
    keys = [f"seller {number}" for number in range(sellers)]
    User.objects.bulk_create(User(key=key, name=key, role=Role.SELLER) for key in keys)
    return found


def write_deals(deals: pl.DataFrame, teams: dict[str, int]) -> pl.DataFrame:
    """Write accounts and deals; return the number of each deal by its key."""
    from world import write

    from hingepoint.domain.deals.models import Account, Deal
    from hingepoint.domain.people.models import User

    accounts = deals.select(name=pl.col("account").unique().sort()).with_row_index("id", offset=1)
    write(Account, accounts.with_columns(key="name"))
    owners = pl.DataFrame(list(User.objects.values("key", "pk"))).rename({"key": "owner", "pk": "owner_id"})
    table = (
        deals.with_row_index("id", offset=1)
        .join(accounts.select(account="name", account_id="id"), on="account", maintain_order="left")
        .join(owners, on="owner", maintain_order="left")
        .with_columns(team_id=pl.col("team").replace_strict(teams, return_dtype=pl.Int64))
    )
    row = table.rename({"deal_id": "key", "created": "created_at", "closed": "closed_at"}).with_columns(
        texts("created_at", "closed_at"), name=pl.col("key"), currency=pl.lit("EUR")
    )
    write(Deal, row.drop("account", "owner", "manager", "team"))
    return table.select("deal_id", number="id")


def texts(*columns: str) -> pl.Expr:
    return pl.col(columns).dt.to_string("%Y-%m-%d %H:%M:%S")


def write_log(events: pl.DataFrame) -> None:
    """Write what happened: events, roles agreed, corridors, and the reasons of demands."""
    events = events.with_columns(deal_id="number").drop("number")
    role = (pl.col("kind") == "executive") & (pl.col("state") == "agreed").fill_null(False)
    told = events.filter(~pl.col("kind").is_in(["plan", "pulse"]) & ~role)
    write_events(told)
    write_reasons(
        told.with_row_index("id", offset=1).filter((pl.col("kind") == "demand") & (pl.col("note") != ""))
    )
    write_roles(events.filter(role))
    write_corridors(events.filter(pl.col("kind") == "plan"))


def write_events(events: pl.DataFrame, *, after: int = 0) -> None:
    from world import write

    from hingepoint.domain.deals.models import DealEvent

    names = [name for name in ("deal_id", "kind", "value", "state", "actor") if name in events.columns]
    rows = events.with_row_index("id", offset=after + 1).select(
        "id",
        *names,
        pl.col("id").alias("fingerprint"),
        name=pl.col("agreement").fill_null(""),
        occurred_at=texts("at"),
        recorded_at=texts("at"),
        origin=pl.lit("import"),
        currency=pl.lit("EUR"),
    )
    words = [pl.col(name).fill_null("") for name in ("state", "actor") if name in names]
    write(DealEvent, rows.with_columns(words))


def write_reasons(demands: pl.DataFrame) -> None:
    from world import write

    from hingepoint.domain.negotiation.models import Reason

    write(
        Reason,
        demands.select(event_id="id", text="note", written_at=texts("at"), state=pl.lit("confirmed")),
    )


def write_roles(agreed: pl.DataFrame) -> None:
    from world import write

    from hingepoint.domain.involvement.models import Involvement
    from hingepoint.domain.people.models import User

    who, words = User.objects.get(key="sponsor").pk, {"purpose": "value", "aim": "Say why we do it"}
    once = agreed.unique("deal_id", maintain_order=True)
    write(
        Involvement,
        once.select(
            "deal_id",
            agreed_at=texts("at"),
            executive_id=pl.lit(who),
            **{name: pl.lit(word) for name, word in words.items()},
        ),
    )


def write_corridors(plans: pl.DataFrame) -> None:
    from world import write

    from hingepoint.domain.negotiation.models import CorridorWriting

    figures = {"opening": pl.lit(100), "target": pl.lit(90), "walk_away": pl.lit(80)}
    written = plans.with_columns(set_at=pl.coalesce("recorded_at", "at"))
    write(CorridorWriting, written.select("deal_id", set_at=texts("set_at"), **figures))


def write_routines(due: pl.DataFrame, teams: dict[str, int]) -> None:
    from world import write

    from hingepoint.domain.people.models import User
    from hingepoint.domain.routines.models import Routine, RoutineDue
    from hingepoint.records.people import Role

    names = due["routine"].unique().sort()
    made = {
        name: Routine.objects.create(key=name, name=name, role=Role.SELLER, cadence="fortnightly").pk
        for name in names
    }
    people = dict(User.objects.values_list("key", "pk"))
    write(
        RoutineDue,
        due.select(
            routine_id=pl.col("routine").replace_strict(made, return_dtype=pl.Int64),
            person_id=pl.col("person").replace_strict(people, return_dtype=pl.Int64),
            team_id=pl.col("team").replace_strict(teams, return_dtype=pl.Int64),
            due_at=texts("due"),
            done_at=texts("done"),
            recorded_at=texts("done"),
        ),
    )


if __name__ == "__main__":
    main()
