"""Doctor and the night look at every table: a row that breaks a rule of its table, or belongs to nothing, is found wherever it is."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3

import pytest
from django.apps import apps

from hingepoint.domain.upkeep import queries
from kept_tables import empty_database

TABLES = sorted(
    {one._meta.db_table for one in apps.get_app_config("domain").get_models(include_auto_created=True)}
)


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    return shutil.copy(empty_database(), tmp_path_factory.mktemp("broken") / "broken.sqlite3")


def broken(cursor: sqlite3.Cursor, table: str) -> None:
    """Write a row of nonsense: its numbers name rows that are not there, and no rule of the table is kept."""
    cursor.execute(f'PRAGMA table_info("{table}")')
    columns = [(name, kind) for _, name, kind, *_ in cursor.fetchall()]
    number = {"id": -7}
    said = [
        number.get(name, -8) if "int" in kind.lower() or kind == "bool" else "nonsense"
        for name, kind in columns
    ]
    names = ", ".join(f'"{name}"' for name, _ in columns)
    cursor.execute(f'INSERT INTO "{table}" ({names}) VALUES ({", ".join("?" * len(said))})', said)


def found_in(file, table: str) -> str:
    with contextlib.closing(sqlite3.connect(file, isolation_level=None)) as database:
        cursor = database.cursor()
        for pragma in ("ignore_check_constraints = ON", "foreign_keys = OFF"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.execute("BEGIN")
        broken(cursor, table)
        cursor.execute("PRAGMA ignore_check_constraints = OFF")
        try:
            found = queries.damage_seen_by(cursor)
        except sqlite3.DatabaseError as error:  # doctor says it in a sentence, the night fails with it
            found = f"{table}: {error}"
        cursor.execute("ROLLBACK")
    return found


def test_a_sound_file_has_none(file):
    with contextlib.closing(sqlite3.connect(file)) as database:
        assert queries.damage_seen_by(database.cursor()) == ""


def with_keys(file) -> set[str]:
    """Return the tables whose rows belong to other rows; of all others a row stands by itself."""
    with contextlib.closing(sqlite3.connect(file)) as database:
        made = database.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table'").fetchall()
    return {name for name, sql in made if "REFERENCES" in sql} & set(TABLES)


def test_a_row_that_belongs_to_nothing_is_found_in_every_table(file):
    keyed = with_keys(file)
    assert len(keyed) > 80
    assert {table for table in keyed if table not in found_in(file, table)} == set()
