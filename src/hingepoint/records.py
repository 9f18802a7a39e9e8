"""The facts that cross a border: enums and frozen dataclasses that every layer may hold.

Nothing here imports anything of Hingepoint or of Django, so that files, analysis, tables and
pages speak of the same things in the same words (see GLOSSARY.md).
"""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Side(enum.StrEnum):
    """With whom an agreement is made."""

    CUSTOMER = "customer"
    INTERNAL = "internal"
    SUPPLIER = "supplier"
    PARTNER = "partner"


class Stage(enum.StrEnum):
    """The nine generic stages of a sale, in order; companies map their own stages to these."""

    ACCESS = "access"
    DISCOVER = "discover"
    SHAPE = "shape"
    PROVE = "prove"
    PROPOSE = "propose"
    NEGOTIATE = "negotiate"
    PAPER = "paper"
    CLOSE = "close"
    RUN = "run"


class DealStatus(enum.StrEnum):
    OPEN = "open"
    WON = "won"
    LOST = "lost"


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


class EventKind(enum.StrEnum):
    """What kind of trace an event of a deal is (FORMATS: column ``kind``)."""

    AGREEMENT = "agreement"
    STAGE = "stage"
    ACTIVITY = "activity"
    FIELD = "field"
    CONCESSION = "concession"
    DEMAND = "demand"
    ESCALATION = "escalation"
    EXECUTIVE = "executive"
    QUOTE = "quote"
    DOCUMENT = "document"


class Topic(enum.StrEnum):
    """What a demand or a concession is about."""

    PRICE = "price"
    PAYMENT = "payment"
    EXTRAS = "extras"  # services, training, spares, a longer warranty
    DELIVERY = "delivery"
    LIABILITY = "liability"  # liability, penalties, contract text
    OTHER = "other"


class ReasonState(enum.StrEnum):
    """How well the reason behind a demand is known."""

    HYPOTHESISED = "hypothesised"  # our guess
    STATED = "stated"  # one person of theirs said it
    CONFIRMED = "confirmed"  # two of them said it


class Role(enum.StrEnum):
    """What a person comes for. One role a person."""

    SPONSOR = "sponsor"
    MANAGER = "manager"
    SELLER = "seller"
    ANALYST = "analyst"
    INSIDE_PARTNER = "inside_partner"


class Grade(enum.StrEnum):
    """Evidence grade of a finding. Harmful = strong or moderate with an effect against the metric."""

    STRONG = "strong"
    MODERATE = "moderate"
    WEAK = "weak"
    NONE = "none"
    EXCLUDED = "excluded"


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


@dataclass(frozen=True, slots=True)
class RowProblem:
    """One thing wrong with one cell or row of a file, said so that its owner can mend it.

    ``row`` is the line a person sees in the file or sheet (the header is row 1); None speaks of the
    whole file.
    """

    file: str
    row: int | None
    column: str
    value: str
    expected: str

    def __str__(self) -> str:
        where = f"{self.file}, row {self.row}" if self.row else self.file
        column = f", column {self.column}" if self.column else ""
        shown = f": found {self.value!r}" if self.value else ":"
        return f"{where}{column}{shown}{',' if self.value else ''} expected {self.expected}"
