"""Findings in words: one honest sentence that a sales leader accepts and an econometrician can defend."""

from __future__ import annotations

import datetime
import math

from hingepoint.analysis import metric_words, metrics
from hingepoint.records.findings import Grade


def change(metric: metrics.Metric, value: float) -> str:
    """Return what happened to the deals: ``were won 7.1 points more often``."""
    points, more = f"{abs(value) * 100:.1f} points", "more" if value >= 0 else "less"
    if metric.name == "won":
        return f"were won {points} {more} often"
    if metric.conditions:
        return f"were won {metric_words.sale(metric)} {points} {more} often"
    if metric.name == "cycle_days":
        return f"were won {abs(value):.1f} days {'later' if value >= 0 else 'sooner'}"
    if metric.name == "sale_days":
        return f"took {abs(value):.1f} days {more} to a sale, a lost deal counting the whole horizon"
    if metric.name == "price_realisation":
        return f"kept {points} {more} of the list price"
    if metric.name == "contract_size":
        return f"were {abs(value):,.0f} {'larger' if value >= 0 else 'smaller'} at list prices"
    if metric.own:
        size = points if metric.kind == "share" else f"{abs(value):,.1f}"
        return f"had {size} {more} of “{metric.own.name}”"
    if metric.name in ("discount", "margin"):
        return f"were sold at {points} {more} {metric.name}"
    return f"{'brought' if metric.name == 'net' else 'were sold for'} {abs(value):,.0f} {more}"


def interval(metric: metrics.Metric, ci: tuple[float, float]) -> str:
    """Return a 95 % interval in the unit of the metric: ``+4.9 to +9.3 points``."""
    if metric.kind == "share":
        return f"{ci[0] * 100:+.1f} to {ci[1] * 100:+.1f} points"
    if metric.kind == "days":
        return f"{ci[0]:+.1f} to {ci[1]:+.1f} days"
    return f"{ci[0]:+,.0f} to {ci[1]:+,.0f}"


_STRENGTH = {
    Grade.STRONG: "Strong evidence",
    Grade.MODERATE: "Moderate evidence",
    Grade.WEAK: "Weak evidence, worth a test,",
}


def excluded(name: str, why: str) -> str:
    return f"{name} is not judged: {why}."


def control(name: str, metric: metrics.Metric, effect: float, ci: tuple[float, float], failed: bool) -> str:
    """Return what came of a negative control."""
    came = (
        "it failed: it has an effect all the same"
        if failed
        else "it passed: its effect is not told from nothing"
    )
    return (
        f"{name} is a negative control, which can change nothing; {came} ({points(metric, effect)}, 95% interval "
        f"{interval(metric, ci)})."
    )


def too_few(name: str, gained: int, not_gained: int, least: int) -> str:
    return (
        f"{name} cannot be judged: {gained:,} deals gained it in time and {not_gained:,} did not, "
        f"and {least} of each are needed."
    )


def not_enough(name: str, metric: metrics.Metric, ci: tuple[float, float], needed: int | None) -> str:
    """Return the sentence for a type whose effect these data cannot tell from nothing."""
    if not math.isfinite(ci[0]):
        return f"Not enough evidence on {name}: its effect could not be estimated from these deals."
    more = f"; about {needed:,} deals would be needed to be sure" if needed else ""
    return (
        f"Not enough evidence on {name}: its effect on {metric_words.outcome(metric)} could be anything from "
        f"{interval(metric, ci)}{more}."
    )


def supported(
    name: str,
    metric: metrics.Metric,
    grade: Grade,
    effect: float,
    ci: tuple[float, float],
    counts: tuple[int, int],
    same_as: tuple[str, ...],
    best_by: str | None,
) -> str:
    """Return the sentence for a type with evidence."""
    gained, not_gained = counts
    subject = (
        f"{name} (together with {', '.join(same_as)}, which these data cannot tell apart)"
        if same_as
        else name
    )
    hinge = "helps" if effect * metric.sign > 0 else "harms"
    timing = f", best by {best_by}" if best_by else ""
    return (
        f"{_STRENGTH[grade]} that {subject} {hinge}{timing}: like for like, deals that gained it "
        f"{change(metric, effect)} (95% interval {interval(metric, ci)}; "
        f"{gained:,} deals gained it, {not_gained:,} did not)."
    )


#: Why a clear effect is no more than worth a test, where another look at the same deals says so.
NOT_LASTING = "of what was ever gained less than half of the effect is left, as with what only comes shortly before a decision"
NOT_BORNE_OUT = "all looks at it together leave less than half of the effect, as with what is gained on deals that were good anyway"


def doubted(doubts: tuple[str, ...]) -> str:
    """Return why nothing strong is said, to follow on the sentence of a finding; empty without doubts."""
    return f" Nothing strong can be said: {'; '.join(doubts)}." if doubts else ""


