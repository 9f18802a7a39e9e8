"""Which first page a person has."""

from __future__ import annotations

from typing import Any

from hingepoint.records.people import Role


def page_for(viewer: Any) -> str:
    """Return which of the five pages a person opens the day with."""
    return {
        Role.SELLER: "seller",
        Role.MANAGER: "manager",
        Role.SPONSOR: "sponsor",
        Role.ANALYST: "analyst",
        Role.INSIDE_PARTNER: "partner",
    }[Role(viewer.role)]
