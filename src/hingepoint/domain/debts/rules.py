"""What is a debt, until when it can be paid, and what it is worth: by the rule of the next best agreement, for many deals.

| a required pivotal agreement of an open deal | is |
|---|---|
| still to be got, its day has passed | overdue |
| with kind words only, whether or not its day has passed | kind words |
| agreed, and not done | broken |
| gained, the promised act late | no debt: findings count it as gained |
| declined, lapsed, not needed | no debt: nobody is to be asked for it now |

A debt can be paid until its landmark passes, the first of: the deal leaves the stage before whose end it is needed; the
expected close, where it is needed so many days before it; the last age at which the signed finding compared deals, since
nothing is known of what gaining it later is worth.
"""

from __future__ import annotations

import datetime as dt
import math
from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import Any

from hingepoint.analysis import metrics
from hingepoint.analysis.discovery import result
from hingepoint.analysis.discovery.settings import is_length, weeks
from hingepoint.analysis.discovery.telling import explaining
from hingepoint.domain.agreements.models import IN_MOTION, WAITING
from hingepoint.domain.discovery.models import Finding
from hingepoint.domain.strategy import next_best_choice
from hingepoint.domain.strategy.models import PivotalAgreement
from hingepoint.domain.strategy.requirements import DealFacts, has_left
from hingepoint.records.agreements import AgreementState
from hingepoint.records.debts import DebtKind
from hingepoint.records.strategy import NeededBy

#: What findings are split by, of a deal.
_SPLIT_BY = ("segment", "region", "product")


@dataclass(frozen=True, slots=True)
class DealThen:
    """An open deal as far as its debts ask. ``facts``: its segment, region and product."""

    created_on: dt.date
    amount: float | None
    currency: str
    stage: str
    expected_close_on: dt.date | None
    segment: str
    region: str
    product: str

    @property
    def facts(self) -> dict[str, str]:
        return {name: getattr(self, name) for name in _SPLIT_BY}

    @property
    def needs_by(self) -> DealFacts:
        """What playbooks look at to say by when it needs what."""
        amount = None if self.amount is None else Decimal(repr(self.amount))
        return DealFacts(self.segment, amount, self.created_on, self.expected_close_on, self.stage)

    def age_weeks(self, day: dt.date) -> float:
        return (day - self.created_on).days / 7


def kind_of(state: str, late_after: dt.date | None, day: dt.date) -> DebtKind | None:
    """Return why a required agreement in ``state`` is owed on ``day``; None where it is not."""
    if state == AgreementState.BROKEN:
        return DebtKind.BROKEN
    if state == AgreementState.SOFT:
        return DebtKind.SOFT
    is_late = state in WAITING and late_after is not None and late_after < day
    return DebtKind.OVERDUE if is_late else None


def late_after(state: str, needed_by: dt.date | None, due_on: dt.date | None) -> dt.date | None:
    """Return the day after which a required agreement is late in a state it was in: what the column of that name keeps of
    the state that it is in."""
    waits = state in IN_MOTION or state == AgreementState.NEEDED
    return (needed_by or due_on) if waits else None


def owed_since(
    kind: DebtKind, late_after: dt.date | None, needed_by: dt.date | None, due_on: dt.date | None
) -> dt.date | None:
    """Return the day from which a debt is owed: what was broken, from the promised day, else from the day it was needed by.
    None where it has none."""
    return (due_on or needed_by) if kind is DebtKind.BROKEN else late_after


@dataclass(frozen=True, slots=True)
class Worth:
    """What paying a debt changes: ``gain`` from ``low`` to ``high``, above 0 where it helps."""

    gain: float
    low: float
    high: float
    in_words: str


@dataclass(frozen=True)
class Asked:
    """A pivotal agreement with the signed finding on it, ready for many deals."""

    line: PivotalAgreement
    finding: result.Finding | None
    _known: dict[Any, Worth | None] = field(default_factory=dict)

    @cached_property
    def metric(self) -> metrics.Metric:
        return metrics.parse(self.line.playbook.strategy.metric)

    def worth(self, deal: DealThen, day: dt.date) -> Worth | None:
        """Return what gaining it is expected to change on a deal: what the next best agreement is chosen by. None without a
        signed finding. Deals between the same two landmarks and with the same facts have the same."""
        age_weeks = deal.age_weeks(day)
        which = (bisect_left(self._ages, age_weeks), *deal.facts.values())
        if which not in self._known:
            self._known[which] = self._worth(age_weeks, deal.facts)
        return self._known[which]

    def _worth(self, age_weeks: float, facts: Mapping[str, str]) -> Worth | None:
        if self.finding is None:
            return None
        metric = self.metric
        found = explaining.explain(self.finding, metric, age_weeks=age_weeks, facts=facts)
        if not math.isfinite(found.effect):
            return None
        low, high = sorted(end * metric.sign for end in found.ci)
        return Worth(found.effect * metric.sign, low, high, next_best_choice.in_words(found, metric))

    @cached_property
    def most(self) -> float:
        """The most that gaining it can change on any deal: what is expected of one lies between what was seen."""
        if self.finding is None:
            return 0.0
        seen = [self.finding.effect]
        seen += [one.effect for one in self.finding.timing] + [one.effect for one in self.finding.segments]
        return max((effect * self.metric.sign for effect in seen if math.isfinite(effect)), default=0.0)

    @cached_property
    def _ages(self) -> list[float]:
        """The ages, in weeks, at which its finding compared deals, in order."""
        timing = self.finding.timing if self.finding else ()
        return sorted(weeks(one.landmark) for one in timing if is_length(one.landmark))

    def can_be_paid(self, deal: DealThen, day: dt.date) -> bool:
        """Return whether its landmark on a deal is still ahead on ``day``, or today."""
        if self.line.needed_by == NeededBy.STAGE and has_left(deal.stage, self.line.needed_stage):
            return False
        close = deal.expected_close_on if self.line.needed_by == NeededBy.DAYS_BEFORE_CLOSE else None
        if close is not None and close < day:
            return False
        return not self._ages or deal.age_weeks(day) <= self._ages[-1]


def asked(line: PivotalAgreement, finding: Finding | None) -> Asked:
    """Return a pivotal agreement with the newest signed finding on it, where that has an effect."""
    facts = finding.facts if finding and finding.facts.get("effect") is not None else None
    candidate = next_best_choice.Candidate(line.type_id, str(line.type), line.position, facts)
    return Asked(line, next_best_choice.finding_of(candidate) if facts else None)
