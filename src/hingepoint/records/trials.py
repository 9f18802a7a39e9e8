"""Trials: how lots decide who asks."""

from __future__ import annotations

from hingepoint.records.words import Worded


class Design(Worded):
    """How lots decide in which deals to ask for an agreement."""

    PROMPT = "prompt", "Ask in every second deal"
    WEDGE = "wedge", "Teams start one after another"
