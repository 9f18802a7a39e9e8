"""Deals and what happened on them one after the other, for programs that read everything and then what is new."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import F

from hingepoint.domain.deals.models import Deal, DealEvent, DealQuerySet
from hingepoint.domain.deals.queries import lists
from hingepoint.domain.deals.queries.looking_back import AsOf
from hingepoint.records.errors import Hidden


@dataclass(frozen=True, slots=True)
class EventLine:
    """One fact of a deal's history. ``takes_back``: the number of the earlier one that was noted in error."""

    id: int
    deal_id: int
    deal_key: str
    kind: str
    name: str
    state: str
    side: str
    actor: str
    counterpart: str
    value: Decimal | None
    currency: str
    evidence: int | None
    note: str
    origin: str
    occurred_at: dt.datetime
    recorded_at: dt.datetime
    takes_back: int | None


_COLUMNS = (
    "id", "deal_id", "deal_key", "kind", "name", "state", "side", "actor", "counterpart", "value", "currency",
    "evidence", "note", "origin", "occurred_at", "recorded_at", "undoes_id",
)  # fmt: skip


def deals_after(
    deals: DealQuerySet, *, after: int, size: int, as_of: AsOf | None = None
) -> tuple[lists.DealLine, ...]:
    """Return the next ``size`` deals of a selection by their numbers. One SQL query."""
    return lists.lines_of(deals.filter(pk__gt=after).order_by("pk")[:size], as_of)


def events_after(
    viewer: Any,
    *,
    after: int,
    size: int,
    kinds: Sequence[str] = (),
    deal_id: int | None = None,
    since: dt.datetime | None = None,
    as_of: AsOf | None = None,
) -> tuple[EventLine, ...]:
    """Return the next ``size`` events by their numbers, in which they were recorded; ``since`` leaves out what was
    recorded before. Raises Hidden for the events of a foreign deal as of an absent one."""
    seen = Deal.every.visible_to(viewer)
    if deal_id is not None and not seen.filter(pk=deal_id).exists():
        raise Hidden("no such deal")
    rows = DealEvent.objects.filter(pk__gt=after, deal__in=seen if deal_id is None else [deal_id])
    rows = rows.filter(kind__in=kinds) if kinds else rows
    rows = rows.filter(recorded_at__gte=since) if since else rows
    rows = as_of.of(rows) if as_of else rows
    told = rows.order_by("pk").annotate(deal_key=F("deal__key")).values_list(*_COLUMNS)[:size]
    return tuple(EventLine(*row) for row in told)
