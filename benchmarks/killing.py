"""A process that is killed at a moment of its work, and what it leaves: for ``kills.py``.

A process that has Django set up and no database open is forked for each piece of work, which saves the seconds of a start. The fork tells how
far it came in memory that outlives it.
"""

from __future__ import annotations

import contextlib
import hashlib
import mmap
import os
import pickle
import re
import select
import signal
import sqlite3
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Work = Callable[[], Any]
#: What a database holds: the rows of each table, and how the tables are made.
State = dict[str, tuple]
#: The same in short: a digest for each table.
Digest = frozenset[tuple[str, str]]

#: What a program asks of the system where it changes something there.
TOUCHES = frozenset({"os.rename", "os.remove", "os.rmdir", "os.mkdir", "subprocess.Popen", "sqlite3.connect"})
WRITES = ("INSERT", "UPDATE", "DELETE", "CREATE", "ALTER", "DROP", "REPLACE", "TRUNCATE")
#: What names a folder of its own that a program needs for a moment.
ANY_NAME = re.compile(r"(?<=\.hingepoint)-[0-9a-f]+")
#: So long a fork may work, in seconds, before it counts as stuck.
LONGEST = 300


class Failed(Exception):
    """A fork failed by itself; the message is its traceback."""


# ---- forks ----


class Meter:
    """What a fork tells: how many steps it took, at which it first wrote, and whether it came to the end."""

    def __init__(self) -> None:
        self.cells = memoryview(mmap.mmap(-1, 24)).cast("q")
        self.die_at = 0

    @property
    def steps(self) -> int:
        return self.cells[0]

    @property
    def fell(self) -> str:
        """Return in which part of the work the fork ended: before it first wrote, in the middle, or after its end."""
        return "after" if self.cells[2] else "middle" if self.cells[1] else "before"

    def step(self, *, writes: bool) -> None:
        self.cells[0] += 1
        if writes:
            self.cells[1] = self.cells[1] or self.cells[0]
        if self.cells[0] == self.die_at:
            os.killpg(0, signal.SIGKILL)

    def end(self) -> None:
        self.cells[2] = 1


@dataclass(frozen=True)
class Death:
    """When a fork is killed: so many seconds after it began, or at a step. ``alone``: what it began itself lives on."""

    after: float = 0.0
    step: int = 0
    alone: bool = False


def apart(work: Work, *, longest: float | None = LONGEST) -> Any:
    """Do ``work`` in a fork and return what it returns. Raises Failed, also where it takes too long, in seconds."""
    pid, reading = _fork(work)
    try:
        told = _read_on(reading, pid, longest)
    finally:
        os.waitpid(pid, 0)
    found, error = pickle.loads(told[1:]) if len(told) > 1 else (None, "it ended without a word")
    if error:
        raise Failed(error)
    return found


def killed(work: Work, meter: Meter, death: Death) -> None:
    """Do ``work`` in a fork that is killed. Raises Failed where it failed before."""
    meter.die_at = death.step
    pid, reading = _fork(work)
    try:
        begun = os.read(reading, 1)
        wait = LONGEST if death.step else death.after
        if begun:
            select.select([reading], [], [], wait)
        with contextlib.suppress(ProcessLookupError):
            (os.kill if death.alone else os.killpg)(pid, signal.SIGKILL)
        told = b"" if death.alone else _drained(reading)
    finally:
        os.waitpid(pid, 0)
        os.close(reading)
    if told and (error := _error_in(told)):
        raise Failed(error)


def _error_in(told: bytes) -> str:
    try:
        return pickle.loads(told)[1]
    except (pickle.UnpicklingError, EOFError):  # killed while it told
        return ""


def _fork(work: Work) -> tuple[int, int]:
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reading)
        _be_child(work, writing)
    os.close(writing)
    return pid, reading


def _be_child(work: Work, writing: int) -> None:
    """Do ``work`` in a group of its own, tell how it went, and end without a look back at what the parent had."""
    os.setpgid(0, 0)
    with open(os.devnull, "w") as nowhere:
        for told in (1, 2):
            os.dup2(nowhere.fileno(), told)
    os.write(writing, b"b")
    try:
        told = pickle.dumps((work(), ""))
    except BaseException:
        told = pickle.dumps((None, traceback.format_exc()))
    with contextlib.suppress(BrokenPipeError):
        while told:
            told = told[os.write(writing, told) :]
    os._exit(0)


