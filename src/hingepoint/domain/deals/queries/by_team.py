"""Counts that add up over teams, read from kept answers: a manager's are those of the own teams.

A deal stands in one team, so what is counted a deal (or an agreement of one) by team adds up, to the whole company too. What
does not (medians, intervals) is asked at once of whom does not see all.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeGuard, TypeVar

from hingepoint.domain.deals.models import Deal, DealQuerySet
from hingepoint.domain.people.models import User, Viewer, managed_team_ids, sees_all, works_here
from hingepoint.domain.upkeep.kept import Question, Shelf
from hingepoint.records.people import Role

T = TypeVar("T")
#: The number of no team, for deals that are in none.
NO_TEAM = 0


def told(
    question: Question[dict[int, T]],
    viewer: Viewer,
    ask: Callable[[DealQuerySet | None], dict[int, T]],
    *,
    about: str = "",
    shelf: Shelf | None = None,
) -> dict[int, T]:
    """Return, by team, what the deals that ``viewer`` sees answer to ``question``.

    ``ask`` counts the given deals (None: all of them) by team. Whoever sees all reads the kept answer, a manager its part of
    the own teams, with what the own deals in other teams say at this moment. Everybody else asks at once, and everybody does
    where none is kept.
    """
    if sees_all(viewer):
        return question.told(lambda: ask(None), about=about, shelf=shelf)
    kept = question.kept(about=about, shelf=shelf) if reads_kept(viewer) else None
    if kept is None:
        return ask(Deal.objects.visible_to(viewer))
    assert works_here(viewer)  # nobody else reads what is kept
    teams = set(managed_team_ids(viewer))
    own = {team: said for team, said in kept.items() if team in teams}
    return own | ask(_own_elsewhere(viewer)) if _sells_elsewhere(viewer) else own


def _own_elsewhere(viewer: User) -> DealQuerySet:
    return Deal.objects.filter(owner=viewer).exclude(team_id__in=managed_team_ids(viewer))


def _sells_elsewhere(viewer: User) -> bool:
    """Return whether a manager has own deals in other teams. Causes an SQL query the first time it is asked of one
    ``viewer`` object."""
    if "_sells_elsewhere" not in viewer.__dict__:
        viewer.__dict__["_sells_elsewhere"] = _own_elsewhere(viewer).exists()
    return viewer.__dict__["_sells_elsewhere"]


def reads_kept(viewer: Viewer) -> TypeGuard[User]:
    """Return whether what is kept by team is told to ``viewer``: to those who see all and to managers."""
    return sees_all(viewer) or (works_here(viewer) and viewer.role == Role.MANAGER)
