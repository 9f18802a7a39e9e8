"""What others traded for a demand and its reason: from the company's own closed deals, counts with intervals.

Association, not proof: deals on which something was given differ from those on which nothing was. Groups
smaller than five are never shown alone.
"""

from __future__ import annotations

import statistics
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from hingepoint.analysis import intervals
from hingepoint.analysis.talks import reasons
from hingepoint.records.talks import Topic

#: A group smaller than this is not shown.
LEAST = 5
#: What came back is quoted when so many deals say it.
LEAST_SAID = 3


@dataclass(frozen=True, slots=True)
class Trade:
    """One concession that answered a demand. ``cost`` is a share of the list price; ``worth`` what it was
    worth to them as the seller judged it, 1 little to 3 a lot."""

    topic: Topic
    cost: float | None = None
    in_return: str = ""
    worth: int | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """A demand on a closed deal, its reason (empty: not known), and what was given for it."""

    topic: Topic
    reason: str
    given: tuple[Trade, ...]
    won: bool


@dataclass(frozen=True, slots=True)
class Answer:
    """One way in which such demands were answered; ``topic`` None: nothing was given.

    ``frequency``, ``returned`` and ``won`` are shares with intervals; ``cost`` the median share of the list
    price with the middle half of all; ``worth`` the mean of 1 to 3 over ``judged`` trades; ``returns`` what
    came back most often, with how often.
    """

    topic: Topic | None
    n: int
    frequency: intervals.Estimate
    cost: float | None
    cost_low: float | None
    cost_high: float | None
    worth: float | None
    judged: int
    returned: intervals.Estimate
    returns: tuple[tuple[str, int], ...]
    won: intervals.Estimate


@dataclass(frozen=True, slots=True)
class Library:
    """Answers to ``n`` demands like one, most frequent first. ``by_reason``: their reason was like it too;
    ``with_reason`` demands had such a reason, fewer than ``LEAST`` when not ``by_reason``."""

    topic: Topic
    n: int
    by_reason: bool
    with_reason: int
    answers: tuple[Answer, ...]
    too_few: int

    @property
    def enough(self) -> bool:
        return self.n >= LEAST


def library(cases: Sequence[Case], *, topic: Topic, reason: str = "") -> Library:
    """Return how demands about ``topic`` for a like ``reason`` were answered; for any reason where fewer
    than five had a like one."""
    about = [case for case in cases if case.topic == topic]
    like = _like(about, reason) if reason else []
    chosen = like if len(like) >= LEAST else about
    groups: dict[Topic | None, list[Case]] = defaultdict(list)
    for case in chosen:
        for topic_given in {trade.topic for trade in case.given}:
            groups[topic_given].append(case)
        if not case.given:
            groups[None].append(case)
    shown = [_answer(given, group, len(chosen)) for given, group in groups.items() if len(group) >= LEAST]
    return Library(
        topic=topic,
        n=len(chosen),
        by_reason=chosen is like,
        with_reason=len(like),
        answers=tuple(sorted(shown, key=lambda answer: -answer.n)) if len(chosen) >= LEAST else (),
        too_few=sum(len(group) for group in groups.values() if len(group) < LEAST),
    )


def _like(cases: Sequence[Case], reason: str) -> list[Case]:
    sought = reasons.content(reason)
    return [
        c for c in cases if c.reason and reasons.overlap(reasons.content(c.reason), sought) >= reasons.ALIKE
    ]


def _answer(topic: Topic | None, group: Sequence[Case], n: int) -> Answer:
    trades = [trade for case in group for trade in case.given if trade.topic == topic]
    costs = sorted(trade.cost for trade in trades if trade.cost is not None)
    judged = [trade.worth for trade in trades if trade.worth is not None]
    said = Counter(trade.in_return.strip() for trade in trades if trade.in_return.strip())
    low, middle, high = _quartiles(costs)
    return Answer(
        topic=topic,
        n=len(group),
        frequency=intervals.share(len(group), n),
        cost=middle,
        cost_low=low,
        cost_high=high,
        worth=statistics.fmean(judged) if len(judged) >= LEAST else None,
        judged=len(judged),
        returned=intervals.share(sum(said.values()), len(trades)),
        returns=tuple((words, count) for words, count in said.most_common(3) if count >= LEAST_SAID),
        won=intervals.share(sum(case.won for case in group), len(group)),
    )


def _quartiles(values: Sequence[float]) -> tuple[float | None, float | None, float | None]:
    """Return lower quartile, median and upper quartile; None for fewer than ``LEAST`` values."""
    if len(values) < LEAST:
        return None, None, None
    low, middle, high = statistics.quantiles(values, n=4, method="inclusive")
    return low, middle, high
