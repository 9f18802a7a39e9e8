"""The track record of our own advice: what past days would have said, and what became of it on later deals."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

from hingepoint.analysis import intervals
from hingepoint.records.findings import Grade, Held

Interval = tuple[float, float]
NOTHING: Interval = (math.nan, math.nan)
#: Less than this share of what was said is no longer what was said.
HALF = 0.5


@dataclass(frozen=True)
class Advice:
    """What a past day would have said of one agreement type, and what later deals say of it.

    on         the day, as text; ``effect`` and ``ci`` as they would have been told on it
    proposed   whether it would have been in the proposed set
    later      the same estimate on deals from that day on, ``later_ci`` its interval; ``gained`` and ``not_gained`` deals
    left_out   why the later deals leave it out; empty where they do not
    """

    on: str
    agreement: str
    name: str
    grade: Grade
    effect: float
    ci: Interval
    proposed: bool
    later: float
    later_ci: Interval
    gained: int
    not_gained: int
    left_out: str
    held: Held

    @property
    def strong(self) -> bool:
        return self.grade == Grade.STRONG


@dataclass(frozen=True)
class PastDay:
    """One past day: the deals on record then, and what would have been confirmed, what did not hold first."""

    on: str
    deals: int
    won: int
    lost: int
    advice: tuple[Advice, ...]

    def number(self, held: Held, *, strong: bool = True) -> int:
        """Return how many strong findings of the day (or all that were confirmed) came to this."""
        return sum(one.held == held and (one.strong or not strong) for one in self.advice)


@dataclass(frozen=True)
class Replay:
    """The track record: each past day, and each agreement once, from the first day on which it was called strong.

    days       the past days, the newest first
    first      the advice of the first day on which each agreement was called strong, what did not hold first
    share      of those that can be told, that held (if weaker, too); ``share_ci`` its interval
    kept       how much of what was said the later deals show, over all that can be told; ``kept_ci`` its interval
    too_early  past days that were left out, since too few deals were decided by then
    in_words   all that in short
    """

    days: tuple[PastDay, ...] = ()
    first: tuple[Advice, ...] = ()
    share: float = math.nan
    share_ci: Interval = NOTHING
    kept: float = math.nan
    kept_ci: Interval = NOTHING
    too_early: int = 0
    in_words: str = ""

    def number(self, held: Held) -> int:
        return sum(one.held == held for one in self.first)


def judged(effect: float, later: float, later_ci: Interval, *, left_out: bool = False) -> Held:
    """Return what became of an effect that was told, by the interval of the same estimate on later deals.

    It held if they show an effect of its sign, and less of it if that is surely below half of what was told. It did not
    if that is so of an interval that holds nothing, if the sign is surely the other, or if later deals leave it out.
    """
    if left_out:
        return Held.FAILED
    if not math.isfinite(later_ci[0]):
        return Held.UNTOLD
    sign = math.copysign(1.0, effect)
    low, high = sorted((sign * later_ci[0], sign * later_ci[1]))
    below = high < HALF * abs(effect)
    if low > 0:
        return Held.LESS if below else Held.HELD
    return Held.FAILED if below else Held.UNTOLD


def replay_of(days: Iterable[PastDay], too_early: int) -> Replay:
    """Return the track record of past days."""
    newest_first = tuple(sorted(days, key=lambda day: day.on, reverse=True))
    first = tuple(sorted(_first(newest_first), key=worst_first))
    told_of = [one for one in first if one.held != Held.UNTOLD]
    held = sum(one.held in (Held.HELD, Held.LESS) for one in told_of)
    share = intervals.share(held, len(told_of))
    kept, kept_ci = _kept([one for one in told_of if math.isfinite(one.later_ci[0])])
    return Replay(
        days=newest_first,
        first=first,
        share=math.nan if share.value is None else share.value,
        share_ci=NOTHING if share.low is None or share.high is None else (share.low, share.high),
        kept=kept,
        kept_ci=kept_ci,
        too_early=too_early,
        in_words=_in_words(newest_first, first, share, kept, kept_ci),
    )


def worded(read: Replay) -> Replay:
    """Return a replay whose grades and verdicts were read as texts, with their words."""

    def with_words(advice: tuple[Advice, ...]) -> tuple[Advice, ...]:
        return tuple(replace(one, grade=Grade(one.grade), held=Held(one.held)) for one in advice)

    days = tuple(replace(day, advice=with_words(day.advice)) for day in read.days)
    return replace(read, days=days, first=with_words(read.first))


def worst_first(one: Advice) -> tuple[int, float, str]:
    """Return by what advice is sorted: what did not hold first, then the largest effect that was told."""
    return list(Held).index(one.held), -abs(one.effect), one.agreement


def _first(newest_first: Iterable[PastDay]) -> list[Advice]:
    """Return the strong advice of the first day on which each agreement had some."""
    return list({one.agreement: one for day in newest_first for one in day.advice if one.strong}.values())


def _kept(advice: list[Advice]) -> tuple[float, Interval]:
    """Return the slope of later effects on those told, through nothing, weighed by the errors of both, and its 95 %
    interval."""
    if not advice:
        return math.nan, NOTHING
    errors = [math.hypot(_error(one.ci), _error(one.later_ci)) for one in advice]
    weighed = math.fsum((one.effect / error) ** 2 for one, error in zip(advice, errors, strict=True))
    products = (one.effect * one.later / error**2 for one, error in zip(advice, errors, strict=True))
    slope, half = math.fsum(products) / weighed, intervals.Z / math.sqrt(weighed)
    return slope, (slope - half, slope + half)


def _error(ci: Interval) -> float:
    return (ci[1] - ci[0]) / (2 * intervals.Z)


def _in_words(
    days: tuple[PastDay, ...],
    first: tuple[Advice, ...],
    share: intervals.Estimate,
    kept: float,
    kept_ci: Interval,
) -> str:
    if not days:
        return "There is no past day to replay: too few deals were won and lost a quarter ago."
    if not first:
        return f"On none of {_days(len(days))} would anything have been called strong, so there is no advice to check."
    counts = [sum(one.held == held for one in first) for held in Held]
    failed, less, held, untold = counts
    parts = [
        f"{held} held",
        f"{less} held but weaker",
        f"{failed} did not hold",
        f"{untold} cannot be told yet",
    ]
    kept_parts = [part for part, number in zip(parts, (held, less, failed, untold), strict=True) if number]
    first_words = f"Of {_findings(len(first))} over {_days(len(days))}, {', '.join(kept_parts)}."
    if share.value is None or share.low is None or share.high is None:
        return f"{first_words} It is too early for a share."
    between = f"95% interval {share.low:.0%} to {share.high:.0%}"
    second = f"Of the {share.n} that can be told, {share.value:.0%} held ({between})."
    if not math.isfinite(kept):
        return f"{first_words} {second}"
    third = (
        f"Later deals showed {kept:.0%} of the effects that were told ({kept_ci[0]:.0%} to {kept_ci[1]:.0%})."
    )
    return f"{first_words} {second} {third}"


def _days(number: int) -> str:
    return "one past day" if number == 1 else f"{number} past days"


def _findings(number: int) -> str:
    return "one agreement called strong" if number == 1 else f"{number} agreements called strong"
