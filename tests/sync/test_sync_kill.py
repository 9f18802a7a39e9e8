"""A run that is killed anywhere leaves whole pages; the next one ends where a run that nobody killed does."""

import random
import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest

from installation import Installation

#: Reads a CRM of twelve deals, and ends itself, without a word to anybody, before its n-th statement.
CHILD = """
import datetime as dt, os, signal, sys
sys.path.insert(0, sys.argv[1])
from hingepoint.cli.common import start_django
start_django()
from django.db import connection
from decimal import Decimal
from fake_crm import BEGIN, FakeCrm, plug_in
from hingepoint.domain.sync import actions, register
from hingepoint.domain.sync.models import Connection
class Patch:
    setattr = staticmethod(setattr)
crm = FakeCrm()
plug_in(Patch, crm)
crm.user("u1", "Sanna Sol")
for number in range(12):
    crm.open_deal(f"d{number:02}")
    crm.pass_time(hours=1)
    crm.change(f"d{number:02}", amount=Decimal(number))
register.PAGE = 5
made = Connection.objects.first() or actions.connect(
    by=None, at=BEGIN, crm="fake1", url="https://crm.example", given={"token": "t"})
left = int(sys.argv[2])
def count(execute, *arguments):
    global left
    left -= 1
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return execute(*arguments)
with connection.execute_wrapper(count):
    told = actions.sync(at=BEGIN + dt.timedelta(days=30), connection_id=made.pk, sweep=False)
assert told.problem == "", told.problem
print(-left)
"""

#: What must be the same, without the numbers and times of a run.
STATE = (
    "SELECT key, name, stage, amount, initial_amount, status FROM domain_deal ORDER BY key",
    "SELECT d.key, e.kind, e.name, e.value, e.note, e.occurred_at FROM domain_dealevent e"
    " JOIN domain_deal d ON d.id = e.deal_id ORDER BY 1, 2, 3, 6, 4",
    "SELECT object, external_id, payload, due FROM domain_landed ORDER BY 1, 2",
    "SELECT deal, payload, due FROM domain_landedchange ORDER BY 1, 2",
    "SELECT object, mark, complete FROM domain_cursor ORDER BY 1",
)


def run(place: Installation, die_at: int) -> subprocess.CompletedProcess:
    tests = str(__import__("pathlib").Path(__file__).resolve().parents[1])
    command = [sys.executable, "-c", CHILD, tests, str(die_at)]
    return subprocess.run(command, env=place.environment, capture_output=True, text=True)


def state(place: Installation) -> list[list[tuple]]:
    with closing(sqlite3.connect(place.database)) as database:
        return [database.execute(each).fetchall() for each in STATE]


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_killed_run_is_finished_by_the_next(installed_once, tmp_path, seed):
    whole = Installation(installed_once).copy(tmp_path / "whole")
    done = run(whole, 0)
    assert done.returncode == 0, done.stderr
    statements, after = int(done.stdout), state(whole)
    assert len(after[0]) == 12
    assert len(after[1]) == 48
    killed = Installation(installed_once).copy(tmp_path / "killed")
    die_at = random.Random(seed).randrange(1, statements)
    assert run(killed, die_at).returncode == -9
    again = run(killed, 0)
    assert again.returncode == 0, again.stderr
    assert state(killed) == after, f"killed before statement {die_at} of {statements}"
