"""Reviews: their kinds, what is written down in one, what becomes of a commitment, and how the 25 minutes are spent."""

from __future__ import annotations

import datetime as dt

from hingepoint.records.routines import Kind
from hingepoint.records.words import Worded


class ReviewKind(Worded):
    """What is reviewed, and how often."""

    DEALS = "deals", "Deal review"
    PIPELINE = "pipeline", "Pipeline review"


#: From one review of a kind to the next.
EVERY = {ReviewKind.DEALS: dt.timedelta(weeks=1), ReviewKind.PIPELINE: dt.timedelta(weeks=4)}
#: The kind of routine that holding a review does.
ROUTINES = {ReviewKind.DEALS: Kind.DEAL_REVIEW, ReviewKind.PIPELINE: Kind.PIPELINE_REVIEW}


class NoteKind(Worded):
    """What can be written down in a review."""

    DECISION = "decision", "Decision"
    NO_DECISION = "no_decision", "No decision"
    COMMITMENT = "commitment", "Commitment"
    ADDITION = "addition", "Added afterwards"


class Part(Worded):
    """What somebody does in a review."""

    COACH = "coach", "Coaches; speaks last"
    PRESENTER = "presenter", "Presents"
    REVIEWER = "reviewer", "Asks what is missing"


class Became(Worded):
    """What became of a commitment."""

    KEPT = "kept", "Kept"
    MISSED = "missed", "Not kept"
    DROPPED = "dropped", "Not needed any more"


#: So many deals are reviewed in one weekly review.
DEALS_A_REVIEW = 3
#: Seconds of each part of the weekly review: commitments, the deals, the close. Together 25 minutes.
FIRST, A_DEAL, LAST = 180, (420, 420, 360), 120


def plan_of(deals: int) -> tuple[int, ...]:
    """Return how many seconds each part of a review of so many deals has, in order."""
    return (FIRST, *A_DEAL[:deals], LAST)
