"""The deals whose views are still to be written, and what the views that are written name."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Exists, OuterRef
from django.utils import timezone

from hingepoint.domain.deals.models import Deal, that_count
from hingepoint.domain.hindsight import rules
from hingepoint.domain.hindsight.models import HindsightView
from hingepoint.domain.questions.rules import is_asked
from hingepoint.records.hindsight import Ended, Side, Why

MOST_SHOWN = 60


@dataclass(frozen=True, slots=True)
class HindsightLine:
    """A deal that ended and is looked back on. ``waits``: for whose view; ``mine``: the viewer's own is missing."""

    deal_id: int
    deal: str
    owner: str
    ended: Ended
    closed_on: dt.date
    amount: Decimal
    currency: str
    discount: float | None
    waits: tuple[Side, ...]
    mine: bool


@dataclass(frozen=True, slots=True)
class Named:
    """A reason, or the agreement that was missing: on how many deals the seller, the manager and both named it, and on how many
    of the deals where an agreement was named the register showed it missing (``shown``)."""

    why: Why
    type: str
    type_key: str
    seller: int
    manager: int
    both: int
    deals: int
    shown: int | None


@dataclass(frozen=True, slots=True)
class Hindsights:
    """The deals that wait for a view, the viewer's own first and then the largest, and the reasons named in the last year;
    ``may_set`` says whether the viewer sets the value."""

    limits: rules.Limits
    waiting: tuple[HindsightLine, ...]
    more: int
    named: tuple[Named, ...]
    both_written: int
    agree: int
    may_set: bool

    @property
    def mine(self) -> tuple[HindsightLine, ...]:
        return tuple(one for one in self.waiting if one.mine)


def hindsights(viewer: Any, *, now: dt.datetime) -> Hindsights:
    """Return the deals that wait for a view and what is named in those written. Seven SQL queries at most."""
    limits = rules.limits(now=now)
    lines = waiting(viewer, limits, now=now)
    views = _newest(viewer, since=now - rules.USUAL_OVER)
    pairs = [sides for sides in views.values() if len(sides) == len(Side)]
    return Hindsights(
        limits=limits,
        waiting=tuple(lines[:MOST_SHOWN]),
        more=max(0, len(lines) - MOST_SHOWN),
        named=tuple(_named(views)),
        both_written=len(pairs),
        agree=sum(len({_of(row) for row in sides.values()}) == 1 for sides in pairs),
        may_set=viewer.sees_everything,
    )


def waiting(viewer: Any, limits: rules.Limits, *, now: dt.datetime) -> list[HindsightLine]:
    """Return the deals that ended lately and lack a view, the viewer's own to write first, then the largest; none where the company
    does not ask for views any more."""
    if not is_asked("hindsight.view"):
        return []
    deals = limits.concerned(Deal.objects.visible_to(viewer), now=now).select_related("owner")
    written = HindsightView.objects.filter(deal=OuterRef("pk"))
    rows = deals.annotate(**{side.value: Exists(written.filter(side=side)) for side in Side})
    lines = [_line(row, limits, viewer) for row in rows.order_by("-amount", "id") if _lacking(row)]
    return sorted(lines, key=lambda line: not line.mine)


def _lacking(row: Any) -> tuple[Side, ...]:
    return tuple(side for side in Side if not getattr(row, side.value))


def _line(row: Any, limits: rules.Limits, viewer: Any) -> HindsightLine:
    ended = limits.ended(row)
    assert ended is not None  # as ``concerned`` selected it
    return HindsightLine(
        deal_id=row.pk,
        deal=str(row),
        owner=str(row.owner or ""),
        ended=ended,
        closed_on=timezone.localdate(row.closed_at),
        amount=row.amount,
        currency=row.currency,
        discount=row.discount,
        waits=_lacking(row),
        mine=rules.side_of(viewer, row) in _lacking(row),
    )


# ---- what is named ----


def _newest(viewer: Any, *, since: dt.datetime) -> dict[int, dict[str, HindsightView]]:
    """Return the newest view of each side, by deal, of the deals that the viewer sees. One SQL query."""
    rows = (
        HindsightView.objects.visible_to(viewer)
        .filter(that_count("deal"), written_at__gte=since)
        .select_related("type")
    )
    found: dict[int, dict[str, HindsightView]] = defaultdict(dict)
    for row in rows.order_by("number"):
        found[row.deal_id][row.side] = row
    return found


def _of(row: HindsightView) -> tuple[str, int | None]:
    return row.why, row.type_id


def _named(views: dict[int, dict[str, HindsightView]]) -> Iterable[Named]:
    by_reason: dict[Any, dict[int, dict[str, HindsightView]]] = defaultdict(lambda: defaultdict(dict))
    for deal, sides in views.items():
        for side, row in sides.items():
            by_reason[_of(row)][deal][side] = row
    return sorted(map(_one, by_reason.values()), key=lambda one: (-one.deals, one.why, one.type))


def _one(deals: dict[int, dict[str, HindsightView]]) -> Named:
    rows = [row for sides in deals.values() for row in sides.values()]
    kind = rows[0].type
    return Named(
        why=Why(rows[0].why),
        type=str(kind or ""),
        type_key=kind.key if kind else "",
        seller=sum(Side.SELLER in sides for sides in deals.values()),
        manager=sum(Side.MANAGER in sides for sides in deals.values()),
        both=sum(len(sides) == len(Side) for sides in deals.values()),
        deals=len(deals),
        shown=sum(any(row.shown for row in sides.values()) for sides in deals.values()) if kind else None,
    )
