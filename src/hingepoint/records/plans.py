"""Plans and debriefs: what a review says, and how a talk ended."""

from __future__ import annotations

from hingepoint.records.words import Worded


class Verdict(Worded):
    """What somebody says to one writing of a plan."""

    COMMENT = "comment", "Comment"
    APPROVED = "approved", "Approved"
    RETURNED = "returned", "Returned"


class Outcome(Worded):
    """How a talk ended. A continuation ("good talk, we stay in touch") is not an agreement."""

    GAINED = "gained", "Gained"
    SOFT = "soft", "Kind words"
    DECLINED = "declined", "Declined"
    CONTINUATION = "continuation", "Nothing agreed"
