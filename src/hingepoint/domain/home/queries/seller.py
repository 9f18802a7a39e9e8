"""What a seller opens the day with: a worklist that can be finished, not a dashboard."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q

from hingepoint.domain.deals.models import Deal
from hingepoint.domain.home.queries.old import old_ones
from hingepoint.domain.home.queries.worklist import (
    DAYS_AHEAD,
    LONG_LATE,
    WorkLine,
    one_a_deal,
    with_deals,
    worklist,
)
from hingepoint.domain.plans.queries import talks as talks_page
from hingepoint.records.agreements import STANDING, AgreementState

#: What one line of a worklist takes, in seconds: two minutes a deal a week, and rarely more than one line.
SECONDS_A_LINE = 30
#: What a plan takes that is half filled already.
SECONDS_A_PLAN = 120


@dataclass(frozen=True, slots=True)
class SellerDay:
    """A seller's worklist: one line a deal, late ones first, and what was agreed long ago.

    ``stale`` deals have nothing due but what is late by more than ``LONG_LATE`` days. ``quiet_until`` is
    the next day on which something is due, when nothing is now; ``deals`` counts the open deals behind
    the page; ``old`` agreements were due before they were asked for, and wait to be sorted out.
    """

    late: tuple[WorkLine, ...]
    soon: tuple[WorkLine, ...]
    stale: tuple[WorkLine, ...]
    again: tuple[WorkLine, ...]
    minutes: int
    deals: int
    required: int
    quiet_until: dt.date | None
    prepare: tuple[talks_page.Talk, ...] = ()
    debriefs: tuple[talks_page.Talk, ...] = ()
    old: int = 0

    @property
    def nothing_due(self) -> bool:
        return not (self.late or self.soon or self.stale)

    @property
    def finished(self) -> bool:
        return self.nothing_due and not (self.prepare or self.debriefs or self.old)


def seller_day(viewer: Any, *, today: dt.date) -> SellerDay:
    """Return what a seller moves next: of each open deal the most pressing agreement, and the talks that
    wait for a plan or a debrief. Eight SQL queries."""
    until = today + dt.timedelta(days=DAYS_AHEAD)
    old = old_ones(viewer)
    rows = with_deals(worklist(viewer)).exclude(pk__in=old.filter(late_after__gte=today).values("pk"))
    due = one_a_deal(rows.filter(late_after__lte=until).order_by("late_after", "id"), today)
    alive = today - dt.timedelta(days=LONG_LATE)
    stale = [work for work in due if work.line.late_after is not None and work.line.late_after < alive]
    ago = Q(state__in=sorted(STANDING), expires_on__lt=today) | Q(state=AgreementState.LAPSED)
    again = rows.filter(ago, required=True)
    busy = {work.line.deal_id for work in due}
    ask_again = [
        w for w in one_a_deal(again.order_by("expires_on", "id"), today) if w.line.deal_id not in busy
    ]
    late = [work for work in due if work.line.late and work not in stale]
    soon = [work for work in due if not work.line.late]
    next_day = worklist(viewer).filter(late_after__gt=until).order_by("late_after")
    talks = talks_page.waiting(viewer, today=today)
    counts = worklist(viewer).aggregate(required=Count("pk", filter=Q(required=True)))
    return SellerDay(
        late=tuple(late),
        soon=tuple(soon),
        stale=tuple(stale),
        again=tuple(ask_again[:5]),
        minutes=_minutes(lines=len(due) + len(talks.debrief), plans=len(talks.prepare)),
        deals=Deal.objects.visible_to(viewer).open().count(),
        required=counts["required"],
        quiet_until=None if due else next_day.values_list("late_after", flat=True).first(),
        prepare=talks.prepare,
        debriefs=talks.debrief,
        old=old.count(),
    )


def _minutes(*, lines: int, plans: int) -> int:
    return math.ceil((lines * SECONDS_A_LINE + plans * SECONDS_A_PLAN) / 60)
