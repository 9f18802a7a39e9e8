"""Who writes to everybody."""

from __future__ import annotations

from typing import Any

from hingepoint.domain.people.models import works_here
from hingepoint.records.people import Role


def may_write(viewer: Any) -> bool:
    """Return whether ``viewer`` writes to everybody: sponsors do, in their own name."""
    return works_here(viewer) and viewer.role == Role.SPONSOR
