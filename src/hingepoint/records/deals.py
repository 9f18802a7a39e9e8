"""Deals: their stages, how they end, what kind of trace an event is, and who is who of the customer."""

from __future__ import annotations

import re

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


#: How words of stages begin, in the order of the sale: the nine, and those that CRMs begin with.
STAGE_WORDS = (
    "new", "lead", "prospect", "appointment", "contact", "access", "qualif", "need", "discover", "develop", "perception",
    "shape", "design", "value", "solution", "presentation", "demo", "trial", "pilot", "evaluat", "prove", "proof",
    "decision", "propos", "quot", "price", "offer", "negotiat", "review", "contract", "legal", "paper", "approv", "commit",
    "verbal", "sign", "clos", "won", "lost", "run", "deliver",
)  # fmt: skip


def place_of(stage: str) -> tuple[int, str]:
    """Return what stages are sorted by, to stand in the order of the sale: generic ones and a company's own alike.
    Words that say nothing of the sale come last, by the alphabet."""
    words = re.split(r"[^\w]+", stage.casefold())
    known = (
        place for place, begin in enumerate(STAGE_WORDS) if any(word.startswith(begin) for word in words)
    )
    return next(known, len(STAGE_WORDS)), stage.casefold()


class DealStatus(Worded):
    """Whether a deal is decided, and how."""

    OPEN = "open", "Open"
    WON = "won", "Won"
    LOST = "lost", "Lost"


class Gone(Worded):
    """What became of a deal that is gone in the CRM: a fact beside its status. An archived deal is not gone."""

    DELETED = "deleted", "Deleted in the CRM"
    MERGED = "merged", "Merged into another deal"
    VANISHED = "vanished", "Not in the CRM any more"


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


#: The name of the events of kind field that tell a deal's owner, whose name stands in their note.
OWNER = "owner"
