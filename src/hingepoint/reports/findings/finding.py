"""One agreement type of a record in words."""

from __future__ import annotations

import re
from dataclasses import replace
from math import isfinite

from hingepoint.analysis.discovery import result
from hingepoint.analysis.discovery.judging import grading
from hingepoint.analysis.discovery.record import Record
from hingepoint.analysis.metric_words import listed
from hingepoint.reports.charts import numbers
from hingepoint.reports.findings.doubts import robustness, what_would_change_our_mind
from hingepoint.reports.findings.metric import Metric
from hingepoint.reports.findings.shapes import Against, Dose, Finding, Reading
from hingepoint.reports.findings.words import (
    EXCLUDED,
    GRADE_WORDS,
    covariate,
    in_time,
    length,
    rounded,
    sentence,
)

#: Groups of fewer deals are never shown alone.
SMALL_GROUP = 5


def finding_in_words(
    facts: result.Finding, record: Record, metric: Metric, choice: result.Pivotal | None
) -> Finding:
    key = facts.agreement
    details = facts.details
    names = {one.agreement: one.name for one in record.findings}
    segments = _segments(facts, metric)
    low, high = map(known, facts.ci)
    group = group_of(facts, metric.better)
    needed = details.deals_needed
    return Finding(
        key=key,
        name=facts.name,
        group=group,
        grade=str(facts.grade),
        grade_words=GRADE_WORDS["harmful" if group == "harmful" else facts.grade],
        effect=known(facts.effect),
        low=low,
        high=high,
        effect_text=metric.effect(facts.effect),
        interval_text=metric.interval(low, high),
        coverage=known(facts.coverage),
        coverage_text=numbers.share(facts.coverage, 0),
        worth_text=_worth(facts.worth, record, metric),
        worth_interval=_worth_interval(facts.worth_ci, record, metric),
        gained=facts.gained,
        not_gained=facts.not_gained,
        counts_text=f"{numbers.plural(facts.gained, 'deal')} with it, {numbers.number(facts.not_gained)} without",
        sure_text=_sure(details, facts),
        sentence=facts.in_words,
        reason=EXCLUDED.get(facts.excluded_because or "", (facts.excluded_because or "").replace("_", " ")),
        why=_why(facts.in_words),
        by_check=facts.excluded_because in ("mechanical", "leading"),
        best_by=in_time(facts.best_by) if facts.best_by else "",
        timing=tuple(_reading(in_time(one.landmark), one, metric) for one in facts.timing),
        segments=segments,
        small_segments=len(facts.segments) - len(segments),
        lags=tuple(_reading(_later(one.lag), one, metric) for one in details.lags),
        doses=tuple(_dose(one, metric) for one in details.doses),
        paths=_paths(details, names),
        ten_points=_ten_points(details, record, metric),
        robustness=robustness(facts, details, metric),
        against=tuple(_against(one, metric) for one in details.against),
        same_as=tuple(names.get(other, other) for other in facts.same_as),
        chosen=_chosen_words(choice),
        refits=numbers.share(choice.selected_share, 0) if choice else "",
        place=record.places.get(key, 0),
        order_text=_order_text(details),
        leans=details.leans,
        deals_needed=needed,
        needed_text=f"about {numbers.number(rounded(needed))} deals" if needed else "",
        mind=what_would_change_our_mind(group, facts, record, metric),
    )


def _segments(facts: result.Finding, metric: Metric) -> tuple[Reading, ...]:
    """Return the segments large enough to be shown alone, those that clearly differ marked."""
    return tuple(
        replace(
            _reading(f"{one.value} ({one.by.replace('_', ' ')})", one, metric),
            differs=one.differs,
            reverses=one.reverses,
        )
        for one in facts.segments
        if _large_enough(one)
    )


def _large_enough(segment: result.SegmentEffect) -> bool:
    """Return whether a segment may be shown alone: fewer than five deals never are."""
    return not 0 < segment.deals < SMALL_GROUP


def group_of(facts: result.Finding, better: str) -> str:
    """Return the key of ``GROUPS`` that a finding belongs to."""
    return _direction(facts, better) if facts.confirmed else str(facts.grade)


def group_but_for_doubts(facts: result.Finding, better: str) -> str:
    """Return the same as if nothing in the record spoke against what is clear."""
    clear = facts.details.false_sign < grading.CONFIDENCE and bool(facts.details.doubts)
    return _direction(facts, better) if clear else group_of(facts, better)


def _direction(facts: result.Finding, better: str) -> str:
    against = facts.effect < 0 if better == "higher" else facts.effect > 0
    return "harmful" if against else "lever"


