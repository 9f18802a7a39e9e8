"""Whether a concession was planned, asked for and paid for: checks of a deal's log, by true times.

What was written after a concession does not count for it: neither a plan nor a corridor, whatever day
they name. The three habits behind the checks (giving before being asked, giving more each time, giving
without return) are those that negotiation teachers warn of most.
"""

from __future__ import annotations

import datetime as dt
import enum
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hingepoint.records import conventions
from hingepoint.records.talks import Topic


@dataclass(frozen=True, slots=True)
class Asked:
    """A demand: what about, and when they asked."""

    id: int
    at: dt.datetime
    topic: Topic


@dataclass(frozen=True, slots=True)
class Given:
    """A concession. ``value`` is what it costs us, in the currency of the deal (None: not said or in
    another currency); ``demand`` the demand it answers, where somebody said so; ``final``: said to be
    the last."""

    id: int
    at: dt.datetime
    topic: Topic
    value: float | None = None
    in_return: str = ""
    demand: int | None = None
    final: bool = False


@dataclass(frozen=True, slots=True)
class CorridorWritten:
    """A corridor as somebody wrote it at a moment."""

    at: dt.datetime
    opening: float
    walk_away: float


class Kind(enum.StrEnum):
    """What is noticed about a concession."""

    NOTHING_IN_RETURN = "nothing in return"
    NOT_SHRINKING = "not smaller than the round before"
    BEFORE_ANY_DEMAND = "before any demand"
    AFTER_FINAL = "after the last word"
    UNPLANNED = "not planned"
    OUTSIDE_CORRIDOR = "outside the corridor"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing noticed, with its sentence."""

    kind: Kind
    words: str


def answers(given: Sequence[Given], asked: Sequence[Asked]) -> dict[int, int | None]:
    """Return, per concession, the demand it answers: the one named, else the latest one before it about
    the same, else the latest one before it; None when nobody had asked for anything yet."""
    known = {one.id for one in asked}
    return {g.id: g.demand if g.demand in known else _latest(g, asked) for g in given}


def _latest(given: Given, asked: Sequence[Asked]) -> int | None:
    earlier = [one for one in asked if one.at <= given.at]
    same = [one for one in earlier if one.topic == given.topic]
    return max(same or earlier, key=lambda one: (one.at, one.id)).id if earlier else None


def rounds(given: Sequence[Given]) -> dict[int, int]:
    """Return, per concession, the how-manieth it is about its topic on this deal."""
    counted: dict[Topic, int] = defaultdict(int)
    found = {}
    for one in in_order(given):
        counted[one.topic] += 1
        found[one.id] = counted[one.topic]
    return found


def in_order(given: Sequence[Given]) -> list[Given]:
    return sorted(given, key=lambda one: (one.at, one.id))


def check(
    given: Sequence[Given],
    *,
    asked: Sequence[Asked],
    plans_at: Sequence[dt.datetime] = (),
    corridors: Sequence[CorridorWritten] = (),
    list_price: float | None = None,
) -> Mapping[int, tuple[Check, ...]]:
    """Return what is to be noticed about each concession of one deal, nothing for a clean one.

    ``plans_at`` and ``corridors`` carry the moments at which they were really written. The price after a
    concession is the list price (else the opening of the corridor) less all that was given so far.
    """
    ordered = in_order(given)
    found = {}
    for place, one in enumerate(ordered):
        before = ordered[:place]
        noticed = (
            _in_return(one),
            _shrinks(one, before),
            _was_asked(one, asked),
            _not_final(one, before),
            _planned(one, plans_at, corridors),
            _inside(one, before, corridors, list_price),
        )
        found[one.id] = tuple(each for each in noticed if each)
    return found


def _in_return(one: Given) -> Check | None:
    if one.in_return.strip():
        return None
    return Check(Kind.NOTHING_IN_RETURN, "Nothing came back for it.")


def _shrinks(one: Given, before: Sequence[Given]) -> Check | None:
    """Rounds that do not shrink tell the other side that waiting pays."""
    last = next((b for b in reversed(before) if b.topic == one.topic and b.value is not None), None)
    if last is None or one.value is None or last.value is None or one.value < last.value:
        return None
    how = "as large as" if one.value == last.value else "larger than"
    return Check(Kind.NOT_SHRINKING, f"It is {how} the round before. Smaller steps say that the end is near.")


def _was_asked(one: Given, asked: Sequence[Asked]) -> Check | None:
    if any(each.at <= one.at for each in asked):
        return None
    return Check(Kind.BEFORE_ANY_DEMAND, "Nobody had asked for anything on record.")


def _not_final(one: Given, before: Sequence[Given]) -> Check | None:
    said = next((b for b in before if b.final and b.at < one.at), None)
    if said is None:
        return None
    return Check(Kind.AFTER_FINAL, f"We had said our last word on {conventions.day(said.at)}.")


def _planned(
    one: Given, plans_at: Sequence[dt.datetime], corridors: Sequence[CorridorWritten]
) -> Check | None:
    written = [*plans_at, *(corridor.at for corridor in corridors)]
    if any(at <= one.at for at in written):
        return None
    afterwards = " What was written afterwards does not count." if written else ""
    return Check(Kind.UNPLANNED, f"No plan and no corridor was written before it.{afterwards}")


def _inside(
    one: Given, before: Sequence[Given], corridors: Sequence[CorridorWritten], list_price: float | None
) -> Check | None:
    valid = [corridor for corridor in corridors if corridor.at <= one.at]
    if not valid or one.value is None:
        return None
    corridor = max(valid, key=lambda each: each.at)
    start = corridor.opening if list_price is None else list_price
    price = start - sum(each.value or 0.0 for each in (*before, one))
    if price >= corridor.walk_away:
        return None
    return Check(Kind.OUTSIDE_CORRIDOR, "With it the price falls below the walk-away that was set before.")
