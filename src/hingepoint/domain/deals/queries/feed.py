"""Deals and what happened on them one after the other, for programs that read everything and then what is new."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import connection
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
    recorded before. An event is returned when none with a lower number can still come. Raises Hidden for the events of a foreign
    deal as of an absent one. Two SQL queries, two more on PostgreSQL."""
    seen = Deal.every.visible_to(viewer)
    if deal_id is not None and not seen.filter(pk=deal_id).exists():
        raise Hidden("no such deal")
    until = _none_comes_up_to()  # before the events are read, else one could be passed over
    rows = DealEvent.objects.filter(pk__gt=after, deal__in=seen if deal_id is None else [deal_id])
    rows = rows if until is None else rows.filter(pk__lte=until)
    rows = rows.filter(kind__in=kinds) if kinds else rows
    rows = rows.filter(recorded_at__gte=since) if since else rows
    rows = as_of.of(rows) if as_of else rows
    told = rows.order_by("pk").annotate(deal_key=F("deal__key")).values_list(*_COLUMNS)[:size]
    return tuple(EventLine(*row) for row in told)


#: On PostgreSQL numbers are given before what they number is on record. Who writes events holds a lock until then, whose key is
#: the last number that was given before (migration 0053).
_LAST_GIVEN = (
    "SELECT coalesce(pg_sequence_last_value(pg_get_serial_sequence('domain_dealevent', 'id')::regclass), 0)"
)
_WRITTEN_FROM = """SELECT min((classid::bigint & 65535) << 32 | objid::bigint) FROM pg_locks
WHERE locktype = 'advisory' AND objsubid = 1 AND classid::bigint >> 16 = 18518 AND pid <> pg_backend_pid()
AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"""


def _none_comes_up_to() -> int | None:
    """Return up to which number no event can come any more; None where numbers are given in the order of commits. The last
    number is read first: who begins to write after that has higher ones."""
    if connection.vendor != "postgresql":
        return None
    with connection.cursor() as cursor:
        cursor.execute(_LAST_GIVEN)
        (given,) = cursor.fetchone()
        cursor.execute(_WRITTEN_FROM)
        (written_from,) = cursor.fetchone()
    return given if written_from is None else min(given, written_from)