_REPAIRS = {
    "after_close_left_out": "what was written down after the close left out",
    "closed_when_died": "lost deals taken to end when they fell silent",
    "without_doubted": "the agreements that the record speaks against left out",
    "lost_log": "the entries that lost deals seem to lack put back",
}
_BREAKS = {
    "written_after_the_win": "{share} of its entries in won deals were written after the win",
    "not_kept_where_not_won": "{share} of its entries in deals that were not won never stayed on record",
    "written_after_the_loss": "{share} of its entries in deals that were not won were written after the loss",
    "not_kept_where_won": "{share} of its entries in won deals never stayed on record",
}


def repair(key: str, metric: metrics.Metric, effect: float, survived: bool) -> str:
    """Return what became of a finding with the record put right: ``with …, its effect is …``."""
    if survived:
        return f"with {_REPAIRS[key]}, it stands: {points(metric, effect)} before calibration"
    return f"with {_REPAIRS[key]}, its effect is no longer told from nothing"


def breaks(fault: str, share: float) -> str:
    """Return the fault of the record that would take a finding away, in one sentence."""
    least = f"more than {share:.0%}" if share >= 0.01 else "even 1%"
    return f"It stands unless {_BREAKS[fault].format(share=least)}."


def turned(metric: metrics.Metric, on: datetime.date, before: float, since: float) -> str:
    """Return what became of an effect whose sign changed: ``turned: it helped … and harms …``."""
    helped, helps = ("helped", "harms") if before * metric.sign > 0 else ("harmed", "helps")
    return (
        f"turned: it {helped} with deals created before {on.day} {on:%B %Y} ({points(metric, before)}), and "
        f"{helps} with those since ({points(metric, since)})."
    )


def faded(metric: metrics.Metric, on: datetime.date, before: float, since: float) -> str:
    """Return what became of an effect of which little is left: ``has faded: it helped … and since …``."""
    helped = "helped" if before * metric.sign > 0 else "harmed"
    return (
        f"has faded: it {helped} with deals created before {on.day} {on:%B %Y} ({points(metric, before)}), and with "
        f"those since little of that is left ({points(metric, since)})."
    )


def points(metric: metrics.Metric, value: float) -> str:
    """Return an amount of the metric: ``+1.2 points``, ``-3.0 days``, ``+1,200``."""
    if metric.kind == "share":
        return f"{value * 100:+.1f} points"
    return f"{value:+.1f} days" if metric.kind == "days" else f"{value:+,.0f}"


def leans(pack: str, metric: metrics.Metric, effect: float, ci: tuple[float, float], alone: int) -> str:
    """Return how the place of a type leans on a benchmark pack; ``alone`` is its place without."""
    return (
        f"Its place in the order leans on the pack of {pack}, where its effect was {points(metric, effect)} "
        f"({interval(metric, ci)}); without the pack it would stand at place {alone}. Its grade and its effect lean on nothing "
        "but your own deals."
    )


def path(
    source: str,
    target: str,
    metric: metrics.Metric,
    raises: tuple[float, tuple[float, float]],
    through: float,
    total: float,
    confirmed: bool,
) -> str:
    """Return what an agreement does through a pivotal one that it prepares."""
    more, (low, high) = raises
    said = (
        f"{source} prepares {target}: deals that gained it gained {target} afterwards {more * 100:.1f} points more "
        f"often (95% interval {low * 100:+.1f} to {high * 100:+.1f} points), which is worth "
        f"{points(metric, through)} of {metric_words.outcome(metric)}"
    )
    if not confirmed:
        return f"{said}; an effect of its own is not confirmed."
    return f"{said}, out of {points(metric, total)} in all."


_EVIDENCE = {
    1: "at least our word",
    2: "their word or more",
    3: "their writing or more",
    4: "an act of theirs",
}


def dose(
    name: str, metric: metrics.Metric, said: str, level: int, effects: tuple[float, float], clear: bool
) -> str:
    """Return whether gaining it well changes more, ``effects`` being those of low and high gains."""
    well = (
        f"with {_EVIDENCE.get(level, level)} as evidence"
        if said == "evidence"
        else f"with quality {level} or more of 7"
    )
    low, high = effects
    end = "the difference is more than chance" if clear else "the difference may be chance"
    return (
        f"Gained {well}, {name} goes with {points(metric, high)} of {metric_words.outcome(metric)}; "
        f"gained with less, with {points(metric, low)}: {end}."
    )


def joint(names: tuple[str, ...], metric: metrics.Metric, effect: float, ci: tuple[float, float]) -> str:
    """Return what gaining a whole bundle does."""
    return (
        f"Gaining all of {', '.join(names)} goes with {points(metric, effect)} of {metric_words.outcome(metric)} "
        f"(95% interval {interval(metric, ci)}); these data cannot say which of them does it."
    )
