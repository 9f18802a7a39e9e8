"""What those who looked back on lost deals say of one agreement: views, counted, with the register's facts beside them."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from hingepoint.domain.deals.models import Deal, that_count
from hingepoint.domain.hindsight.models import HindsightView
from hingepoint.domain.hindsight.queries.page import View, view_of
from hingepoint.domain.hindsight.rules import USUAL_OVER
from hingepoint.domain.people.models import works_here
from hingepoint.records.deals import DealStatus
from hingepoint.records.hindsight import Side

#: Of fewer deals looked back upon nothing is counted: it would be about somebody's deal.
LEAST_DEALS = 5
MOST_QUOTED = 3


@dataclass(frozen=True, slots=True)
class Quote:
    """A view of a deal that the viewer sees."""

    deal_id: int
    deal: str
    view: View


@dataclass(frozen=True, slots=True)
class SaidMissing:
    """Of the company's ``deals`` that were lost and looked back upon in the last year: on how many the newest views name this
    agreement as what was missing, who named it, and on how many of those named the register showed it missing (``shown``).

    ``both_views`` counts the deals with both views, which alone can agree. ``quotes`` are the newest, of deals that the viewer sees.
    """

    deals: int
    named: int
    seller: int
    manager: int
    both: int
    both_views: int
    shown: int
    quotes: tuple[Quote, ...]

    @property
    def told(self) -> bool:
        return self.deals >= LEAST_DEALS


def said_missing(viewer: Any, key: str, *, now: dt.datetime) -> SaidMissing | None:
    """Return what the views say of an agreement, None to who does not work here. Two SQL queries."""
    if not works_here(viewer):
        return None
    views = _newest(since=now - USUAL_OVER)
    named = {deal: found for deal, sides in views.items() if (found := _naming(sides, key))}
    deals = Deal.objects.visible_to(viewer).filter(pk__in=named)
    seen = set(deals.values_list("pk", flat=True)) if named else set()
    rows = [row for deal, found in named.items() if deal in seen for row in found.values()]
    return SaidMissing(
        deals=len(views),
        named=len(named),
        seller=sum(Side.SELLER in found for found in named.values()),
        manager=sum(Side.MANAGER in found for found in named.values()),
        both=sum(len(found) == len(Side) for found in named.values()),
        both_views=sum(len(sides) == len(Side) for sides in views.values()),
        shown=sum(any(row.shown for row in found.values()) for found in named.values()),
        quotes=tuple(_quotes(rows)),
    )


def _newest(*, since: dt.datetime) -> dict[int, dict[str, HindsightView]]:
    """Return the newest view of each side of every lost deal, by deal. One SQL query."""
    rows = HindsightView.objects.filter(
        that_count("deal"), written_at__gte=since, deal__status=DealStatus.LOST
    )
    found: dict[int, dict[str, HindsightView]] = defaultdict(dict)
    for row in rows.select_related("type", "written_by", "deal").order_by("number"):
        found[row.deal_id][row.side] = row
    return found


def _naming(sides: Mapping[str, HindsightView], key: str) -> dict[str, HindsightView]:
    return {side: row for side, row in sides.items() if row.type and row.type.key == key}


def _quotes(rows: list[HindsightView]) -> Iterable[Quote]:
    newest = sorted(rows, key=lambda row: (row.written_at, row.pk), reverse=True)
    return [Quote(row.deal_id, str(row.deal), view_of(row)) for row in newest[:MOST_QUOTED]]
