"""What decides whether a mail goes out: whether it is somebody's time, what is new, what was never of use."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from hingepoint.records.notices import Line, NoticeKind
from hingepoint.records.signals import StepKind

#: Lines of one kind that a mail tells; the others are counted.
A_FEW = 5
#: A line told so long ago counts as new again.
TOLD_FOR = dt.timedelta(days=30)
#: After so many answers in a row that it led to nothing, quiet is offered.
IN_VAIN = 3
#: How long a kind rests when somebody snoozes it.
SNOOZE = dt.timedelta(days=14)
#: A mail that the server did not take is tried so often, once an hour.
TRIES = 6
#: A chat that took nothing on so many days of messages in a row is left.
CHAT_DAYS = 3


def digest_of(token: str) -> str:
    """Return what is kept of the token in a calendar's address (SHA-256)."""
    return hashlib.sha256(token.encode()).hexdigest()


def is_time(now: dt.datetime, hour: int, weekdays: str, *, off: bool) -> bool:
    """Return whether a mail may go out ``now`` (in the person's zone): a working day of theirs, from their hour on."""
    return not off and str(now.weekday()) in weekdays and now.hour >= hour


@dataclass(frozen=True, slots=True)
class Away:
    """Who is away from when until before when, around a day; those of nobody are everybody's."""

    spans: dict[int | None, list[tuple[dt.date, dt.date]]]

    def holds(self, person_id: int, day: dt.date) -> bool:
        return self.of_all(day) or self._within(person_id, day)

    def of_all(self, day: dt.date) -> bool:
        return self._within(None, day)

    def _within(self, whose: int | None, day: dt.date) -> bool:
        return any(since <= day < until for since, until in self.spans.get(whose, ()))


def new_keys(lines: Iterable[Line], told: Iterable[str]) -> list[str]:
    """Return the keys of what was not told before. A mail goes out only for these."""
    known = set(told)
    return [line.key for line in lines if line.key not in known]


@dataclass(frozen=True, slots=True)
class Group:
    """The lines of one kind in a mail: a few of them, the new ones first, and how many more there are. ``vain``: the last
    answers say that the kind led to nothing."""

    kind: NoticeKind
    lines: tuple[Line, ...]
    more: int
    vain: bool = False


def grouped(lines: Sequence[Line], new: Iterable[str], vain: Collection[str] = ()) -> tuple[Group, ...]:
    """Return lines by kind, in the order of the kinds; ``vain`` are the kinds that led to nothing."""
    fresh = set(new)
    groups = []
    for kind in NoticeKind:
        mine = sorted((one for one in lines if one.kind == kind), key=lambda one: one.key not in fresh)
        if mine:
            more = max(0, len(mine) - A_FEW)
            groups.append(Group(kind, tuple(mine[:A_FEW]), more, kind in vain))
    return tuple(groups)


def in_vain(newest_first: Sequence[bool]) -> bool:
    """Return whether the last answers to a kind all say that it led to nothing."""
    return len(newest_first) >= IN_VAIN and not any(newest_first[:IN_VAIN])


@dataclass(frozen=True, slots=True)
class Decided:
    """Somebody's word on whether a raise led to a decision, said ``at`` a moment."""

    raise_id: int
    said: StepKind
    at: dt.datetime


def last_words(newest_first: Iterable[Decided]) -> list[bool]:
    """Return whether raises led to a decision, the newest word first: of each raise the last word, and none where that is
    *not yet*, which is no answer."""
    last: dict[int, StepKind] = {}
    for one in newest_first:
        last.setdefault(one.raise_id, one.said)
    return [said == StepKind.LED for said in last.values() if said != StepKind.NOT_YET]
