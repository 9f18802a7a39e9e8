"""A person's calendar as iCalendar (RFC 5545): whole days, so that no zone moves them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable

from icalendar import Calendar, Event

from hingepoint.records.notices import Entry

#: How often programs are asked to look again (RFC 7986, 5.7).
AGAIN = dt.timedelta(hours=4)


def write(
    entries: Iterable[Entry], *, name: str, at: dt.datetime, host: str, link: Callable[[Entry], str]
) -> bytes:
    """Return the calendar ``name`` of ``entries`` as of ``at``. ``host`` makes their identities unique in the world."""
    calendar = Calendar()
    for key, value in (("prodid", "-//Hingepoint//Calendar//EN"), ("version", "2.0"), ("method", "PUBLISH")):
        calendar.add(key, value)
    calendar.add("name", name)
    calendar.add("x-wr-calname", name)
    calendar.add("refresh-interval", AGAIN, parameters={"value": "DURATION"})
    for entry in entries:
        calendar.add_component(_event(entry, at=at, host=host, link=link(entry)))
    return calendar.to_ical()


def _event(entry: Entry, *, at: dt.datetime, host: str, link: str) -> Event:
    event = Event()
    event.add("uid", f"{entry.key}@{host}")
    event.add("dtstamp", at)
    event.add("dtstart", entry.on)
    event.add("dtend", entry.on + dt.timedelta(days=1))
    event.add("summary", entry.title)
    event.add("description", f"{entry.words}\n{link}".strip())
    event.add("url", link)
    event.add("categories", [entry.kind.label])
    event.add("transp", "TRANSPARENT")  # a reminder blocks nobody's day
    return event
