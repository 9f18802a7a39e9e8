"""The self-assessment: what is asked in ten minutes without data, and the answers people choose from.

Every question asks of *the last ten* of something, and every answer is a count of those ten, so that two people who
saw the same say the same. Whoever does not know says so: that is an answer of its own and never a middle one.
"""

from __future__ import annotations

from dataclasses import dataclass

from hingepoint.records.languages import reason, words_of
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
        return reason("Of the last ten {of}, how many {how_many}", of=self.of, how_many=self.how_many)


def _signal(key: str, name: str, of: str, how_many: str) -> Question:
    return Question(key, Kind.SIGNAL, name, of, how_many)


def _pressure(pressure: Pressure, of: str, how_many: str) -> Question:
    return Question(pressure.slug, Kind.PRESSURE, pressure.label, of, how_many)


#: The signals in their order, then the pressures.
QUESTIONS: tuple[Question, ...] = (
    _signal(
        "account_margins",
        words_of("Account margins creep"),
        words_of("orders from customers we had before"),
        words_of("brought less margin than the order before, for about the same thing?"),
    ),
    _signal(
        "exceptions",
        words_of("More deals escalated"),
        words_of("quotes that we made"),
        words_of("needed somebody inside to allow a price or terms outside the rules?"),
    ),
    _signal(
        "unplanned_concessions",
        words_of("Costly concessions without plan"),
        words_of("times we gave something away"),
        words_of("had nothing written down before about what we would give, and for what?"),
    ),
    _signal(
        "review_discipline",
        words_of("Pockets of non-compliance"),
        words_of("deal reviews and plan checks that were due"),
        words_of("were left out, or filled in on the day before?"),
    ),
    _signal(
        "executive_rescues",
        words_of("Executives save the day"),
        words_of("important deals"),
        words_of("saw one of our executives for the first time late, with no part agreed before?"),
    ),
    _signal(
        "executives_on_price",
        words_of("Executives' help turns to price"),
        words_of("talks of our executives with a customer"),
        words_of("were followed by a lower price or softer terms within two weeks?"),
    ),
    _signal(
        "tolerant_managers",
        words_of("Managers tolerate mediocre execution"),
        words_of("exceptions that sellers asked their manager for"),
        words_of("went on upward unchanged, or without a reason of the manager's own?"),
    ),
    _signal(
        "unknown_reasons",
        words_of("Demands known, reasons unknown"),
        words_of("demands for a lower price or better terms"),
        words_of("came with no reason that anybody here could name?"),
    ),
    _signal(
        "low_advocacy",
        words_of("Sellers take the customer's side"),
        words_of("requests of sellers to legal, finance or delivery"),
        words_of("argued only for the customer, and not for us?"),
    ),
    _signal(
        "shrinking_contracts",
        words_of("Contracts end smaller than projected"),
        words_of("important contracts we won"),
        words_of("ended smaller or less profitable than we projected when we qualified them?"),
    ),
    _pressure(
        Pressure.COMMODITY,
        words_of("deals that were decided"),
        words_of("had a buyer who saw no difference between us and the others?"),
    ),
    _pressure(
        Pressure.COMPETITORS,
        words_of("deals that were decided"),
        words_of("had a competitor who is new to us and far cheaper?"),
    ),
    _pressure(
        Pressure.TIME,
        words_of("deals that were decided"),
        words_of("went to whoever delivered or answered first?"),
    ),
    _pressure(
        Pressure.BUYERS,
        words_of("deals that were decided"),
        words_of("were led by procurement, or stopped because nobody dared to decide?"),
    ),
    _pressure(
        Pressure.SOURCING,
        words_of("deals that were decided"),
        words_of("had a buyer who compared us with offers for other countries, or our own prices there?"),
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
