"""Every answer about coaching."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from hingepoint.domain.coaching.models import CoachingNote
from hingepoint.domain.deals.models import Deal
from hingepoint.domain.people.models import Membership, User, managed_team_ids


@dataclass(frozen=True, slots=True)
class Note:
    """One note, as one of the two reads it."""

    by: str
    to: str
    at: dt.datetime
    note: str


def notes(viewer: User, deal_id: int) -> list[Note]:
    """Return the notes about a deal that ``viewer`` wrote or got, newest first."""
    rows = CoachingNote.objects.visible_to(viewer).filter(deal_id=deal_id)
    rows = rows.select_related("written_by", "written_for")
    return [Note(row.written_by.name, row.written_for.name, row.written_at, row.note) for row in rows]


def other_of_the_two(viewer: User, deal_id: int) -> User | None:
    """Return whom ``viewer`` coaches, or is coached by, on a deal: for the seller the nearest manager."""
    deal = Deal.objects.visible_to(viewer).filter(pk=deal_id).select_related("owner", "team").first()
    if deal is None or deal.owner is None or deal.team is None:
        return None
    if deal.owner_id != viewer.pk:
        return deal.owner if deal.team_id in managed_team_ids(viewer) else None
    above = [int(pk) for pk in deal.team.path.strip("/").split("/")]
    managers = Membership.objects.filter(
        team_id__in=above, manages=True, until__isnull=True, user__is_active=True
    )
    nearest = managers.exclude(user=viewer).select_related("user").order_by("-team__path", "id").first()
    return nearest.user if nearest else None
