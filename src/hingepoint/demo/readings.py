"""The demo's first readings in the background once the company is there: signals, agreement debt and pressures."""

from __future__ import annotations

import datetime as dt

from django.utils import timezone
from django_tasks import task

from hingepoint.domain.debts import actions as debts
from hingepoint.domain.pressures import actions as pressures
from hingepoint.domain.signals import actions as signals


def ask() -> None:
    """Queue the reading of this day: all of the company was recorded on it, so that earlier days knew nothing."""
    read_in_background.enqueue()


@task()
def read_in_background() -> None:
    """Read the signals, the debt and the pressures of today."""
    at = timezone.now()
    today = timezone.localdate(at)
    pressures.read_pressures(at=at, as_of=today)
    read(at=at)
    debts.read_debts(at=at, as_of=today)


def read(*, at: dt.datetime) -> list[dt.date]:
    """Keep how the signals stand at the end of the day of ``at``; return the days read."""
    return signals.read_signals(at=at, as_of=timezone.localdate(at))
