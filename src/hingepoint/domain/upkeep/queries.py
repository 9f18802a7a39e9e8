"""What was last done of the scheduled jobs and what is due, and how database, background work and disk stand."""

from __future__ import annotations

import datetime as dt
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import DatabaseError, connection
from django_tasks_db.models import DBTaskResult

from hingepoint.domain.upkeep.models import Job
from hingepoint.domain.upkeep.rules import is_due, is_overdue
from hingepoint.records.jobs import Outcome

#: Background work that nobody took for so long will wait for ever: no worker runs.
WAITS_TOO_LONG = dt.timedelta(minutes=10)

#: Below this, in bytes, SQLite may soon have no room to write.
ROOM_NEEDED = 200_000_000


@dataclass(frozen=True, slots=True)
class Standing:
    """How a part of the installation stands; ``says`` it in one sentence without names of folders or hosts."""

    ok: bool
    says: str


@dataclass(frozen=True, slots=True)
class BackgroundWork:
    """How many tasks wait and how many failed; ``taken``: somebody takes those that wait."""

    waiting: int
    failed: int
    taken: bool

    @property
    def says(self) -> str:
        return f"{self.waiting} waiting, {self.failed} failed." + (
            "" if self.taken else " Nobody takes them."
        )


@dataclass(frozen=True, slots=True)
class JobLine:
    """A scheduled job and how it was last done. ``outcome`` is done, failed, or empty: never yet, under way
    or killed. ``overdue``: it should have been done an hour ago or longer."""

    job: str
    schedule: str
    begun_at: dt.datetime | None
    ended_at: dt.datetime | None
    outcome: str
    error: str
    overdue: bool

    @property
    def failed(self) -> bool:
        return self.outcome == Outcome.FAILED


def due(*, at: dt.datetime) -> list[str]:
    """Return the names of the jobs to be done now, in the order in which they were remembered."""
    return [job.name for job in Job.objects.order_by("pk") if is_due(job, at)]


def jobs(*, at: dt.datetime) -> list[JobLine]:
    """Return every scheduled job; none before a worker has run."""
    return [
        JobLine(
            job=job.name,
            schedule=job.schedule,
            begun_at=job.begun_at,
            ended_at=job.ended_at,
            outcome=job.outcome,
            error=job.error,
            overdue=is_overdue(job, at),
        )
        for job in Job.objects.order_by("pk")
    ]


def standing_of_database() -> Standing:
    """Say whether the database answers."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return Standing(False, "It cannot be reached.")
    return Standing(True, "It answers.")


def background_work(*, at: dt.datetime) -> BackgroundWork:
    """Return what waits for a worker, and what failed. Raises DatabaseError."""
    waiting = DBTaskResult.objects.ready()
    oldest = waiting.order_by("enqueued_at").values_list("enqueued_at", flat=True).first()
    return BackgroundWork(
        waiting=waiting.count(),
        failed=DBTaskResult.objects.failed().count(),
        taken=oldest is None or at - oldest <= WAITS_TOO_LONG,
    )


def standing_of_disk(folder: Path) -> Standing:
    """Say whether ``folder``, that of the data, can be written to and has room."""
    if not os.access(folder, os.W_OK):
        return Standing(False, "The data folder cannot be written.")
    free = shutil.disk_usage(folder).free
    return Standing(free >= ROOM_NEEDED, f"{free / 1e9:,.1f} GB are free.")


def damage() -> str:
    """Return what SQLite finds damaged in its file, or what points at nothing there, in any table; empty where nothing is. Always
    empty on PostgreSQL, which says so itself when it reads a damaged page and lets nothing point at nothing. Reads the whole
    file, and holds up nobody. Raises DatabaseError."""
    if connection.vendor != "sqlite":
        return ""
    with connection.cursor() as cursor:
        return damage_seen_by(cursor)


def damage_seen_by(cursor: Any) -> str:
    """Return what a cursor of an SQLite database finds damaged: pages, rules of a table that a row breaks, and keys that
    lead nowhere."""
    cursor.execute("PRAGMA quick_check(1)")
    (found,) = cursor.fetchone()
    if found != "ok":
        return str(found)
    cursor.execute("PRAGMA foreign_key_check")
    lost = cursor.fetchone()
    return f"row {lost[1]} of {lost[0]} belongs to a row of {lost[2]} that is not there" if lost else ""
