"""What is said of the five pressures: sentences for an executive, with how sure they are and what they do not say."""

from __future__ import annotations

from collections.abc import Mapping

from hingepoint.analysis import metrics
from hingepoint.analysis.intervals import Estimate
from hingepoint.analysis.pressures.shape import (
    LEAST_EACH,
    LEAST_MONTHS,
    LEAST_UNDER,
    SEEN_WITHIN,
    Answer,
    Effect,
    Indicator,
    Range,
    Report,
    Told,
    Trend,
)
from hingepoint.records.pressures import Verdict
from hingepoint.reports.charts import numbers

#: What the page of pressures calls its three metrics.
METRICS = {"won": "Win rate", "discount": "Discount", "cycle_days": "Days to a sale"}
UNITS = {"won": "points", "discount": "points", "cycle_days": "days"}
VERDICT_TONES = {
    Verdict.ANSWERS: "good",
    Verdict.WORSE: "bad",
    Verdict.UNKNOWN: "quiet",
    Verdict.TOO_FEW: "quiet",
}
DAYS_SEEN = SEEN_WITHIN.days


def harms(metric: str, value: float) -> bool:
    """Return whether a change of the metric is for the worse."""
    return metrics.parse(metric).sign * value < 0


def moved(metric: str, one: Range | None) -> str:
    """Return ``+4.0 points``."""
    return numbers.effect(one.value, UNITS[metric]) if one else numbers.MISSING


def likely(metric: str, one: Range | None) -> str:
    """Return ``+2.7 to +5.3 points``."""
    return numbers.interval(one.low, one.high, UNITS[metric]) if one else numbers.MISSING


def effect(one: Effect) -> str:
    """Return what a pressure goes with in one metric, as a sentence."""
    if one.range is None:
        return too_few(one)
    what = METRICS[one.metric].lower()
    if not one.clear:
        return f"No clear difference in {_the(what)}: {moved(one.metric, one.range)} ({likely(one.metric, one.range)})."
    return f"{_how(one.metric, one.range.value)} than on deals alike without it ({likely(one.metric, one.range)})."


def _the(what: str) -> str:
    return f"the {what}"


def _how(metric: str, value: float) -> str:
    size = numbers.effect(abs(value), UNITS[metric]).lstrip("+")
    more = value > 0
    if metric == "won":
        return f"Won {size} {'more' if more else 'less'} often"
    if metric == "discount":
        return f"{size} {'more' if more else 'less'} discount"
    return f"{size} {'longer' if more else 'shorter'} until the sale"


def too_few(one: Effect) -> str:
    """Return why an effect is not told, and what is missing."""
    without = one.deals - one.under
    counted = "decided deals" if one.metric == "won" else "won deals"
    if one.deals == 0:
        return "Nothing to compare: no deal is decided, or all ended alike."
    if min(one.under, without) >= LEAST_UNDER:
        return "It cannot be told apart from what else is known of these deals."
    less = one.under if one.under < LEAST_UNDER else without
    which = "under it" if one.under < LEAST_UNDER else "without it"
    return f"Too few to tell: {less} {counted} {which}, {LEAST_UNDER} are needed."


def trend(one: Trend | None, told: Told) -> str:
    """Return how a share moves, as a sentence."""
    if one is None:
        if not told.tagged:
            return "No deal is tagged yet."
        complete = sum(month.complete and month.deals > 0 for month in told.months)
        return (
            f"Too early for a trend: {numbers.plural(complete, 'complete month')}, {LEAST_MONTHS} are needed."
        )
    size = numbers.effect(abs(one.a_year.value)).lstrip("+")
    reach = numbers.interval(one.a_year.low, one.a_year.high)
    if not one.clear:
        return f"No clear trend: {numbers.effect(one.a_year.value)} a year ({reach})."
    return f"{'Grows' if one.a_year.value > 0 else 'Falls'} by {size} a year ({reach})."


def share(one: Estimate) -> str:
    """Return ``23.7% (20.8% to 26.9%)``."""
    if one.value is None:
        return "no deal yet"
    return f"{numbers.share(one.value)} ({numbers.share(one.low)} to {numbers.share(one.high)})"


def answered(told: Told, names: Mapping[str, str]) -> str:
    """Return what answers a pressure, as a sentence; what is not known is said as not known."""
    found = list(dict.fromkeys(f"“{names.get(one.key, one.key)}”" for one in told.answered_by))
    if found:
        return f"{' and '.join(found)} {'answers' if len(found) == 1 else 'answer'} it."
    if not told.answers:
        return "No playbook is in force, so there is nothing to try against it."
    if all(one.verdict is Verdict.TOO_FEW for one in told.answers):
        return "Too few deals to tell what answers it."
    return "What answers it is not known: no pivotal agreement stands out."


def answer(one: Answer, report: Report, name: str) -> str:
    """Return what an agreement does about a pressure, as a sentence."""
    if one.difference is None:
        return f"Too few deals: the smallest of the four groups has {one.least}, {LEAST_EACH} are needed in each."
    return (
        f"With “{name}” by day {report.landmark} the pressure goes with {moved(one.metric, one.with_it)} "
        f"({likely(one.metric, one.with_it)}), without it with {moved(one.metric, one.without_it)} "
        f"({likely(one.metric, one.without_it)})."
    )


def indicator(one: Indicator, which: Estimate | None) -> str:
    """Return an indicator's value of one year."""
    if which is None or which.value is None:
        return numbers.MISSING
    if one.unit == "share":
        return numbers.share(which.value)
    return f"{numbers.number(round(which.value, 1))} {'days' if one.unit == 'days' else ''}".strip()
