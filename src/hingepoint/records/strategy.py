"""Strategies: where one stands, and by when an agreement of its playbook is needed."""

from __future__ import annotations

from hingepoint.records.words import Worded


class Status(Worded):
    """Where a strategy stands."""

    DRAFT = "draft", "Draft"
    IN_FORCE = "in_force", "In force"
    RETIRED = "retired", "Retired"


class NeededBy(Worded):
    """How the day is computed by which an agreement is needed."""

    DAYS_FROM_CREATION = "days", "Days after the deal was created"
    STAGE = "stage", "Before the deal leaves a stage"
    DAYS_BEFORE_CLOSE = "before_close", "Days before the expected close"


class Reach(Worded):
    """Whether a result can reach its target as it runs. The words stand beside the target: "34%"."""

    REACHES = "reaches", "Reaches it as it runs"
    OPEN = "open", "May reach it or not"
    SHORT = "short", "Does not reach it as it runs"
    UNKNOWN = "unknown", "Cannot tell yet"


class Predicts(Worded):
    """Whether gaining an agreement in time still goes with the result, on deals closed after it was chosen."""

    STILL = "still", "Still predicts"
    WEAKER = "weaker", "Weaker than it was"
    STOPPED = "stopped", "Predicts no more"
    UNKNOWN = "unknown", "Cannot tell yet"


class Refuses(Worded):
    """Why a strategy's metric is not forecast."""

    NO = "no", "Forecast"
    UNTOLD = "untold", "The deals do not tell it"
    FEW = "few", "Too few quarters are over"
    NO_BETTER = "no_better", "No better than a naive forecast"
