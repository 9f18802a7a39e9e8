"""Runs of connections: one at a time, known to be dead when its process is, ended with a sentence."""

from __future__ import annotations

import datetime as dt
import os
import socket

from hingepoint.domain.sync.models import SyncRun

#: A run of another machine that said nothing for so long is dead.
SILENT = dt.timedelta(minutes=10)
KILLED = "It was stopped in the middle. The next run went on where it was."
#: After a failure the next run waits so many minutes, twice as long each time, at most a quarter of a day.
FIRST_WAIT, LONGEST_WAIT = 5, 360


def holder() -> str:
    return f"{socket.gethostname()}:{os.getpid()}"


def lives(run: SyncRun, at: dt.datetime) -> bool:
    """Return whether somebody is still at work on a run that has no end."""
    host, _, process = run.holder.rpartition(":")
    if host != socket.gethostname() or not process.isdigit():
        return at - run.touched_at < SILENT
    try:
        os.kill(int(process), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return int(process) != os.getpid() or at - run.touched_at < SILENT


def wait_after(failures: int) -> dt.timedelta:
    return dt.timedelta(minutes=min(FIRST_WAIT * 2 ** min(failures - 1, 10), LONGEST_WAIT))
