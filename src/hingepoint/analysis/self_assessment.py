"""What a self-assessment says: how answers lie, and how far leaders and field lie apart.

A group is told of from ``LEAST`` answers on. Where one of the two groups is smaller, only all together are told of,
never both: nobody is left to be found by taking one from the other. Answers that cannot say are counted and are no
place on the scale.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist, fmean, median, quantiles, variance

from hingepoint.analysis.intervals import Difference
from hingepoint.records.self_assessment import QUESTIONS, SCALE, Group, HowOften, Kind

#: Answers of a group below which nothing of it is told.
LEAST = 5
#: What a step of the scale leaves unsaid: an answer stands for everything within half a step of it (Sheppard 1898).
WITHIN_A_STEP = 1 / 12
#: All intervals of one page hold together with this chance.
SURE = 0.95


@dataclass(frozen=True, slots=True)
class Said:
    """One person's answers by the key of the question."""

    group: Group
    answers: Mapping[str, HowOften]


@dataclass(frozen=True, slots=True)
class Spread:
    """How ``n`` answers on the scale lie, from 0 to 4: the middle one, the middle half from ``low`` to ``high``, and the mean
    with the variance of a single answer. ``cannot`` more could not say."""

    n: int
    cannot: int
    middle: float
    low: float
    high: float
    mean: float
    variance: float

    @property
    def likely(self) -> tuple[float, float]:
        """The 95% interval of the mean, within the scale."""
        half = student(1 - (1 - SURE) / 2, self.n - 1) * math.sqrt(_variance(self) / self.n)
        return max(self.mean - half, 0.0), min(self.mean + half, float(len(SCALE) - 1))


@dataclass(frozen=True, slots=True)
class Line:
    """What is told of one question. Either ``whole``, or ``leaders`` and ``field``; each None where too few could say.
    ``gap`` is field minus leaders in steps."""

    key: str
    kind: Kind
    whole: Spread | None
    leaders: Spread | None
    field: Spread | None
    gap: Difference | None

    @property
    def spreads(self) -> tuple[Spread, ...]:
        return tuple(one for one in (self.whole, self.leaders, self.field) if one is not None)

    @property
    def level(self) -> float:
        """How often it is seen by whoever sees it more; below 0 where nothing is told."""
        return max((one.mean for one in self.spreads), default=-1.0)


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a company stands. ``people`` answered; ``leaders`` and ``field`` count them where the two are told apart. Of each kind
    the lines with the widest gaps stand first, without gaps those seen most."""

    people: int
    leaders: int | None
    field: int | None
    lines: tuple[Line, ...]

    @property
    def enough(self) -> bool:
        return self.people >= LEAST

    def of(self, kind: Kind) -> tuple[Line, ...]:
        return tuple(line for line in self.lines if line.kind is kind)

    def widest(self) -> Line | None:
        """Return the line whose groups lie farthest apart beyond chance; None where none does."""
        apart = [line for line in self.lines if line.gap is not None and beyond_chance(line.gap)]
        return max(apart, key=_width, default=None)


@dataclass(frozen=True, slots=True)
class Moved:
    """How a group's answers to a question moved since the round before, in steps; ``group`` is None for all together."""

    key: str
    group: Group | None
    before: Spread
    now: Spread
    change: Difference


def read(said: Sequence[Said]) -> Standing:
    """Return what may be told of these answers."""
    by_group = {group: [one for one in said if one.group is group] for group in Group}
    apart = all(len(people) >= LEAST for people in by_group.values())
    sides = {
        question.key: [spread(by_group[group], question.key) if apart else None for group in Group]
        for question in QUESTIONS
    }
    family = sum(all(pair) for pair in sides.values())
    lines = [
        Line(
            question.key,
            question.kind,
            whole=spread(said, question.key) if not apart else None,
            leaders=leaders,
            field=field,
            gap=difference(field, leaders, family=family) if leaders and field else None,
        )
        for question in QUESTIONS
        for leaders, field in [sides[question.key]]
    ]
    lines.sort(key=lambda line: (-_width(line), -line.level))
    return Standing(
        people=len(said),
        leaders=len(by_group[Group.LEADER]) if apart else None,
        field=len(by_group[Group.FIELD]) if apart else None,
        lines=tuple(lines),
    )


def spread(said: Iterable[Said], key: str) -> Spread | None:
    """Return how answers to a question lie; None where fewer than ``LEAST`` could say."""
    given = [one.answers[key] for one in said if key in one.answers]
    values = sorted(float(one) for one in given if one is not HowOften.CANNOT_SAY)
    if len(values) < LEAST:
        return None
    low, _, high = quantiles(values, n=4, method="inclusive")
    return Spread(
        n=len(values),
        cannot=len(given) - len(values),
        middle=median(values),
        low=low,
        high=high,
        mean=fmean(values),
        variance=variance(values),
    )


def compare(now: Standing, before: Standing) -> tuple[Moved, ...]:
    """Return how each question moved for each group that both rounds tell of, in the order of ``now``."""
    earlier = {line.key: line for line in before.lines}
    pairs = [
        (line.key, group, old, new)
        for line in now.lines
        for group, old, new in _same_groups(earlier[line.key], line)
    ]
    return tuple(
        Moved(key, group, old, new, difference(new, old, family=len(pairs))) for key, group, old, new in pairs
    )


def beyond_chance(found: Difference) -> bool:
    """Return whether an interval leaves 0 out."""
    return found.low > 0 or found.high < 0


def difference(one: Spread, other: Spread, *, family: int = 1) -> Difference:
    """Return the mean of ``one`` minus that of ``other`` with Welch's interval (Welch 1947), as wide as ``family`` of them together
    need (Bonferroni). A variance is never below what a step leaves unsaid: five equal answers are not certainty."""
    parts = [_variance(each) / each.n for each in (one, other)]
    total = sum(parts)
    freedom = total**2 / sum(part**2 / (each.n - 1) for part, each in zip(parts, (one, other), strict=True))
    half = student(1 - (1 - SURE) / (2 * max(family, 1)), freedom) * math.sqrt(total)
    change = one.mean - other.mean
    return Difference(change, change - half, change + half)


def student(chance: float, freedom: float) -> float:
    """Return the quantile of Student's t from that of the normal distribution (Abramowitz and Stegun 26.7.5); from four
    degrees of freedom on within 2% of the true one, for what a page of intervals needs."""
    z = NormalDist().inv_cdf(chance)
    terms = (
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
        (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160,
    )
    return z + sum(term / freedom**power for power, term in enumerate(terms, 1))


def _variance(one: Spread) -> float:
    return max(one.variance, WITHIN_A_STEP)


def _width(line: Line) -> float:
    return abs(line.gap.value) if line.gap else -1.0


def _same_groups(old: Line, new: Line) -> list[tuple[Group | None, Spread, Spread]]:
    pairs = [
        (Group.LEADER, old.leaders, new.leaders),
        (Group.FIELD, old.field, new.field),
        (None, old.whole, new.whole),
    ]
    return [(group, before, now) for group, before, now in pairs if before and now]
