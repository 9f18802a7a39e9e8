"""What the night clears away."""

import datetime as dt
import tempfile

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

import locks
import playbooks
import rules
from cast import NOW, deal
from hingepoint.domain.sessions.models import Session
from hingepoint.jobs import nightly

pytestmark = pytest.mark.django_db


def test_sessions_that_have_ended_are_forgotten_and_others_kept():
    now = timezone.now()
    Session.objects.create(session_key="ended", expire_date=now - dt.timedelta(days=1))
    Session.objects.create(session_key="lasting", expire_date=now + dt.timedelta(days=1))
    nightly.forget_ended_sessions(at=now)
    assert [session.pk for session in Session.objects.all()] == ["lasting"]


def test_finished_tasks_are_kept_for_two_weeks():
    from django_tasks_db.models import DBTaskResult

    now = timezone.now()
    for days in (13, 15):
        ended = now - dt.timedelta(days=days)
        DBTaskResult.objects.create(
            task_path=f"of.{days}", args_kwargs={"args": [], "kwargs": {}}, queue_name="default",
            backend_name="default", status="SUCCESSFUL", finished_at=ended, run_after=ended, exception_class_path="",
            traceback="", worker_ids=[],
        )  # fmt: skip
    nightly.forget_finished_tasks(at=now)
    assert [task.task_path for task in DBTaskResult.objects.all()] == ["of.13"]


def test_what_killed_programs_left_is_cleared_away(tmp_path, settings, monkeypatch):
    places = [tmp_path / "data", tmp_path / "passing"]
    for place in places:
        (place / ".hingepoint-left").mkdir(parents=True)
        (place / ".hingepoint-left" / "opened backup").write_text("deals")
    settings.ENVIRONMENT = settings.ENVIRONMENT.model_copy(update={"data_dir": places[0]})
    monkeypatch.setattr(tempfile, "tempdir", str(places[1]))
    nightly.clear_after_killed_programs(at=timezone.now())
    assert [list(place.iterdir()) for place in places] == [[], []]
    assert nightly.clear_after_killed_programs in nightly.JOBS


DAY = dt.timedelta(days=1)


def night(at: dt.datetime) -> tuple[int, set[str]]:
    """Do all that a night does; return its statements, and the tables of the company's record that it wrote."""
    with locks.measured() as meter, CaptureQueriesContext(connection) as asked:
        for job in nightly.JOBS:
            job(at=at)
    wrote = {table for one in meter.transactions for table in one.tables}
    read_on = {"domain_detectionrule"}  # each rule keeps up to which line of the trail it has read
    return len(asked), wrote & locks.READ_BY_KEPT_ANSWERS - read_on


@pytest.mark.holds(100_000, "many jobs in one test")
def test_a_night_without_news_writes_nothing_of_the_record_and_asks_no_more_for_more_deals(cast):
    playbooks.in_force(cast)
    rules.log_arrives(cast.deal)
    rules.switched_on()
    night(NOW)
    few, wrote = night(NOW + DAY)
    assert wrote == set()
    for number in range(20):
        deal(f"MORE-{number}", owner=cast.seller, team=cast.north)
    _, wrote = night(NOW + 2 * DAY)
    assert "domain_agreement" in wrote  # the deals that came are asked for what they need
    _, wrote = night(NOW + 3 * DAY)  # reads once more what the night before was told
    assert wrote == set()
    many, _ = night(NOW + 4 * DAY)
    assert many <= few + 2
