"""Reading anew what the nights keep."""

from __future__ import annotations

import datetime as dt

import pytest
from click.testing import CliRunner

import raising
from cast import NOW, TODAY
from hingepoint.cli import recount as command
from hingepoint.domain.debts import actions as debts
from hingepoint.domain.debts.models import DebtReading
from hingepoint.domain.signals.models import SignalReading
from playbooks import in_force


@pytest.fixture
def recount(monkeypatch):
    """The command, on the database of the test."""
    monkeypatch.setattr(command, "start_django", lambda: None)
    monkeypatch.setattr(command, "require_database", lambda: None)
    return lambda *options: CliRunner().invoke(command.recount, options, catch_exceptions=False)


def test_every_kept_day_is_read_anew(cast, recount):
    in_force(cast, "cust.data_access")
    days = [TODAY - dt.timedelta(days=number) for number in (2, 1)]
    raising.read_all({}, as_of=days[0])
    raising.read_all({}, as_of=days[1])
    SignalReading.objects.update(report={"schema": 2, "spoilt": True})
    debts.read_debts(at=NOW)
    made = set(DebtReading.objects.values_list("made_at", flat=True))
    said = recount()
    assert said.stdout == "The signals: 2 days read anew.\nThe agreement debt: 13 days read anew.\n"
    assert said.stderr.splitlines() == [
        f"Signals as of {day}: {number} of 2" for number, day in enumerate(days, 1)
    ]
    assert all("signals" in row.report for row in SignalReading.objects.all())
    assert not made & set(DebtReading.objects.values_list("made_at", flat=True))


def test_only_one_of_the_two_is_read_where_that_is_asked(cast, recount):
    assert recount("--only", "debt").stdout == "The agreement debt: 0 days read anew.\n"
    assert not SignalReading.objects.exists()


def test_without_a_reading_the_newest_day_is_read(cast, recount):
    assert recount("--only", "signals").stdout == "The signals: 1 day read anew.\n"
    assert SignalReading.objects.count() == 1
