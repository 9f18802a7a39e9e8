"""Which way a request would go if it were sent now, by the rules that decide it when it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hingepoint.analysis.talks import approvals
from hingepoint.domain.deals.models import Deal
from hingepoint.domain.escalations.approvers import NobodyToAsk, whom_to_ask
from hingepoint.domain.escalations.models import Escalation
from hingepoint.domain.escalations.rules import Wish, nothing_asked, request_of, rules_in_force
from hingepoint.records.errors import Hidden


@dataclass(frozen=True, slots=True)
class Way:
    """How a request would travel: its ``lane`` (empty while nothing is asked), ``why`` in words, and who would be
    asked, each with why them."""

    lane: str
    why: str
    asked: tuple[tuple[str, str], ...] = ()


def way(viewer: Any, deal_id: int, wish: Wish, *, escalation_id: int | None = None) -> Way:
    """Return the way of a wish on a deal, of a request that is changed where one is named. Raises Hidden."""
    deal = Deal.every.visible_to(viewer).select_related("team").filter(pk=deal_id).first()
    if deal is None:
        raise Hidden("no such deal")
    if words := nothing_asked(wish):
        return Way("", words)
    found = approvals.path(request_of(deal, wish), rules_in_force())
    changed = _changed(deal, escalation_id) if escalation_id else None
    try:
        people = whom_to_ask(found.asks, deal, asker=changed.asked_by if changed else viewer)
    except NobodyToAsk as error:
        return Way(found.lane, f"{found.why} {error}")
    return Way(found.lane, found.why, tuple((user.name, ask.because) for user, ask in people.items()))


def _changed(deal: Deal, escalation_id: int) -> Escalation | None:
    return Escalation.objects.filter(deal=deal, pk=escalation_id).select_related("asked_by").first()
