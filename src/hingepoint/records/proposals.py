"""Proposals: what somebody's assistant would write, and what that person said to it."""

from __future__ import annotations

from hingepoint.records.words import Worded


class ProposalKind(Worded):
    """What an assistant proposes: each is a form of ours, filled in."""

    STEP = "step", "A step of an agreement"
    DEBRIEF = "debrief", "What came out of a talk"
    DEMAND = "demand", "A demand of the customer"
    CONCESSION = "concession", "A concession of ours"
    EVENT = "event", "Something that happened"


#: Those that are about one agreement of the deal.
OF_AN_AGREEMENT = (ProposalKind.STEP, ProposalKind.DEBRIEF)


class ProposalState(Worded):
    """What became of a proposal. One that nobody answered in time is over, which only the clock says."""

    WAITING = "waiting", "Waits for you"
    CONFIRMED = "confirmed", "Confirmed"
    REFUSED = "refused", "Refused"
