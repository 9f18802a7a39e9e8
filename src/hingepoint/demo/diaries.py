"""The chances that managers of the demo company stated when they answered requests: they tell deals apart and hope too much."""

from __future__ import annotations

import datetime as dt

import numpy as np

from hingepoint.demo.company import Company
from hingepoint.domain.escalations import actions
from hingepoint.domain.escalations.models import Approval
from hingepoint.records.deals import DealStatus
from hingepoint.records.escalations import Answer

#: How often somebody states a chance, and how likely they call a deal that was won and one that was not, on the average.
STATED, OF_WON, OF_LOST, SPREAD = 0.9, 0.75, 0.55, 0.15


def write(company: Company, *, at: dt.datetime) -> None:
    """Let people state a chance with some of the answers they gave."""
    rng = np.random.default_rng([company.seed, *b"diaries"])
    given = Approval.objects.filter(answer__in=(Answer.YES, Answer.IN_PART, Answer.NO)).order_by("pk")
    chances = {}
    for pk, status in given.values_list("pk", "escalation__deal__status"):
        middle = OF_WON if status == DealStatus.WON else OF_LOST
        stated = float(np.clip(round(rng.normal(middle, SPREAD), 1), 0.1, 0.9))
        if rng.random() < STATED:
            chances[pk] = stated
    actions.add_chances(by=None, at=at, chances=chances)
