"""What is done every month, in the night of its first day: one line a job."""

import datetime as dt

from django.utils import timezone

from hingepoint.domain.strategy import actions as strategy


def ask_whether_findings_hold(*, at: dt.datetime) -> None:
    """Run discovery again for each strategy in force, unless that was done this month."""
    strategy.refresh_findings(at=at, since=_first_of_month(at))


def ask_by_new_usual_days(*, at: dt.datetime) -> None:
    """Ask open deals anew where stages usually last longer or shorter than a month ago."""
    strategy.ask_by_new_usual_days(at=at, since=_first_of_month(at))


def _first_of_month(at: dt.datetime) -> dt.datetime:
    return timezone.localtime(at).replace(day=1, hour=0, minute=0, second=0, microsecond=0)


JOBS = (ask_whether_findings_hold, ask_by_new_usual_days)
