"""What a plan can say before anybody types: decided on plain data, each line with where it comes from."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from hingepoint.domain.plans.parts import LEAST_HYPOTHESES, RISKS, STEP, WHO, Line, about, ranked
from hingepoint.records import conventions
from hingepoint.records.languages import say, words_of

#: What counts as an agreement is a rule of the house, not of one playbook.
RULE = words_of("What counts as an agreement")
MOST_PEOPLE, MOST_REQUESTS, MOST_STANDING = 3, 3, 3


@dataclass(frozen=True, slots=True)
class Someone:
    """A person of the customer on this deal."""

    name: str
    title: str = ""
    role: str = ""

    def __str__(self) -> str:
        about = ", ".join(word for word in (self.title, self.role) if word)
        return f"{self.name} ({about})" if about else self.name


@dataclass(frozen=True, slots=True)
class Asked:
    """A demand of theirs on this deal, with the reason if it is known."""

    words: str
    on: str
    reason: str = ""
    reason_state: str = ""
    answered: bool = False

    @property
    def source(self) -> str:
        return say("Demand of {on}", on=self.on)


@dataclass(frozen=True, slots=True)
class TypicalDemand:
    """A demand that the playbook expects, with reasons and trades."""

    demand: str
    reasons: tuple[str, ...] = ()
    trades: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OtherAgreement:
    """Another agreement of the deal: still open, or standing since ``on``."""

    name: str
    whom: str = ""
    on: str = ""


@dataclass(frozen=True, slots=True)
class Traded:
    """What others gave for such a demand: in how many deals, and what came back."""

    what: str
    n: int
    cost: int | None = None
    worth: int | None = None
    returns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Known:
    """Everything on record that one conversation can use."""

    description: str
    checks: tuple[str, ...] = ()
    counterpart: str = ""
    playbook: str = ""  # how the source is called; empty: no playbook asks for it
    act: str = ""
    person: str = ""
    due_on: dt.date | None = None
    reason: str = ""
    owed_in_return: str = ""
    questions: tuple[str, ...] = ()
    demands: tuple[TypicalDemand, ...] = ()
    people: tuple[Someone, ...] = ()
    asked: tuple[Asked, ...] = ()
    example: str = ""  # an act of a well-executed deal
    examples_from: int = 0  # so many deals
    open: tuple[OtherAgreement, ...] = ()
    standing: tuple[OtherAgreement, ...] = ()
    traded: tuple[Traded, ...] = ()
    competitor: str = ""
    corridor: bool = False
    closes: str = ""  # expected close, as a day in words
    inside: bool = False  # the agreement is with our own people


def propose(known: Known) -> dict[str, list[Line]]:
    """Return the lines that are known for each part; a part about which nothing is known is left out."""
    found = {
        "best": _best(known),
        "minimum": _minimum(known),
        "from_whom": _from_whom(known),
        "why_they_would": [Line(known.reason, say("Register"))] if known.reason else [],
        "our_power": _our_power(known),
        "their_power": _their_power(known),
        "their_alternative": _their_alternative(known),
        "get": _get(known),
        "give": _give(known),
        "protect": _protect(known),
        "demand": _demand(known),
        "hypotheses": _hypotheses(known),
        "questions": [Line(question, _playbook(known)) for question in known.questions],
        "offer": _offer(known),
        "request": _request(known),
    }
    return {key: lines for key, lines in found.items() if lines}


def _playbook(known: Known) -> str:
    return known.playbook or say("Catalogue")


def _best(known: Known) -> list[Line]:
    good = (
        [Line(say("Good means: {checks}", checks="; ".join(known.checks)), _playbook(known))]
        if known.checks
        else []
    )
    if known.act:
        return [Line(_will(known.person or say("They"), known.act, known.due_on), say("Register")), *good]
    if known.example:
        who = known.person or known.counterpart or say("They")
        source = say(
            "A good example from {examples_from} well-executed deals", examples_from=known.examples_from
        )
        return [Line(_will(who, known.example), source), *good]
    return [Line(known.description, say("Catalogue")), *good] if known.description else good


def _will(who: str, act: str, on: dt.date | None = None) -> str:
    """Return who will do what, and by when where it is known."""
    if on is None:
        return say("{who} will {act}", who=who, act=act)
    return say("{who} will {act} by {day}", who=who, act=act, day=conventions.day_short(on))


def _minimum(known: Known) -> list[Line]:
    return [Line(say("They name who will do it and by which day"), RULE)]


def _from_whom(known: Known) -> list[Line]:
    if known.person:
        return [Line(known.person, say("Register"))]
    fitting = _fitting(known.people, known.counterpart)
    return [Line(str(one), say("People on the deal")) for one in fitting[:MOST_PEOPLE]]


def _fitting(people: Sequence[Someone], counterpart: str) -> list[Someone]:
    """Return the people whose title or role shares a word with ``counterpart``, best first."""
    wanted = _words(counterpart)
    shared = [(len(wanted & _words(f"{one.title} {one.role}")), one) for one in people]
    return [one for n, one in sorted(shared, key=lambda pair: -pair[0]) if n]


def _words(text: str) -> set[str]:
    return {word for word in re.findall(r"[a-z]{4,}", text.lower()) if word != "with"}


def _our_power(known: Known) -> list[Line]:
    return [
        Line(say("They agreed already: {name} ({on})", name=_with(one), on=one.on), say("Register"))
        for one in known.standing[:MOST_STANDING]
    ]


def _with(one: OtherAgreement) -> str:
    return f"{one.name}, {one.whom}" if one.whom else one.name


def _their_power(known: Known) -> list[Line]:
    if not known.closes:
        return []
    return [
        Line(
            say("Time, if we are the ones in a hurry: expected close {closes}", closes=known.closes),
            say("Deal"),
        )
    ]


def _their_alternative(known: Known) -> list[Line]:
    rival = [Line(known.competitor, say("Deal: competitor"))] if known.competitor else []
    return (
        rival if known.inside else [*rival, Line(say("Decide nothing this year"), say("True of every deal"))]
    )


def _get(known: Known) -> list[Line]:
    whys = [
        Line(say("What do they want to reach with “{words}”?", words=one.words), one.source)
        for one in known.asked
        if not one.reason
    ]
    nobody = known.counterpart and not known.person and not _fitting(known.people, known.counterpart)
    who = say(
        "Who is the {part}? Nobody on the deal has that part",
        part=known.counterpart[:1].lower() + known.counterpart[1:],
    )
    return [*whys, *([Line(who, say("People on the deal"))] if nobody and not known.inside else [])]


def _give(known: Known) -> list[Line]:
    return (
        [
            Line(
                say("What we do for it: {owed_in_return}", owed_in_return=known.owed_in_return),
                say("Register"),
            )
        ]
        if known.owed_in_return
        else []
    )


def _protect(known: Known) -> list[Line]:
    if known.inside or not known.corridor:
        return []
    return [Line(say("Where our corridor ends, and that there is room in it"), say("Corridor of the deal"))]


def _demand(known: Known) -> list[Line]:
    open_ = [Line(one.words, one.source) for one in known.asked if not one.answered]
    return open_ or [Line(one.demand, _playbook(known)) for one in known.demands]


def _hypotheses(known: Known) -> list[Line]:
    heard = [Line(one.reason, f"{one.source}, {one.reason_state}") for one in known.asked if one.reason]
    typical = [Line(reason, _playbook(known)) for one in known.demands for reason in one.reasons]
    return [*heard, *typical][: max(LEAST_HYPOTHESES, len(heard) + LEAST_HYPOTHESES)]


def _offer(known: Known) -> list[Line]:
    typical = [Line(trade, _playbook(known)) for one in known.demands for trade in one.trades]
    others = [
        Line(one.what, say("Given by others for it on {n} deals", n=one.n), one.cost, one.worth)
        for one in known.traded
    ]
    return ranked([*others, *typical])


def _request(known: Known) -> list[Line]:
    """Ask in return for what the deal still needs of them, and for what others got."""
    needed = [
        Line(
            say("{name}, from {whom}", name=one.name, whom=one.whom) if one.whom else one.name,
            say("Still open on this deal"),
        )
        for one in known.open[:MOST_REQUESTS]
    ]
    got = dict.fromkeys(words for one in known.traded for words in one.returns)
    return [*needed, *(Line(words, say("What came back to others")) for words in got)]


def propose_for_deal(ahead: Iterable[tuple[str, str, str]], risks: Iterable[Line]) -> dict[str, list[Line]]:
    """Return the lines of a deal's plan: per agreement ahead (key, next step, who), and the risks."""
    found: dict[str, list[Line]] = {RISKS.key: list(risks)}
    for key, step, who in ahead:
        found[about(STEP, key)] = [Line(step, say("Register"))]
        found[about(WHO, key)] = [Line(who, say("Deal"))] if who else []
    return {key: lines for key, lines in found.items() if lines}
