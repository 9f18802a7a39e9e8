"""Who coaches the managers: who leads whom, when each was last coached (told to the two), and what managers give in sum."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Max
from django.utils import timezone

from hingepoint.analysis import intervals
from hingepoint.domain.coaching.models import CoachingSession
from hingepoint.domain.coaching.queries.sessions import with_what_followed
from hingepoint.domain.coaching.rules import GRACE, LATELY, LEAST_PEOPLE
from hingepoint.domain.people.models import Membership, User, sees_all, works_here
from hingepoint.records.people import Role


@dataclass(frozen=True, slots=True)
class LedManager:
    """A manager, who leads them (empty: the sponsors), and when they were last coached by whom it is told to; ``told``: whether the
    viewer is one of the two, without which nothing is said."""

    manager_id: int
    manager: str
    leader: str
    told: bool
    last_on: dt.date | None


@dataclass(frozen=True, slots=True)
class Given:
    """What managers gave in the last 13 weeks: how many of them (``of``) coached, how many sessions, and which share of the next
    steps happened; None of it where fewer than five coached."""

    managers: int | None
    of: int
    sessions: int | None
    followed: intervals.Estimate | None


@dataclass(frozen=True, slots=True)
class ManagersCoached:
    led: tuple[LedManager, ...]
    given: Given | None


def managers_coached(viewer: Any, *, today: dt.date) -> ManagersCoached | None:
    """Return who leads which manager and when the viewer coached them, or was coached; what managers gave goes to who sees
    everybody. None for others, and where nobody leads. Three SQL queries at most."""
    if not works_here(viewer) or not (viewer.sees_everything or viewer.role == Role.MANAGER):
        return None
    leaders = _leaders()
    mine = {pk: row for pk, row in leaders.items() if _between_the_two(viewer, pk, row[1])}
    shown = leaders if viewer.sees_everything else mine
    if not shown:
        return None
    last = _last_coached(viewer, mine)
    led = [
        LedManager(pk, name, leader.name if leader else "", pk in mine, last.get(pk))
        for pk, (name, leader) in shown.items()
    ]
    given = _given(set(leaders), today) if sees_all(viewer) else None
    return ManagersCoached(tuple(sorted(led, key=lambda one: (one.leader, one.manager))), given)


def _between_the_two(viewer: User, manager_id: int, leader: User | None) -> bool:
    if viewer.pk == manager_id or (leader is not None and viewer.pk == leader.pk):
        return True
    return leader is None and viewer.role == Role.SPONSOR


def _leaders() -> dict[int, tuple[str, User | None]]:
    """Return each manager by their number, with the nearest manager above them; None where nobody is. One SQL query."""
    rows = Membership.objects.filter(manages=True, until__isnull=True, user__is_active=True)
    rows = rows.filter(user__role=Role.MANAGER).select_related("user", "team").order_by("team__path", "pk")
    of_team: dict[int, User] = {}
    for row in rows:
        of_team.setdefault(row.team_id, row.user)
    found: dict[int, tuple[str, User | None]] = {}
    for row in rows:
        above = reversed(row.team.path.strip("/").split("/")[:-1])
        nearest = next(
            (of_team[int(pk)] for pk in above if int(pk) in of_team and of_team[int(pk)] != row.user), None
        )
        found.setdefault(row.user_id, (row.user.name, nearest))
    return found


def _last_coached(viewer: User, mine: Mapping[int, tuple[str, User | None]]) -> dict[int, dt.date]:
    """Return when each of these was last coached in a session that the viewer was one of. One SQL query."""
    rows = CoachingSession.objects.visible_to(viewer).filter(coached__in=list(mine))
    last = rows.order_by().values_list("coached_id").annotate(last=Max("held_at"))
    return {pk: timezone.localdate(at) for pk, at in last if at}


def _given(managers: set[int], today: dt.date) -> Given:
    """Return what managers gave, of five who coached or more. One SQL query."""
    since = timezone.make_aware(dt.datetime.combine(today - LATELY, dt.time()))
    rows = with_what_followed(CoachingSession.objects.filter(held_at__gte=since, coach__in=managers))
    told: dict[int, list[tuple[dt.date, bool]]] = defaultdict(list)
    for coach, next_on, seen in rows.order_by().values_list("coach_id", "next_on", "seen"):
        told[coach].append((next_on, seen))
    if 0 < len(told) < LEAST_PEOPLE or len(managers) < LEAST_PEOPLE:
        return Given(None, len(managers), None, None)
    every = [one for sessions in told.values() for one in sessions]
    over = [seen for next_on, seen in every if seen or next_on + GRACE < today]
    return Given(len(told), len(managers), len(every), intervals.share(sum(over), len(over)))
