"""Closed deals that are most like one, by what was known when each was created."""

from __future__ import annotations

import datetime as dt
import math
from typing import Any

from hingepoint.analysis import matched
from hingepoint.domain.deals.models import Deal
from hingepoint.records.deals import DealStatus

#: Deals closed so long before it, the newest so many of them, are held against one.
LOOK_BACK, NEWEST = dt.timedelta(days=730), 2000
_CASE = (
    "pk", "segment", "product", "region", "source", "initial_amount", "created_at", "closed_at", "status", "discount",
)  # fmt: skip


def alike_to(deal: Deal, *, before: dt.datetime) -> list[matched.Case]:
    """Return the deals most like ``deal`` that had closed ``before`` a moment, the nearest first: what could have been known then.

    Only counts of them are shown, no names: every deal of the company is among them, whoever looks. One SQL query.
    """
    rows = Deal.objects.filter(closed_at__lt=before, closed_at__gte=before - LOOK_BACK)
    rows = rows.exclude(status=DealStatus.OPEN).exclude(pk=deal.pk).order_by("-closed_at", "-id")
    one = _case(*(getattr(deal, name) for name in _CASE))
    return matched.nearest(one, [_case(*row) for row in rows.values_list(*_CASE)[:NEWEST]])


def _case(
    pk: int, segment: str, product: str, region: str, source: str, size: Any, created: Any, closed: Any, status: str,
    discount: float | None,
) -> matched.Case:  # fmt: skip
    return matched.Case(
        id=pk,
        words=(segment, product, region, source),
        size=float(size) if size is not None else None,
        days=(closed - created).total_seconds() / 86400 if closed else math.inf,
        won=status == DealStatus.WON,
        discount=discount,
    )
