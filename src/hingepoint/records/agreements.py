"""Agreements: with whom, in which state, how strong the evidence, how good; and the types of the catalogue."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from hingepoint.records.deals import Stage


class Side(enum.StrEnum):
    """With whom an agreement is made."""

    CUSTOMER = "customer"
    INTERNAL = "internal"
    SUPPLIER = "supplier"
    PARTNER = "partner"


class AgreementState(enum.StrEnum):
    """Where an agreement on a deal stands in its life cycle."""

    NOT_NEEDED = "not_needed"
    NEEDED = "needed"
    PLANNED = "planned"
    ASKED = "asked"
    SOFT = "soft"  # kind words, no act
    GAINED = "gained"
    KEPT = "kept"
    BROKEN = "broken"
    LAPSED = "lapsed"
    DECLINED = "declined"
    RENEGOTIATED = "renegotiated"


#: States in which the agreement stands today.
STANDING = frozenset({AgreementState.GAINED, AgreementState.KEPT, AgreementState.RENEGOTIATED})


class Evidence(enum.IntEnum):
    """How strong the evidence of an agreement is. Gained needs TOLD or more."""

    NONE = 0
    CLAIMED = 1  # we say so
    TOLD = 2  # they said it
    WRITTEN = 3  # they wrote it
    ACTED = 4  # they acted on it


#: The seven yes/no points of an agreement's quality, in the order in which they are asked.
QUALITY_POINTS = ("act", "person", "date", "reason", "voluntary_and_mutual", "evidence", "tested")


@dataclass(frozen=True, slots=True)
class AgreementType:
    """One row of the catalogue: a kind of agreement, a hypothesis to test.

    ``good`` holds the four checks of what a good one looks like; ``metrics`` the letters of the
    result metrics worth testing it against (D discount, M margin, V value, C cycle time, W win
    rate, R risk); ``proximity`` early, mid or late: late types can be consequences of winning.
    """

    key: str
    name: str
    side: Side
    counterpart: str = ""
    stage: Stage | None = None
    commits: str = "them"
    description: str = ""
    good: tuple[str, ...] = ()
    metrics: tuple[str, ...] = ()
    crm_trace: str = ""
    starter: bool = False
    pressure: str = ""
    proximity: str = "mid"
    lever: str = "influenced"