def known(value: float) -> float | None:
    """Return a number, or None for one that is not known."""
    return value if isfinite(value) else None


def _reading(
    label: str, one: result.Timing | result.SegmentEffect | result.LagPoint, metric: Metric
) -> Reading:
    return _read(label, one.effect, one.ci, metric)


def _read(label: str, effect: float, ci: result.Interval, metric: Metric) -> Reading:
    low, high = map(known, ci)
    return Reading(label, known(effect), low, high, metric.effect(effect), metric.interval(low, high))


def _dose(one: result.Dose, metric: Metric) -> Dose:
    below = f"Below {one.level} ({numbers.number(one.low_deals)})"
    well = f"{one.level} or more ({numbers.number(one.high_deals)})"
    readings = (
        _read(below, one.low, one.low_ci, metric),
        _read(well, one.high, one.high_ci, metric),
    )
    return Dose(f"By {one.by}", readings, sentence(one.in_words))


def _paths(details: result.Details, names: dict[str, str]) -> tuple[str, ...]:
    """Return what it prepares, what prepares it, and what its bundle does together, in sentences."""
    said = [sentence(path.in_words) for path in details.paths]
    prepared_by = [f"“{names.get(key, key)}”" for key in details.prepared_by]
    if prepared_by:
        said.append(f"Prepared by {listed(prepared_by)}: deals that gained that first gain this more often.")
    joint = details.joint
    return (*said, sentence(joint.in_words)) if joint else tuple(said)


def _ten_points(details: result.Details, record: Record, metric: Metric) -> str:
    """Return what ten more of a hundred deals gaining it in time would bring; empty where not known."""
    value = details.ten_points
    if not isfinite(value):
        return ""
    interval = _worth_interval(details.ten_points_ci, record, metric)
    return _worth(value, record, metric) + (f" ({interval})" if interval else "")


def _against(one: result.Against, metric: Metric) -> Against:
    times = "more than 20 times" if one.times >= 20 else f"{numbers.number(one.times, 1)} times"
    return Against(covariate(one.covariate).capitalize(), metric.effect(one.bias), times)


def _later(lag: str) -> str:
    return "At once" if lag in ("0w", "0d") else f"{length(lag)} later"


def _worth(value: float, record: Record, metric: Metric) -> str:
    """Return what full coverage would bring: sales or money a quarter, or a change of the average."""
    if not isfinite(value):
        return numbers.MISSING
    if metric.among_won and record.metric.kind != "money":
        return f"{_on_average(value, record, metric)} on average"
    if record.metric.kind == "money":
        return f"{metric.effect(value)} a quarter"
    return f"{_deals(value)} sales a quarter"


def _worth_interval(interval: result.Interval, record: Record, metric: Metric) -> str:
    if not isfinite(interval[0]):
        return ""
    if metric.among_won and record.metric.kind != "money":
        at_risk = record.data.at_risk_a_quarter or 1
        return metric.interval(interval[0] / at_risk, interval[1] / at_risk)
    if record.metric.kind == "money":
        return metric.interval(*interval)
    return f"{_deals(interval[0])} to {_deals(interval[1])}"


def _on_average(value: float, record: Record, metric: Metric) -> str:
    return metric.effect(value / (record.data.at_risk_a_quarter or 1))


def _deals(value: float) -> str:
    return numbers.signed(value, 0 if abs(value) >= 10 else 1)


def _sure(details: result.Details, facts: result.Finding) -> str:
    wrong = details.false_sign
    if not (isfinite(wrong) and isfinite(facts.effect)):
        return ""
    if wrong < 0.001:
        return "the chance that it works the other way is below 1 in 1,000"
    return f"the chance that it works the other way is {numbers.share(wrong, 1)}"


def _why(text: str) -> str:
    """Return the reason in an exclusion's sentence without the name it begins with."""
    return re.sub(r"^“.*?” (?:is not|cannot be) judged: ", "", text)


def _order_text(details: result.Details) -> str:
    """Return the place among all judged types and, in brackets, which it may as well have; marked if it leans on a pack."""
    first, last = details.place_between
    mark = "*" if details.leans else ""
    return f"{details.place}{mark} ({first} to {last})" if details.place else ""


def _chosen_words(choice: result.Pivotal | None) -> str:
    if choice is None:
        return ""
    return (
        f"among the best eight in {numbers.share(choice.p_top, 0)} of draws, "
        f"chosen in {numbers.share(choice.selected_share, 0)} of refits"
    )
