"""A new database gets its tables in one step; they are what the steps of all versions make one after the other."""

from __future__ import annotations

import contextlib
import sqlite3
import subprocess
import sys

import pytest

from installation import Installation

pytestmark = pytest.mark.slow

ONE_BY_ONE = """
import django
django.setup()
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
executor = MigrationExecutor(connection)
executor.loader.replace_migrations = False
executor.loader.build_graph()
known = executor.loader.disk_migrations
executor.migrate([node for node in executor.loader.graph.leaf_nodes() if not known[node].replaces])
"""


def tables(place: Installation) -> set[tuple[str, str]]:
    with contextlib.closing(sqlite3.connect(place.database)) as database:
        rows = database.execute("SELECT name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'")
        return set(rows.fetchall())


def migrated(folder, *command: str) -> Installation:
    place = Installation(folder)
    place.folder.mkdir()
    environment = {**place.environment, "DJANGO_SETTINGS_MODULE": "hingepoint.config.settings"}
    subprocess.run([sys.executable, *command], env=environment, check=True, capture_output=True, text=True)
    return place


def test_tables_made_at_once_are_those_made_step_by_step(tmp_path):
    at_once = migrated(tmp_path / "at_once", "-m", "django", "migrate", "-v0")
    step_by_step = migrated(tmp_path / "step_by_step", "-c", ONE_BY_ONE)
    assert len(tables(at_once)) > 150
    assert tables(at_once) == tables(step_by_step)
