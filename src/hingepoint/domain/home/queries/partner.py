"""What was asked of an inside partner."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db.models import F

from hingepoint.domain.agreements.models import WAITING, Agreement
from hingepoint.domain.deals.models import that_count
from hingepoint.domain.home.queries.worklist import WEEK, WorkLine, with_deals, work_line
from hingepoint.records.deals import DealStatus


@dataclass(frozen=True, slots=True)
class PartnerDay:
    """What was asked of an inside partner: what waits for an answer, and what they answered lately."""

    waiting: tuple[WorkLine, ...]
    answered: tuple[WorkLine, ...]
    late: int


def partner_day(viewer: Any, *, today: dt.date, now: dt.datetime) -> PartnerDay:
    """Return what was asked of ``viewer``, late first. Two SQL queries."""
    rows = with_deals(Agreement.objects.visible_to(viewer).filter(asked_of=viewer))
    asked = rows.filter(that_count("deal"), state__in=WAITING, deal__status=DealStatus.OPEN)
    by_day = asked.order_by(F("late_after").asc(nulls_last=True), "id")
    waiting = [work_line(row, today) for row in by_day]
    settled = rows.exclude(state__in=WAITING).filter(changed_at__gte=now - 4 * WEEK)
    return PartnerDay(
        waiting=tuple(waiting),
        answered=tuple(work_line(row, today) for row in settled.order_by("-changed_at")[:6]),
        late=sum(work.line.late for work in waiting),
    )
