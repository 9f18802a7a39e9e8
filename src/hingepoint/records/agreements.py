"""Agreements: with whom, in which state, how strong the evidence, how good; and the types of the catalogue."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Self

from hingepoint.records.deals import Stage
from hingepoint.records.languages import label_of
from hingepoint.records.words import Worded


class Side(Worded):
    """With whom an agreement is made."""

    CUSTOMER = "customer", "Customer"
    INTERNAL = "internal", "Internal"
    SUPPLIER = "supplier", "Supplier"
    PARTNER = "partner", "Partner"


class Origin(Worded):
    """Where a type of the catalogue comes from."""

    SHIPPED = "shipped", "Shipped"
    ADDED = "added", "Added here"
    IMPORTED = "imported", "Found in a file"


class AgreementState(Worded):
    """Where an agreement on a deal stands in its life cycle."""

    NOT_NEEDED = "not_needed", "Not needed"
    NEEDED = "needed", "Needed"
    PLANNED = "planned", "Planned"
    ASKED = "asked", "Asked"
    SOFT = "soft", "Kind words"  # and no act that anybody promised
    GAINED = "gained", "Gained"
    KEPT = "kept", "Kept"
    BROKEN = "broken", "Broken"
    LAPSED = "lapsed", "Lapsed"
    DECLINED = "declined", "Declined"
    RENEGOTIATED = "renegotiated", "Renegotiated"


#: States in which the agreement stands today.
STANDING = frozenset({AgreementState.GAINED, AgreementState.KEPT, AgreementState.RENEGOTIATED})


_S = AgreementState
_TO_GET = (_S.PLANNED, _S.ASKED, _S.SOFT, _S.GAINED, _S.DECLINED)
_STANDS = (_S.GAINED, _S.KEPT, _S.BROKEN, _S.RENEGOTIATED, _S.LAPSED)
#: What can be said next of an agreement in a state: a state may be said again, with more known of it.
_MOVES: dict[AgreementState, tuple[AgreementState, ...]] = {
    _S.NEEDED: (*_TO_GET, _S.NOT_NEEDED),
    _S.PLANNED: (*_TO_GET, _S.NOT_NEEDED),
    _S.ASKED: (*_TO_GET, _S.NOT_NEEDED),
    _S.SOFT: (*_TO_GET, _S.NOT_NEEDED),
    _S.GAINED: _STANDS,
    _S.RENEGOTIATED: _STANDS,
    _S.KEPT: (_S.KEPT, _S.BROKEN, _S.RENEGOTIATED, _S.LAPSED),
    _S.BROKEN: (_S.ASKED, _S.GAINED, _S.KEPT, _S.RENEGOTIATED, _S.DECLINED, _S.NOT_NEEDED),
    _S.LAPSED: (*_TO_GET, _S.KEPT, _S.RENEGOTIATED, _S.NOT_NEEDED),
    _S.DECLINED: (*_TO_GET, _S.NOT_NEEDED),
    _S.NOT_NEEDED: (_S.NEEDED, *_TO_GET, _S.NOT_NEEDED),
}


def moves_from(state: str | None) -> tuple[AgreementState, ...]:
    """Return the states that a person can say next of an agreement; None: nothing was said of it yet."""
    if state is None:
        return (AgreementState.NEEDED, *_MOVES[AgreementState.NEEDED])
    return _MOVES[AgreementState(state)]


#: States in which somebody agreed or was kind about it: what is known of it is counted.
SPOKEN = STANDING | {AgreementState.SOFT, AgreementState.BROKEN}


class Evidence(enum.IntEnum):
    """How strong the evidence of an agreement is. Gained needs TOLD or more."""

    english: str

    NONE = 0, "No evidence"
    CLAIMED = 1, "We say so"
    TOLD = 2, "They said it"
    WRITTEN = 3, "They wrote it"
    ACTED = 4, "They acted on it"

    def __new__(cls, value: int, label: str = "") -> Self:
        member = int.__new__(cls, value)
        member._value_ = value
        member.english = label
        return member

    @property
    def label(self) -> str:
        """The words, in the language spoken."""
        return label_of(self.english)


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
