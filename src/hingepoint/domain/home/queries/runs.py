"""The last run of discovery, as first pages speak of it."""

from __future__ import annotations

import datetime as dt
from typing import Any

from hingepoint.domain.discovery.queries import runs


def last_run(viewer: Any, *, at: dt.datetime) -> runs.RunLine | None:
    """Return the newest finished run that ``viewer`` may see, of the last five. One SQL query."""
    return next((run for run in runs.runs(viewer, at=at, limit=5) if run.state == "done"), None)


def unsigned(run: runs.RunLine | None) -> int:
    """Return how many findings of a run wait for the analyst's word."""
    return max(0, run.shown - run.signed - run.rejected) if run else 0
