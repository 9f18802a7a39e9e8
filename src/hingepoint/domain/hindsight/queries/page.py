"""What would have had to be true of one deal: the facts of the register, what matched deals did, and the two views."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils import timezone

from hingepoint.analysis import matched
from hingepoint.domain.agreements.models import Agreement, AgreementType
from hingepoint.domain.deals.models import Deal
from hingepoint.domain.hindsight import rules
from hingepoint.domain.hindsight.alike import alike_to
from hingepoint.domain.hindsight.models import HindsightView
from hingepoint.domain.hindsight.register import AtLandmark, at_landmarks
from hingepoint.records.deals import DealStatus
from hingepoint.records.errors import Hidden
from hingepoint.records.hindsight import Ended, Side, Why


@dataclass(frozen=True, slots=True)
class View:
    """One version of a view. ``shown``: whether the register showed the agreement missing too; None where none is named."""

    side: Side
    number: int
    why: Why
    type_key: str
    type: str
    words: str
    shown: bool | None
    by: str
    on: dt.date


@dataclass(frozen=True, slots=True)
class Missing:
    """An agreement that was not there at its landmark, and what became of ``alike`` deals that were open as long with and
    without it."""

    at: AtLandmark
    alike: matched.Compared


@dataclass(frozen=True, slots=True)
class HindsightPage:
    """A deal that ended. ``ended`` says why one looks back, None where the limits do not ask for it. ``pivotal`` counts what was
    due before the end; ``views`` are the newest of each side, ``before`` the earlier ones; ``mine`` whose the viewer writes."""

    deal_id: int
    deal: str
    account: str
    owner: str
    status: DealStatus
    closed_on: dt.date
    days: int
    amount: Decimal | None
    currency: str
    discount: float | None
    ended: Ended | None
    limits: rules.Limits
    pivotal: int
    there: tuple[AtLandmark, ...]
    missing: tuple[Missing, ...]
    views: tuple[View, ...]
    before: tuple[View, ...]
    mine: Side | None
    types: tuple[tuple[str, str], ...]

    def view(self, side: Side | None) -> View | None:
        return next((one for one in self.views if one.side == side), None)

    @property
    def disagree(self) -> bool:
        """Whether the two name different reasons, or different agreements."""
        return len({(one.why, one.type_key) for one in self.views}) > 1


def hindsight_page(viewer: Any, deal_id: int, *, now: dt.datetime) -> HindsightPage:
    """Return what would have had to be true of a deal that ended. Raises Hidden for a foreign, absent or open one. Twelve SQL
    queries at most."""
    deals = Deal.every.visible_to(viewer).exclude(status=DealStatus.OPEN).select_related("account", "owner")
    deal = deals.filter(pk=deal_id).first()
    if deal is None or deal.closed_at is None:
        raise Hidden("no such deal")
    limits, at, mine = rules.limits(now=now), at_landmarks(deal), rules.side_of(viewer, deal)
    missing = [one for one in at if not one.was_there]
    views = [
        view_of(row) for row in HindsightView.objects.filter(deal=deal).select_related("type", "written_by")
    ]
    newest = {one.side: one for one in reversed(views)}
    return HindsightPage(
        deal_id=deal.pk,
        deal=str(deal),
        account=str(deal.account or ""),
        owner=str(deal.owner or ""),
        status=DealStatus(deal.status),
        closed_on=timezone.localdate(deal.closed_at),
        days=(deal.closed_at - deal.created_at).days,
        amount=deal.amount,
        currency=deal.currency,
        discount=deal.discount,
        ended=limits.ended(deal),
        limits=limits,
        pivotal=len(at),
        there=tuple(one for one in at if one.was_there),
        missing=tuple(_missing(deal, missing)),
        views=tuple(newest[side] for side in Side if side in newest),
        before=tuple(one for one in views if one is not newest[one.side]),
        mine=mine,
        types=tuple(_types(missing)) if mine else (),
    )


def view_of(row: HindsightView) -> View:
    return View(
        side=Side(row.side),
        number=row.number,
        why=Why(row.why),
        type_key=row.type.key if row.type else "",
        type=str(row.type or ""),
        words=row.words,
        shown=row.shown,
        by=row.written_by.name,
        on=timezone.localdate(row.written_at),
    )


def _types(missing: Collection[AtLandmark]) -> Iterable[tuple[str, str]]:
    """Return the agreement types to choose from: those that were missing first."""
    first = [one.key for one in missing]
    known = {row.key: str(row) for row in AgreementType.objects.in_use()}
    rest = sorted((name, key) for key, name in known.items() if key not in first)
    return [*((one.key, one.name) for one in missing), *((key, name) for name, key in rest)]


def _missing(deal: Deal, missing: Collection[AtLandmark]) -> Iterable[Missing]:
    """Return what matched deals did that had what was missing. Two SQL queries."""
    if not missing:
        return []
    assert deal.closed_at is not None  # it ended
    alike = alike_to(deal, before=deal.closed_at)
    gained = _gained({one.id for one in alike}, [one.type_id for one in missing])
    return [Missing(one, _compared(alike, gained[one.type_id], one.days)) for one in missing]


def _compared(alike: list[matched.Case], gained: Mapping[int, int], days: int) -> matched.Compared:
    having = {deal for deal, age in gained.items() if age <= days}
    return matched.compared(matched.open_at(alike, days), having=having)


def _gained(deals: set[int], types: list[int]) -> dict[int, dict[int, int]]:
    """Return, by type, the age in days at which each of the deals first gained it. One SQL query."""
    rows = Agreement.objects.filter(type__in=types, gained_at__isnull=False, deal__closed_at__isnull=False)
    told = rows.filter(deal__in=deals).values_list("type_id", "deal_id", "gained_at", "deal__created_at")
    found: dict[int, dict[int, int]] = defaultdict(dict)
    for kind, deal, gained_at, created_at in told:
        found[kind][deal] = (timezone.localdate(gained_at) - timezone.localdate(created_at)).days
    return found