def _read_on(reading: int, pid: int, longest: float | None) -> bytes:
    found = b""
    while select.select([reading], [], [], longest)[0]:
        more = os.read(reading, 1 << 20)
        if not more:
            os.close(reading)
            return found
        found += more
    os.killpg(pid, signal.SIGKILL)
    os.close(reading)
    raise Failed(f"a fork was stuck for {longest} s")


def _drained(reading: int) -> bytes:
    found = b""
    while more := os.read(reading, 1 << 20):
        found += more
    return found


# ---- where it works ----


@dataclass(frozen=True)
class Place:
    """A data folder, and the name and server of a PostgreSQL database; empty where SQLite's file lies in the folder."""

    folder: Path
    database: str = ""
    server: str = ""

    @property
    def files(self) -> tuple[str, ...]:
        """Return the names of all that lies there, but for what SQLite keeps beside its file and what may be deleted at any time."""
        found = (
            ANY_NAME.sub("-*", one.relative_to(self.folder).as_posix()) for one in self.folder.rglob("*")
        )
        return tuple(
            sorted(one for one in found if not one.endswith(("-wal", "-shm")) and not one.startswith("rows"))
        )

    def enter(self) -> None:
        """Let this fork work here from now on. What it needs for a moment lies here too, in ``tmp``."""
        from django.conf import settings
        from django.db import connection

        name = self.database or str(self.folder / "hingepoint.sqlite3")
        settings.DATABASES["default"]["NAME"] = connection.settings_dict["NAME"] = name
        settings.MEDIA_ROOT = self.folder / "uploads"
        settings.KEPT_ROWS, settings.KEPT_SUMS, settings.MADE_FILES = (
            self.folder / one for one in ("rows", "sums", "made")
        )
        moment = self.folder / "tmp"
        moment.mkdir(exist_ok=True)
        os.environ["TMPDIR"] = tempfile.tempdir = str(moment)
        os.chdir(self.folder)


def freeze(at: Any) -> None:
    """Let it be one moment in this fork, so that two runs write the same."""
    from django.utils import timezone

    timezone.now = lambda: at


def watch(meter: Meter, folder: Path) -> None:
    """Count each statement, each end of a transaction and each touch of a file in this fork."""
    from django.db import connection

    def said(execute, sql, *rest):
        meter.step(writes=_changes(sql))
        return execute(sql, *rest)

    commit = connection._commit

    def committed():
        meter.step(writes=True)
        commit()
        meter.step(writes=True)

    def heard(event: str, told: tuple) -> None:
        if event in TOUCHES or (event == "open" and _opens_to_write(told)):
            meter.step(writes=str(told[0]).startswith(str(folder)) and event != "sqlite3.connect")

    connection.execute_wrappers.append(said)
    connection._commit = committed
    sys.addaudithook(heard)


def _changes(sql: object) -> bool:
    return str(sql).lstrip().upper().startswith(WRITES)


def _opens_to_write(told: tuple) -> bool:
    return isinstance(told[2], int) and bool(told[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT))


# ---- what is there ----


def digest(state: State) -> Digest:
    return frozenset(
        (table, hashlib.sha256(repr(rows).encode()).hexdigest()[:16]) for table, rows in state.items()
    )


def differ(one: Digest, other: Digest) -> str:
    """Return the names of the tables in which two states differ."""
    return ", ".join(sorted({table for table, _ in one ^ other}))


def recorded(work: Work, place: Place) -> list[Digest]:
    """Do ``work`` in this process; return the digests of all that the database held between its transactions, first to last."""
    from django.db import connection

    found = [digest(state(place))]
    commit, changed = connection._commit, False

    def look() -> None:
        nonlocal changed
        changed = False
        found.append(digest(state(place)))

    def committed():
        commit()
        look()

    def said(execute, sql, *rest):
        nonlocal changed
        if changed:  # by a statement for itself, which ends when its answer is read
            look()
        changed = _changes(sql) and not connection.in_atomic_block
        return execute(sql, *rest)

    connection._commit = committed
    with connection.execute_wrapper(said):
        work()
    return [*found, digest(state(place))]


@contextlib.contextmanager
def _reading(place: Place) -> Iterator[Any]:
    """Yield a cursor that asks past Django."""
    with contextlib.closing(_connected(place)) as line, contextlib.closing(line.cursor()) as cursor:
        yield cursor


def _connected(place: Place) -> Any:
    if not place.database:
        return sqlite3.connect(place.folder / "hingepoint.sqlite3", timeout=60)
    import psycopg

    return psycopg.connect(f"{place.server}/{place.database}")


