"""The plans a manager reviews, and how talks were prepared lately."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, DateTimeField, Exists, ExpressionWrapper, F, OuterRef, Q
from django.db.models.functions import TruncDate

from hingepoint.analysis import intervals
from hingepoint.domain.days import midnight
from hingepoint.domain.deals.models import that_count
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
    rows = Plan.objects.newest().filter(
        that_count("deal"), deal__team__in=managed_team_ids(viewer), deal__status=DealStatus.OPEN
    )
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
    """How talks were prepared and debriefed lately, each as a share of the talks it is said of: of those that a plan
    names, how many a manager reviewed before their day and how many were debriefed; of those that were debriefed, how
    many had a plan from before their day. ``weeks`` says how far back."""

    weeks: int
    reviewed: intervals.Estimate
    debriefed: intervals.Estimate
    planned: intervals.Estimate

    @property
    def known(self) -> bool:
        """Whether any talk is on record, by a plan or by a debrief."""
        return bool(self.reviewed.n or self.planned.n)


def routines(viewer: Any, *, today: dt.date, segment: str = "") -> Routines:
    """Return how the talks of the last weeks were prepared and debriefed. Two SQL queries.

    That a talk was planned is said of the debriefed ones only: of those known by their plan it would be true of itself.
    """
    since, until = today - LATELY, today - dt.timedelta(days=1)
    plans = Plan.objects.visible_to(viewer).newest().of_talks().filter(talk_on__range=(since, until))
    debriefs = Debrief.objects.visible_to(viewer).filter(
        held_at__gte=midnight(since), held_at__lt=midnight(today)
    )
    if segment:
        plans = plans.filter(deal__segment=segment)
        debriefs = debriefs.filter(agreement__deal__segment=segment)
    of_talk = {"agreement": OuterRef("agreement")}
    review = PlanReview.objects.filter(
        plan__agreement=OuterRef("agreement"), at__date__lte=OuterRef("talk_on")
    )
    after = Debrief.objects.filter(**of_talk, held_at__date__gte=OuterRef("talk_on"))
    held_at = ExpressionWrapper(OuterRef("held_at"), output_field=DateTimeField())
    before = Plan.objects.filter(**of_talk, written_at__date__lte=TruncDate(held_at))
    told = plans.aggregate(
        n=Count("pk"),
        reviewed=Count("pk", filter=Exists(review.exclude(verdict=Verdict.COMMENT))),
        debriefed=Count("pk", filter=Exists(after)),
    )
    held = debriefs.aggregate(n=Count("pk"), planned=Count("pk", filter=Exists(before)))
    return Routines(
        weeks=LATELY.days // 7,
        reviewed=intervals.share(told["reviewed"], told["n"]),
        debriefed=intervals.share(told["debriefed"], told["n"]),
        planned=intervals.share(held["planned"], held["n"]),
    )
