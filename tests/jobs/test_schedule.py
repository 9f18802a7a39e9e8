"""The worker's clock: every job once in its hour, night, week or month, whatever else fails or was off."""

import datetime as dt
import subprocess
import sys
import threading
from zoneinfo import ZoneInfo

import pytest
from django.db import connection

from hingepoint.domain.upkeep import actions, queries
from hingepoint.domain.upkeep.models import Job
from hingepoint.domain.upkeep.rules import is_due, period
from hingepoint.jobs import schedule
from hingepoint.records.jobs import Schedule

PARIS = ZoneInfo("Europe/Paris")
MINUTE, HOUR, DAY = dt.timedelta(minutes=1), dt.timedelta(hours=1), dt.timedelta(days=1)


def moment(day: int, hour: int, minute: int = 0, *, month: int = 3, fold: int = 0) -> dt.datetime:
    return dt.datetime(2026, month, day, hour, minute, tzinfo=PARIS, fold=fold)


def done(kind: str, at: dt.datetime) -> Job:
    return Job(name="job", schedule=kind, begun_at=at, beat_at=at, ended_at=at, outcome="done")


class Worker:
    """A worker with a clock of its own and jobs that write down when they were done."""

    def __init__(self, monkeypatch, **jobs):
        self.now, self.did = moment(2, 9), []
        kept = {}
        for name, job in (jobs or {"nightly.count": None}).items():
            kept[name] = (Schedule(name.partition(".")[0]), job or self._noting(name))
        monkeypatch.setattr(schedule, "JOBS", kept)
        actions.remember({name: every for name, (every, _) in kept.items()})

    def _noting(self, name):
        return lambda *, at: self.did.append((name, at))

    def look(self, at: dt.datetime) -> int:
        """Do what is due at a moment; return how many jobs were done."""
        self.now, before = at, len(self.did)
        schedule.do_what_is_due(lambda: self.now)
        return len(self.did) - before


@pytest.fixture
def worker(db, monkeypatch):
    return lambda **jobs: Worker(
        monkeypatch, **{name.replace("_", ".", 1): job for name, job in jobs.items()}
    )


# ---- when a job is due ----


@pytest.mark.parametrize(
    ("kind", "last", "now", "due"),
    [
        ("hourly", moment(2, 9, 10), moment(2, 9, 50), False),
        ("hourly", moment(2, 9, 59), moment(2, 10, 0), True),
        ("nightly", moment(2, 2, 59), moment(2, 3, 0), True),
        ("nightly", moment(2, 3, 1), moment(3, 2, 59), False),
        ("nightly", moment(2, 23, 59), moment(3, 0, 1), False),
        ("nightly", moment(2, 9, 0), moment(3, 9, 0), True),
        ("weekly", moment(2, 3, 0), moment(9, 2, 59), False),  # both are Mondays
        ("weekly", moment(8, 23, 0), moment(9, 3, 0), True),
        ("monthly", moment(31, 23, 0), moment(1, 2, 59, month=4), False),
        ("monthly", moment(31, 23, 0), moment(1, 3, 0, month=4), True),
        ("monthly", moment(1, 3, 0), moment(31, 23, 0), False),
    ],
)
def test_a_job_is_due_once_its_period_has_begun(kind, last, now, due):
    assert is_due(done(kind, last), now) is due


def test_a_job_that_was_never_done_is_due():
    assert is_due(Job(name="job", schedule="monthly"), moment(2, 9))


def test_no_hour_and_no_night_comes_twice_when_the_clocks_go_back():
    before, again = moment(25, 2, 30, month=10), moment(25, 2, 30, month=10, fold=1)
    assert period("hourly", before) != period("hourly", again)
    assert period("nightly", before) == period("nightly", again) == dt.date(2026, 10, 24)
    assert not is_due(done("nightly", moment(25, 3, 0, month=10)), moment(25, 3, 1, month=10))
    assert is_due(done("nightly", again), moment(25, 3, 0, month=10))


def test_the_night_in_which_the_clocks_go_forward_is_not_left_out():
    assert period("nightly", moment(29, 1, 59)) == dt.date(2026, 3, 28)
    assert period("nightly", moment(29, 3, 0)) == dt.date(2026, 3, 29)


