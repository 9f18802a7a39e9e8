"""The demo's first readings in the background once the company is there: pressures and signals; what deals owe is read when
the findings are signed that value it (``findings.sign_in_background``)."""

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
    at = timezone.now()
    pressures.read_pressures(at=at, as_of=timezone.localdate(at))
    read(at=at)


def read(*, at: dt.datetime) -> list[dt.date]:
    """Keep how the signals stand at the end of the day of ``at``; return the days read."""
    return signals.read_signals(at=at, as_of=timezone.localdate(at))
