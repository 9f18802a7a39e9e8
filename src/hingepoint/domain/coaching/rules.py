"""Who coaches whom on a deal: who leads its owner, or who leads the one that does."""

from __future__ import annotations

import datetime as dt

from django.db.models import QuerySet
from django.utils import timezone

from hingepoint.domain.deals.models import Deal
from hingepoint.domain.people.models import Membership, User, managed_team_ids
from hingepoint.records.people import Role

#: So long after its day a next step still counts as followed.
GRACE = dt.timedelta(days=7)
#: A next step is agreed on for a day within so long.
AT_MOST_AHEAD = dt.timedelta(days=366)
#: So far back sessions are counted.
LATELY = dt.timedelta(weeks=13)
#: Of fewer people nothing goes up.
LEAST_PEOPLE = 5


def followed_until(next_on: dt.date) -> dt.datetime:
    """Return until before when what the register shows counts as the next step of ``next_on``."""
    return timezone.make_aware(dt.datetime.combine(next_on + GRACE + dt.timedelta(days=1), dt.time()))


def coached_on(viewer: User, deal: Deal, *, manager: bool = False) -> User | None:
    """Return whom ``viewer`` coaches on a deal: its owner, whom they lead, or with ``manager`` the nearest manager above the
    owner, whom they lead or, as a sponsor, whose work they answer for. None where it is not theirs to coach."""
    if manager:
        return _manager_below(viewer, deal)
    leads = deal.team_id in managed_team_ids(viewer) and viewer.role == Role.MANAGER
    return deal.owner if leads and deal.owner_id != viewer.pk else None


def _manager_below(viewer: User, deal: Deal) -> User | None:
    """Return the nearest manager of a deal's team, where ``viewer`` leads them."""
    nearest = managers_above(deal).filter(user__role=Role.MANAGER).first()
    if nearest is None or nearest.user_id == viewer.pk or viewer.role not in (Role.MANAGER, Role.SPONSOR):
        return None
    above = viewer.role == Role.SPONSOR or _leads(viewer, nearest)
    return nearest.user if above else None


def _leads(viewer: User, other: Membership) -> bool:
    """Return whether the team that somebody leads lies below one that ``viewer`` leads."""
    own = viewer.memberships.filter(manages=True, until__isnull=True).values_list("team__path", flat=True)
    return any(other.team.path.startswith(path) and other.team.path != path for path in own)


def managers_above(deal: Deal) -> QuerySet[Membership]:
    """Return the memberships of those who lead a deal's team, the nearest first."""
    above = [int(pk) for pk in deal.team.path.strip("/").split("/")] if deal.team else []
    rows = Membership.objects.filter(team__in=above, manages=True, until__isnull=True, user__is_active=True)
    return rows.select_related("user", "team").order_by("-team__path", "id")
