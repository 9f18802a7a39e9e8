"""How routines are kept: one's own promises of a month, those of all leaders, and each routine over time."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

import polars as pl
from django.db.models import Count, Q
from django.utils import timezone

from hingepoint.analysis import intervals
from hingepoint.analysis.signals import review_discipline
from hingepoint.domain.days import after, midnight
from hingepoint.domain.people.models import User, managed_teams, sees_all, works_here
from hingepoint.domain.routines.frames import routines_frame
from hingepoint.domain.routines.models import Routine, RoutineDue
from hingepoint.domain.upkeep.kept import Question
from hingepoint.records.languages import words_of
from hingepoint.records.people import Role

#: Kept lately: of what fell due in so many days; before that, of what fell due in the year before.
LATELY, BEFORE = dt.timedelta(days=91), dt.timedelta(days=365)
_LEADERS = (Role.SPONSOR, Role.MANAGER)


@dataclass(frozen=True, slots=True)
class Promise:
    """What falls due of oneself: when, and when it was done. ``late``: its day has passed."""

    due_id: int
    name: str
    due_on: dt.date
    done_on: dt.date | None
    late: bool


@dataclass(frozen=True, slots=True)
class Promises:
    """One's own of a month and what is still open from before, in the order of their days; and of all leaders how many
    of those whose day has come are done."""

    own: tuple[Promise, ...]
    leaders_done: int
    leaders_due: int


def promises(viewer: Any, *, today: dt.date) -> Promises:
    """Return what ``viewer`` promised by being a leader, for the month of ``today``. Two SQL queries."""
    begins = today.replace(day=1)
    ends = (begins + dt.timedelta(days=32)).replace(day=1)
    first = midnight(begins)
    known = RoutineDue.objects.visible_to(viewer)
    own = known.filter(
        Q(done_at__isnull=True) | Q(due_at__gte=first), person=viewer, due_at__lt=midnight(ends)
    )
    rows = own.select_related("routine").order_by("due_at", "pk")
    leaders = User.objects.filter(role__in=_LEADERS)
    come = known.filter(person__in=leaders, due_at__gte=first, due_at__lt=after(today))
    counted = come.aggregate(due=Count("pk"), done=Count("done_at"))
    return Promises(tuple(_promise(row, today) for row in rows), counted["done"], counted["due"])


def _promise(row: RoutineDue, today: dt.date) -> Promise:
    due_on, done_on = _day(row.due_at), row.done_at and _day(row.done_at)
    return Promise(row.pk, row.routine.name, due_on, done_on, late=done_on is None and due_on < today)


def _day(at: dt.datetime) -> dt.date:
    return timezone.localdate(at)


@dataclass(frozen=True, slots=True)
class Kept:
    """A routine, one of so many ``asked``: which share of what fell due was done on time ``lately`` and ``before``. ``left_out``
    of the late ones were not done at all."""

    name: str
    lately: intervals.Estimate
    before: intervals.Estimate
    left_out: int
    asked: int = 1

    @property
    def moved(self) -> bool | None:
        """Whether it is kept better now; None where that may be luck, of all that are asked."""
        change = intervals.difference(self.lately, self.before)
        return change.surely(self.asked) if change else None


#: How each routine is kept, of everybody: kept in a large company.
KEPT = Question[list[Kept]]("routines kept", list[Kept])


def kept(viewer: Any, *, today: dt.date) -> list[Kept]:
    """Return how each routine is kept, to those who see everybody; nothing to others, whose few would be people. Reads what
    fell due in the last 15 months."""
    return KEPT.told(lambda: kept_now(today=today)) if sees_all(viewer) else []


def kept_now(*, today: dt.date) -> list[Kept]:
    """Return the same, asked at this moment: on time as the fourth signal counts it."""
    due = review_discipline.judged(
        routines_frame(RoutineDue.objects.filter(due_at__gte=midnight(today - LATELY - BEFORE)))
    )
    day = pl.col("at").dt.date()
    times = (day > today - LATELY, day <= today - LATELY)
    found, names = [], sorted(due["routine"].unique())
    for name in names:
        lately, before = (due.filter((pl.col("routine") == name) & time) for time in times)
        left_out = int(lately["left_out"].sum())
        found.append(Kept(name, _on_time(lately), _on_time(before), left_out, asked=len(names)))
    return found


def _on_time(due: pl.DataFrame) -> intervals.Estimate:
    return intervals.share(due.height - int(due["value"].sum()), due.height)


# ---- what teams kept ----

#: Of fewer people nothing is told as of a team, to who does not lead them.
LEAST_PEOPLE = 5
#: Where what leaders do is told of all of them together.
EVERY_TEAM = words_of("All teams")


@dataclass(frozen=True, slots=True)
class TeamKept:
    """A routine in a team over the last 13 weeks: which share of what fell due was done on time, how often it was done on
    its last day, and how often it was left out. ``share`` None: too few people to be told as one."""

    team: str
    routine: str
    leads: bool
    share: intervals.Estimate | None
    last_day: int = 0
    left_out: int = 0


#: What every team kept: kept in a large company.
TEAMS = Question[list[TeamKept]]("routines of teams", list[TeamKept])


def kept_by_team(viewer: Any, *, today: dt.date) -> list[TeamKept]:
    """Return what the teams kept that ``viewer`` leads, or all of them to who sees everybody; nothing to others. What leaders
    themselves are required to do comes first."""
    if sees_all(viewer):
        return TEAMS.told(lambda: kept_by_team_now(today=today))
    if not works_here(viewer) or viewer.role != Role.MANAGER:
        return []
    teams = managed_teams(viewer)
    return _by_team(RoutineDue.objects.filter(team__in=teams), today=today, least=1)


def kept_by_team_now(*, today: dt.date) -> list[TeamKept]:
    """Return what every team kept, and leaders all together, asked at this moment."""
    return _by_team(RoutineDue.objects.filter(team__isnull=False), today=today, least=LEAST_PEOPLE)


def _by_team(rows: Any, *, today: dt.date, least: int) -> list[TeamKept]:
    due = rows.filter(due_at__gt=midnight(today - LATELY), due_at__lt=midnight(today))
    frame = routines_frame(due)
    leading = set(Routine.objects.filter(role__in=_LEADERS).values_list("name", flat=True))
    if least > 1:  # a team has one leader, who is not shown alone
        leads = pl.col("routine").is_in(list(leading))
        frame = frame.with_columns(team=pl.when(leads).then(pl.lit(EVERY_TEAM)).otherwise("team"))
    people = {which: part["person"].n_unique() for which, part in frame.group_by("team", "routine")}
    found = [
        _team_kept(team, routine, part, leads=routine in leading, shown=people[team, routine] >= least)
        for (team, routine), part in review_discipline.judged(frame).group_by("team", "routine")
    ]
    return sorted(found, key=lambda one: (not one.leads, one.routine, one.team))


def _team_kept(team: Any, routine: Any, due: pl.DataFrame, *, leads: bool, shown: bool) -> TeamKept:
    if not shown:
        return TeamKept(team, routine, leads, None)
    return TeamKept(
        team, routine, leads, _on_time(due), int(due["bunched"].sum()), int(due["left_out"].sum())
    )