def test_a_beginning_written_by_a_clock_that_was_years_ahead_stops_no_job():
    assert is_due(done("nightly", moment(2, 9) + 900 * DAY), moment(2, 9))
    assert not is_due(done("nightly", moment(2, 9) + HOUR), moment(2, 9))


# ---- what is remembered ----


def test_a_machine_that_is_on_in_office_hours_does_each_night_once(worker):
    office = worker()
    for day in range(2, 30):
        assert [office.look(moment(day, hour)) for hour in (9, 10, 16)] == [1, 0, 0]


def test_missed_nights_and_months_are_caught_up_once(worker):
    machine = worker(nightly_count=None, monthly_count=None)
    machine.look(moment(2, 9))
    away = moment(20, 14, month=6)
    assert machine.look(away) == 2
    assert machine.look(away + MINUTE) == 0
    assert machine.did[2:] == [("nightly.count", away), ("monthly.count", away)]


def test_a_job_that_fails_is_kept_with_its_words_and_stops_no_other(worker, caplog):
    def fails(*, at):
        raise RuntimeError("no room")

    machine = worker(nightly_fails=fails, nightly_count=None)
    assert machine.look(moment(2, 9)) == 1
    first, second = queries.jobs(at=moment(2, 9))
    assert (first.job, first.outcome, first.error) == ("nightly.fails", "failed", "RuntimeError: no room")
    assert (first.begun_at, first.ended_at) == (moment(2, 9), moment(2, 9))
    assert (second.outcome, second.error) == ("done", "")
    assert "nightly.fails failed" in caplog.text


def test_a_job_that_failed_is_tried_again_after_an_hour_and_then_forgotten(worker):
    tries = []

    def fails_once(*, at):
        tries.append(at)
        if len(tries) == 1:
            raise RuntimeError("no room")

    machine = worker(monthly_fails=fails_once)
    for minutes in (0, 59, 60, 61, 600):
        machine.look(moment(2, 9) + minutes * MINUTE)
    assert tries == [moment(2, 9), moment(2, 10)]
    (line,) = queries.jobs(at=moment(2, 20))
    assert (line.outcome, line.error) == ("done", "")


def test_a_job_killed_in_mid_run_is_done_again_once_its_worker_is_silent(worker):
    machine = worker()
    killed = actions.take_turn(name="nightly.count", at=moment(2, 9))
    actions.beat(turn=killed, at=moment(2, 9, 5))
    assert machine.look(moment(2, 9, 14)) == 0
    assert machine.look(moment(2, 9, 15)) == 1
    actions.end_turn(turn=killed, at=moment(2, 9, 16), error="too late")
    (line,) = queries.jobs(at=moment(2, 9, 16))
    assert (line.begun_at, line.outcome) == (moment(2, 9, 15), "done")


def test_a_long_job_that_beats_is_left_to_its_worker(worker):
    machine = worker()
    turn = actions.take_turn(name="nightly.count", at=moment(2, 9))
    for minutes in range(9, 180, 9):
        actions.beat(turn=turn, at=moment(2, 9) + minutes * MINUTE)
        assert machine.look(moment(2, 9) + (minutes + 5) * MINUTE) == 0


def test_what_is_known_of_a_job_stays_and_one_that_is_gone_is_forgotten(worker):
    machine = worker(nightly_count=None, nightly_old=None)
    machine.look(moment(2, 9))
    actions.remember({"nightly.count": Schedule.NIGHTLY, "weekly.new": Schedule.WEEKLY})
    lines = queries.jobs(at=moment(2, 9))
    assert [(line.job, line.begun_at) for line in lines] == [
        ("nightly.count", moment(2, 9)),
        ("weekly.new", None),
    ]


@pytest.mark.parametrize(("hours", "overdue"), [(17, False), (18, False), (19, True), (400, True)])
def test_a_job_is_overdue_when_it_was_due_for_an_hour(worker, hours, overdue):
    machine = worker()
    machine.look(moment(2, 9))  # the next night begins 18 hours later
    (line,) = queries.jobs(at=moment(2, 9) + hours * HOUR)
    assert line.overdue is overdue


