"""What we may charge on a deal, for those who may read it."""

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
    return _card(found) if found else None


def corridor_of(deal: Deal) -> CorridorCard | None:
    """Return the corridor of a deal that the caller has fetched with the viewer's rights and with
    ``select_related("corridor__set_by")``: no SQL query then."""
    found = getattr(deal, "corridor", None)
    return _card(found) if found else None


def _card(row: Corridor) -> CorridorCard:
    by = row.set_by.name if row.set_by else ""
    return CorridorCard(row.opening, row.target, row.walk_away, by, row.set_at, row.version)


def may_set_corridor(viewer: User, deal_id: int) -> bool:
    """Return whether the deal is one whose corridor ``viewer`` may read and move."""
    return Deal.every.visible_to(viewer).filter(pk=deal_id).exists()
