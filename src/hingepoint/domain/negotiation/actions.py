"""Every change to what we may charge."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from django.db import transaction

from hingepoint.domain.audit.actions import record
from hingepoint.domain.deals.actions import deal_for, take_turn
from hingepoint.domain.negotiation.models import Corridor
from hingepoint.domain.people.models import User


class CorridorUpsideDown(ValueError):
    """Opening, target and walk-away go down, and none is below nothing."""


@transaction.atomic
def set_corridor(
    *,
    by: User | None,
    at: dt.datetime,
    deal_id: int,
    opening: Decimal,
    target: Decimal,
    walk_away: Decimal,
    expected_version: int | None = None,
) -> Corridor:
    """Set or move the corridor of a deal. Raises Hidden, Stale and CorridorUpsideDown.

    The audit trail says that it moved and who moved it; the figures stay out of it, because more people
    read the trail than may read them.
    """
    if not opening >= target >= walk_away >= 0:
        raise CorridorUpsideDown("Opening is the highest and walk-away the lowest; target lies between them.")
    deal = deal_for(by, deal_id)
    figures = {"opening": opening, "target": target, "walk_away": walk_away, "set_by": by, "set_at": at}
    corridor, new = Corridor.objects.get_or_create(deal=deal, defaults=figures)
    if not new:
        take_turn(corridor, expected_version=expected_version)
        Corridor.objects.filter(pk=corridor.pk).update(**figures)
        corridor.refresh_from_db()
    record(by=by, at=at, action="set corridor", subject="deal", subject_id=deal.pk)
    return corridor
