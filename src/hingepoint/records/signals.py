"""What the early-warning signals read beside deals and agreements."""

from __future__ import annotations

from hingepoint.records.words import Worded


class TraceKind(Worded):
    """Kinds of events that only signals read (FORMATS: column ``kind``)."""

    PLAN = "plan", "Plan"  # written before a concession
    POLICY = "policy", "New version of the rules"  # of the company, of no deal
    PULSE = "pulse", "Answer of an inside partner"


class StepState(Worded):
    """States of requests for an exception and of executives' parts (FORMATS: column ``state``)."""

    ASKED = "asked", "Asked"
    RETURNED = "returned", "Sent back, or cut down in words"
    PASSED = "passed", "Passed up"
    APPROVED = "approved", "Approved"
    PARTLY = "partly", "Approved in part"
    DECLINED = "declined", "Declined"
    AGREED = "agreed", "Role agreed"
    ATTENDED = "attended", "Attended"


#: Agreements of which a plan prepares a concession -> what that plan is about (``frames.PLANS``).
PLANS_BEFORE = {"int.price_corridor": "corridor", "int.concession_plan": "conversation"}
