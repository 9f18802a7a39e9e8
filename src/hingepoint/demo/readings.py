"""The demo's first reading of the ten signals and of the five pressures, in the background once the company is there."""

from __future__ import annotations

import datetime as dt

from django.utils import timezone
from django_tasks import task

from hingepoint.domain.pressures import actions as pressures
from hingepoint.domain.signals import actions as signals


def ask() -> None:
    """Queue the reading of this day: all of the company was recorded on it, so that earlier days knew nothing."""
    read_in_background.enqueue()


@task()
def read_in_background() -> None:
    """Read the pressures and the signals of today."""
    now = timezone.now()
    pressures.read_pressures(at=now, as_of=timezone.localdate(now))
    read(at=now)


def read(*, at: dt.datetime) -> list[dt.date]:
    """Keep how the signals stand at the end of the day of ``at``; return the days read."""
    return signals.read_signals(at=at, as_of=timezone.localdate(at))
