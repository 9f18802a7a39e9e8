"""Executives on deals: what they are there for."""

from __future__ import annotations

from hingepoint.records.words import Worded


class Purpose(Worded):
    """What an executive is on a deal for."""

    VALUE = "value", "Value: what it is worth to them"
    RELATIONSHIP = "relationship", "Relationship: their executive knows ours"
    DECISION = "decision", "Decision: help them decide"
    DELIVERY = "delivery", "Delivery: stand for what we promise"
    DOOR = "door", "Door: open it to who decides"
    PRIORITY = "priority", "Priority: hear that it stays first for them"
    PROBLEM = "problem", "Problem: something went wrong"
