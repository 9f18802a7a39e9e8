"""Deals: their stages, how they end, what kind of trace an event is, and who is who of the customer."""

from __future__ import annotations

from hingepoint.records.words import Worded


class Stage(Worded):
    """The nine generic stages of a sale, in order; companies map their own stages to these."""

    ACCESS = "access", "Access"
    DISCOVER = "discover", "Discover"
    SHAPE = "shape", "Shape"
    PROVE = "prove", "Prove"
    PROPOSE = "propose", "Propose"
    NEGOTIATE = "negotiate", "Negotiate"
    PAPER = "paper", "Paper"
    CLOSE = "close", "Close"
    RUN = "run", "Run"


class DealStatus(Worded):
    """Whether a deal is decided, and how."""

    OPEN = "open", "Open"
    WON = "won", "Won"
    LOST = "lost", "Lost"


class EventKind(Worded):
    """What kind of trace an event of a deal is (FORMATS: column ``kind``)."""

    AGREEMENT = "agreement", "Agreement"
    STAGE = "stage", "Stage"
    ACTIVITY = "activity", "Activity"
    FIELD = "field", "Field"
    CONCESSION = "concession", "Concession"
    DEMAND = "demand", "Demand"
    ESCALATION = "escalation", "Escalation"
    EXECUTIVE = "executive", "Executive"
    QUOTE = "quote", "Quote"
    DOCUMENT = "document", "Document"


class BuyingRole(Worded):
    """What a person of the customer is on a deal."""

    EXECUTIVE_SPONSOR = "executive_sponsor", "Executive sponsor"
    BUDGET_OWNER = "budget_owner", "Budget owner"
    PROBLEM_OWNER = "problem_owner", "Problem owner"
    CHAMPION = "champion", "Champion"
    EVALUATOR = "evaluator", "Evaluator"
    USER = "user", "User"
    PROCUREMENT = "procurement", "Procurement"
    LEGAL = "legal", "Legal"
    OTHER = "other", "Other"
