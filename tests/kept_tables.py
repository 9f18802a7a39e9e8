"""An SQLite database with all tables and no rows, made once for all runs and copied wherever a test needs a database:
our migrations would be most of what such a test costs."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
KEPT = ROOT / "build" / "tables"
MIGRATIONS = ROOT / "src" / "hingepoint" / "domain" / "migrations"
#: Whose migrations are in it besides ours.
OTHERS = ("django", "django-tasks-db")


def fill_new_databases() -> None:
    """Let the tests' own database begin with the tables, so that Django finds nothing left to migrate. On PostgreSQL
    the migrations run."""
    from django.db.backends.signals import connection_created

    def fill(connection, **_) -> None:
        connection_created.disconnect(fill)
        if connection.vendor == "sqlite" and not connection.introspection.table_names():
            with contextlib.closing(sqlite3.connect(empty_database())) as tables:
                tables.backup(connection.connection)

    connection_created.connect(fill, weak=False)


def put_tables(folder: Path) -> None:
    """Make ``folder`` the data folder of an installation that nobody has used yet."""
    folder.mkdir(parents=True)
    shutil.copy(empty_database(), folder / "hingepoint.sqlite3")
    with contextlib.closing(sqlite3.connect(folder / "hingepoint.sqlite3")) as database:
        database.execute("ANALYZE")  # as a first start does


def empty_database() -> Path:
    """Return the file. It is made where the migrations are not those of the last run; by two processes at once if need
    be, of which either's is good."""
    kept = KEPT / f"{_what_makes_them()}.sqlite3"
    if not kept.exists():
        KEPT.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=KEPT) as folder:
            os.replace(_made(Path(folder)), kept)
    return kept


def _what_makes_them() -> str:
    told = hashlib.sha256(repr((sqlite3.sqlite_version, [version(one) for one in OTHERS])).encode())
    for file in sorted(MIGRATIONS.glob("*.py")):
        told.update(file.name.encode() + file.read_bytes())
    return told.hexdigest()[:16]


def _made(folder: Path) -> Path:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("HINGEPOINT_")}
    environment |= {
        "DJANGO_SETTINGS_MODULE": "hingepoint.config.settings",
        "HINGEPOINT_DATA_DIR": str(folder),
        "PYTHONPATH": str(ROOT / "src"),
    }
    command = [sys.executable, "-m", "django", "migrate", "-v0"]
    subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    file = folder / "hingepoint.sqlite3"
    with contextlib.closing(sqlite3.connect(file)) as database:
        database.execute(
            "PRAGMA journal_mode=DELETE"
        )  # a database in memory cannot be a copy of one with a log
    return file
