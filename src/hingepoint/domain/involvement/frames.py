"""Roles of executives, as files hold them and as signals read them; what executives did stands among the events."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from hingepoint.analysis import frames
from hingepoint.domain.deals.frames import FILE_MOMENT, Rows, read, table
from hingepoint.domain.deals.models import DealQuerySet, that_count
from hingepoint.domain.involvement.models import Involvement
from hingepoint.records.deals import EventKind
from hingepoint.records.signals import StepState

_COLUMNS = {
    "deal_id": "deal__key",
    "executive": "executive__key",
    "purpose": "purpose",
    "aim": "aim",
    "not_to_say": "not_to_say",
    "may_discuss_price": "may_discuss_price",
    "agreed_by": "agreed_by__key",
    "agreed_at": "agreed_at",
    "ended_at": "ended_at",
}
_TYPES = dict.fromkeys(_COLUMNS, pl.String()) | {
    "may_discuss_price": pl.Boolean(),
    "agreed_at": FILE_MOMENT,
    "ended_at": FILE_MOMENT,
}


def executives_table(deals: DealQuerySet) -> Iterator[pl.DataFrame]:
    """Return the roles agreed on ``deals``. The first frame is empty and holds the columns."""
    return table(executives_rows(deals), _TYPES)


def executives_rows(deals: DealQuerySet) -> list[Rows]:
    """Return what ``executives_table`` reads."""
    return [(Involvement.objects.filter(deal__in=deals), _COLUMNS)]


_ROLES = {"deal_id": "deal__key", "at": "agreed_at", "recorded_at": "agreed_at", "actor": "executive__name"}
_ROLE_TYPES = {
    "deal_id": pl.String(),
    "at": frames.MOMENT,
    "recorded_at": frames.MOMENT,
    "actor": pl.String(),
}


def roles_frame() -> pl.DataFrame:
    """Return the roles that were ever agreed, as events with ``recorded_at``; for the system."""
    found = read(Involvement.objects.filter(that_count("deal")).order_by("id"), _ROLES, _ROLE_TYPES)
    return found.with_columns(
        kind=pl.lit(EventKind.EXECUTIVE.value), state=pl.lit(StepState.AGREED.value), agreement=pl.lit("role")
    )
