"""Proof: what a customer answers whom we ask to confirm an agreement."""

from __future__ import annotations

from hingepoint.records.words import Worded


class Answer(Worded):
    """What the customer says to our words."""

    CONFIRMED = "confirmed", "Confirmed"
    CORRECTED = "corrected", "Corrected"
    DECLINED = "declined", "Declined"
