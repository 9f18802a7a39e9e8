"""Routines: how often they fall due."""

from __future__ import annotations

from hingepoint.records.words import Worded


class Cadence(Worded):
    """How often a routine falls due."""

    WEEKLY = "weekly", "Every week"
    FORTNIGHTLY = "fortnightly", "Every second week"
    MONTHLY = "monthly", "Every month"
