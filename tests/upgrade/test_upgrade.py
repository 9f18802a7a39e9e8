"""A database of an earlier version is brought up to date and shows what it showed before."""

from __future__ import annotations

import contextlib
import csv
import gzip
import io
import re
import sqlite3
from pathlib import Path

import pytest
from django.urls import reverse

from installation import Browser, Installation, free_port

HERE = Path(__file__).parent
OLD = [file.name.removesuffix(".sql.gz") for file in sorted(HERE.glob("*.sql.gz"))]
PASSWORD = "a hinge in the door"

#: (table, column) that the first versions always left empty and that is told since.
FILLED_SINCE = {("agreements", "counterpart")}

#: A program a question: a minute in all.
pytestmark = pytest.mark.slow

PAGES = (
    "home", "deals", "matrix", "talks", "exceptions", "strategies", "catalogue", "discovery", "discovery-readiness",
    "rules", "imports", "data-health", "people", "trail", "my-roles", "to-confirm", "definitions",
)  # fmt: skip


@pytest.fixture(scope="module", params=OLD)
def upgraded(request, tmp_path_factory):
    """What an old version left, and its installation after this version has brought it up to date."""
    place = Installation(tmp_path_factory.mktemp("upgraded") / "data")
    place.folder.mkdir()
    with contextlib.closing(sqlite3.connect(place.database)) as database:
        database.executescript(gzip.decompress((HERE / f"{request.param}.sql.gz").read_bytes()).decode())
        database.execute(
            "CREATE VIEW bi_deals AS SELECT key, amount, owner_id FROM domain_deal"
        )  # of some version
    assert place.run("export", "deals").returncode == 2  # steps behind
    before = place.folder.parent / "before"
    before.write_bytes(place.database.read_bytes())
    done = place.run("restore", before, "--force")
    assert done.returncode == 0, done.stderr
    return HERE / request.param, place


def test_there_is_a_database_of_every_release():
    assert "0.1.0-at-ea98381" in OLD


def read(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))


def told(rows: list[dict[str, str]], columns: list[str]) -> list[dict[str, str]]:
    return [{column: row[column] for column in columns} for row in rows]


def test_every_table_exports_what_it_did(upgraded):
    """A later version may add columns; it may fill a column that was always left empty, never change one."""
    was, place = upgraded
    for file in sorted(was.glob("*.csv")):
        done = place.run("export", file.stem)
        assert done.returncode == 0, done.stderr
        before, now = read(file.read_text()), read(done.stdout)
        columns = [name for name in before[0] if (file.stem, name) not in FILLED_SINCE]
        assert told(now, columns) == told(before, columns), file.name


def test_views_of_an_older_version_stop_no_migration_and_are_of_this_one_afterwards(upgraded):
    _, place = upgraded
    exported = read(place.run("export", "deals").stdout)
    with contextlib.closing(sqlite3.connect(f"{place.database.as_uri()}?mode=ro", uri=True)) as database:
        shown = database.execute("SELECT deal_id, status FROM bi_deals ORDER BY deal_id").fetchall()
    assert shown == sorted((row["deal_id"], row["status"]) for row in exported)
    assert shown


@pytest.mark.parametrize(("table", "column"), sorted(FILLED_SINCE))
def test_a_column_filled_since_was_empty_before(upgraded, table, column):
    was, place = upgraded
    before, now = read((was / f"{table}.csv").read_text()), read(place.run("export", table).stdout)
    assert {row[column] for row in before} == {""}
    assert any(row[column] for row in now)


def test_nothing_is_broken_and_the_chain_of_changes_holds(upgraded):
    _, place = upgraded
    done = place.run("doctor")
    assert done.returncode == 0, done.stdout
    assert re.search(r"Migrations +good +Up to date\.", done.stdout)
    assert "the chain holds" in done.stdout


def test_the_database_knows_its_tables_after_an_upgrade(upgraded):
    _, place = upgraded
    with contextlib.closing(sqlite3.connect(place.database)) as database:
        counted = database.execute("SELECT stat FROM sqlite_stat1 WHERE tbl = 'domain_deal'").fetchall()
    assert {stat.split()[0] for (stat,) in counted} == {"4"}


def test_people_sign_in_as_before_and_see_every_page(upgraded, tmp_path):
    was, place = upgraded
    port = free_port()
    with place.copy(tmp_path / "served").serving(port):  # whose nightly jobs may let old promises lapse
        for email in ("otto@hinge.example", "ada@hinge.example"):
            reader = Browser(f"http://127.0.0.1:{port}")
            reader.sign_in(email, PASSWORD)
            exported = reader.get("/export/deals.csv").decode("utf-8-sig")
            assert exported.splitlines() == (was / "deals.csv").read_text("utf-8-sig").splitlines()
            for page in PAGES:
                assert b"Sign out" in reader.get(reverse(page)), page
            assert b"Acme Mills: monitoring for line 2" in reader.get("/deals/1/")
            for part in ("plan", "trail", "talks"):
                assert reader.get(f"/deals/1/{part}")
