"""Days of the company's calendar as moments. A range of moments is found by an index; the date of each row is not.

The first and the last day of all have no beginning or end in every zone: each stands for its neighbour.
"""

from __future__ import annotations

import datetime as dt

from django.utils import timezone

_DAY = dt.timedelta(days=1)
_FIRST, _LAST = dt.date.min + _DAY, dt.date.max - _DAY


def midnight(day: dt.date) -> dt.datetime:
    """Return the moment at which a day begins, in the company's zone."""
    return timezone.make_aware(dt.datetime.combine(min(max(day, _FIRST), _LAST), dt.time()))


def after(day: dt.date) -> dt.datetime:
    """Return the moment at which a day is over."""
    return midnight(min(day, _LAST) + _DAY)
