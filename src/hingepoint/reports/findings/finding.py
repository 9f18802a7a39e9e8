"""One agreement type of a record in words."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

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


def finding_in_words(facts: dict, record: dict, metric: Metric, choice: dict | None, place: int) -> Finding:
    key = facts["agreement"]
    details = record["details"].get(key, {})
    names = record["names"]
    segments = _segments(facts, record, metric)
    low, high = facts["ci"] or (None, None)
    group = group_of(facts, metric.better)
    needed = details.get("deals_needed")
    return Finding(
        key=key,
        name=names.get(key, key),
        group=group,
        grade=facts["grade"],
        grade_words=GRADE_WORDS["harmful" if group == "harmful" else facts["grade"]],
        effect=facts["effect"],
        low=low,
        high=high,
        effect_text=metric.effect(facts["effect"]),
        interval_text=metric.interval(low, high),
        coverage=facts["coverage"],
        coverage_text=numbers.share(facts["coverage"], 0),
        worth_text=_worth(facts["worth"], record, metric),
        worth_interval=_worth_interval(facts["worth_ci"], record, metric),
        gained=facts["gained"],
        not_gained=facts["not_gained"],
        counts_text=f"{numbers.plural(facts['gained'], 'deal')} with it, {numbers.number(facts['not_gained'])} without",
        sure_text=_sure(details, facts),
        sentence=facts["in_words"],
        reason=EXCLUDED.get(
            facts["excluded_because"] or "", (facts["excluded_because"] or "").replace("_", " ")
        ),
        why=_why(facts["in_words"]),
        by_check=facts["excluded_because"] in ("mechanical", "leading"),
        best_by=in_time(facts["best_by"]) if facts["best_by"] else "",
        timing=tuple(_reading(in_time(one["landmark"]), one, metric) for one in facts["timing"]),
        segments=segments,
        small_segments=len(facts["segments"]) - len(segments),
        lags=tuple(_reading(_later(one["lag"]), one, metric) for one in details.get("lags", ())),
        doses=tuple(_dose(one, metric) for one in details.get("doses") or ()),
        paths=_paths(details, names),
        ten_points=_ten_points(details, record, metric),
        robustness=robustness(facts, details, metric),
        against=tuple(_against(one, metric) for one in details.get("against") or ()),
        same_as=tuple(names.get(other, other) for other in facts["same_as"]),
        chosen=_chosen_words(choice),
        refits=numbers.share(choice["selected_share"], 0) if choice else "",
        place=place,
        deals_needed=needed,
        needed_text=f"about {numbers.number(rounded(needed))} deals" if needed else "",
        mind=what_would_change_our_mind(group, facts, details, record, metric),
    )


def _segments(facts: dict, record: dict, metric: Metric) -> tuple[Reading, ...]:
    """Return the segments large enough to be shown alone, those that clearly differ marked."""
    key = facts["agreement"]
    differing, reversing = (set(record.get(part, {}).get(key, ())) for part in ("differing", "reversing"))
    deals = record.get("segment_deals", {}).get(key, {})
    return tuple(
        replace(
            _reading(f"{one['value']} ({one['by'].replace('_', ' ')})", one, metric),
            differs=one["value"] in differing,
            reverses=one["value"] in reversing,
        )
        for one in facts["segments"]
        if _large_enough(one["value"], deals)
    )


def _large_enough(value: str, deals: dict[str, int]) -> bool:
    """Return whether a segment may be shown alone: fewer than five deals never are."""
    return deals.get(value, SMALL_GROUP) >= SMALL_GROUP


def group_of(facts: dict[str, Any], better: str) -> str:
    """Return the key of ``GROUPS`` that a finding of FORMATS belongs to."""
    if facts["grade"] in ("strong", "moderate"):
        against = facts["effect"] < 0 if better == "higher" else facts["effect"] > 0
        return "harmful" if against else "lever"
    return facts["grade"]


def _reading(label: str, one: dict, metric: Metric) -> Reading:
    low, high = one["ci"] or (None, None)
    text, interval = metric.effect(one["effect"]), metric.interval(low, high)
    return Reading(label, one["effect"], low, high, text, interval)


def _dose(one: dict, metric: Metric) -> Dose:
    below = f"Below {one['level']} ({numbers.number(one['low_deals'])})"
    well = f"{one['level']} or more ({numbers.number(one['high_deals'])})"
    readings = (
        _reading(below, {"effect": one["low"], "ci": one["low_ci"]}, metric),
        _reading(well, {"effect": one["high"], "ci": one["high_ci"]}, metric),
    )
    return Dose(f"By {one['by']}", readings, sentence(one["in_words"]))


def _paths(details: dict, names: dict[str, str]) -> tuple[str, ...]:
    """Return what it prepares, what prepares it, and what its bundle does together, in sentences."""
    said = [sentence(path["in_words"]) for path in details.get("paths") or ()]
    prepared_by = [f"“{names.get(key, key)}”" for key in details.get("prepared_by") or ()]
    if prepared_by:
        said.append(f"Prepared by {listed(prepared_by)}: deals that gained that first gain this more often.")
    joint = details.get("joint")
    return (*said, sentence(joint["in_words"])) if joint else tuple(said)


def _ten_points(details: dict, record: dict, metric: Metric) -> str:
    """Return what ten more of a hundred deals gaining it in time would bring; empty where not known."""
    value = details.get("ten_points")
    if value is None:
        return ""
    interval = _worth_interval(details.get("ten_points_ci"), record, metric)
    return _worth(value, record, metric) + (f" ({interval})" if interval else "")


def _against(one: dict, metric: Metric) -> Against:
    times = "more than 20 times" if one["times"] >= 20 else f"{numbers.number(one['times'], 1)} times"
    return Against(covariate(one["covariate"]).capitalize(), metric.effect(one["bias"]), times)


def _later(lag: str) -> str:
    return "At once" if lag in ("0w", "0d") else f"{length(lag)} later"


def _worth(value: float | None, record: dict, metric: Metric) -> str:
    """Return what full coverage would bring: sales or money a quarter, or a change of the average."""
    if value is None:
        return numbers.MISSING
    if metric.among_won and record["kind"] != "money":
        return f"{_on_average(value, record, metric)} on average"
    if record["kind"] == "money":
        return f"{metric.effect(value)} a quarter"
    return f"{_deals(value)} sales a quarter"


def _worth_interval(interval: list | None, record: dict, metric: Metric) -> str:
    if not interval or interval[0] is None:
        return ""
    if metric.among_won and record["kind"] != "money":
        at_risk = record["at_risk_a_quarter"] or 1
        return metric.interval(interval[0] / at_risk, interval[1] / at_risk)
    if record["kind"] == "money":
        return metric.interval(*interval)
    return f"{_deals(interval[0])} to {_deals(interval[1])}"


def _on_average(value: float, record: dict, metric: Metric) -> str:
    return metric.effect(value / (record["at_risk_a_quarter"] or 1))


def _deals(value: float) -> str:
    return numbers.signed(value, 0 if abs(value) >= 10 else 1)


def _sure(details: dict, facts: dict) -> str:
    wrong = details.get("false_sign")
    if wrong is None or facts["effect"] is None:
        return ""
    if wrong < 0.001:
        return "the chance that it works the other way is below 1 in 1,000"
    return f"the chance that it works the other way is {numbers.share(wrong, 1)}"


def _why(text: str) -> str:
    """Return the reason in an exclusion's sentence without the name it begins with."""
    return re.sub(r"^“.*?” (?:is not|cannot be) judged: ", "", text)


def _chosen_words(choice: dict | None) -> str:
    if choice is None:
        return ""
    return (
        f"among the best eight in {numbers.share(choice['p_top'], 0)} of draws, "
        f"chosen in {numbers.share(choice['selected_share'], 0)} of refits"
    )
