"""Whether a price concession needs somebody's yes: above what a seller gives alone, and not granted yet."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from hingepoint.domain.deals.models import Deal
from hingepoint.domain.escalations.models import Escalation
from hingepoint.domain.escalations.rules import rules_in_force
from hingepoint.domain.negotiation.queries import corridor, log
from hingepoint.records.escalations import UNDECIDED, Kind, State
from hingepoint.records.talks import Topic

#: Shares that differ by less are the same: money is rounded to cents.
SAME = 1e-4


@dataclass(frozen=True, slots=True)
class Beyond:
    """A concession above a seller's own ``limit``: with what was given on the price before it comes to a ``discount``
    of the list price. Shares. ``waiting`` is the request that waits for an answer already, if there is one."""

    discount: float
    limit: float
    waiting: int | None


def beyond_own_limit(viewer: Any, deal_id: int, value: Decimal | None) -> Beyond | None:
    """Return by how much a concession on the price goes beyond what its seller gives alone; None where it does not, was
    granted, or cannot be told (no value, no list price and no corridor). Raises Hidden. Seven SQL queries at most."""
    told = log.log(viewer, deal_id)
    whole = told.list_price or _opening(viewer, deal_id)
    if value is None or not whole:
        return None
    discount, limit = float((_given(told) + value) / whole), rules_in_force().own_discount
    asked = Escalation.objects.filter(deal=deal_id, deal__in=Deal.every.visible_to(viewer), kind=Kind.PRICE)
    granted = asked.filter(state__in=(State.APPROVED, State.IN_PART), granted__gte=discount - SAME)
    if discount <= limit + SAME or granted.exists():
        return None
    return Beyond(discount, limit, asked.filter(state__in=UNDECIDED).values_list("pk", flat=True).first())


def _opening(viewer: Any, deal_id: int) -> Decimal | None:
    card = corridor.corridor(viewer, deal_id)
    return card.opening if card else None


def _given(told: log.Log) -> Decimal:
    """Return what was given on the price so far, in the deal's currency."""
    price = (one for one in told.concessions if one.topic == Topic.PRICE)
    ours = [one.value for one in price if one.value is not None and one.currency in ("", told.currency)]
    return sum(ours, Decimal(0))
