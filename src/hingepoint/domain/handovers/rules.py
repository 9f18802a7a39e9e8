"""Which deals changed hands, from the dated owners of their history."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass

from hingepoint.domain.deals.models import DealEvent
from hingepoint.records.deals import OWNER, EventKind


@dataclass(frozen=True, slots=True)
class Change:
    """The last change of a deal's owner, as names; ``read`` says whether the new owner confirmed the letter."""

    event_id: int
    deal_id: int
    before: str
    to: str
    at: dt.datetime
    read_at: dt.datetime | None


def last_changes(deal_ids: Collection[int]) -> dict[int, Change]:
    """Return the last change of owner of each deal that ever had one. One SQL query."""
    rows = DealEvent.objects.standing().filter(kind=EventKind.FIELD, name=OWNER, deal__in=deal_ids)
    told = rows.order_by("occurred_at", "id").values_list(
        "pk", "deal_id", "note", "occurred_at", "handover_read__at"
    )
    owners: dict[int, str] = {}
    found: dict[int, Change] = {}
    for pk, deal_id, owner, at, read_at in told:
        before = owners.get(deal_id)
        if before is not None and before != owner:
            found[deal_id] = Change(pk, deal_id, before, owner, at, read_at)
        owners[deal_id] = owner
    return found
