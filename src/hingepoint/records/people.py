"""People: what a person comes for."""

from __future__ import annotations

from hingepoint.records.words import Worded


class Role(Worded):
    """What a person comes for. One role a person."""

    SPONSOR = "sponsor", "Sponsor"
    MANAGER = "manager", "Manager"
    SELLER = "seller", "Seller"
    ANALYST = "analyst", "Analyst"
    INSIDE_PARTNER = "inside_partner", "Inside partner"
