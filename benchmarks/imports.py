"""How fast a million events come in, beside a plain pandas read and bulk insert. Prints a table of ratios.

    python benchmarks/imports.py --smoke                       small, under a minute
    python benchmarks/imports.py                               1,000,000 events of 20,000 deals
    python benchmarks/imports.py --database postgres://...     into an empty PostgreSQL database

Ours reads twice, checks every row against its deal, recognises what is known already, keeps agreements
with their present state beside their events, and can be taken back. Two plain ways stand beside it. The first parses the
file with pandas and puts it into one table without any index or check: ``executemany`` on SQLite, COPY on PostgreSQL. The
second puts the very rows that ours made into a table with the same indexes, unread and unchecked: the least that the tables themselves cost.
All run in processes of their own, one after the other, into files on the same disk. CPU is that of the program and of the
server that works for it, where it runs on this machine; ``log`` is what PostgreSQL writes ahead.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import polars as pl


def make_files(folder: Path, deals: int, events: int, seed: int = 1) -> None:
    """Write a deals table and an events table in no order, as exports come."""
    chance = np.random.default_rng(seed)
    day = np.datetime64("2022-01-01T08:00:00", "ms")
    created = day + (1000 * chance.integers(0, 1000 * 86_400, deals)).astype("timedelta64[ms]")
    names = [f"D{number:07d}" for number in range(deals)]
    pl.DataFrame(
        {
            "deal_id": names,
            "created": created,
            "status": "open",
            "amount": chance.integers(1_000, 99_999, deals).astype(float),
            "currency": "EUR",
            "owner": [f"Seller {number % 140}" for number in range(deals)],
            "team": [f"Team {number % 140 // 9}" for number in range(deals)],
            "account": [f"Account {number % (deals // 3)}" for number in range(deals)],
        }
    ).write_csv(folder / "deals.csv")
    whose = chance.integers(0, deals, events)
    later = (1000 * chance.integers(0, 120 * 86_400, events)).astype("timedelta64[ms]")
    pl.DataFrame(
        {
            "deal_id": [names[number] for number in whose],
            "agreement": [f"agreement_{number}" for number in chance.integers(0, 100, events)],
            "at": created[whose] + later,
            "evidence": chance.integers(0, 5, events),
            "counterpart": [f"Person {number % 997}" for number in whose],
        }
    ).write_csv(folder / "events.csv")


def ours(folder: Path, table: str) -> dict[str, float]:
    """Import one table into the database that the environment names."""
    import datetime as dt

    from hingepoint.cli.common import start_django

    start_django()
    from django.core.management import call_command
    from django.db import connection

    from hingepoint.domain.imports import actions, engine

    call_command("migrate", verbosity=0)
    with Measured(connection.cursor() if connection.vendor == "postgresql" else None) as measured:
        report = actions.import_files(
            by=None, at=dt.datetime.now(dt.UTC), given=engine.Files(**{table: folder / f"{table}.csv"})
        )
    return measured.told | {"rows": report.created + report.unchanged}


def plain(folder: Path, address: str) -> dict[str, float]:
    """Read the events with pandas and insert them into one table, unchecked."""
    import sqlite3

    import pandas

    if address:
        import psycopg

        connection = psycopg.connect(address)
    else:
        connection = sqlite3.connect(folder / "plain.sqlite3")
    with Measured(connection.cursor() if address else None) as measured:
        frame = pandas.read_csv(folder / "events.csv", parse_dates=["at"])
        if address:
            _copied(connection, frame)
        else:
            frame.to_sql("events", connection, index=False)
        connection.commit()
    return measured.told | {"rows": len(frame)}


def _copied(connection, frame) -> None:
    """Put a frame into a table as COPY does, the fast way into PostgreSQL."""
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS plain_events")
        cursor.execute(
            "CREATE TABLE plain_events (deal_id text, agreement text, at timestamp, evidence bigint, counterpart text)"
        )
        with cursor.copy("COPY plain_events FROM STDIN (FORMAT csv)") as copy:
            copy.write(frame.to_csv(index=False, header=False))


#: The table into which the events of the file come.
EVENTS = "domain_agreementevent"


def same(folder: Path, address: str) -> dict[str, float]:
    """Put the rows that ours made into a table with the same indexes."""
    from hingepoint.cli.common import start_django

    start_django()
    from django.db import connection

    with connection.cursor() as cursor:
        put, rows = (_same_on_postgresql if address else _same_on_sqlite)(cursor)
        with Measured(cursor if address else None) as measured:
            put()
    return measured.told | {"rows": rows}


def _same_on_postgresql(cursor):
    """Return a function that puts the rows into a table like theirs, and how many they are."""
    cursor.execute("DROP TABLE IF EXISTS plain_same")
    cursor.execute(f"CREATE TABLE plain_same (LIKE {EVENTS} INCLUDING ALL)")
    with cursor.copy(f"COPY {EVENTS} TO STDOUT") as copy:
        parts = [bytes(part) for part in copy]

    def put() -> None:
        with cursor.copy("COPY plain_same FROM STDIN") as copy:
            for part in parts:
                copy.write(part)

    return put, cursor.execute(f"SELECT COUNT(*) FROM {EVENTS}").fetchone()[0]


def _same_on_sqlite(cursor):
    made = cursor.execute(
        f"SELECT sql FROM sqlite_master WHERE tbl_name = '{EVENTS}' AND sql IS NOT NULL ORDER BY type DESC"
    ).fetchall()
    for (statement,) in made:
        cursor.execute(statement.replace(f'"{EVENTS}"', '"plain"').replace('INDEX "', 'INDEX "plain_'))
    rows = cursor.execute(f"SELECT * FROM {EVENTS}").fetchall()
    marks = ", ".join(["%s"] * len(rows[0]))

    def put() -> None:
        cursor.execute("BEGIN IMMEDIATE")
        cursor.executemany(f"INSERT INTO plain VALUES ({marks})", rows)
        cursor.execute("COMMIT")

    return put, len(rows)


class Measured:
    """Wall seconds, CPU seconds of this process and of the server behind ``cursor``, its largest memory in megabytes, and the
    megabytes that the server wrote ahead."""

    def __init__(self, cursor=None):
        self.server = cursor
        self.pid = self._asked("SELECT pg_backend_pid()") if cursor else None

    def __enter__(self) -> Measured:
        self.begun = self._now()
        return self

    def __exit__(self, *error: object) -> None:
        spent = {name: after - self.begun[name] for name, after in self._now().items()}
        self.told = spent | {"memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}

    def _now(self) -> dict[str, float]:
        return {
            "wall": time.perf_counter(),
            "cpu": time.process_time() + self._work_of_server(),
            "server": self._work_of_server(),
            "log": float(self._asked("SELECT pg_current_wal_lsn() - '0/0'")) / 1e6 if self.server else 0.0,
        }

    def _work_of_server(self) -> float:
        """Return the CPU seconds of the server's process; 0 where there is none, or it runs elsewhere."""
        told = Path(f"/proc/{self.pid}/stat")
        if self.pid is None or not told.exists():
            return 0.0
        fields = told.read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def _asked(self, sql: str):
        self.server.execute(sql)
        return self.server.fetchone()[0]


