"""The track record of earlier advice in words: what pages, report and terminal share."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from hingepoint.analysis.discovery.track_record import Advice, PastDay, Replay
from hingepoint.records.findings import Held
from hingepoint.reports.charts import days, numbers
from hingepoint.reports.findings.metric import Metric

TONES = {Held.FAILED: "bad", Held.LESS: "warn", Held.HELD: "good", Held.UNTOLD: "quiet"}
#: What the track record is and is not, beside it.
LIMITS = (
    "Each past day knows only what was on record by then. Later deals are measured in the same way, each from that day on, "
    "so no result counts on both sides. Owners, teams and your words on agreements are those of today."
)


@dataclass(frozen=True, slots=True)
class Said:
    """One agreement that was called strong: when, how much, and what later deals show. Numbers are None where not known."""

    key: str
    name: str
    on: str
    effect: float
    low: float
    high: float
    later: float | None
    later_low: float | None
    later_high: float | None
    deals: str
    held: str
    tone: str
    left_out: str


@dataclass(frozen=True, slots=True)
class Day:
    """One past day: what was on record, and how many strong findings came to what."""

    on: str
    deals: str
    strong: int
    counts: tuple[tuple[str, int, str], ...]
    moderate: str
    names: str


@dataclass(frozen=True, slots=True)
class Replayed:
    """A track record, ready to show."""

    words: str
    limits: str
    first: tuple[Said, ...]
    days: tuple[Day, ...]
    too_early: str


def replayed(made: Replay | None) -> Replayed | None:
    """Return the track record in words; None where there is none."""
    if made is None:
        return None
    early = numbers.plural(made.too_early, "earlier quarter") if made.too_early else ""
    return Replayed(
        words=made.in_words,
        limits=LIMITS,
        first=tuple(_said(one) for one in made.first),
        days=tuple(_day(one) for one in made.days),
        too_early=f"{early} had too few decided deals to say anything." if early else "",
    )


def _said(one: Advice) -> Said:
    low, high = one.later_ci
    known = low == low  # not a number where later deals say nothing
    return Said(
        key=one.agreement,
        name=one.name,
        on=_told(one.on),
        effect=one.effect,
        low=one.ci[0],
        high=one.ci[1],
        later=one.later if known else None,
        later_low=low if known else None,
        later_high=high if known else None,
        deals=f"{numbers.plural(one.gained, 'deal')} with it, {numbers.number(one.not_gained)} without",
        held=one.held.label,
        tone=TONES[one.held],
        left_out=one.left_out,
    )


def _day(one: PastDay) -> Day:
    counts = tuple((held.label, one.number(held), TONES[held]) for held in Held if one.number(held))
    strong = [advice for advice in one.advice if advice.strong]
    return Day(
        on=_told(one.on),
        deals=f"{numbers.number(one.deals)}: {numbers.number(one.won)} won, {numbers.number(one.lost)} lost",
        strong=len(strong),
        counts=counts,
        moderate=_moderate([advice for advice in one.advice if not advice.strong]),
        names=", ".join(f"“{advice.name}”" for advice in strong),
    )


def _moderate(advice: Iterable[Advice]) -> str:
    """Return how many moderate findings held, of those that can be told."""
    told = [one for one in advice if one.held != Held.UNTOLD]
    held = sum(one.held != Held.FAILED for one in told)
    return f"{held} of {len(told)} held" if told else "–"


def _told(day: str) -> str:
    return days.told(dt.date.fromisoformat(day))


def line(one: Said, metric: Metric) -> str:
    """Return one agreement in one sentence, for a terminal or a page of print."""
    said = f"{one.held}: “{one.name}”, {metric.effect(one.effect)} ({metric.interval(one.low, one.high)}) by {one.on}"
    if one.left_out:
        return f"{said}. Later deals leave it out: {one.left_out}"
    if one.later is None:
        return f"{said}; too few deals since then."
    since = f"{metric.effect(one.later)} ({metric.interval(one.later_low, one.later_high)})"
    return f"{said}; {since} on deals since then ({one.deals})."
