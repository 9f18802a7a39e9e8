"""What decides how a request for an exception travels: the wish, and the rules in force."""

from __future__ import annotations

from dataclasses import dataclass

from hingepoint.analysis.talks import approvals, reasons
from hingepoint.analysis.talks.approvals import Rule, Rules
from hingepoint.domain.deals.models import DealEvent
from hingepoint.domain.escalations.models import Escalation, Policy, PolicyRule
from hingepoint.records.escalations import Approver, Kind


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


def says_why(reason: str, *, kind: str, wanted: str, demand: DealEvent | None) -> bool:
    """Return whether a reason says more than what is asked for: the demand, where one is named."""
    said = demand.note or demand.name if demand else wanted
    topic = reasons.topic_of(demand.name if demand else kind, said)
    return bool(reason.strip()) and not reasons.repeats(reason, demand=said, topic=topic)


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
