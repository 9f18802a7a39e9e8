"""Demands with their newest reason, and concessions with what they answer, as files hold them.

The corridor is in no file.
"""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl
from django.db.models import OuterRef, QuerySet, Subquery

from hingepoint.domain.deals.frames import FILE_MOMENT, parts
from hingepoint.domain.deals.models import DealEvent, DealQuerySet
from hingepoint.domain.negotiation.models import Reason
from hingepoint.records.deals import EventKind

_DEMANDS = {
    "deal_id": "deal__key",
    "demand": "name",
    "at": "occurred_at",
    "recorded_at": "recorded_at",
    "words": "note",
    "asked_by": "counterpart",
    "value": "value",
    "currency": "currency",
    "reason": "newest_text",
    "reason_state": "newest_state",
    "said_by": "newest_said_by",
    "confirmed_by": "newest_confirmed_by",
    "reason_written_at": "newest_written_at",
}
_CONCESSIONS = {
    "deal_id": "deal__key",
    "concession": "name",
    "topic": "trade__topic",
    "at": "occurred_at",
    "recorded_at": "recorded_at",
    "value": "value",
    "currency": "currency",
    "given_by": "actor",
    "in_return": "note",
    "answers": "trade__demand__name",
    "answers_at": "trade__demand__occurred_at",
    "worth_to_them": "trade__worth",
    "last_word": "trade__final",
}
_TYPES = dict.fromkeys((*_DEMANDS, *_CONCESSIONS), pl.String()) | {
    "at": FILE_MOMENT,
    "recorded_at": FILE_MOMENT,
    "reason_written_at": FILE_MOMENT,
    "answers_at": FILE_MOMENT,
    "value": pl.Float64(),
    "worth_to_them": pl.Int64(),
    "last_word": pl.Boolean(),
}


def demands_table(deals: DealQuerySet) -> Iterator[pl.DataFrame]:
    """Yield what was asked of us on ``deals``, each demand with its newest reason. The first frame is empty
    and holds the columns."""
    newest = Reason.objects.filter(event=OuterRef("pk")).order_by("-written_at", "-id")
    told = ("text", "state", "said_by", "confirmed_by", "written_at")
    rows = _events(deals, EventKind.DEMAND)
    rows = rows.annotate(**{f"newest_{name}": Subquery(newest.values(name)[:1]) for name in told})
    yield pl.DataFrame(schema={name: _TYPES[name] for name in _DEMANDS})
    yield from parts(rows, _DEMANDS, _TYPES)


def concessions_table(deals: DealQuerySet) -> Iterator[pl.DataFrame]:
    """Yield what we gave on ``deals``. The first frame is empty and holds the columns."""
    yield pl.DataFrame(schema={name: _TYPES[name] for name in _CONCESSIONS})
    yield from parts(_events(deals, EventKind.CONCESSION), _CONCESSIONS, _TYPES)


def _events(deals: DealQuerySet, kind: EventKind) -> QuerySet[DealEvent]:
    return DealEvent.objects.standing().filter(deal__in=deals, kind=kind).order_by("id")
