"""The first steps of a company, in their order."""

from __future__ import annotations

from hingepoint.records.words import Worded


class FirstStep(Worded):
    """What a company does first; each gives something back by itself."""

    ACCOUNT = "account", "Your account"
    DEALS = "deals", "Bring in your deals"
    PEOPLE = "people", "Let people in"
    WORDS = "words", "Your words and ours"
    DISCOVERY = "discovery", "The first discovery"
    STRATEGY = "strategy", "A strategy"
    IN_FORCE = "in_force", "Six to eight agreements, in force"
