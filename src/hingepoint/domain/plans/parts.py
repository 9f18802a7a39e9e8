"""The parts of a plan and its lines: plain data, known to actions, queries, pages and the printed sheet."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hingepoint.analysis.talks import reasons
from hingepoint.records.languages import words_of
from hingepoint.records.talks import Topic


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a plan. ``source`` says where it comes from; empty: the writer's own words.

    A trade says what it costs the side that gives it and what it is worth to the side that gets it,
    1 little to 3 a lot.
    """

    text: str
    source: str = ""
    cost: int | None = None
    worth: int | None = None

    @property
    def own(self) -> bool:
        return not self.source


@dataclass(frozen=True, slots=True)
class Part:
    """One question that a plan answers. ``hint`` stands where nothing is known yet."""

    key: str
    label: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    title: str
    parts: tuple[Part, ...]


#: The conversation plan, in the order in which one talks it through.
GROUPS = words_of((
    Group(
        "What we ask",
        (
            Part("best", "At best", "Who does what by when."),
            Part("minimum", "At least", "The smallest step that still moves the deal."),
            Part("from_whom", "From whom", "Who can promise it."),
            Part("why_they_would", "Why they would", "What they gain by it."),
        ),
    ),
    Group(
        "Power and alternatives",
        (
            Part("our_power", "What is strong on our side", "What they cannot easily get elsewhere."),
            Part("their_power", "What is strong on theirs", "What we need of them."),
            Part("our_alternative", "What we do without it", "The deal goes on smaller, later, or not at all."),
            Part("their_alternative", "What they do without us", "A rival, their own people, or nothing."),
        ),
    ),
    Group(
        "Information",
        (
            Part("get", "To get", "What we must know when we leave the room."),
            Part("give", "To give", "What we tell them, and when."),
            Part("protect", "To protect", "What we do not say."),
        ),
    ),
    Group(
        "What they will ask of us",
        (
            Part("demand", "The demand we expect", "In their words."),
            Part("hypotheses", "Why they may ask it", "Two reasons at least: the first one is rarely the real one."),
            Part("questions", "Questions to ask", "One a line."),
        ),
    ),
))  # fmt: skip
#: Trades: what we can give and what we ask in return, each with cost and worth.
OFFER = words_of(Part("offer", "To offer", "What costs us little and helps them much."))
REQUEST = words_of(Part("request", "To ask in return", "What costs them little and helps us much."))
TRADES = (OFFER, REQUEST)
TALK_PARTS = tuple(part for group in GROUPS for part in group.parts) + TRADES
#: The plan of a deal: its risks, and for each pivotal agreement ahead a next step, who takes it and when.
RISKS = words_of(Part("risks", "What could go wrong", "And what you do about it."))
STEP, WHO, ON = "step", "who", "on"
#: So many reasons are asked for: the first that comes to mind is rarely the real one.
LEAST_HYPOTHESES = 2
LONGEST_LINE, MOST_LINES = 600, 20


def about(what: str, type_key: str) -> str:
    """Return the name of a part of a deal's plan that speaks of one agreement: ``step:cust.data_access``."""
    return f"{what}:{type_key}"


def lines_of(told: str | Iterable[str | Line]) -> list[Line]:
    """Return what was told as lines: a text by its line breaks; empty lines and repeats are left out."""
    given = told.splitlines() if isinstance(told, str) else told
    found: dict[str, Line] = {}
    for one in given:
        line = one if isinstance(one, Line) else Line(" ".join(one.split()))
        if line.text:
            found.setdefault(line.text, Line(line.text[:LONGEST_LINE], line.source, line.cost, line.worth))
    return list(found.values())[:MOST_LINES]


def with_sources(lines: Iterable[Line], offered: Sequence[Line]) -> list[Line]:
    """Return ``lines`` with the source of the offered line that says the same; the others are one's own."""
    known = {line.text: line.source for line in offered}
    return [Line(line.text, known.get(line.text, ""), line.cost, line.worth) for line in lines]


def ranked(trades: Iterable[Line], *, given: bool = True) -> list[Line]:
    """Return trades in the order to use them: least cost for most worth first, unrated in between. Of what
    we give (``given``), whatever moves the price comes last."""
    return sorted(
        trades,
        key=lambda line: (given and _moves_price(line.text), (line.cost or 2) - (line.worth or 2)),
    )


def _moves_price(text: str) -> bool:
    return reasons.topic_of("", text) == Topic.PRICE


def lacking(parts: Mapping[str, Sequence[Any]], talk_on: dt.date | None) -> tuple[str, ...]:
    """Return what a complete plan of a talk has and these lines by part lack, in words."""

    def many(part: str) -> int:
        return len(parts.get(part, ()))

    lacks = {
        "from whom": not many("from_whom"),
        "why they would": not many("why_they_would"),
        "a second reason behind their demand": many("demand") > 0 and many("hypotheses") < LEAST_HYPOTHESES,
        "something to ask in return": many("offer") > 0 and not many("request"),
        "the day of the talk": talk_on is None,
    }
    return tuple(words for words, lacking in lacks.items() if lacking)


def to_json(parts: Mapping[str, Sequence[Line]]) -> dict[str, list[dict[str, Any]]]:
    """Return parts as a plan keeps them; empty ones are left out."""
    return {key: [_plain(line) for line in lines] for key, lines in parts.items() if lines}


def _plain(line: Line) -> dict[str, Any]:
    told = {"text": line.text, "source": line.source, "cost": line.cost, "worth": line.worth}
    return {name: value for name, value in told.items() if value}


def from_json(parts: Mapping[str, Sequence[Mapping[str, Any]]]) -> dict[str, list[Line]]:
    return {key: [Line(**line) for line in lines] for key, lines in parts.items()}
