"""How fast a million events come in, beside a plain pandas read and bulk insert. Prints a table of ratios.

    python benchmarks/imports.py --smoke                       small, under a minute
    python benchmarks/imports.py                               1,000,000 events of 20,000 deals
    python benchmarks/imports.py --database postgres://...     into an empty PostgreSQL database

Ours reads twice, checks every row against its deal, recognises what is known already, keeps agreements
with their present state beside their events, and can be taken back. The plain way parses the file with
pandas and puts it into one table without a single check (``DataFrame.to_sql``, which is ``executemany``
on SQLite). Both run in processes of their own, one after the other, into files on the same disk.
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

    from hingepoint.domain.imports import actions, engine

    call_command("migrate", verbosity=0)
    with Measured() as measured:
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
    with Measured() as measured:
        frame = pandas.read_csv(folder / "events.csv", parse_dates=["at"])
        if address:
            _executemany(connection, frame)
        else:
            frame.to_sql("events", connection, index=False)
        connection.commit()
    return measured.told | {"rows": len(frame)}


def _executemany(connection, frame) -> None:
    """What ``to_sql`` does, for a connection that pandas does not know without SQLAlchemy."""
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS plain_events")
        cursor.execute(
            "CREATE TABLE plain_events (deal_id text, agreement text, at timestamp, evidence bigint, counterpart text)"
        )
        cursor.executemany(
            "INSERT INTO plain_events VALUES (%s, %s, %s, %s, %s)", frame.itertuples(index=False, name=None)
        )


class Measured:
    """Wall seconds, CPU seconds of this process, and its largest memory in megabytes."""

    def __enter__(self) -> Measured:
        self.wall, self.cpu = time.perf_counter(), time.process_time()
        return self

    def __exit__(self, *error: object) -> None:
        self.told = {
            "wall": time.perf_counter() - self.wall,
            "cpu": time.process_time() - self.cpu,
            "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        }


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
        found = (
            plain(asked.folder, asked.database) if asked.only == "plain" else ours(asked.folder, asked.only)
        )
        print(json.dumps(found))
        return
    deals, events = (500, 20_000) if asked.smoke else (20_000, 1_000_000)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "data").mkdir()
        make_files(folder, deals, events)
        show(folder, asked.database)


def show(folder: Path, address: str) -> None:
    base = apart(folder, "plain", address)
    lines = [("pandas read + bulk insert, no checks", base)]
    lines += [
        (words, apart(folder, table, address))
        for table, words in (
            ("deals", "hingepoint import deals"),
            ("events", "hingepoint import events"),
            ("events", "the same events again"),
        )
    ]
    print(f"{'':38}{'rows':>11}{'wall s':>9}{'cpu s':>8}{'MB':>6}{'wall ratio':>12}{'cpu ratio':>11}")
    for words, told in lines:
        ratios = (told[kind] / base[kind] / told["rows"] * base["rows"] for kind in ("wall", "cpu"))
        wall, cpu = ratios
        print(
            f"{words:38}{told['rows']:>11,.0f}{told['wall']:>9.1f}{told['cpu']:>8.1f}{told['memory']:>6.0f}"
            f"{wall:>12.1f}{cpu:>11.1f}"
        )
    print("Ratios are per row, against the first line.")


if __name__ == "__main__":
    main()
