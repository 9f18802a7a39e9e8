"""What the demo company's planted drifts must look like, however its facts came to the signals."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from hingepoint.demo import planted
from hingepoint.demo.company import Company


@dataclass(frozen=True)
class Rise:
    """A raised place: the first and last day on which it may have begun, and when it was seen."""

    first: dt.date
    last: dt.date
    seen: dt.date


def within(company: Company, place: str) -> set[str]:
    """Return the names of a place and of what belongs to it alone: its teams, their managers, and customers of no other team."""
    deals = company.deals
    teams = set(deals.filter((deals["region"] == place) | (deals["team"] == place))["team"])
    managers = set(deals.filter(deals["team"].is_in(list(teams)))["manager"])
    elsewhere = set(deals.filter(~deals["team"].is_in(list(teams)))["account"])
    accounts = set(deals.filter(deals["team"].is_in(list(teams)))["account"]) - elsewhere
    return {place, *teams, *managers, *accounts}


def assert_it_rose_where_and_when_it_was_planted(
    company: Company, number: int, raised: dict[str, Rise]
) -> None:
    drift = planted.drifts(company.ends_on)[number]
    assert drift.place in raised
    assert raised.keys() <= within(company, drift.place)
    place = raised[drift.place]
    # the extras of South grow slowly over a year: margins leave the usual some months after the first of them
    slowly = dt.timedelta(days=150 if number == 1 else 31)
    assert place.first - slowly <= drift.since <= place.last + dt.timedelta(days=31)
    assert place.seen > drift.since
