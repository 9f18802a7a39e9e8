"""What pages and actions decide by: who may see and answer for which place, whose task a raise is, and when it ends.

| place | who sees it | who answers for it |
|---|---|---|
| the company | everybody who sells or leads; a seller without the deals of others | sponsors |
| a team, a region | sponsor, analyst, and the managers of the team and of those above it | sponsors and those managers |
| an account | sponsor, analyst, and the managers whose teams have all its deals | sponsors and those managers |
| a segment | sponsor and analyst | sponsors |
| a manager's deals | that manager, the managers of teams above theirs, and sponsors, who lead everybody | sponsors and the managers above |

Limits are set anew by sponsors and analysts. The owner of a raise answers for it too, whatever the place. A tile tells of the places that the viewer sees, and of no other.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from django.db.models import Count

from hingepoint.analysis.signals import SIGNALS, shape
from hingepoint.analysis.signals.shape import COMPANY, Place, Reading, Report, Series, State, Told
from hingepoint.domain.deals.models import Account, Deal
from hingepoint.domain.escalations.approvers import managers_at, sponsors_here
from hingepoint.domain.people.models import (
    Membership,
    Team,
    User,
    Viewer,
    managed_teams,
    sees_all,
    works_here,
)
from hingepoint.records.errors import Hidden
from hingepoint.records.people import Role

if TYPE_CHECKING:
    from hingepoint.domain.signals.models import Raise

#: A raise ends with so many readings in a row whose chart is back inside (``has_ended``).
ENDS_AFTER = 2
#: A raise is muted at most so long.
MUTED_AT_MOST = dt.timedelta(days=366)
#: Limits are set anew from a month at most so many back: what charts draw.
MONTHS_BACK = 36


# ---- who sees what ----


@dataclass(frozen=True, slots=True)
class Sight:
    """What somebody may see: as ``role``, as manager of ``teams`` with the ``accounts`` that are theirs alone, and of the
    managers with the keys ``below``. ``key`` is their own."""

    role: str
    key: str
    teams: frozenset[str] = frozenset()
    accounts: frozenset[str] = frozenset()
    below: frozenset[str] = frozenset()

    def sees(self, place: Place) -> bool:
        """Return whether a place is theirs to see."""
        if place == COMPANY or self.leads(place):
            return True
        if place.level == "manager":
            return place.name == self.key
        return self.role == Role.ANALYST

    def leads(self, place: Place) -> bool:
        """Return whether they answer for a place."""
        if self.role == Role.SPONSOR:
            return True
        mine = {"team": self.teams, "account": self.accounts, "manager": self.below}
        return place.name in mine.get(place.level, frozenset())


def sight(viewer: Viewer, *, accounts: Collection[str] = ()) -> Sight:
    """Return what ``viewer`` sees; ``accounts`` are the keys of those in question. Raises Hidden for strangers and inside
    partners. At most three SQL queries."""
    if not works_here(viewer) or viewer.role == Role.INSIDE_PARTNER:
        raise Hidden("The signals are for those who sell and lead.")
    theirs = managed_teams(viewer) if viewer.role == Role.MANAGER else {}
    if not theirs:
        return Sight(viewer.role, viewer.key)
    return Sight(
        viewer.role,
        viewer.key,
        teams=frozenset(theirs.values()),
        accounts=_theirs_alone(theirs.keys(), accounts),
        below=_managers_below(theirs.keys()),
    )


def _theirs_alone(teams: Collection[int], accounts: Collection[str]) -> frozenset[str]:
    """Return which of ``accounts`` have deals, and no deal of another team."""
    if not accounts:
        return frozenset()
    of = Deal.objects.filter(account__key__in=accounts).order_by().values_list("account__key", "team_id")
    found = set(of.distinct())
    return frozenset(key for key, _ in found) - frozenset(key for key, team in found if team not in teams)


def _managers_below(teams: Collection[int]) -> frozenset[str]:
    """Return the keys of those who manage a team below one of ``teams``, a subtree."""
    below = Membership.objects.filter(
        manages=True, until__isnull=True, team__in=teams, team__parent__in=teams
    )
    return frozenset(below.values_list("user__key", flat=True))


def accounts_in(report: Report | None) -> set[str]:
    """Return the keys of the accounts that a report has readings of."""
    told = report.signals if report else ()
    return {one.place.name for each in told for one in each.places if one.place.level == "account"}


# ---- what is told of a signal to one viewer ----


def narrowed(told: Told, seen: Sight, *, deals: Collection[str], names: dict[Place, str]) -> Told:
    """Return what is told of a signal to whom may see so much: its state, its question and its numbers are those of the
    places they see. ``deals``: the keys of the deals they see; ``names``: what places are called."""
    if not told.places:
        return told
    places = tuple(_narrowed(one, told, seen, deals) for one in told.places if seen.sees(one.place))
    if not places:
        return Told(told.signal, State.NO_DATA, needs=told.signal.needs)
    raised = [one.place for one in places if one.state is State.RAISED]
    sees_leading = told.leading is not None and seen.sees(told.leading.place)
    return replace(
        told,
        places=places,
        state=shape.worst(places, told.silent_since),
        question=shape.question(told.signal, [names.get(one, one.name) for one in raised if one != COMPANY]),
        drivers=told.drivers if sees_leading else (),
        lacked=told.lacked if sees_leading else (),
        unjudged=tuple(one for one in told.unjudged if seen.sees(one.place)),
    )


def _narrowed(one: Reading, told: Told, seen: Sight, deals: Collection[str]) -> Reading:
    because_of = one.because_of if one.because_of and seen.sees(one.because_of) else None
    theirs = tuple(key for key in one.deals if key in deals)
    unlisted = one.unlisted if len(theirs) == len(one.deals) else 0
    shown = replace(one, because_of=because_of, deals=theirs, unlisted=unlisted)
    return _without_few(shown, told.signal.least) if told.signal.least else shown


def _without_few(one: Reading, least: int) -> Reading:
    """Return a reading without the points of fewer than ``least`` answers: so few would tell whose they are."""
    if one.series is None:
        return one
    few = one.series.counts < least
    parts: dict[str, Any] = {
        name: np.where(few, np.nan, getattr(one.series, name)) for name in ("totals", "usual", "scores")
    }
    series = replace(one.series, counts=np.where(few, 0.0, one.series.counts), **parts)
    return replace(one, series=series, chart=one.chart and replace(one.chart, values=_after(series)))


def _after(series: Series) -> np.ndarray:
    return series.scores[series.baseline :]


def names_of(places: Iterable[Place]) -> dict[Place, str]:
    """Return what accounts and managers are called whom readings know by their keys. At most two SQL queries."""
    every = list(places)
    found: dict[Place, str] = {}
    for model, level in ((Account, "account"), (User, "manager")):
        of = {one.name: one for one in every if one.level == level}
        rows = model.objects.filter(key__in=of).values_list("key", "name") if of else ()
        found |= {of[key]: name for key, name in rows}
    return found


# ---- whose task ----


def owner_of(place: Place) -> User | None:
    """Return whose task a raise is: the nearest leader of the place, else the first sponsor; None where nobody is."""
    paths = _paths(place)
    leaders = managers_at(paths) if paths else []
    return next(iter(leaders), None) or sponsors_here().first()


def _paths(place: Place) -> list[str]:
    """Return where in the tree of teams the leaders of a place stand."""
    if place.level == "team":
        return list(Team.objects.filter(name=place.name).values_list("path", flat=True))
    if place.level == "manager":
        own = Membership.objects.filter(user__key=place.name, manages=True, until__isnull=True)
        return list(own.filter(team__parent__isnull=False).values_list("team__parent__path", flat=True))
    if place.level == "account":
        teams = Team.objects.filter(deals__account__key=place.name).annotate(of_it=Count("deals"))
        return list(teams.order_by("-of_it", "pk").values_list("path", flat=True)[:1])
    return []


# ---- limits set anew ----


def require_setting(viewer: Viewer | None, signal: str) -> User:
    """Return ``viewer``, who sets the limits of a signal anew. Raises Hidden for others, and where there is no such signal."""
    if signal not in SIGNALS or not sees_all(viewer):
        raise Hidden("Limits are set anew by sponsors and analysts.")
    return viewer


def months_to_set(today: dt.date) -> list[dt.date]:
    """Return the first days of the months from which on limits can be set anew, the newest first: what charts draw."""
    newest = today.year * 12 + today.month - 1
    return [dt.date(number // 12, number % 12 + 1, 1) for number in range(newest, newest - MONTHS_BACK, -1)]


# ---- when a raise begins and ends ----


def raised_in(report: Report) -> dict[tuple[str, Place], Reading]:
    """Return the raised places of a report, by signal and place."""
    return {
        (told.signal.key, one.place): one
        for told in report.signals
        for one in told.places
        if one.state is State.RAISED
    }


def is_back(report: Report, signal: str, place: Place) -> bool:
    """Return whether the chart of a raised place is back inside its limits.

    Not where nothing was delivered or read, and not where another place tells what the chart still shows. A place that
    is followed no more is.
    """
    told = next((one for one in report.signals if one.signal.key == signal), None)
    if told is None or told.state is State.NO_DATA:
        return False
    reading = next((one for one in told.places if one.place == place), None)
    if reading is None:
        return True
    return reading.state in (State.CALM, State.WATCH) and reading.because_of is None


def has_ended(newest: Sequence[Report], signal: str, place: Place) -> bool:
    """Return whether a raise has ended: its chart is back inside in each of the ``ENDS_AFTER`` newest readings. One that
    leaves its limits and comes back within a reading is one raise, not three."""
    return len(newest) >= ENDS_AFTER and all(is_back(one, signal, place) for one in newest[:ENDS_AFTER])


def sight_of(viewer: Viewer, row: Raise) -> Sight:
    """Return what ``viewer`` sees, as far as a raise asks. Raises Hidden."""
    return sight(viewer, accounts=[row.place] if row.level == "account" else ())


def may_answer(seen: Sight, row: Raise, viewer: User) -> bool:
    """Return whether somebody answers for a raise: as its owner, or as a leader of its place."""
    return row.owner_id == viewer.pk or seen.leads(Place(row.level, row.place))
