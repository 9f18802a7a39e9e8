"""Every change to what was last done of the scheduled jobs, to the answers kept for pages, and to what the database
knows of its tables.

Nothing here leaves an audit entry: no fact of the company changes.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet
from django_tasks import TaskResultStatus
from django_tasks_db.models import DBTaskResult

from hingepoint.domain.upkeep.models import Job, KeptAnswer, KeptDay
from hingepoint.domain.upkeep.rules import is_due
from hingepoint.records.jobs import Outcome, Schedule

#: Rows of an index that SQLite looks at for its statistics: milliseconds, however large a table is.
ROWS_LOOKED_AT = 20_000
#: No task that is tried again takes longer; one that does was left by a worker that was killed.
A_MAIL_TAKES = dt.timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Turn:
    """The right to do a job now, which one worker has."""

    name: str
    begun_at: dt.datetime


@transaction.atomic
def remember(jobs: Mapping[str, Schedule]) -> None:
    """Let the table hold exactly these jobs; what is known of those that stay is kept."""
    Job.objects.exclude(name__in=jobs).delete()
    rows = [Job(name=name, schedule=schedule) for name, schedule in jobs.items()]
    Job.objects.bulk_create(rows, ignore_conflicts=True)


@transaction.atomic
def take_turn(*, name: str, at: dt.datetime) -> Turn | None:
    """Begin a job that is due, for this worker alone; None when it is not due, or not any more."""
    job = Job.objects.select_for_update().filter(name=name).first()
    if job is None or not is_due(job, at):
        return None
    job.begun_at = job.beat_at = at
    job.ended_at, job.outcome, job.error = None, Outcome.NONE, ""
    job.save()
    return Turn(name, at)


def beat(*, turn: Turn, at: dt.datetime) -> None:
    """Say that the worker which has the turn lives."""
    _held(turn).update(beat_at=at)


def end_turn(*, turn: Turn, at: dt.datetime, error: str = "") -> None:
    """Keep how a job ended: with ``error`` it failed. Whoever lost the turn to another keeps nothing."""
    outcome = Outcome.FAILED if error else Outcome.DONE
    longest = Job._meta.get_field("error").max_length
    _held(turn).update(ended_at=at, outcome=outcome, error=error[:longest])


def _held(turn: Turn) -> QuerySet[Job]:
    return Job.objects.filter(name=turn.name, begun_at=turn.begun_at, ended_at__isnull=True)


def keep_answer(*, name: str, about: str, told: Any, trail: int, at: dt.datetime) -> None:
    """Keep an answer in place of the one before."""
    facts = {"told": told, "trail": trail, "made_at": at}
    KeptAnswer.objects.update_or_create(name=name, about=about, defaults=facts)


def forget_answers(*, but: Collection[tuple[str, str]] = ()) -> None:
    """Forget the answers that nobody asks for any more: all but those of these names and abouts."""
    rows = KeptAnswer.objects.values_list("pk", "name", "about")
    KeptAnswer.objects.filter(pk__in=[pk for pk, *which in rows if tuple(which) not in but]).delete()


@transaction.atomic
def keep_days(rows: Sequence[KeptDay]) -> None:
    """Keep what pages told of a day; what is kept of it already stays as it was told first."""
    KeptDay.objects.bulk_create(rows, ignore_conflicts=True)


@transaction.atomic
def thin_out_days(*, before: dt.date) -> None:
    """Forget of the days before ``before`` all but the last of each month, page by page."""
    old = KeptDay.objects.filter(day__lt=before).order_by("day").values_list("pk", "name", "about", "day")
    last = {(name, about, day.year, day.month): pk for pk, name, about, day in old}
    KeptDay.objects.filter(pk__in={pk for pk, *_ in old} - set(last.values())).delete()


def try_again(*, at: dt.datetime, task: str, since: dt.datetime, refused: str) -> int:
    """Let the background tasks of a name be done once more that failed, or whose worker was killed, and were asked for after
    ``since``; return how many. Those that failed by the error ``refused``, named with its module, would fail again."""
    asked = DBTaskResult.objects.filter(task_path=task, enqueued_at__gt=since)
    failed = asked.failed().exclude(exception_class_path=refused)
    left = asked.running().filter(started_at__lt=at - A_MAIL_TAKES)
    anew = {
        "status": TaskResultStatus.READY,
        "started_at": None,
        "finished_at": None,
        "exception_class_path": "",
        "traceback": "",
    }
    return (failed | left).update(**anew)


def refresh_statistics() -> None:
    """Let the database count its tables anew, so that it chooses well between indexes.

    SQLite never does so by itself, and took a deal's query sixty times as long without. PostgreSQL does, a
    while after a load: here it is at once. Bounded on both, and harmless at any time.
    """
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute(f"PRAGMA analysis_limit = {ROWS_LOOKED_AT}")
        cursor.execute("ANALYZE")
