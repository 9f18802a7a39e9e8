"""Records that vanish in great numbers at once, of which the CRM says nothing: not believed until somebody says so.

A token that lost a right shows less from one night to the next, and nothing in its answers tells that from records that
are gone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hingepoint.domain.sync.models import Connection
from hingepoint.records.crm import CrmObject

#: So few may always vanish; up to half of them while they are not many; a share of all.
FEW, NOT_MANY, SHARE = 5, 20, 0.05


@dataclass(frozen=True, slots=True)
class Doubt:
    """``gone`` of ``there`` records of a kind (``what``) vanished at once, and nobody has said yet that it is so."""

    what: str
    gone: int
    there: int


def is_believed(gone: int, there: int, *, said: int = 0) -> bool:
    """Return whether ``gone`` of ``there`` records may vanish at once; ``said`` are those of which somebody said it."""
    usual = max(FEW, min(NOT_MANY, there // 2), there * SHARE)
    return gone <= max(usual, said + FEW if said else 0)


def doubts(connection: Connection) -> tuple[Doubt, ...]:
    """Return what waits for an answer."""
    return tuple(
        Doubt(CrmObject(kind).label, each["gone"], each["there"])
        for kind, each in sorted(connection.vanished.items())
        if not each["believed"]
    )


def is_answered(connection: Connection) -> bool:
    """Return whether somebody said that what vanished is gone, and nothing was compared since."""
    return any(each["believed"] for each in connection.vanished.values())


def answered(connection: Connection) -> dict[str, Any]:
    """Return what vanished, believed."""
    return {kind: each | {"believed": True} for kind, each in connection.vanished.items()}


def judged(connection: Connection, kind: CrmObject, *, gone: int, there: int) -> bool:
    """Return whether it is believed that so many vanished, and keep the question where it is not."""
    connection.refresh_from_db(fields=["vanished"])  # somebody may have answered meanwhile
    before = connection.vanished.pop(kind.value, {})
    believed = is_believed(gone, there, said=before["gone"] if before.get("believed") else 0)
    if not believed:
        connection.vanished[kind.value] = {"gone": gone, "there": there, "believed": False}
    connection.save(update_fields=["vanished"])
    return believed
