"""Deals that all end alike: there is nothing to compare, and that is said instead of computed."""

from __future__ import annotations

import numpy as np

from hingepoint.analysis.discovery.reading.history import History
from hingepoint.analysis.discovery.sums.study import Study

_ONLY_COUNTS = "Only counts are shown."


def in_words(history: History, study: Study) -> str:
    """Return why no agreement can make a difference in these deals; empty where one could."""
    why = _closes_alike(history) or _never_meets(history) or _counts_alike(study)
    return f"{why} {_ONLY_COUNTS}" if why else ""


def _closes_alike(history: History) -> str:
    wins, closes = int(history.won.sum()), int(history.decided.sum())
    if not closes:
        return "No deal is closed yet, so there is no outcome to learn from."
    if not wins:
        return "No deal is won, so there is nothing to compare lost deals with."
    if wins == closes and not history.metric.among_won:
        return "Every closed deal is won, so there is nothing to compare won deals with."
    return ""


def _never_meets(history: History) -> str:
    conditions = " and ".join(str(one) for one in history.metric.conditions)
    if not conditions or history.value[history.won].any():
        return ""
    return f"No won deal meets {conditions}, so there is nothing to compare the others with. Choose another bound."


def _counts_alike(study: Study) -> str:
    """The result, of all rows that are looked at and then of those of each seller."""
    outcome, name = study.rows.outcome, study.history.metric.name
    if not outcome.size:
        return ""
    if outcome.min() == outcome.max():
        return f"{name} is the same in every deal that is open at a landmark, so nothing can have changed it."
    seller = study.seller[study.rows.deal]
    least, most = np.full(study.sellers, np.inf), np.full(study.sellers, -np.inf)
    np.minimum.at(least, seller, outcome)
    np.maximum.at(most, seller, outcome)
    if (most <= least).all():
        return f"{name} is the same in all deals of each seller, so agreements cannot be told from who sells."
    return ""