def apart(folder: Path, what: str, address: str) -> dict[str, float]:
    """Run one measurement in a process of its own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HINGEPOINT_")}
    environment = {**kept, "HINGEPOINT_DATA_DIR": str(folder / "data"), "HINGEPOINT_DATABASE_URL": address}
    command = [sys.executable, __file__, "--only", what, "--folder", str(folder), "--database", address]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stderr)
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--smoke", action="store_true", help="500 deals, 20,000 events")
    parser.add_argument("--database", default="", metavar="URL", help="an empty PostgreSQL database")
    parser.add_argument("--only", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.only:
        way = {"plain": plain, "same": same}.get(asked.only)
        found = way(asked.folder, asked.database) if way else ours(asked.folder, asked.only)
        print(json.dumps(found))
        return
    deals, events = (500, 20_000) if asked.smoke else (20_000, 1_000_000)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "data").mkdir()
        make_files(folder, deals, events)
        show(folder, asked.database)


def show(folder: Path, address: str) -> None:
    lines = [
        (words, apart(folder, what, address))
        for what, words in (
            ("plain", "pandas, one table, no index, no check"),
            ("deals", "hingepoint import deals"),
            ("events", "hingepoint import events"),
            ("events", "the same events again"),
            ("same", "the same rows, same indexes, no check"),
        )
    ]
    base = lines[-1][1]
    print(
        f"{'':38}{'rows':>11}{'wall s':>9}{'cpu s':>8}{'server s':>10}{'log MB':>8}{'MB':>6}{'cpu ratio':>11}"
    )
    for words, told in lines:
        ratio = told["cpu"] / base["cpu"] / told["rows"] * base["rows"]
        print(
            f"{words:38}{told['rows']:>11,.0f}{told['wall']:>9.1f}{told['cpu']:>8.1f}{told['server']:>10.1f}"
            f"{told['log']:>8.0f}{told['memory']:>6.0f}{ratio:>11.1f}"
        )
    print("CPU is with the server's. Ratios are per row, against the last line.")


if __name__ == "__main__":
    main()
