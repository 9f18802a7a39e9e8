"""Pre-mortems: who answers."""

from __future__ import annotations

from hingepoint.records.words import Worded


class Place(Worded):
    """One of the three who say, each without the others, what will have gone wrong."""

    SELLER = "seller", "Seller"
    MANAGER = "manager", "Manager"
    OTHER = "other", "One more"
