"""Keeps time in the worker: does the jobs of ``minutely``, ``hourly``, ``nightly``, ``weekly`` and ``monthly`` that are due.

What was last done is remembered in a table, so that a machine that is off at three catches up when it is on
again, once, and two workers do not do the same.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import logging
import threading
from collections.abc import Callable, Collection, Iterator

from django.db import DatabaseError, close_old_connections, connection
from django.utils import timezone

from hingepoint.domain.upkeep import actions, queries
from hingepoint.jobs import hourly, minutely, monthly, nightly, weekly
from hingepoint.records.jobs import Schedule

Clock = Callable[[], dt.datetime]
LOOK_EVERY = 60.0  # seconds
BEAT_EVERY = 30.0  # seconds

#: Every job by its name, ``nightly.forget_ended_sessions``, in the order in which they are done.
JOBS: dict[str, tuple[Schedule, Callable[..., object]]] = {
    f"{schedule}.{job.__name__}": (schedule, job)
    for schedule, jobs in {
        Schedule.HOURLY: hourly.JOBS,
        Schedule.NIGHTLY: nightly.JOBS,
        Schedule.WEEKLY: weekly.JOBS,
        Schedule.MONTHLY: monthly.JOBS,
        Schedule.MINUTELY: minutely.JOBS,
    }.items()
    for job in jobs
}

#: What is done in turn, each lane on a thread of its own: a CRM that is read for hours keeps no mail waiting.
READING = frozenset({Schedule.MINUTELY})
LANES = (frozenset(Schedule) - READING, READING)

log = logging.getLogger(__name__)


def keep_time(
    over: threading.Event,
    clock: Clock = timezone.localtime,
    lane: Collection[Schedule] = frozenset(Schedule),
) -> None:
    """Do what is due of a lane until ``over`` is set; looks every minute."""
    while not over.is_set():
        try:
            actions.remember({name: schedule for name, (schedule, _) in JOBS.items()})
            do_what_is_due(clock, lane)
        except DatabaseError:
            log.exception("The scheduled jobs could not be looked up. The next look is in a minute.")
        _let_go()
        over.wait(LOOK_EVERY)


def do_what_is_due(
    clock: Clock = timezone.localtime, lane: Collection[Schedule] = frozenset(Schedule)
) -> None:
    """Do each job of a lane that is due and that no other worker does; one that fails stops no other."""
    for name in (each for each in queries.due(at=clock()) if JOBS[each][0] in lane):
        at = clock()
        if turn := actions.take_turn(name=name, at=at):
            with _beating(turn, clock):
                error = _try(name, at)
            _let_go()  # a job may have broken it
            actions.end_turn(turn=turn, at=clock(), error=error)


def _let_go() -> None:
    """Close the connection to the database if it is broken or old; in the middle of a transaction it stays."""
    if not connection.in_atomic_block:
        close_old_connections()


def _try(name: str, at: dt.datetime) -> str:
    """Call a job; return why it failed, empty when it did not."""
    _, job = JOBS[name]
    try:
        job(at=at)
    except Exception as error:
        log.exception("The job %s failed.", name)
        return f"{type(error).__name__}: {error}"
    return ""


@contextlib.contextmanager
def _beating(turn: actions.Turn, clock: Clock) -> Iterator[None]:
    """Say now and then that the worker lives, so that no other takes its turn."""
    over = threading.Event()

    def beat() -> None:
        while not over.wait(BEAT_EVERY):
            with contextlib.suppress(DatabaseError):  # busy: the next beat will do
                actions.beat(turn=turn, at=clock())
            _let_go()

    keeper = threading.Thread(target=beat, daemon=True)
    keeper.start()
    try:
        yield
    finally:
        over.set()
        keeper.join()
