"""Looking back on a deal that ended: how it ended, and whose view is written."""

from __future__ import annotations

from hingepoint.records.words import Worded


class Ended(Worded):
    """Why one looks back on a deal."""

    LOST = "lost", "Lost"
    DISCOUNTED = "discounted", "Won at a high discount"


class Side(Worded):
    """Whose view of a deal that ended."""

    SELLER = "seller", "Seller"
    MANAGER = "manager", "Manager"


class Why(Worded):
    """What somebody says decided it. The register knows the first by itself; the others only people know."""

    AGREEMENT = "agreement", "An agreement was missing"
    PRICE = "price", "We were too dear for what they saw in it"
    RIVAL = "rival", "Somebody else had what they needed"
    NO_NEED = "no_need", "They did not need it now"
    LATE = "late", "We came too late"
    PEOPLE = "people", "We did not reach who decides"
    OTHER = "other", "Something else"
