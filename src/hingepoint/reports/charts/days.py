"""Days along the paper, the last weeks wider than the rest: what happens next is read there."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from hingepoint.records import conventions
from hingepoint.reports.charts import svg

#: The last weeks before today that get more room, on deals at least twice as old, and how much of the width.
NEAR_DAYS, NEAR_SHARE = 56, 0.5
#: What lies ahead is drawn no further than this.
MOST_AHEAD = 120


@dataclass(frozen=True, slots=True)
class Days:
    """Maps days from ``first`` to ``last`` onto ``start..end``; from ``knee`` on, which stands at ``bend``, each day
    has more room. Without a knee all days have the same."""

    first: dt.date
    last: dt.date
    start: float
    end: float
    knee: dt.date | None = None
    bend: float = 0.0

    def __call__(self, day: dt.date) -> float:
        """Return where a day stands; one beyond the ends stays at the end."""
        day = min(max(day, self.first), self.last)
        if self.knee is None:
            return _between(day, self.first, self.last, self.start, self.end)
        if day < self.knee:
            return _between(day, self.first, self.knee, self.start, self.bend)
        return _between(day, self.knee, self.last, self.bend, self.end)

    def months(self) -> list[tuple[float, str]]:
        """Return place and short name of the first days of months, as many as have room; the first one and each
        January with its year."""
        found: list[tuple[float, str]] = []
        free, month = self.start, _next_month(self.first - dt.timedelta(days=1))
        while month <= self.last:
            year = f" {month.year}" if not found or month.month == 1 else ""
            place, name = self(month), f"{conventions.month_short(month)}{year}"
            if place >= free and place + svg.text_width(name, svg.SMALL) < self.end + 12:
                found.append((place, name))
                free = place + svg.text_width(name, svg.SMALL) + 6
            month = _next_month(month)
        return found


def days(first: dt.date, today: dt.date, ahead: dt.date | None, *, start: float, end: float) -> Days:
    """Return the days of a deal, from its first to a little after today or to what lies ahead."""
    least = today + dt.timedelta(days=max(7, (today - first).days // 12))
    last = max(least, min(ahead or least, today + dt.timedelta(days=MOST_AHEAD)) + dt.timedelta(days=5))
    knee = today - dt.timedelta(days=NEAR_DAYS)
    if (today - first).days < 2 * NEAR_DAYS:
        return Days(first, last, start, end)
    return Days(first, last, start, end, knee, end - (end - start) * NEAR_SHARE)


def grid(axis: Days, top: float, bottom: float) -> str:
    """Return an upright line and a name for months, and the sign of the place from which on days are wider."""
    body = ""
    for place, name in axis.months():
        body += svg.line(place, top, place, bottom, "line-soft")
        body += svg.text(place + 3, top - 4, name, size=11, fill="ink-3")
    if axis.knee is not None:
        for shift in (0.0, 4.0):
            body += svg.line(axis.bend + shift - 2, top + 4, axis.bend + shift + 2, top - 4, "ink-3")
    return body


def told(day: dt.date) -> str:
    """Return ``3 Mar 2026``."""
    return conventions.day(day)


def told_short(day: dt.date) -> str:
    """Return ``3 Mar``."""
    return conventions.day_short(day)


def _between(day: dt.date, first: dt.date, last: dt.date, start: float, end: float) -> float:
    return start + (end - start) * (day - first).days / max((last - first).days, 1)


def _next_month(day: dt.date) -> dt.date:
    return (day.replace(day=1) + dt.timedelta(days=32)).replace(day=1)