def test_every_job_is_known_by_its_file_and_name():
    assert [name for name in schedule.JOBS if name.startswith("hourly")] == [
        "hourly.give_up_silent_runs",
        "hourly.mail_invitations",
        "hourly.mail_links",
        "hourly.mail_changes_again",
        "hourly.renew_answers",
        "hourly.read_on",
        "hourly.ask_open_deals",
        "hourly.take_as_done",
        "hourly.send_digests",
        "hourly.tell_teams",
    ]
    assert {"weekly.check_the_audit_trail", "monthly.ask_whether_findings_hold"} <= schedule.JOBS.keys()
    longest = Job._meta.get_field("name").max_length
    assert max(map(len, schedule.JOBS)) <= longest


def test_the_clock_stops_with_the_worker_and_outlives_a_broken_database(db, monkeypatch, caplog):
    over, looks = threading.Event(), []

    def look(clock, lane):
        looks.append(clock)
        over.set()
        raise schedule.DatabaseError("gone")

    monkeypatch.setattr(schedule, "do_what_is_due", look)
    schedule.keep_time(over)
    assert len(looks) == 1
    assert "could not be looked up" in caplog.text
    assert set(Job.objects.values_list("name", flat=True)) == schedule.JOBS.keys()


# ---- two lanes ----


def test_each_job_is_in_one_lane():
    assert sorted(kind for lane in schedule.LANES for kind in lane) == sorted(Schedule)


def test_a_crm_that_is_read_for_hours_keeps_no_other_job_waiting(worker):
    def read(*, at):
        schedule.do_what_is_due(lambda: at, others)
        house.did.append(("reading ended", at))

    others, reading = schedule.LANES
    house = worker(minutely_read=read, hourly_mail=None, nightly_count=None)
    schedule.do_what_is_due(lambda: house.now, reading)
    assert [name for name, _ in house.did] == ["hourly.mail", "nightly.count", "reading ended"]


# ---- two workers ----

TAKE_ALL = """
import datetime as dt, sys, django
django.setup()
from hingepoint.domain.upkeep import actions
print("ready", flush=True)
sys.stdin.readline()
at = dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC)
for number in range(30):
    if actions.take_turn(name=f"nightly.job_{number}", at=at):
        print(number, flush=True)
"""
THIRTY = {f"nightly.job_{number}": Schedule.NIGHTLY for number in range(30)}


@pytest.mark.slow
def test_two_workers_on_one_file_share_the_jobs_and_do_none_twice(tmp_path):
    from installation import Installation

    place = Installation(tmp_path / "data")
    said = place.run("doctor")
    assert said.returncode == 0, said.stderr
    environment = {**place.environment, "DJANGO_SETTINGS_MODULE": "hingepoint.config.settings"}
    remember = f"import django; django.setup()\nfrom hingepoint.domain.upkeep import actions\nactions.remember({ {name: str(kind) for name, kind in THIRTY.items()}!r})"
    for words in (["-m", "django", "migrate", "-v0"], ["-c", remember]):
        subprocess.run([sys.executable, *words], env=environment, check=True)
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    workers = [subprocess.Popen([sys.executable, "-c", TAKE_ALL], env=environment, **pipes) for _ in range(2)]
    for one in workers:
        assert one.stdout.readline() == "ready\n"
    for one in workers:
        one.stdin.write("go\n")
        one.stdin.flush()
    taken = [number for one in workers for number in one.communicate(timeout=120)[0].split()]
    assert sorted(map(int, taken)) == list(range(30))


@pytest.mark.django_db(transaction=True)
def test_two_workers_on_postgresql_share_the_jobs_and_do_none_twice():
    if connection.vendor != "postgresql":
        pytest.skip("HINGEPOINT_DATABASE_URL names no PostgreSQL; on SQLite the test above does the same")
    actions.remember(THIRTY)
    barrier, taken = threading.Barrier(2), []

    def work():
        try:
            for name in THIRTY:
                barrier.wait()
                if actions.take_turn(name=name, at=moment(2, 9)):
                    taken.append(name)
        finally:
            connection.close()

    workers = [threading.Thread(target=work) for _ in range(2)]
    for one in workers:
        one.start()
    for one in workers:
        one.join()
    assert sorted(taken) == sorted(THIRTY)
