"""An import that is killed has happened or has not: never by halves, and the next one finishes the job."""

import random
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from importing import DEALS, EVENTS, write
from installation import Installation

#: Imports events and ends itself, without a word to anybody, before its n-th statement.
CHILD = """
import datetime, os, signal, sys
from pathlib import Path
from hingepoint.cli.common import start_django
start_django()
from django.db import connection
from hingepoint.domain.imports import actions, engine
left = int(sys.argv[2])
def count(execute, *arguments):
    global left
    left -= 1
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return execute(*arguments)
with connection.execute_wrapper(count):
    actions.import_files(by=None, at=datetime.datetime.now(datetime.UTC), given=engine.Files(events=Path(sys.argv[1])))
print(-left)
"""


@pytest.fixture(scope="module")
def company(installed_once, tmp_path_factory):
    """An installation with deals, and a file of many events for them."""
    folder = tmp_path_factory.mktemp("company")
    place = Installation(installed_once).copy(folder / "data")
    done = place.run("import", "deals", write(folder, "deals.csv", DEALS))
    assert done.returncode == 0, done.stderr
    more = "".join(f"A-1,step {n},2025-01-11,,,,,,\n" for n in range(500))
    return place, write(folder, "events.csv", EVENTS + more)


def import_events(place: Installation, events: Path, die_at: int) -> subprocess.CompletedProcess:
    command = [sys.executable, "-c", CHILD, str(events), str(die_at)]
    return subprocess.run(command, env=place.environment, capture_output=True, text=True)


def counts(place: Installation) -> tuple[int, ...]:
    tables = (
        "domain_agreement",
        "domain_agreementevent",
        "domain_dealevent",
        "domain_importbatch",
        "domain_auditevent",
    )
    with closing(sqlite3.connect(place.database)) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert not database.execute("PRAGMA foreign_key_check").fetchall()
        return tuple(database.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0] for table in tables)


def check(company, tmp_path, instants: int, seed: int) -> None:
    place, events = company
    whole = place.copy(tmp_path / "whole")
    before = counts(whole)
    statements = int(import_events(whole, events, die_at=0).stdout)
    after = counts(whole)
    assert after != before
    for number, die_at in enumerate(random.Random(seed).sample(range(1, statements + 1), instants)):
        killed = place.copy(tmp_path / str(number))
        assert import_events(killed, events, die_at=die_at).returncode == -9
        assert counts(killed) in (before, after), f"killed before statement {die_at} of {statements}"
        assert import_events(killed, events, die_at=0).returncode == 0
        assert counts(killed) == after
        shutil.rmtree(killed.folder)


@pytest.mark.slow
def test_an_import_that_is_killed_has_happened_or_not(company, tmp_path):
    check(company, tmp_path, instants=1, seed=20261123)


@pytest.mark.slow
def test_an_import_that_is_killed_at_many_instants_has_happened_or_not(company, tmp_path):
    check(company, tmp_path, instants=40, seed=7)
