"""Deals: their stages, how they end, and what kind of trace an event of one is."""

from __future__ import annotations

import enum


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
