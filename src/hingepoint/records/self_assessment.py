"""The self-assessment: what is asked in ten minutes without data, and the answers people choose from.

Every question asks of *the last ten* of something, and every answer is a count of those ten, so that two people who
saw the same say the same. Whoever does not know says so: that is an answer of its own and never a middle one.
"""

from __future__ import annotations

from dataclasses import dataclass

from hingepoint.records.languages import words_of
from hingepoint.records.pressures import Pressure
from hingepoint.records.words import Worded


class Group(Worded):
    """From where somebody looks. It is asked, never looked up: a link knows nobody."""

    LEADER = "leader", "Leaders"
    FIELD = "field", "Field", "those who sell"


class HowOften(Worded):
    """An answer: how many of the last ten. All but the last are steps of one scale, from 0 to 4."""

    NEVER = "0", "Never"
    RARELY = "1", "Rarely"
    AT_TIMES = "2", "At times"
    OFTEN = "3", "Often"
    MOSTLY = "4", "Mostly"
    CANNOT_SAY = "cannot_say", "Cannot say"


#: What each answer means, the same for every question.
ANCHORS: dict[HowOften, str] = words_of(
    {
        HowOften.NEVER: "none of ten",
        HowOften.RARELY: "1 of ten",
        HowOften.AT_TIMES: "2 or 3",
        HowOften.OFTEN: "4 to 6",
        HowOften.MOSTLY: "7 or more",
        HowOften.CANNOT_SAY: "not seen by me",
    }
)
#: The answers that are a place on the scale.
SCALE = tuple(one for one in HowOften if one is not HowOften.CANNOT_SAY)


class Kind(Worded):
    """What a question is about: the company's own conduct, or what comes from outside."""

    SIGNAL = "signal", "The ten signals"
    PRESSURE = "pressure", "The five pressures"


@dataclass(frozen=True, slots=True)
class Question:
    """One of the fifteen. ``key`` and ``name`` are those of the signal, or of the pressure; ``of`` says which last ten are
    meant, ``how_many`` what is counted among them."""

    key: str
    kind: Kind
    name: str
    of: str
    how_many: str

    @property
    def words(self) -> str:
        """The question as people read it."""
        return f"Of the last ten {self.of}, how many {self.how_many}"


def _signal(key: str, name: str, of: str, how_many: str) -> Question:
    return Question(key, Kind.SIGNAL, name, of, how_many)


def _pressure(pressure: Pressure, of: str, how_many: str) -> Question:
    return Question(pressure.slug, Kind.PRESSURE, pressure.label, of, how_many)


#: The signals in their order, then the pressures.
QUESTIONS: tuple[Question, ...] = (
    _signal(
        "account_margins",
        "Account margins creep",
        "orders from customers we had before",
        "brought less margin than the order before, for about the same thing?",
    ),
    _signal(
        "exceptions",
        "More deals escalated",
        "quotes",
        "needed somebody inside to allow a price or terms outside the rules?",
    ),
    _signal(
        "unplanned_concessions",
        "Costly concessions without plan",
        "times we gave something away",
        "had nothing written down before about what we would give, and for what?",
    ),
    _signal(
        "review_discipline",
        "Pockets of non-compliance",
        "deal reviews and plan checks that were due",
        "were left out, or filled in on the day before?",
    ),
    _signal(
        "executive_rescues",
        "Executives save the day",
        "important deals",
        "saw one of our executives for the first time late, with no part agreed before?",
    ),
    _signal(
        "executives_on_price",
        "Executives' help turns to price",
        "talks of our executives with a customer",
        "were followed by a lower price or softer terms within two weeks?",
    ),
    _signal(
        "tolerant_managers",
        "Managers tolerate mediocre execution",
        "exceptions that sellers asked their manager for",
        "went on upward unchanged, or without a reason of the manager's own?",
    ),
    _signal(
        "unknown_reasons",
        "Demands known, reasons unknown",
        "demands for a lower price or better terms",
        "came with no reason that anybody here could name?",
    ),
    _signal(
        "low_advocacy",
        "Sellers take the customer's side",
        "requests of sellers to legal, finance or delivery",
        "argued only for the customer, and not for us?",
    ),
    _signal(
        "shrinking_contracts",
        "Contracts end smaller than projected",
        "important contracts we won",
        "ended smaller or less profitable than we projected when we qualified them?",
    ),
    _pressure(
        Pressure.COMMODITY,
        "deals that were decided",
        "had a buyer who saw no difference between us and the others?",
    ),
    _pressure(
        Pressure.COMPETITORS,
        "deals that were decided",
        "had a competitor who is new to us and far cheaper?",
    ),
    _pressure(
        Pressure.TIME,
        "deals that were decided",
        "went to whoever delivered or answered first?",
    ),
    _pressure(
        Pressure.BUYERS,
        "deals that were decided",
        "were led by procurement, or stopped because nobody dared to decide?",
    ),
    _pressure(
        Pressure.SOURCING,
        "deals that were decided",
        "had a buyer who compared us with offers for other countries, or our own prices there?",
    ),
)

BY_KEY: dict[str, Question] = {one.key: one for one in QUESTIONS}


def about(level: float) -> str:
    """Return a place on the scale in words: ``often``, or ``at times to often`` between two."""
    below, above = SCALE[int(level)], SCALE[min(int(level + 0.999), len(SCALE) - 1)]
    if level - int(level) < 0.25:
        return below.label.lower()
    if level - int(level) > 0.75:
        return above.label.lower()
    return f"{below.label} to {above.label}".lower()
