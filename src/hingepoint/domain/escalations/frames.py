"""Requests for exceptions as files hold them. What inside partners think of them is in no file."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from hingepoint.domain.deals.frames import FILE_MOMENT, parts
from hingepoint.domain.deals.models import DealQuerySet
from hingepoint.domain.escalations.models import Escalation

_COLUMNS = {
    "deal_id": "deal__key",
    "kind": "kind",
    "wanted": "wanted",
    "discount": "discount",
    "deal_value": "value",
    "currency": "deal__currency",
    "reason": "reason",
    "alternatives": "alternatives",
    "return_asked": "return_asked",
    "rules": "policy",
    "path": "lane",
    "state": "state",
    "granted": "granted",
    "asked_by": "asked_by__key",
    "asked_at": "asked_at",
    "decided_at": "decided_at",
}
_TYPES = dict.fromkeys(_COLUMNS, pl.String()) | {
    "discount": pl.Float64(),
    "deal_value": pl.Float64(),
    "granted": pl.Float64(),
    "asked_at": FILE_MOMENT,
    "decided_at": FILE_MOMENT,
}


def exceptions_table(deals: DealQuerySet) -> Iterator[pl.DataFrame]:
    """Yield the exceptions asked for on ``deals``. The first frame is empty and holds the columns."""
    yield pl.DataFrame(schema=_TYPES)
    yield from parts(Escalation.objects.filter(deal__in=deals).order_by("id"), _COLUMNS, _TYPES)
