"""One deal, one agreement: what gaining it now may be expected to change."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from hingepoint.analysis import metrics
from hingepoint.analysis.discovery import result
from hingepoint.analysis.discovery.settings import is_length, weeks
from hingepoint.analysis.discovery.telling import words

#: Effects at a landmark or in a segment are expected to differ from the average by about half of it.
VARIES = 0.5
#: Groups of fewer deals that gained it say nothing about a deal of theirs.
LEAST = 5


@dataclass(frozen=True)
class Explanation:
    """The expected change of the metric from gaining an agreement now, on ``similar`` deals that did."""

    agreement: str
    effect: float
    ci: result.Interval
    similar: int
    in_words: str


def explain_deal(
    found: result.Discovery, agreement: str, *, age_weeks: float, facts: Mapping[str, str] | None = None
) -> Explanation:
    """Return what gaining the agreement now may be expected to change for a deal.

    ``age_weeks`` is the deal's age, ``facts`` its segment and whatever else findings are split by. The
    average effect is moved towards what was seen at that age and in those segments, as far as their
    precision allows (precision-weighted, with effects taken to vary by half the average). KeyError if
    the agreement is unknown; an unconfirmed agreement has an effect but its interval says so.
    """
    return explain(found.finding(agreement), found.metric, age_weeks=age_weeks, facts=facts)


def explain(
    finding: result.Finding,
    metric: metrics.Metric,
    *,
    age_weeks: float,
    facts: Mapping[str, str] | None = None,
) -> Explanation:
    """Return the same from one finding and its metric, such as a finding that was kept."""
    agreement = finding.agreement
    if not math.isfinite(finding.effect):
        return Explanation(agreement, math.nan, (math.nan, math.nan), 0, finding.in_words)
    local = _local(finding, age_weeks, facts or {})
    effect, error = _pooled(finding, local)
    ci = (effect - 1.96 * error, effect + 1.96 * error)
    similar = min((deals for _, _, deals in local if deals), default=finding.gained)
    said = (
        f"On {similar:,} similar deals, those that gained {finding.name} by this age "
        f"{words.change(metric, effect)} (95% interval {words.interval(metric, ci)})."
    )
    if not finding.confirmed:
        said += " The evidence on it is thin."
    return Explanation(agreement, effect, ci, similar, said)


def _local(finding: result.Finding, age: float, facts: Mapping[str, str]) -> list[tuple[float, float, int]]:
    """Return (effect, error, deals) at the deal's age and in each of its segments; 0 deals: not counted."""
    local = []
    by_age = [point for point in finding.timing if is_length(point.landmark)]
    ahead = [point for point in by_age if weeks(point.landmark) >= age] or by_age[-1:]
    for point in ahead[:1]:
        local.append((point.effect, _error(point.ci), point.deals))
    for segment in finding.segments:
        if facts.get(segment.by) == segment.value:
            local.append((segment.effect, _error(segment.ci), segment.deals))
    return [(effect, error, deals) for effect, error, deals in local if not 0 < deals < LEAST]


def _error(ci: result.Interval) -> float:
    return (ci[1] - ci[0]) / (2 * 1.96)


def _pooled(finding: result.Finding, local: list[tuple[float, float, int]]) -> tuple[float, float]:
    """Return the mean and error of the effect for one deal."""
    spread = VARIES * abs(finding.effect)
    variance = _error(finding.ci) ** 2 + spread**2
    precision, weighted = 1 / variance, finding.effect / variance
    for effect, error, _ in local:
        precision += 1 / error**2
        weighted += effect / error**2
    return weighted / precision, precision**-0.5
