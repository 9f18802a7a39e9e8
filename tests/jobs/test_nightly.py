"""What the night clears away."""

import datetime as dt
import tempfile

import pytest
from django.utils import timezone

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
