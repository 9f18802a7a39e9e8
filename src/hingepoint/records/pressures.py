"""The five market pressures: their words, and how each shows on a deal."""

from __future__ import annotations

from hingepoint.records.languages import words_of
from hingepoint.records.words import Worded


class Pressure(Worded):
    """One of the five forces of the market that push on price and terms, in the paper's order."""

    COMMODITY = "commoditization", "Perceived commoditisation"
    COMPETITORS = "predatory competitors", "Predatory competitors"
    TIME = "time-based competition", "Time-based competition"
    BUYERS = "cost-and-risk buyers", "Cost- and risk-fixated buyers"
    SOURCING = "globalization", "Globalised sourcing"

    @property
    def slug(self) -> str:
        """The pressure as an address names it."""
        return self.value.replace(" ", "-")


BY_SLUG = {one.slug: one for one in Pressure}

#: What the pressure is, in one sentence.
ABOUT = {
    Pressure.COMMODITY: words_of("They see no difference between us and others, so price decides."),
    Pressure.COMPETITORS: words_of("A new or cheaper supplier undercuts us to get in."),
    Pressure.TIME: words_of("They need a decision or a delivery sooner than is usual, or say so."),
    Pressure.BUYERS: words_of("Procurement and a large group of people look at cost and risk only."),
    Pressure.SOURCING: words_of("They buy for several countries at once and hold us to the lowest price."),
}

#: How a seller knows it on a deal: what to look for before tagging it.
SHOWS = {
    Pressure.COMMODITY: words_of(
        "The criteria are price alone; “you all do the same”; a tender without a conversation."
    ),
    Pressure.COMPETITORS: words_of("A name we had not met before; an offer far below the usual price."),
    Pressure.TIME: words_of(
        "A date nobody explains; “by Friday or not at all”; concessions in the last days."
    ),
    Pressure.BUYERS: words_of(
        "Procurement leads; more people sign than use it; penalties and guarantees first."
    ),
    Pressure.SOURCING: words_of(
        "A frame contract for several countries; another country's price is quoted to us."
    ),
}


class Verdict(Worded):
    """What is known of whether an agreement answers a pressure."""

    ANSWERS = "answers", "Answers it"
    WORSE = "worse", "Makes it worse"
    UNKNOWN = "unknown", "Not known"
    TOO_FEW = "too_few", "Too few deals"
