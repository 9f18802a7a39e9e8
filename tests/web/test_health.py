"""``/healthz``: what load balancers and containers are told, without signing in."""

from __future__ import annotations

import datetime as dt
import shutil
from collections import namedtuple

import pytest
from django.db import OperationalError, connection
from django.utils import timezone
from django_tasks_db.models import DBTaskResult
from pydantic import ValidationError

from hingepoint import __version__
from hingepoint.config.environment import Environment
from hingepoint.domain.upkeep import queries


@pytest.fixture
def asked(db, client, settings, tmp_path):
    """Return ``ask() -> status, what was told`` of an installation whose data lie in ``tmp_path``."""
    settings.ENVIRONMENT = settings.ENVIRONMENT.model_copy(update={"data_dir": tmp_path})

    def ask():
        answer = client.get("/healthz")
        return answer.status_code, answer.json()

    return ask


def enqueue(at: dt.datetime) -> None:
    row = DBTaskResult.objects.create(args_kwargs={"args": [], "kwargs": {}}, task_path="a.b", run_after=at)
    DBTaskResult.objects.filter(pk=row.pk).update(enqueued_at=at)


def test_all_is_well_where_all_is_well(asked):
    status, told = asked()
    assert (status, told["ok"], told["version"]) == (200, True, __version__)
    assert [told[part]["ok"] for part in ("database", "worker", "disk")] == [True, True, True]


def test_a_database_that_is_away_is_said_and_not_answered_by_a_failure(asked, monkeypatch):
    def gone(*_):
        raise OperationalError("could not connect to server at 10.1.2.3")

    with monkeypatch.context() as away:
        away.setattr(connection, "cursor", gone)
        status, told = asked()
    assert (status, told["ok"]) == (503, False)
    assert told["database"] == {"ok": False, "says": "It cannot be reached."}
    assert told["worker"]["ok"] is False
    assert "10.1.2.3" not in str(told)


@pytest.mark.parametrize(("minutes", "status"), [(9, 200), (11, 503)])
def test_work_that_nobody_takes_is_a_failure_after_ten_minutes(asked, minutes, status):
    enqueue(timezone.now() - dt.timedelta(minutes=minutes))
    found, told = asked()
    assert found == status
    assert told["worker"]["says"].startswith("1 waiting, 0 failed.")
    assert told["worker"]["says"].endswith("Nobody takes them.") is (status == 503)


@pytest.mark.parametrize(("free", "status"), [(queries.ROOM_NEEDED, 200), (queries.ROOM_NEEDED - 1, 503)])
def test_a_disk_without_room_is_a_failure(asked, monkeypatch, free, status):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: usage(10**12, 10**12 - free, free))
    found, told = asked()
    assert (found, told["disk"]["says"]) == (status, "0.2 GB are free.")


def test_a_folder_that_is_gone_is_a_failure(asked, tmp_path):
    tmp_path.rmdir()
    status, told = asked()
    assert (status, told["disk"]["says"]) == (503, "The data folder cannot be written.")


@pytest.mark.skipif(connection.vendor != "postgresql", reason="HINGEPOINT_DATABASE_URL names no PostgreSQL")
@pytest.mark.django_db(transaction=True)
def test_a_connection_that_the_server_dropped_is_opened_anew():
    from django.db import close_old_connections

    close_old_connections()  # as at the beginning of a request
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (mine,) = cursor.fetchone()
    drop(mine)
    close_old_connections()
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        assert cursor.fetchone() == (1,)


def drop(process: int) -> None:
    """Let the server end a connection, as it ends all when it is restarted."""
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s)", [process])
    finally:
        other.close()


def test_who_found_a_hole_reads_to_whom_to_write(client, db, settings):
    for contact, status in (("", 404), ("mailto:security@acme.example", 200)):
        settings.ENVIRONMENT = settings.ENVIRONMENT.model_copy(update={"security_contact": contact})
        assert client.get("/.well-known/security.txt").status_code == status
    answer = client.get("/.well-known/security.txt")
    assert answer["Content-Type"] == "text/plain; charset=utf-8"
    fields = dict(line.split(": ") for line in answer.text.splitlines())
    assert fields["Contact"] == "mailto:security@acme.example"
    ends = dt.datetime.fromisoformat(fields["Expires"])
    assert dt.timedelta(days=170) < ends - dt.datetime.now(dt.UTC) < dt.timedelta(days=365)


@pytest.mark.parametrize(
    "contact", ["security@acme.example", "http://acme.example", "mailto:a\nContact: b@c"]
)
def test_a_contact_is_an_address_by_which_one_writes(contact):
    with pytest.raises(ValidationError, match="is no contact"):
        Environment(security_contact=contact)
