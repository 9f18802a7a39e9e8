"""How sure a rule is, by what people judged; and what rests on rules alone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from django.db.models import Count, QuerySet

from hingepoint.analysis import intervals
from hingepoint.domain.detection.models import Detection, DetectionRule
from hingepoint.records.detection import Outcome

#: A rule is proven when so many of its agreements were judged, and the lower end of its precision is so high.
LEAST_JUDGED = 20
PROVEN = 0.8


@dataclass(frozen=True, slots=True)
class Sureness:
    """How often a rule is right: ``precision`` measured on what people judged, else its author's guess."""

    guess: float
    precision: intervals.Estimate

    @property
    def measured(self) -> bool:
        return self.precision.n >= LEAST_JUDGED

    @property
    def proven(self) -> bool:
        return self.measured and (self.precision.low or 0) >= PROVEN

    @property
    def value(self) -> float:
        return self.precision.value if self.measured and self.precision.value is not None else self.guess


def sureness(guess: float, counts: Mapping[str, int]) -> Sureness:
    right, wrong = counts.get(Outcome.CONFIRMED, 0), counts.get(Outcome.WRONG, 0)
    return Sureness(guess, intervals.share(right, right + wrong))


def outcomes(rule_ids: Collection[int]) -> dict[int, dict[str, int]]:
    """Return per rule how many of its detections had which outcome."""
    rows = (
        Detection.objects.filter(rule__in=rule_ids).values_list("rule_id", "outcome").annotate(n=Count("pk"))
    )
    found: dict[int, dict[str, int]] = defaultdict(dict)
    for rule_id, outcome, n in rows:
        found[rule_id][outcome] = n
    return found


def unproven_steps() -> QuerySet:
    """Return the ids of steps that rules wrote, nobody confirmed, and whose rule is not proven.

    Discovery leaves them out: a guess about the past must not decide what is pivotal.
    """
    counts = outcomes(DetectionRule.objects.values_list("pk", flat=True))
    proven = [rule_id for rule_id, found in counts.items() if sureness(0, found).proven]
    return Detection.objects.open().filter(step__isnull=False).exclude(rule__in=proven).values("step_id")


def unconfirmed_agreements() -> QuerySet:
    """Return the ids of agreements that stand on a rule's word alone: examples are never made of them."""
    return Detection.objects.open().filter(step__isnull=False).values("step__agreement_id")
