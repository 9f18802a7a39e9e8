"""The plans a manager reviews, and how talks were prepared lately."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, Q

from hingepoint.analysis import intervals
from hingepoint.domain.people.models import managed_team_ids
from hingepoint.domain.plans.models import Debrief, Plan, PlanReview
from hingepoint.domain.plans.queries.lines import MOST_LINES, PlanLine, line_of, with_what_a_line_says
from hingepoint.records.deals import DealStatus
from hingepoint.records.plans import Verdict

#: Days from a Friday or a Saturday to the next working day; one from all others.
_TO_MONDAY = {4: 3, 5: 2}


#: How far back the routines are counted.
LATELY = dt.timedelta(weeks=12)


def to_review(viewer: Any, *, today: dt.date) -> list[PlanLine]:
    """Return plans that wait for ``viewer``'s word as the manager of the team: of talks still ahead or
    without a day, the nearest first; not yet approved or returned. One SQL query besides the teams."""
    rows = Plan.objects.newest().filter(deal__team__in=managed_team_ids(viewer), deal__status=DealStatus.OPEN)
    rows = rows.exclude(written_by=viewer).filter(Q(talk_on__gte=today) | Q(talk_on__isnull=True))
    waiting = with_what_a_line_says(rows).filter(last_verdict__isnull=True)
    waiting = waiting.order_by(F("talk_on").asc(nulls_last=True), "id")[:MOST_LINES]
    until = next_working_day(today)
    return [line_of(row, until=until) for row in waiting]


def next_working_day(today: dt.date) -> dt.date:
    """Return the day before which plans are reviewed today: Monday from Friday on."""
    return today + dt.timedelta(days=_TO_MONDAY.get(today.weekday(), 1))


@dataclass(frozen=True, slots=True)
class Routines:
    """Of the talks held lately: planned before their day, reviewed by a manager before it, and debriefed,
    each as a share of all of them. ``weeks`` says how far back."""

    weeks: int
    planned: intervals.Estimate
    reviewed: intervals.Estimate
    debriefed: intervals.Estimate


def routines(viewer: Any, *, today: dt.date, segment: str = "") -> Routines:
    """Return how the talks of the last weeks were prepared and debriefed; a talk is known by the plan that
    names its day, whenever that was written. One SQL query."""
    rows = Plan.objects.visible_to(viewer).newest().of_talks()
    rows = rows.filter(talk_on__range=(today - LATELY, today - dt.timedelta(days=1)))
    rows = rows.filter(deal__segment=segment) if segment else rows
    of_talk = {"agreement": OuterRef("agreement")}
    before = Plan.objects.filter(**of_talk, written_at__date__lte=OuterRef("talk_on"))
    review = PlanReview.objects.filter(
        plan__agreement=OuterRef("agreement"), at__date__lte=OuterRef("talk_on")
    )
    after = Debrief.objects.filter(**of_talk, held_at__date__gte=OuterRef("talk_on"))
    counts = rows.aggregate(
        talks=Count("pk"),
        planned=Count("pk", filter=Exists(before)),
        reviewed=Count("pk", filter=Exists(review.exclude(verdict=Verdict.COMMENT))),
        debriefed=Count("pk", filter=Exists(after)),
    )
    talks = counts.pop("talks")
    return Routines(LATELY.days // 7, **{name: intervals.share(n, talks) for name, n in counts.items()})
