"""Result metrics that a company defines itself: what they count, on which deals, in which unit."""

from __future__ import annotations

from hingepoint.records.words import Worded


class Unit(Worded):
    """In which unit a metric is told."""

    SHARE = "share", "Percent"
    MONEY = "money", "Money"
    DAYS = "days", "Days"
    NUMBER = "number", "A number"


class Better(Worded):
    """Which direction of a metric is good."""

    HIGHER = "higher", "Higher is better"
    LOWER = "lower", "Lower is better"


class Counted(Worded):
    """Which deals a metric counts, and by which day. Deals that are new count open ones too: of those that are closed,
    only the quick ones of the last months would be there."""

    CLOSED = "closed", "Closed deals, by the day they were closed"
    WON = "won", "Won deals, by the day they were closed"
    LOST = "lost", "Lost deals, by the day they were closed"
    NEW = "new", "New deals, open ones too, by the day they were created"

    @property
    def noun(self) -> str:
        """Return one of them: ``closed deal``."""
        return f"{self.value} deal"


class Compare(Worded):
    """How a field of a deal is held against what is asked of it."""

    IS = "is", "is"
    ONE_OF = "one_of", "is one of"
    AT_LEAST = "at_least", "is at least"
    AT_MOST = "at_most", "is at most"