def state(place: Place) -> State:
    """Return the rows of every table and how the tables are made. Numbers of rows are counted from one: what was taken back leaves
    gaps on PostgreSQL."""
    with _reading(place) as cursor:
        made = _answers(cursor, *MADE[bool(place.database)])
        tables = {name: _rows(cursor, name) for (name,) in _answers(cursor, TABLES[bool(place.database)])}
    ranks = {name: _ranks(*found) for name, found in tables.items()}
    keys = _keys()
    left = LEFT_OUT | NUMBERED if place.database else LEFT_OUT
    found = {
        name: _counted(name, *rows, ranks, keys, left.get(name, ()))
        for name, rows in tables.items()
        if name not in OF_RUNS
    }
    return found | {"(how the tables are made)": tuple(sorted(map(repr, made)))}


def _answers(cursor, *asked: str) -> list[tuple]:
    found = []
    for each in asked:
        cursor.execute(each)
        found += cursor.fetchall()
    return found


def _rows(cursor, table: str) -> tuple[list[str], list[tuple]]:
    cursor.execute(f'SELECT * FROM "{table}"')
    return [column[0] for column in cursor.description], cursor.fetchall()


def _ranks(columns: list[str], rows: list[tuple]) -> dict[int, int]:
    if "id" not in columns:
        return {}
    numbers = sorted(row[columns.index("id")] for row in rows)
    return {number: rank for rank, number in enumerate(numbers, 1)}


def _keys() -> dict[tuple[str, str], str]:
    """Return, for each column that points at a row by its number, the table of that row."""
    from django.apps import apps

    models = apps.get_models(include_auto_created=True)
    fields = [(model._meta.db_table, field) for model in models for field in model._meta.local_fields]
    led = {
        (table, one.column): one.related_model._meta.db_table for table, one in fields if one.related_model
    }
    return led | {(table, "batch"): "domain_importbatch" for table, one in fields if one.column == "batch"}


def _counted(table, columns, rows, ranks, keys, left) -> tuple:
    wanted = [(place, name) for place, name in enumerate(columns) if name not in left]
    target = {
        name: ranks.get(table if name == "id" else keys.get((table, name), ""), {}) for _, name in wanted
    }
    return tuple(sorted(repr([_rank(target[name], row[place]) for place, name in wanted]) for row in rows))


def _rank(ranks: dict, value: Any) -> Any:
    return ranks.get(value, value) if isinstance(value, int) else value


#: What another run of the same names otherwise, by table: columns.
LEFT_OUT: dict[str, tuple[str, ...]] = {"django_migrations": ("id", "applied")}
#: Where numbers of rows stand in words and digests, which cannot be counted anew after gaps. The trail's chain is checked by itself.
NUMBERED = {
    "domain_auditevent": ("subject_id", "digest"),
    "domain_audithead": ("digest",),
    "domain_importbatch": ("report",),
    "domain_importchange": ("row_id",),
}
#: Tables that tell of single runs of a program: of a run that was killed and of the next they tell something else than of one.
OF_RUNS = frozenset({"domain_syncrun"})

#: What is asked of SQLite and of PostgreSQL for the names of all tables, and for how they are made.
TABLES = (
    "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
    "SELECT tablename FROM pg_tables WHERE schemaname = 'public'",
)
MADE = (
    ("SELECT type, name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'",),
    (
        "SELECT table_name, column_name, data_type, is_nullable, column_default FROM information_schema.columns"
        " WHERE table_schema = 'public'",
        "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'",
        "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint"
        " WHERE connamespace = 'public'::regnamespace",
    ),
)


def faults(*, chained: bool) -> list[str]:
    """Return what is wrong with the database by itself: damage, keys that lead nowhere, a trail whose chain is broken."""
    from django.db import connection

    from hingepoint.domain.audit.queries import first_broken_link
    from hingepoint.domain.upkeep.queries import damage

    found = [damage()] if damage() else []
    if chained and (link := first_broken_link()) is not None:
        found.append(f"the trail is broken at {link}")
    if connection.vendor == "postgresql":
        connection.check_constraints()
    return found


def wait_until_alone() -> None:
    """Wait until PostgreSQL has noticed that who was killed is gone."""
    from django.db import connection

    until = time.monotonic() + 60
    while connection.vendor == "postgresql" and _others(connection):
        if time.monotonic() > until:
            raise TimeoutError("a minute later somebody who was killed is still connected")
        time.sleep(0.01)


def _others(connection) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        return cursor.fetchone()[0]
