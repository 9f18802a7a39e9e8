"""What was last done of the scheduled jobs, and what is due."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from hingepoint.domain.upkeep.models import Job
from hingepoint.domain.upkeep.rules import is_due, is_overdue
from hingepoint.records.jobs import Outcome


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
