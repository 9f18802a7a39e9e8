"""Which deals that ended are looked back on, and whose view somebody writes."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Any

from django.db.models import Q

from hingepoint.domain.deals.models import Deal, DealQuerySet
from hingepoint.domain.escalations.rules import rules_in_force
from hingepoint.domain.hindsight.models import HindsightLimit
from hingepoint.domain.people.models import User, managed_team_ids
from hingepoint.domain.upkeep.kept import Question
from hingepoint.records.deals import DealStatus
from hingepoint.records.hindsight import Ended, Side
from hingepoint.records.people import Role

#: Where nobody set a value: the one that a quarter of the deals closed in this time reached.
USUAL_OVER = dt.timedelta(days=365)
USUAL_SHARE = 4
#: Deals that ended so long ago are not asked about any more.
ASKED_FOR = dt.timedelta(days=120)


@dataclass(frozen=True, slots=True)
class Limits:
    """Deals of ``least_amount`` and more are looked back on when lost, or won above ``discount``. ``set_by`` says who set the
    value; empty: it is the one that a quarter of last year's ``deals`` reached. None: no deal tells."""

    least_amount: Decimal | None
    discount: float
    set_by: str
    deals: int

    def ended(self, deal: Deal) -> Ended | None:
        """Return why one looks back on ``deal``; None where one does not."""
        if self.least_amount is None or deal.amount is None or deal.amount < self.least_amount:
            return None
        if deal.status == DealStatus.LOST:
            return Ended.LOST
        high = deal.discount is not None and deal.discount > self.discount
        return Ended.DISCOUNTED if deal.status == DealStatus.WON and high else None

    def concerned(self, deals: DealQuerySet, *, now: dt.datetime) -> DealQuerySet:
        """Return which of ``deals`` ended lately so that one looks back on them: what ``ended`` says of one."""
        if self.least_amount is None:
            return deals.none()
        high = Q(status=DealStatus.WON, discount__gt=self.discount)
        lately = deals.filter(closed_at__gt=now - ASKED_FOR, closed_at__lte=now)
        return lately.filter(Q(status=DealStatus.LOST) | high, amount__gte=self.least_amount)


def limits(*, now: dt.datetime) -> Limits:
    """Return above which value and discount deals are looked back on. Five SQL queries at most."""
    discount = rules_in_force().own_discount
    row = HindsightLimit.objects.select_related("set_by").first()
    if row:
        return Limits(row.least_amount, discount, row.set_by.name, 0)
    least, deals = USUAL.told(partial(usual_now, now=now))
    return Limits(least, discount, "", deals)


#: From which amount on a deal that ended within the year is one of the largest, and of how many: kept in a large company.
USUAL = Question[tuple[Decimal | None, int]]("usual value of ended deals", tuple[Decimal | None, int])


def usual_now(*, now: dt.datetime) -> tuple[Decimal | None, int]:
    """Return the same, asked at this moment. Two SQL queries, which read every deal that ended."""
    closed = Deal.objects.filter(closed_at__gt=now - USUAL_OVER, closed_at__lte=now, amount__isnull=False)
    closed = closed.exclude(status=DealStatus.OPEN)
    deals = closed.count()
    amounts = closed.order_by("-amount").values_list("amount", flat=True)
    return amounts[deals // USUAL_SHARE] if deals else None, deals


def side_of(viewer: Any, deal: Deal) -> Side | None:
    """Return whose view of a deal ``viewer`` writes: the seller's of their own, the manager's of their teams'."""
    if not isinstance(viewer, User):
        return None
    if deal.owner_id == viewer.pk:
        return Side.SELLER
    leads = viewer.role == Role.MANAGER and deal.team_id in managed_team_ids(viewer)
    return Side.MANAGER if leads else None
