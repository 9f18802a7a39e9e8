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
from hingepoint.records.languages import say, say_many, words_of
from hingepoint.records.pressures import Verdict
from hingepoint.reports.charts import numbers

#: What the page of pressures calls its three metrics.
METRICS = words_of({"won": "Win rate", "discount": "Discount", "cycle_days": "Days to a sale"})
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
    reach = likely(one.metric, one.range)
    if not one.clear:
        return say(_NOT_CLEAR[one.metric], moved=moved(one.metric, one.range), reach=reach)
    size = numbers.effect(abs(one.range.value), UNITS[one.metric]).lstrip("+")
    return say(_CLEAR[one.metric, one.range.value > 0], size=size, reach=reach)


_NOT_CLEAR = words_of(
    {
        "won": "No clear difference in the win rate: {moved} ({reach}).",
        "discount": "No clear difference in the discount: {moved} ({reach}).",
        "cycle_days": "No clear difference in the days to a sale: {moved} ({reach}).",
    }
)
#: By the metric, and whether there is more of it.
_CLEAR = words_of(
    {
        ("won", True): "Won {size} more often than on deals alike without it ({reach}).",
        ("won", False): "Won {size} less often than on deals alike without it ({reach}).",
        ("discount", True): "{size} more discount than on deals alike without it ({reach}).",
        ("discount", False): "{size} less discount than on deals alike without it ({reach}).",
        ("cycle_days", True): "{size} longer until the sale than on deals alike without it ({reach}).",
        ("cycle_days", False): "{size} shorter until the sale than on deals alike without it ({reach}).",
    }
)


def too_few(one: Effect) -> str:
    """Return why an effect is not told, and what is missing."""
    without = one.deals - one.under
    if one.deals == 0:
        return say("Nothing to compare: no deal is decided, or all ended alike.")
    if min(one.under, without) >= LEAST_UNDER:
        return say("It cannot be told apart from what else is known of these deals.")
    few_under = one.under < LEAST_UNDER
    words = _TOO_FEW[one.metric == "won", few_under]
    return say(words, n=one.under if few_under else without, least=LEAST_UNDER)


#: By whether decided deals count or won ones, and whether those under the pressure are too few.
_TOO_FEW = words_of(
    {
        (True, True): "Too few to tell: {n} decided deals under it, {least} are needed.",
        (True, False): "Too few to tell: {n} decided deals without it, {least} are needed.",
        (False, True): "Too few to tell: {n} won deals under it, {least} are needed.",
        (False, False): "Too few to tell: {n} won deals without it, {least} are needed.",
    }
)


def trend(one: Trend | None, told: Told) -> str:
    """Return how a share moves, as a sentence."""
    if one is None:
        if not told.tagged:
            return say("No deal is tagged yet.")
        complete = sum(month.complete and month.deals > 0 for month in told.months)
        months = numbers.plural(complete, "complete month")
        return say("Too early for a trend: {months}, {least} are needed.", months=months, least=LEAST_MONTHS)
    size = numbers.effect(abs(one.a_year.value)).lstrip("+")
    reach = numbers.interval(one.a_year.low, one.a_year.high)
    if not one.clear:
        moved = numbers.effect(one.a_year.value)
        return say("No clear trend: {moved} a year ({reach}).", moved=moved, reach=reach)
    if one.a_year.value > 0:
        return say("Grows by {size} a year ({reach}).", size=size, reach=reach)
    return say("Falls by {size} a year ({reach}).", size=size, reach=reach)


def share(one: Estimate) -> str:
    """Return ``23.7% (20.8% to 26.9%)``."""
    if one.value is None:
        return say("no deal yet")
    best, low, high = (numbers.share(n) for n in (one.value, one.low, one.high))
    return say("{best} ({low} to {high})", best=best, low=low, high=high)


def answered(told: Told, names: Mapping[str, str]) -> str:
    """Return what answers a pressure, as a sentence; what is not known is said as not known."""
    found = list(dict.fromkeys(f"“{names.get(one.key, one.key)}”" for one in told.answered_by))
    if found:
        return say_many(
            "{names} answers it.", "{names} answer it.", len(found), names=say(" and ").join(found)
        )
    if not told.answers:
        return say("No playbook is in force, so there is nothing to try against it.")
    if all(one.verdict is Verdict.TOO_FEW for one in told.answers):
        return say("Too few deals to tell what answers it.")
    return say("What answers it is not known: no pivotal agreement stands out.")


def answer(one: Answer, report: Report, name: str) -> str:
    """Return what an agreement does about a pressure, as a sentence."""
    if one.difference is None:
        return say(
            "Too few deals: the smallest of the four groups has {n}, {least} are needed in each.",
            n=one.least,
            least=LEAST_EACH,
        )
    return say(
        "With “{name}” by day {day} the pressure goes with {moved} ({reach}), without it with {else_moved} ({else_reach}).",
        name=name,
        day=report.landmark,
        moved=moved(one.metric, one.with_it),
        reach=likely(one.metric, one.with_it),
        else_moved=moved(one.metric, one.without_it),
        else_reach=likely(one.metric, one.without_it),
    )


def indicator(one: Indicator, which: Estimate | None) -> str:
    """Return an indicator's value of one year."""
    if which is None or which.value is None:
        return numbers.MISSING
    if one.unit == "share":
        return numbers.share(which.value)
    value = numbers.number(round(which.value, 1))
    return say("{n} days", n=value) if one.unit == "days" else value
