"""People: what a person comes for."""

from __future__ import annotations

import enum


class Role(enum.StrEnum):
    """What a person comes for. One role a person."""

    SPONSOR = "sponsor"
    MANAGER = "manager"
    SELLER = "seller"
    ANALYST = "analyst"
    INSIDE_PARTNER = "inside_partner"
