"""The last run of discovery, as first pages speak of it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from hingepoint.domain.discovery.queries import runs


@dataclass(frozen=True, slots=True)
class Lately:
    """The newest finished run of the last five, and the newest one that is being computed or waits for it."""

    done: runs.RunLine | None
    running: runs.RunLine | None


def lately(viewer: Any, *, at: dt.datetime) -> Lately:
    """Return what ``viewer`` may see of the last runs. One SQL query."""
    found = runs.runs(viewer, at=at, limit=5)
    return Lately(
        done=next((run for run in found if run.state == "done"), None),
        running=next((run for run in found if run.unfinished), None),
    )


def unsigned(run: runs.RunLine | None) -> int:
    """Return how many findings of a run wait for the analyst's word."""
    return max(0, run.shown - run.signed - run.rejected) if run else 0
