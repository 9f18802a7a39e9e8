"""What waits for whom, what was asked lately, and how long answers take."""

from __future__ import annotations

import datetime as dt
import statistics
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet

from hingepoint.domain.escalations.models import Approval, Escalation, Pulse
from hingepoint.domain.escalations.queries.requests import (
    Asked,
    ready_to_show,
    with_people,
    without_our_limits,
)
from hingepoint.domain.people.models import works_here
from hingepoint.records.escalations import Answer, Lane, State
from hingepoint.records.people import Role

#: A group of fewer answers is not shown, nor one about a single seller.
LEAST_ANSWERS, LEAST_SELLERS = 5, 2


#: Turnaround and the list look back so far; the preview of rules a year.
LOOK_BACK = dt.timedelta(days=91)


MOST = 40


def waiting_for(viewer: Any) -> list[Asked]:
    """Return the requests that wait for the viewer's answer, the oldest first. One SQL query."""
    if not works_here(viewer):
        return []
    rows = Approval.objects.filter(approver=viewer, answer=Answer.WAITING, escalation__state=State.OPEN)
    return _of_approvals(rows.order_by("escalation__asked_at"))


def _of_approvals(rows: QuerySet[Approval]) -> list[Asked]:
    """Return the requests behind some approvals, without who else was asked."""
    named = ("escalation__deal__account", "escalation__asked_by", "escalation__demand")
    return [without_our_limits(ready_to_show(row.escalation, ())) for row in rows.select_related(*named)]


def pulses_wanted(viewer: Any, *, now: dt.datetime) -> list[Asked]:
    """Return the requests of the last month on which an inside partner has not given a pulse yet."""
    if not works_here(viewer) or viewer.role != Role.INSIDE_PARTNER:
        return []
    given = Pulse.objects.filter(partner=viewer).values("escalation_id")
    asked = Approval.objects.filter(approver=viewer, asked_at__gte=now - dt.timedelta(days=31))
    asked = asked.exclude(escalation__in=given).exclude(escalation__state=State.WITHDRAWN)
    found = {one.id: one for one in _of_approvals(asked.order_by("-asked_at")[:8])}
    return list(found.values())  # who was asked again has two approvals of one request


def recent(viewer: Any, *, now: dt.datetime) -> list[Asked]:
    """Return the newest requests of the last quarter that the viewer may see."""
    rows = Escalation.objects.visible_to(viewer).filter(asked_at__gte=now - LOOK_BACK)
    found = [ready_to_show(row) for row in with_people(rows.order_by("-asked_at")[:MOST])]
    partner = works_here(viewer) and viewer.role == Role.INSIDE_PARTNER
    return [without_our_limits(one) for one in found] if partner else found


def asked_by_me(viewer: Any, *, now: dt.datetime) -> list[Asked]:
    """Return what the viewer asked for and waits for, or heard about in the last two weeks. Two SQL queries."""
    if not works_here(viewer):
        return []
    news = Q(state=State.OPEN) | Q(decided_at__gte=now - dt.timedelta(days=14))
    rows = Escalation.objects.visible_to(viewer).filter(news, asked_by=viewer)
    rows = rows.exclude(lane=Lane.OWN).exclude(state=State.WITHDRAWN)
    return [ready_to_show(row) for row in with_people(rows.order_by("-asked_at")[:MOST])]


@dataclass(frozen=True, slots=True)
class Turnaround:
    """How long answers took, in hours, over ``n`` decided requests of the last quarter that somebody was
    asked about: half within ``median``, nine in ten within ``slow``; ``fast`` of them by the fast lane."""

    n: int
    median: float | None
    slow: float | None
    fast: int
    waiting: int


def turnaround(viewer: Any, *, now: dt.datetime) -> Turnaround:
    """Return how long the company's answers take; the same for everybody who sells or is asked."""
    if not works_here(viewer):
        return Turnaround(0, None, None, 0, 0)
    asked = Escalation.objects.filter(asked_at__gte=now - LOOK_BACK).exclude(lane=Lane.OWN)
    rows = list(asked.exclude(state=State.WITHDRAWN).values_list("asked_at", "decided_at", "lane"))
    hours = sorted((end - start).total_seconds() / 3600 for start, end, _ in rows if end)
    enough = len(hours) >= LEAST_ANSWERS
    return Turnaround(
        n=len(hours),
        median=statistics.median(hours) if enough else None,
        slow=statistics.quantiles(hours, n=10, method="inclusive")[-1] if enough else None,
        fast=sum(lane == Lane.FAST for _, end, lane in rows if end),
        waiting=sum(end is None for _, end, _ in rows),
    )
