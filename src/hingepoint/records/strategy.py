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
