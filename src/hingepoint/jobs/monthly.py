"""What is done every month, in the night of its first day: one line a job."""

import datetime as dt

from django.utils import timezone

from hingepoint.domain.strategy import actions as strategy


def ask_whether_findings_hold(*, at: dt.datetime) -> None:
    """Run discovery again for each strategy in force, unless that was done this month."""
    first = timezone.localtime(at).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    strategy.refresh_findings(at=at, since=first)


JOBS = (ask_whether_findings_hold,)
