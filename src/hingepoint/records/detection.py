"""Detection: what became of what a rule found."""

from __future__ import annotations

from hingepoint.records.words import Worded


class Outcome(Worded):
    """What became of a detection."""

    OPEN = "open", "Not confirmed"
    CONFIRMED = "confirmed", "Confirmed"
    WRONG = "wrong", "Wrong"
    TAKEN_BACK = "taken_back", "Taken back with its rule"
