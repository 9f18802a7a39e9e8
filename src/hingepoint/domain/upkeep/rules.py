"""When a scheduled job is due, and how long what nights keep of each day stays."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from django.utils import timezone

from hingepoint.records.jobs import Outcome, Schedule

if TYPE_CHECKING:
    from hingepoint.domain.upkeep.models import Job


#: When a night begins, by the company's clock.
NIGHT = dt.timedelta(hours=3)
#: A worker that said nothing for so long was killed: its job is done again.
SILENT = dt.timedelta(minutes=10)
#: A job that failed is tried again after this, not only in its next night or month.
TRIED_AGAIN_AFTER = dt.timedelta(hours=1)
#: A beginning later than this from now was written by a clock that was wrong, and says nothing.
CLOCKS_DIFFER_BY = dt.timedelta(days=1)
#: What is due for longer than this is overdue: no worker takes it.
OVERDUE_AFTER = dt.timedelta(hours=1)
#: So long everything is kept that was read of a day; of the time before, one day of each month.
EVERY_DAY_FOR = dt.timedelta(days=62)


def period(schedule: str, moment: dt.datetime) -> dt.datetime | dt.date:
    """Return the minute or hour (in UTC), or the first night, of the period that a moment belongs to.

    A night is called by the day on which it begins at three; a week begins with Monday's night, a month
    with that of its first day. Clocks that change move no night and repeat no hour.
    """
    if schedule == Schedule.MINUTELY:
        return moment.astimezone(dt.UTC).replace(second=0, microsecond=0)
    if schedule == Schedule.HOURLY:
        return moment.astimezone(dt.UTC).replace(minute=0, second=0, microsecond=0)
    night = (timezone.localtime(moment).replace(tzinfo=None) - NIGHT).date()
    if schedule == Schedule.WEEKLY:
        return night - dt.timedelta(days=night.weekday())
    return night.replace(day=1) if schedule == Schedule.MONTHLY else night


def is_due(job: Job, at: dt.datetime) -> bool:
    """Return whether a job is to be done: its period has begun since it was last begun, however many
    periods were missed; or it failed a while ago, or its worker was killed."""
    if job.begun_at is None or job.begun_at - at > CLOCKS_DIFFER_BY:
        return True
    if job.ended_at is None:
        return job.beat_at is None or at - job.beat_at >= SILENT
    if job.outcome == Outcome.FAILED and at - job.ended_at >= TRIED_AGAIN_AFTER:
        return True
    return period(job.schedule, job.begun_at) < period(job.schedule, at)


def is_overdue(job: Job, at: dt.datetime) -> bool:
    return is_due(job, at) and is_due(job, at - OVERDUE_AFTER)
