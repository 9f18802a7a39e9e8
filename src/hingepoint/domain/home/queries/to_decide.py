"""What waits for a leader's word, in one line: exceptions, plans to review, agreements that rules found."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from hingepoint.domain.detection.queries import to_confirm
from hingepoint.domain.escalations.queries import requests, waiting
from hingepoint.domain.plans.queries import lines, reviews


@dataclass(frozen=True, slots=True)
class ToDecide:
    """What waits for one person, each kind in the order of its list; of what rules found only the number."""

    exceptions: Sequence[requests.Asked]
    plans: Sequence[lines.PlanLine]
    found: int

    @property
    def total(self) -> int:
        return len(self.exceptions) + len(self.plans) + self.found


def to_decide(viewer: Any, *, today: dt.date) -> ToDecide:
    """Return what waits for the word of ``viewer``. Three SQL queries besides the teams."""
    return ToDecide(
        exceptions=waiting.waiting_for(viewer),
        plans=reviews.to_review(viewer, today=today),
        found=to_confirm.waiting_count(viewer),
    )
