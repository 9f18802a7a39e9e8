"""Scheduled jobs: how often each is done, and how it ended."""

from __future__ import annotations

from hingepoint.records.words import Worded


class Schedule(Worded):
    """How often a job is done: the name of its file in ``jobs/``."""

    MINUTELY = "minutely", "Every minute"
    HOURLY = "hourly", "Hourly"
    NIGHTLY = "nightly", "Nightly"
    WEEKLY = "weekly", "Weekly"
    MONTHLY = "monthly", "Monthly"


class Outcome(Worded):
    """How a job ended. One that never began, is under way or was killed has none."""

    NONE = "", "None yet"
    DONE = "done", "Done"
    FAILED = "failed", "Failed"
