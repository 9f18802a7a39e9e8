"""The worker's clock: every job once an hour or once a night, whatever else fails."""

import datetime as dt
import threading
from zoneinfo import ZoneInfo

import pytest

from hingepoint.jobs import hourly, monthly, nightly, schedule

PARIS = ZoneInfo("Europe/Paris")


def moment(day: int, hour: int, minute: int = 0) -> dt.datetime:
    return dt.datetime(2026, 3, day, hour, minute, tzinfo=PARIS)


def test_at_the_start_the_hourly_jobs_run_so_that_lost_work_is_found():
    assert schedule.due(None, moment(2, 9)) == [*hourly.JOBS, *monthly.JOBS]


@pytest.mark.parametrize(
    ("last", "now", "jobs"),
    [
        (moment(2, 9, 10), moment(2, 9, 50), []),
        (moment(2, 9, 59), moment(2, 10, 0), [*hourly.JOBS]),
        (moment(2, 2, 59), moment(2, 3, 0), [*hourly.JOBS, *nightly.JOBS]),
        (moment(2, 3, 1), moment(2, 4, 1), [*hourly.JOBS]),
        (moment(2, 23, 59), moment(3, 0, 1), [*hourly.JOBS]),
        (moment(2, 23, 0), moment(4, 9, 0), [*hourly.JOBS, *nightly.JOBS]),
    ],
)
def test_a_job_is_due_once_its_hour_or_night_has_begun(last, now, jobs):
    assert schedule.due(last, now) == jobs


def test_the_monthly_jobs_are_due_in_the_first_night_of_a_month():
    last_of_march = moment(31, 23)
    begun = dt.datetime(2026, 4, 1, 2, 59, tzinfo=PARIS)
    assert schedule.due(last_of_march, begun) == list(hourly.JOBS)
    night = begun + dt.timedelta(minutes=2)
    assert schedule.due(begun, night) == [*hourly.JOBS, *nightly.JOBS, *monthly.JOBS]
    assert schedule.due(night, night + dt.timedelta(days=1)) == [*hourly.JOBS, *nightly.JOBS]


def test_no_hour_is_run_twice_when_the_clocks_go_back():
    before = dt.datetime(2026, 10, 25, 2, 30, tzinfo=PARIS)
    again = before.replace(fold=1)
    assert schedule.due(before, again) == list(hourly.JOBS)
    assert schedule.due(again, again + dt.timedelta(minutes=10)) == []


def test_a_job_that_fails_does_not_keep_the_others_from_running(caplog, db, monkeypatch):
    monkeypatch.setattr(schedule.connection, "close", lambda: None)
    seen = []

    def fails(*, at):
        raise RuntimeError("no")

    schedule.run([fails, lambda *, at: seen.append(at)], at=moment(2, 9))
    assert seen == [moment(2, 9)]
    assert "fails failed" in caplog.text


def test_the_clock_stops_with_the_worker(monkeypatch):
    over = threading.Event()
    monkeypatch.setattr(schedule, "run", lambda jobs, at: over.set())
    schedule.keep_time(over)
