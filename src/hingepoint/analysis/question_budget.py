"""What answers to our own questions were followed by, and what an answer costs.

Following is not causing: what follows an answer may have come anyway. The reverse is sound: where no decision followed any of many
answers, none of them changed one.
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

#: A decision so long after an answer follows it.
FOLLOWS = dt.timedelta(days=90)
#: Of fewer answers nothing is judged.
LEAST = 20
#: What an answer takes where nothing was timed, in seconds.
TYPED, CHOSEN = 10.0, 3.0
#: A pause longer than this between two entries was spent elsewhere; of fewer times than ``LEAST_TIMED`` none is taken.
LONGEST_PAUSE = dt.timedelta(minutes=5)
LEAST_TIMED = 10


#: What a question or a decision is about: a deal by its number, or something else by its name.
About = int | str


@dataclass(frozen=True, slots=True)
class Asked:
    """A question asked once: about what, about which type of agreement (None: the deal as a whole), when, and whether it was
    answered."""

    about: About
    type: int | None
    at: dt.datetime
    answered: bool


@dataclass(frozen=True, slots=True)
class Decision:
    """A decision that would not have come by default: about what (None: every deal), a type of agreement (None: all of it)."""

    about: About | None
    type: int | None
    at: dt.datetime


@dataclass(frozen=True, slots=True)
class Followed:
    """How often a question was asked and answered, and after how many answers, and non-answers, a decision followed."""

    asked: int
    answered: int
    after_answers: int
    after_none: int

    @property
    def judged(self) -> bool:
        return self.answered >= LEAST

    @property
    def moved_nothing(self) -> bool:
        """Whether many answered and no decision followed any: then none of the answers changed one."""
        return self.judged and self.after_answers == 0


def followed(asked: Iterable[Asked], decisions: Sequence[Decision]) -> Followed:
    """Return what followed: a decision within ``FOLLOWS`` of an answer on the same agreement, or on its deal as a whole; of a
    decision about every deal, one on the same type. An answer about a deal as a whole is followed by any decision on it."""
    of_deal, of_type = _by_place(decisions)
    counts = {True: [0, 0], False: [0, 0]}
    for one in asked:
        near = _within(of_deal.get(one.about, []), one.at)
        on_deal = any(kind is None or one.type is None or kind == one.type for _, kind in near)
        on_type = one.type is not None and bool(_within(of_type.get(one.type, []), one.at))
        counts[one.answered][0] += 1
        counts[one.answered][1] += on_deal or on_type
    answered, after = counts[True]
    silent, after_none = counts[False]
    return Followed(answered + silent, answered, after, after_none)


_Dated = list[tuple[dt.datetime, int | None]]


def _by_place(decisions: Sequence[Decision]) -> tuple[dict[About, _Dated], dict[int, _Dated]]:
    """Return decisions by deal, and those about every deal by type, each in the order of time."""
    of_deal: dict[About, _Dated] = defaultdict(list)
    of_type: dict[int, _Dated] = defaultdict(list)
    for one in sorted(decisions, key=lambda one: one.at):
        if one.about is not None:
            of_deal[one.about].append((one.at, one.type))
        elif one.type is not None:
            of_type[one.type].append((one.at, one.type))
    return of_deal, of_type


def _within(dated: _Dated, at: dt.datetime) -> _Dated:
    """Return what came after ``at`` and no later than ``FOLLOWS``."""
    first = bisect_right(dated, at, key=lambda one: one[0])
    return dated[first : bisect_right(dated, at + FOLLOWS, key=lambda one: one[0])]


# ---- what an answer costs ----


def seconds_by_form(entries: Iterable[tuple[int, dt.datetime, str]]) -> dict[str, float]:
    """Return how long a form takes in the middle: the time since the entry before it of the same person, of forms timed often
    enough. ``entries`` are (who, when, which form); what is of no form is named empty, and counts as the entry before."""
    times: dict[str, list[float]] = defaultdict(list)
    before: dict[int, dt.datetime] = {}
    for who, at, form in sorted(entries):
        pause = at - before[who] if who in before else None
        if form and pause is not None and dt.timedelta(0) < pause <= LONGEST_PAUSE:
            times[form].append(pause.total_seconds())
        before[who] = at
    return {form: median(took) for form, took in times.items() if len(took) >= LEAST_TIMED}


def counted_seconds(typed: bool) -> float:
    """Return what an answer takes where nothing was timed."""
    return TYPED if typed else CHOSEN


def shares(form_seconds: float, answered: Mapping[str, tuple[int, bool]]) -> dict[str, float]:
    """Return what an answer to each question of a form takes, of a form that takes ``form_seconds`` as it is filled on average.
    ``answered`` says of each question how often it was answered and whether it is typed."""
    filled = max((times for times, _ in answered.values()), default=0)
    whole = sum(times * counted_seconds(typed) for times, typed in answered.values())
    scale = form_seconds * filled / whole if whole else 0.0
    return {key: counted_seconds(typed) * scale for key, (_, typed) in answered.items()}
