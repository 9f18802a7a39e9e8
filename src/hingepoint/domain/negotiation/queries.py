"""Every answer about what we may charge."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from hingepoint.domain.deals.models import Deal
from hingepoint.domain.negotiation.models import Corridor
from hingepoint.domain.people.models import User


@dataclass(frozen=True, slots=True)
class CorridorCard:
    """The corridor as the deal page shows it to those who may read it."""

    opening: Decimal
    target: Decimal
    walk_away: Decimal
    set_by: str
    set_at: dt.datetime
    version: int


def corridor(viewer: User, deal_id: int) -> CorridorCard | None:
    """Return the corridor of a deal, or None when there is none or it is not the viewer's to read."""
    found = Corridor.objects.visible_to(viewer).filter(deal_id=deal_id).select_related("set_by").first()
    if found is None:
        return None
    by = found.set_by.name if found.set_by else ""
    return CorridorCard(found.opening, found.target, found.walk_away, by, found.set_at, found.version)


def may_set_corridor(viewer: User, deal_id: int) -> bool:
    """Return whether the deal is one whose corridor ``viewer`` may read and move."""
    return Deal.objects.visible_to(viewer).filter(pk=deal_id).exists()
