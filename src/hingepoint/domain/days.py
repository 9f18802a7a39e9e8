"""Days of the company's calendar as moments. A range of moments is found by an index; the date of each row is not."""

from __future__ import annotations

import datetime as dt

from django.utils import timezone


def midnight(day: dt.date) -> dt.datetime:
    """Return the moment at which a day begins, in the company's zone."""
    return timezone.make_aware(dt.datetime.combine(day, dt.time()))


def after(day: dt.date) -> dt.datetime:
    """Return the moment at which a day is over."""
    return midnight(day + dt.timedelta(days=1))
