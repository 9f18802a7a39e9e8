"""Which agreement to gain next on a deal: decided on plain data, from signed findings and the playbook."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hingepoint.analysis import metrics
from hingepoint.analysis.discovery import record, result
from hingepoint.analysis.discovery.telling import explaining, words
from hingepoint.records import conventions
from hingepoint.records.languages import say


@dataclass(frozen=True, slots=True)
class Candidate:
    """An agreement that a deal needs and can still gain. ``facts``: the signed finding on it, as in FORMATS."""

    type_id: int
    name: str
    position: int
    facts: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    """The candidate to gain next. ``effect`` is the expected change of the strategy's metric with its
    interval, on ``similar`` deals that gained it; None where the playbook's order decided."""

    type_id: int
    effect: float | None = None
    low: float | None = None
    high: float | None = None
    similar: int = 0
    in_words: str = ""


def choose(
    candidates: Sequence[Candidate], metric: metrics.Metric, *, age_weeks: float, facts: Mapping[str, str]
) -> Choice | None:
    """Return the candidate whose gain is expected to help the metric most, at the deal's age and in its
    segments; without a signed finding that helps, the first of the playbook."""
    if not candidates:
        return None
    told = [expected(one, metric, age_weeks=age_weeks, facts=facts) for one in candidates]
    helping = [one for one in told if one and one.effect is not None and one.effect * metric.sign > 0]
    if helping:
        return max(helping, key=lambda one: (one.effect or 0.0) * metric.sign)
    return Choice(min(candidates, key=lambda one: one.position).type_id)


def expected(
    one: Candidate, metric: metrics.Metric, *, age_weeks: float, facts: Mapping[str, str]
) -> Choice | None:
    """Return what gaining it may be expected to change on a deal of this age and of these segments; None
    without a signed finding."""
    if one.facts is None or one.facts.get("effect") is None:
        return None
    found = explaining.explain(finding_of(one), metric, age_weeks=age_weeks, facts=facts)
    return Choice(one.type_id, found.effect, *found.ci, found.similar, in_words(found, metric))


def in_words(found: explaining.Explanation, metric: metrics.Metric) -> str:
    """Return what gaining it may be expected to change on one deal, in a sentence."""
    return say(
        "On {similar} similar deals (its age, its segment), like for like, those that gained it {effect} (95% interval {ci}).",
        similar=conventions.number(found.similar),
        effect=words.change(metric, found.effect),
        ci=words.interval(metric, found.ci),
    )


def finding_of(one: Candidate) -> result.Finding:
    """Return the finding that ``facts`` were written from, as far as explaining needs it."""
    return record.finding(one.facts or {}, one.name)
