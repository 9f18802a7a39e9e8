"""Ratings of principles: what the two of a session said, and what goes up of it: never of fewer than five."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from hingepoint.analysis import intervals
from hingepoint.domain.coaching.models import CoachingRating
from hingepoint.domain.coaching.rules import LATELY, LEAST_PEOPLE
from hingepoint.domain.people.models import Membership, managed_teams, sees_all, works_here
from hingepoint.domain.principles.queries.cited import in_force
from hingepoint.domain.principles.rules import read_all
from hingepoint.records.people import Role
from hingepoint.records.principles import Rating


def said(row: Any) -> Iterator[tuple[str, Rating]]:
    """Yield the name of each principle that a session rated, as its version says it, and the rating."""
    for one in row.ratings.all():
        names = {each.key: each.name for each in read_all(one.version.texts)}
        yield names.get(one.key, one.key), Rating(one.rating)


@dataclass(frozen=True, slots=True)
class RatedUp:
    """A principle in force, as sessions of the last 13 weeks rated it: of how many people (None: fewer than five, and nothing is
    told), and which share of the ratings says that it was kept."""

    name: str
    people: int | None
    kept: intervals.Estimate | None


def upward(viewer: Any, *, today: dt.date) -> list[RatedUp]:
    """Return how principles are rated to who leads managers or sees everybody; nothing to others, and nothing of fewer than
    five people. At most three SQL queries."""
    since = timezone.make_aware(dt.datetime.combine(today - LATELY, dt.time()))
    rows = CoachingRating.objects.filter(session__held_at__gte=since)
    if not sees_all(viewer):
        people = _led(viewer)
        if not people:
            return []
        rows = rows.filter(session__coached__in=people)
    told: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for key, person, rating in rows.values_list("key", "session__coached_id", "rating"):
        told[key].append((person, rating))
    return [_up(one.name, told[one.key]) for one in in_force(viewer) if told[one.key]]


def _led(viewer: Any) -> Collection[int]:
    """Return the people below who leads managers; nobody for others."""
    if not works_here(viewer) or viewer.role != Role.MANAGER:
        return ()
    rows = Membership.objects.filter(team__in=managed_teams(viewer), until__isnull=True, user__is_active=True)
    people = dict(rows.exclude(user=viewer).order_by("manages").values_list("user_id", "manages"))
    return people.keys() if any(people.values()) else ()


def _up(name: str, told: list[tuple[int, str]]) -> RatedUp:
    people = len({person for person, _ in told})
    if people < LEAST_PEOPLE:
        return RatedUp(name, None, None)
    return RatedUp(name, people, intervals.share(sum(r == Rating.KEPT for _, r in told), len(told)))
