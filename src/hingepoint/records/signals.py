"""What the early-warning signals read beside deals and agreements."""

from __future__ import annotations

from hingepoint.records.words import Worded


class TraceKind(Worded):
    """Kinds of events that only signals read (FORMATS: column ``kind``)."""

    PLAN = "plan", "Plan"  # written before a concession
    POLICY = "policy", "New version of the rules"  # of the company, of no deal
    PULSE = "pulse", "Answer of an inside partner"


class StepState(Worded):
    """States of requests for an exception, of executives' parts and of concessions (FORMATS: column ``state``)."""

    ASKED = "asked", "Asked"
    RETURNED = "returned", "Sent back, or cut down in words"
    PASSED = "passed", "Passed up"
    APPROVED = "approved", "Approved"
    PARTLY = "partly", "Approved in part"
    DECLINED = "declined", "Declined"
    AGREED = "agreed", "Role agreed"
    ATTENDED = "attended", "Attended"
    FINAL = "final", "Last word"


class StepKind(Worded):
    """What can happen to a raise."""

    RAISED = "raised", "Raised"
    GIVEN = "given", "Given to"
    ANSWERED = "answered", "Answered"
    CONFIRMED = "confirmed", "Answered: it is so"
    FALSE = "false", "Answered: false alarm"
    LED = "led", "Led to a decision"
    NOT_LED = "not_led", "Led to no decision"
    NOT_YET = "not_yet", "No decision yet"
    MUTED = "muted", "Muted"
    UNMUTED = "unmuted", "Not muted any more"
    ENDED = "ended", "Ended"


#: How somebody can answer a raise: words alone, or with whether it is so.
ANSWERS = (StepKind.ANSWERED, StepKind.CONFIRMED, StepKind.FALSE)
#: Whether a raise led to a decision.
DECISIONS = (StepKind.LED, StepKind.NOT_LED, StepKind.NOT_YET)


#: Agreements of which a plan prepares a concession -> what that plan is about (``frames.PLANS``).
PLANS_BEFORE = {"int.price_corridor": "corridor", "int.concession_plan": "conversation"}
