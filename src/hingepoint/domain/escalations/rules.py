"""What decides how a request for an exception travels: the wish, and the rules in force."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from hingepoint.analysis.talks import approvals, reasons
from hingepoint.analysis.talks.approvals import Request, Rule, Rules
from hingepoint.domain.deals.models import Deal, DealEvent, DealEventQuerySet
from hingepoint.domain.escalations.models import Escalation, Policy, PolicyRule
from hingepoint.domain.negotiation.models import Corridor, CorridorFigures
from hingepoint.domain.negotiation.queries.corridor import CorridorCard
from hingepoint.records.deals import EventKind
from hingepoint.records.escalations import Approver, Kind
from hingepoint.records.languages import say
from hingepoint.records.talks import Lands


@dataclass(frozen=True, slots=True)
class Wish:
    """What a seller asks for. ``discount`` is a share; ``wanted`` says terms in words."""

    kind: Kind
    discount: float | None = None
    wanted: str = ""
    reason: str = ""
    alternatives: str = ""
    return_asked: str = ""
    demand_id: int | None = None


def wish_of(escalation: Escalation) -> Wish:
    """Return a request as its form holds it."""
    named = {name: getattr(escalation, name) for name in Wish.__slots__ if name != "kind"}
    return Wish(kind=Kind(escalation.kind), **named)


def asks_for(kind: str, discount: float | None, wanted: str) -> str:
    """Return what a request asks for, in a few words."""
    if discount is not None:
        return f"{100 * discount:g}% discount"
    return wanted or (say("Exceptional price") if kind == Kind.PRICE else say("Exceptional terms"))


def nothing_asked(wish: Wish) -> str:
    """Return what a wish must say before it asks for anything, in words; empty when it does."""
    if wish.kind == Kind.PRICE and not wish.discount:
        return say("Say which discount you ask for.")
    if wish.kind == Kind.TERMS and not wish.wanted.strip():
        return say("Say in a few words which terms you ask for.")
    return ""


def request_of(deal: Deal, wish: Wish) -> Request:
    """Return what the rules look at: how much is asked on how large a deal, and whether it is complete."""
    demand = demands_of(deal).filter(pk=wish.demand_id).first() if wish.demand_id else None
    return Request(
        kind=wish.kind.value,
        discount=wish.discount,
        value=float(deal.amount) if deal.amount is not None else None,
        reasoned=bool(wish.reason.strip()),
        explained=says_why(wish.reason, kind=wish.kind, wanted=wish.wanted, demand=demand),
        alternatives=bool(wish.alternatives.strip()),
        in_return=bool(wish.return_asked.strip()),
        inside=_inside_corridor(deal, wish.discount),
    )


def demands_of(deal: Deal) -> DealEventQuerySet:
    """Return what the customer of a deal asked for, without what was taken back."""
    return DealEvent.objects.standing().filter(deal=deal, kind=EventKind.DEMAND)


def _inside_corridor(deal: Deal, discount: float | None) -> bool | None:
    corridor = Corridor.objects.filter(deal=deal).first()
    if corridor is None or discount is None:
        return None
    price = float(deal.list_price or corridor.opening) * (1 - discount)
    return price >= float(corridor.walk_away)


def asked_price(deal: Deal, discount: float | None) -> Decimal | None:
    """Return the price that a discount off the list leaves; None where no list price is known or none is asked."""
    if discount is None or deal.list_price is None:
        return None
    return deal.list_price * (1 - Decimal(str(discount)))


def lands(price: Decimal | None, corridor: CorridorFigures | CorridorCard | None) -> Lands | None:
    """Return where a price lies against a corridor; None where either is not known."""
    if price is None or corridor is None:
        return None
    if price < corridor.walk_away:
        return Lands.BELOW
    return Lands.BETWEEN if price < corridor.target else Lands.ABOVE


def says_why(reason: str, *, kind: str, wanted: str, demand: DealEvent | None) -> bool:
    """Return whether a reason says more than what is asked for: the demand, where one is named."""
    said = demand.note or demand.name if demand else wanted
    topic = reasons.topic_of(demand.name if demand else kind, said)
    return bool(reason.strip()) and not reasons.repeats(reason, demand=said, topic=topic)


def answering_hours(
    asked_at: dt.datetime,
    decided_at: dt.datetime,
    rests: Iterable[tuple[dt.datetime, dt.datetime | None]],
) -> float:
    """Return how many hours an answer took, without the time in which the request lay with the seller (from when
    something was asked back until it came)."""
    with_seller = sum(((until or decided_at) - since for since, until in rests), dt.timedelta())
    return (decided_at - asked_at - with_seller).total_seconds() / 3600


def rules_of(policy: Policy | None) -> Rules:
    """Return a version of the policy as the analysis knows it; what holds usually when there is none."""
    if policy is None:
        return approvals.USUAL
    return Rules(
        version=policy.version,
        own_discount=policy.own_discount,
        fast_discount=policy.fast_discount,
        fast_value=float(policy.fast_value) if policy.fast_value is not None else None,
        rules=tuple(_rule(row) for row in policy.rules.all()),
    )


def _rule(row: PolicyRule) -> Rule:
    return Rule(
        approver=Approver(row.approver),
        kind=row.kind,
        discount_from=row.discount_from,
        value_from=float(row.value_from) if row.value_from is not None else None,
        person=row.person_id,
        id=row.pk,
    )


def rules_in_force() -> Rules:
    """Return the rules that hold now."""
    return rules_of(Policy.objects.filter(published_at__isnull=False).prefetch_related("rules").first())
