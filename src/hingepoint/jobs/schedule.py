"""Keeps time in the worker: which jobs of ``hourly``, ``nightly`` and ``monthly`` are due, and their calls."""

from __future__ import annotations

import datetime as dt
import logging
import threading
from collections.abc import Callable

from django.db import connection
from django.utils import timezone

from hingepoint.jobs import hourly, monthly, nightly

Job = Callable[..., object]
NIGHT = 3  # o'clock, in the company's time zone
LOOK_EVERY = 60.0  # seconds

log = logging.getLogger(__name__)


def keep_time(over: threading.Event) -> None:
    """Run what is due until ``over`` is set; looks every minute."""
    last = None
    while not over.is_set():
        now = timezone.localtime()
        run(due(last, now), at=now)
        last = now
        over.wait(LOOK_EVERY)


def due(last: dt.datetime | None, now: dt.datetime) -> list[Job]:
    """Return the jobs whose hour, night or month began after ``last``; at the start (None) the hourly
    ones, and the monthly ones, which know what was done this month: the machine may have been off."""
    if last is None:
        return [*hourly.JOBS, *monthly.JOBS]
    jobs = list(hourly.JOBS) if _hour(now) > _hour(last) else []
    if _night(now) > _night(last):
        jobs += nightly.JOBS
    return [*jobs, *monthly.JOBS] if _month(now) > _month(last) else jobs


def run(jobs: list[Job], *, at: dt.datetime) -> None:
    """Call each job; one that fails is logged, and the others still run."""
    for job in jobs:
        try:
            job(at=at)
        except Exception:
            log.exception("The job %s failed.", job.__name__)
    if jobs:
        connection.close()


def _hour(moment: dt.datetime) -> dt.datetime:
    return moment.astimezone(dt.UTC).replace(minute=0, second=0, microsecond=0)


def _night(moment: dt.datetime) -> dt.date:
    return (moment.replace(tzinfo=None) - dt.timedelta(hours=NIGHT)).date()


def _month(moment: dt.datetime) -> dt.date:
    """Return the month that the night of a moment belongs to: it begins with its first night."""
    return _night(moment).replace(day=1)
