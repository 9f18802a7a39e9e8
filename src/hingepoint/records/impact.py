"""Rollouts: how the order was found, how far one is, and what it costs."""

from __future__ import annotations

from hingepoint.records.words import Worded


class Order(Worded):
    """How it was found which team starts when."""

    OURS = "ours", "drawn here by lot"
    ELSEWHERE = "elsewhere", "drawn by lot elsewhere"
    CHOSEN = "chosen", "chosen, not drawn"


class Stage(Worded):
    """How far a rollout is. Before its card is sealed only sponsors and analysts see it."""

    WEIGHING = "weighing", "being weighed"
    UNSEALED = "unsealed", "not sealed yet"
    AHEAD = "ahead", "not begun"
    UNDER_WAY = "under_way", "under way"
    BEGUN = "begun", "every team has started"
    WITHDRAWN = "withdrawn", "withdrawn"


class CostKind(Worded):
    """What a rollout costs: money once, or people's time, which is counted from routines or stated."""

    INVESTMENT = "investment", "Money, once"
    ROUTINES = "routines", "Minutes for each routine done"
    STATED = "stated", "Minutes a week for each person, as you state it"
