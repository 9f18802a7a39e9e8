"""What is left of an act whose process is killed (SIGKILL) at a random moment: as before, or as after, and never anything else.

    python benchmarks/kills.py [--smoke] [--act import sync migration rebuild backup restore] [--kills 1000] [--postgres URL]

Each act is done on a small company of its own: a file of events is imported, a CRM is read, a database of the oldest version that is upgraded is
brought up to date, the night's jobs are done and all that they keep is recounted, a sealed backup with uploaded files is made where an older one
lies, such a backup is restored over a company that went on. The program that does it is forked from one that is warm, which makes a kill cheap, and it
is killed half of the time after a time drawn evenly over the length of the act, half of the time at one of its steps, drawn evenly over all statements,
ends of transactions and touches of files. Every fourth kill by time spares what the program had begun itself, such as pg_dump.

Then the database is opened again, and compared whole, row by row: it holds what it held between two transactions of a run that nobody disturbed, and
nothing else. The trail's chain, SQLite's integrity and all keys hold. Then the product catches up as it does: the next import, run, start, night, backup,
restore. Now database and files are those that an undisturbed run and the same catching up end with. A state that was caught up from twice already is
caught up from again every tenth time.

With --postgres URL the same in databases of their own on that server, but for the migration: the database of the oldest version is one of SQLite. Ends
with code 1 where anything is wrong, or no kill fell in the middle of an act.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime as dt
import gzip
import hashlib
import math
import os
import random
import shutil
import sqlite3
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import killing
from killing import Death, Failed, Meter, Place

HOUSE = Path(__file__).resolve().parents[1]
WORLD = HOUSE / "src/hingepoint/demo/worlds_examples/small.yaml"
OLDEST = HOUSE / "tests/upgrade/0.1.0-at-ea98381.sql.gz"
NOW = dt.datetime(2026, 3, 4, 3, 30, tzinfo=dt.UTC)
KEY = "a key of thirty-two characters, or more"
EVENTS = 120


class Act(NamedTuple):
    """``prepare`` a place in a company, ``do`` it there; ``again`` is how the product, or its operator, catches up."""

    do: Callable[[Place], Any]
    prepare: Callable[[Place], Any] = lambda place: None
    again: Callable[[Place], Any] | None = None
    extra: Callable[[Place], str] = lambda place: ""  # what counts beside the database
    company: bool = True  # whether it begins with the company of WORLD, else with nothing
    runs: frozenset[str] = (
        frozenset()
    )  # tables that tell of single runs, which the caught-up state may differ in


# ---- the acts ----


def make_company(place: Place) -> None:
    from hingepoint.cli import serve
    from hingepoint.demo.world import load_world

    serve.bring_database_up_to_date()
    load_world(WORLD)
    proof = place.folder / "uploads" / "proof" / "mail.txt"
    proof.parent.mkdir(parents=True)
    proof.write_text("They wrote it.")
    (place.folder / "backup.key").write_text(KEY)


def write_events(place: Place) -> None:
    rows = [
        f"D-{number % 4 + 1},step {number},2026-03-0{number % 3 + 1},activity\n" for number in range(EVENTS)
    ]
    (place.folder / "events.csv").write_text("deal_id,agreement,at,kind\n" + "".join(rows))


def import_events(place: Place) -> None:
    from hingepoint.domain.imports import actions, engine

    actions.import_files(by=None, at=NOW, given=engine.Files(events=place.folder / "events.csv"))


def connect(place: Place) -> None:
    from hingepoint.domain.sync import actions

    with played():
        made = actions.connect(
            by=None, at=NOW, crm="played", url="https://crm.example.com", given={"key": "k"}
        )
        actions.test(by=None, at=NOW, connection_id=made.pk)


def sync(place: Place) -> None:
    from hingepoint.domain.sync import actions, register

    register.PAGE = 3
    with played():
        told = actions.sync(at=NOW, connection_id=1, sweep=False)
    if told.problem:
        raise Failed(told.problem)


@contextlib.contextmanager
def played() -> Iterator[None]:
    """Let a CRM be played inside the process."""
    import crm

    from hingepoint import connectors
    from hingepoint.connectors.source import Connector, SignIn

    crm.CHANGES, crm.PAGE = 3, 7
    source = crm.Played(8)
    connectors.crm = lambda key: Connector(
        "played", "Played", (SignIn("key", "Key", {"key": "Key"}),), lambda *_: source
    )
    yield


def bring_up_to_date(place: Place) -> None:
    from hingepoint.cli import serve

    serve.bring_database_up_to_date()


def lay_oldest(place: Place) -> None:
    """Make the database that the oldest version left."""
    with contextlib.closing(sqlite3.connect(place.folder / "hingepoint.sqlite3")) as database:
        database.executescript(gzip.decompress(OLDEST.read_bytes()).decode())


def night(place: Place) -> None:
    from hingepoint.cli import recount
    from hingepoint.jobs import nightly

    for job in nightly.JOBS:
        job(at=NOW)
    recount.recount.callback(only=None, as_format="table")


def go_on(place: Place) -> None:
    """Let something happen after the backup: somebody comes, and an uploaded file gets lost."""
    from hingepoint.domain.people import actions
    from hingepoint.records.people import Role

    actions.add_user(by=None, at=NOW, name="Nils", role=Role.SELLER, email="nils@hinge.example")
    (place.folder / "uploads" / "proof" / "mail.txt").unlink()


def keep_and_go_on(place: Place) -> None:
    back_up(place)
    go_on(place)
    (place.folder / "uploads" / "new.txt").write_text("They wrote again.")


def back_up(place: Place, name: str = "monday") -> None:
    from hingepoint.cli import backup

    backup.backup.callback(file=place.folder / name, key_file=place.folder / "backup.key", as_format="table")


def restore(place: Place) -> None:
    from hingepoint.cli import backup

    file, key = place.folder / "monday", place.folder / "backup.key"
    backup.restore.callback(file=file, force=True, key_file=key, as_format="table")


def kept(place: Place) -> str:
    """Return a digest of what is in the newest backup, read as a restore reads it."""
    from hingepoint.cli import backup_archive, backup_seal

    newest, moment = max(place.folder.glob("*day")), place.folder / "tmp"  # Tuesday's, where there is one
    with (
        backup_seal.opened(newest, KEY, beside=moment) as plain,
        backup_archive.opened(plain, moment / "uploads") as archive,
    ):
        files = sorted((name.name, one.read_bytes()) for name, one in archive.files.items())
        database = _dumped(archive.database) if place.database else _read(archive.database, moment / "read")
    return hashlib.sha256(repr((database, files)).encode()).hexdigest()


def _dumped(file: Path) -> list[str]:
    from hingepoint.cli import backup

    said = backup._store()._run("pg_restore", "--file=-", str(file))
    return [line for line in said.splitlines() if not line.startswith(("--", "\\"))]


def _read(file: Path, apart: Path) -> list[tuple[str, str]]:
    apart.mkdir()
    shutil.copy(file, apart / "hingepoint.sqlite3")
    found = sorted(killing.digest(killing.state(Place(apart))))
    shutil.rmtree(apart)
    return found


ACTS = {
    "import": Act(import_events, prepare=write_events),
    "sync": Act(sync, prepare=connect),
    "migration": Act(bring_up_to_date, prepare=lay_oldest, company=False),
    "rebuild": Act(night),
    "backup": Act(back_up, prepare=keep_and_go_on, again=partial(back_up, name="tuesday"), extra=kept),
    "restore": Act(restore, prepare=keep_and_go_on),
}


# ---- places to do them in ----


class Houses:
    """Makes places and takes them away: folders with a SQLite file, or with a PostgreSQL database for each."""

    def __init__(self, root: Path, postgres: str):
        self.root, self.server, self.number = root, postgres.rpartition("/")[0], 0
        self.line = _line(postgres) if postgres else None

    def copy(self, of: Place | None = None) -> Place:
        self.number += 1
        folder = self.root / str(self.number)
        if of:
            shutil.copytree(of.folder, folder)
        else:
            folder.mkdir()
        if not self.line:
            return Place(folder)
        made = Place(folder, f"kills_{os.getpid()}_{self.number}", self.server)
        self.line.execute(f"CREATE DATABASE {made.database}" + (f" TEMPLATE {of.database}" if of else ""))
        return made

    def reconnect(self) -> None:
        """Ask through a line of its own in a fork that makes and drops places itself."""
        self.line = _line(f"{self.server}/postgres") if self.line else None

    def drop(self, place: Place) -> None:
        shutil.rmtree(place.folder)
        if self.line:
            self.line.execute(f"DROP DATABASE {place.database} WITH (FORCE)")


def _line(postgres: str) -> Any:
    import psycopg

    return psycopg.connect(postgres, autocommit=True)


# ---- a campaign ----


class Left(NamedTuple):
    """What a place holds: its database, what counts beside it, and the names of its files."""

    database: killing.Digest
    extra: str
    files: tuple[str, ...]


@dataclass
class Seen:
    """What was seen of kills."""

    fell: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    states: Counter[Left] = field(default_factory=Counter)
    caught_up: int = 0
    seconds: float = 0.0

    def add(self, other: Seen) -> None:
        self.fell += other.fell
        self.wrong += other.wrong
        self.states += other.states
        self.caught_up += other.caught_up
        self.seconds += other.seconds


@dataclass
class Campaign:
    """One act, killed again and again, and what was seen."""

    name: str
    houses: Houses
    template: Place
    act: Act
    until: float = math.inf  # the moment from which nothing is killed any more
    timed: int = 3  # undisturbed runs, to learn how long it takes
    caught: Counter[tuple] = field(default_factory=Counter)  # how often a state was caught up from
    often: int = 2  # how often that is enough
    seen: Seen = field(default_factory=Seen)

    def measure(self, end: Left | None = None) -> None:
        """Learn from undisturbed runs what is between transactions, where it ends when caught up, how long it takes and of how many
        steps."""
        place = self.houses.copy(self.template)
        self.before = self.look(place)
        self.between = set(killing.apart(partial(self._record, place)))
        self.after = self.look(place)
        self.end = end or self._end_of(place)
        self.houses.drop(place)
        self.lengths, self.steps = [], 0
        for _ in range(self.timed):
            self._measure_once()
        self.length = statistics.median(self.lengths)

    def _end_of(self, place: Place) -> Left:
        killing.apart(partial(self._again, place))
        return self.look(place, chained=True)

    def _measure_once(self) -> None:
        place, meter = self.houses.copy(self.template), Meter()
        self.lengths.append(killing.apart(partial(self._timed, place, meter)))
        self.steps = meter.steps
        self.houses.drop(place)

    def _timed(self, place: Place, meter: Meter) -> float:
        began = time.perf_counter()
        self._do(place, meter)
        return time.perf_counter() - began

    def _record(self, place: Place) -> list[killing.Digest]:
        enter(place)
        return killing.recorded(partial(self.act.do, place), place)

    def _do(self, place: Place, meter: Meter) -> None:
        enter(place)
        killing.watch(meter, place.folder)
        self.act.do(place)
        meter.end()

    def _again(self, place: Place) -> None:
        enter(place)
        for lock in place.folder.rglob("*.lock"):  # hours go by: a lock without a folder is kept for one
            os.utime(lock, (0, 0))
        (self.act.again or self.act.do)(place)

    def look(self, place: Place, *, chained: bool = False) -> Left:
        """Return what a place holds; what is wrong with it by itself is kept."""
        found, faults = killing.apart(partial(self._look, place, chained))
        self.seen.wrong += faults
        return found

    def _look(self, place: Place, chained: bool) -> tuple[Left, list[str]]:
        place.enter()
        killing.wait_until_alone()
        faults = killing.faults(chained=chained)
        database = killing.digest(killing.state(place))
        extra = self.act.extra(place)
        return Left(database, extra, place.files), faults

    def kill(self, times: int, chance: random.Random) -> None:
        began, place = time.monotonic(), self.houses.copy(self.template)
        for number in range(times):
            if time.monotonic() > self.until:
                break
            place = self._kill_once(place, number, chance)
        self.houses.drop(place)
        self.seen.seconds += time.monotonic() - began

    def _kill_once(self, place: Place, number: int, chance: random.Random) -> Place:
        """Kill the act in a place; return one where it can be done again: the same, where nothing happened to it."""
        meter, death = Meter(), self._death(number, chance)
        try:
            killing.killed(partial(self._do, place, meter), meter, death)
            self.seen.fell[meter.fell] += 1
            left = self.look(place, chained=self.act.company)
            self._judge(left, f"{death}")
            if self.caught[left] < self.often or self.seen.states[left] % 10 == 0:
                self._catch_up(place, f"{death}")
                self.caught[left] += 1
            elif left == self.before:
                return place
        except Failed as failed:
            self.seen.wrong.append(f"{death}: {failed}")
        self.houses.drop(place)
        return self.houses.copy(self.template)

    def _death(self, number: int, chance: random.Random) -> Death:
        if number % 2:
            return Death(step=chance.randint(1, self.steps))
        return Death(after=chance.uniform(0, 1.05 * self.length), alone=number % 8 == 6)

    def _judge(self, left: Left, when: str) -> None:
        self.seen.states[left] += 1
        if left.database not in self.between:
            near = min((killing.differ(one, left.database) for one in self.between), key=len)
            self.seen.wrong.append(
                f"{when}: what is there was never there between two transactions, in {near}"
            )
        if left.extra not in (self.before.extra, self.after.extra):
            self.seen.wrong.append(f"{when}: what lies beside the database is neither old nor new")

    def _catch_up(self, place: Place, when: str) -> None:
        killing.apart(partial(self._again, place))
        self.seen.caught_up += 1
        found = self.look(place, chained=True)
        if found.database != self.end.database:
            self.seen.wrong.append(
                f"{when}: caught up, another state of {killing.differ(found.database, self.end.database)}"
            )
        if found.extra != self.end.extra:
            self.seen.wrong.append(f"{when}: caught up, what lies beside the database is neither old nor new")
        if left := set(found.files) ^ set(self.end.files):
            self.seen.wrong.append(f"{when}: caught up, files left or missing: {', '.join(sorted(left))}")

    def line(self) -> str:
        middle, before, after = (self.seen.fell[part] for part in ("middle", "before", "after"))
        times = middle + before + after
        states = len({(left.database, left.extra) for left in self.seen.states})
        return (
            f"| {self.name} | {times:,} | {before:,} | {middle:,} | {after:,} | {self.steps:,} | {1000 * self.length:.0f} ms | {states:,} "
            f"| {self.seen.caught_up:,} | {len(self.seen.wrong):,} | {1000 * self.seen.seconds / times:.0f} ms |"
        )


def enter(place: Place) -> None:
    place.enter()
    killing.freeze(NOW)


# ---- running them ----


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--smoke", action="store_true", help="a few kills of each: does it run")
    options.add_argument("--act", nargs="+", choices=list(ACTS), help="these acts alone")
    options.add_argument("--kills", type=int, default=1000, help="how many of each; usually 1000")
    options.add_argument(
        "--seconds", type=float, default=math.inf, help="so long at most for each act, then fewer kills"
    )
    options.add_argument("--seed", type=int, default=20261130, help="of the moments that are drawn")
    options.add_argument(
        "--postgres", default="", metavar="URL", help="a database of a server where others may be made"
    )
    asked = options.parse_args()
    asked.act = asked.act or [name for name in ACTS if name != "migration" or not asked.postgres]
    if asked.smoke:
        asked.kills, asked.act = 4, ["import", "restore"]
    with tempfile.TemporaryDirectory() as name:
        sys.exit(run(Path(name), asked))


def run(root: Path, asked: argparse.Namespace) -> bool:
    """Kill the acts, print a line for each, and return whether anything was wrong."""
    set_up(root, asked.postgres)
    houses = Houses(root, asked.postgres)
    company = houses.copy()
    killing.apart(lambda: (enter(company), make_company(company)))
    print(
        "| Act | Kills | Before its first write | In its middle | After its end | Steps | Length | States | Caught up | Wrong | A kill |"
    )
    print("|---|" + "---:|" * 10, flush=True)
    done = [campaign(name, houses, company, asked) for name in asked.act]
    houses.drop(company)
    return any(one.seen.wrong or not one.seen.fell["middle"] for one in done)


def set_up(root: Path, postgres: str) -> None:
    """Set Django up without a database, in the folder of secrets that all places share."""
    for name in [one for one in os.environ if one.startswith("HINGEPOINT_")]:
        del os.environ[name]
    os.environ |= {"HINGEPOINT_DATA_DIR": str(root / "secrets"), "HINGEPOINT_LOG_LEVEL": "CRITICAL"}
    if postgres:
        os.environ["HINGEPOINT_DATABASE_URL"] = postgres
    from hingepoint.cli.common import start_django

    start_django()
    import hingepoint.cli.backup
    import hingepoint.cli.recount
    import hingepoint.demo.world
    import hingepoint.jobs.nightly  # noqa: F401  (so that forks need not load it)


def campaign(name: str, houses: Houses, company: Place, asked: argparse.Namespace) -> Campaign:
    act, chance = ACTS[name], random.Random(f"{name} {asked.seed}")
    template = houses.copy(company if act.company else None)
    killing.apart(lambda: (enter(template), act.prepare(template)))
    done = Campaign(name, houses, template, act)
    if name == "migration":
        done.timed = done.often = 1
    done.measure()
    done.until = time.monotonic() + asked.seconds
    if name == "migration":
        kill_step_by_step(done, asked.kills, chance)
    else:
        done.kill(asked.kills, chance)
    print(done.line(), flush=True)
    for one in done.seen.wrong[:20]:
        print(f"Wrong: {one}")
    houses.drop(template)
    return done


# ---- a migration, step by step ----


def kill_step_by_step(whole: Campaign, times: int, chance: random.Random) -> None:
    """Kill a migration: some of the kills anywhere, the others within one of its steps, in a fork that stands before it. So a kill costs a step
    and not all those before it."""
    anywhere = max(times // 40, 1)
    whole.kill(anywhere, chance)
    place = whole.houses.copy(whole.template)
    parts = killing.apart(partial(steps_killed, whole, place, times - anywhere, chance), longest=None)
    whole.houses.drop(place)
    for part in parts:
        whole.seen.add(part)


def steps_killed(whole: Campaign, place: Place, times: int, chance: random.Random) -> list[Seen]:
    """Bring a database up to date; before each step, kill that step again and again on copies."""
    from django.db import connection
    from django.db.migrations.loader import MigrationLoader

    from hingepoint.domain.upkeep.migrating import WholeSteps

    enter(place)
    whole.houses.reconnect()
    loader, plain, seen = MigrationLoader(connection), WholeSteps.apply_migration, []
    share = -(-times // len(set(loader.graph.nodes) - set(loader.applied_migrations)))

    def apply(executor: Any, state: Any, migration: Any, *how: Any, **named: Any) -> Any:
        connection.close()
        take = partial(plain, executor, state, migration, *how, **named)
        WholeSteps.apply_migration = plain
        if time.monotonic() < whole.until:
            seen.append(step_killed(whole, migration.name, place, take, share, chance))
        WholeSteps.apply_migration = apply
        return take()

    WholeSteps.apply_migration = apply
    bring_up_to_date(place)
    return seen


def step_killed(
    whole: Campaign, name: str, place: Place, take: killing.Work, times: int, chance: random.Random
) -> Seen:
    act = whole.act._replace(do=lambda _: take(), again=bring_up_to_date)
    template = whole.houses.copy(place)
    step = Campaign(
        name, whole.houses, template, act, whole.until, timed=1, caught=whole.caught, often=whole.often
    )
    step.measure(end=whole.end)
    step.kill(times, chance)
    whole.houses.drop(template)
    return step.seen


if __name__ == "__main__":
    main()
