"""The coaching notes of a deal, and who writes to whom."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from hingepoint.domain.coaching.models import CoachingNote
from hingepoint.domain.coaching.rules import managers_above
from hingepoint.domain.deals.models import Deal
from hingepoint.domain.people.models import User, managed_team_ids


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
    deal = Deal.every.visible_to(viewer).filter(pk=deal_id).select_related("owner", "team").first()
    if deal is None or deal.owner is None or deal.team is None:
        return None
    if deal.owner_id != viewer.pk:
        return deal.owner if deal.team_id in managed_team_ids(viewer) else None
    nearest = managers_above(deal).exclude(user=viewer).first()
    return nearest.user if nearest else None
