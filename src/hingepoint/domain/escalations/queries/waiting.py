"""What waits for whom, what was asked lately, and how long answers take."""

from __future__ import annotations

import datetime as dt
import statistics
from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from hingepoint.domain.deals.models import Deal
from hingepoint.domain.escalations.models import Approval, Escalation, Pulse
from hingepoint.domain.escalations.queries.requests import (
    Asked,
    Glance,
    ready_to_show,
    with_people,
    without_our_limits,
)
from hingepoint.domain.escalations.rules import answering_hours, asked_price, lands
from hingepoint.domain.negotiation.queries.log import GivenSoFar, given_so_far
from hingepoint.domain.people.models import works_here
from hingepoint.domain.questions.rules import is_asked
from hingepoint.records.escalations import UNDECIDED, CameBack, Lane, State
from hingepoint.records.people import Role

#: A group of fewer answers is not shown, nor one about a single seller.
LEAST_ANSWERS, LEAST_SELLERS = 5, 2


#: Turnaround and the list look back so far; the preview of rules a year.
LOOK_BACK = dt.timedelta(days=91)


MOST = 40


def waiting_for(viewer: Any) -> list[Asked]:
    """Return the requests that wait for the viewer's answer, the oldest first, at a glance where the viewer sees the
    deal. At most three SQL queries."""
    if not works_here(viewer):
        return []
    found = _of_approvals(Approval.objects.waiting_for(viewer).order_by("escalation__asked_at"))
    seen = Deal.every.visible_to(viewer).filter(pk__in={one.deal_id for one in found})
    deals = {deal.pk: deal for deal in seen.select_related("corridor")} if found else {}
    given = given_so_far(list(deals.values())) if deals else {}
    return [
        replace(one, glance=_glance(one, deals[one.deal_id], given)) if one.deal_id in deals else one
        for one in found
    ]


def _glance(one: Asked, deal: Deal, given: dict[int, GivenSoFar]) -> Glance:
    corridor = getattr(deal, "corridor", None)
    return Glance(lands(asked_price(deal, one.discount), corridor), given.get(deal.pk, GivenSoFar()))


def sent_back(viewer: Any) -> list[Asked]:
    """Return the requests that rest with their sellers because the viewer asked for something back, the oldest first,
    each with the viewer's own words. One SQL query."""
    if not works_here(viewer):
        return []
    rows = Approval.objects.asked_back().filter(approver=viewer, came="", escalation__state=State.RETURNED)
    named = ("escalation__deal__account", "escalation__asked_by", "escalation__demand", "approver")
    rows = rows.select_related(*named).order_by("answered_at")
    return [without_our_limits(ready_to_show(row.escalation, (row,))) for row in rows]


def _of_approvals(rows: QuerySet[Approval]) -> list[Asked]:
    """Return the requests behind some approvals, without who else was asked."""
    named = ("escalation__deal__account", "escalation__asked_by", "escalation__demand")
    return [without_our_limits(ready_to_show(row.escalation, ())) for row in rows.select_related(*named)]


def pulses_wanted(viewer: Any, *, now: dt.datetime) -> list[Asked]:
    """Return the requests of the last month on which an inside partner has not given a pulse yet; none where the company does not
    ask for one any more."""
    if not works_here(viewer) or viewer.role != Role.INSIDE_PARTNER or not is_asked("pulse.taps"):
        return []
    given = Pulse.objects.filter(partner=viewer).values("escalation_id")
    asked = Approval.objects.filter(approver=viewer, asked_at__gte=now - dt.timedelta(days=31))
    asked = asked.exclude(escalation__in=given).exclude(escalation__state=State.WITHDRAWN)
    found = {one.id: one for one in _of_approvals(asked.order_by("-asked_at")[:8])}
    return list(found.values())  # who was asked again has two approvals of one request


def recent(viewer: Any, *, now: dt.datetime) -> list[Asked]:
    """Return the newest requests of the last quarter that the viewer may see."""
    rows = Escalation.objects.visible_to(viewer).filter(asked_at__gte=now - LOOK_BACK)
    return _seen_by(viewer, rows.order_by("-asked_at")[:MOST])


def newest(viewer: Any, *, before: int | None, size: int) -> list[Asked]:
    """Return the next ``size`` requests that the viewer may see, the newest first, before a number where one is said."""
    rows = Escalation.objects.visible_to(viewer)
    rows = rows.filter(pk__lt=before) if before else rows
    return _seen_by(viewer, rows.order_by("-pk")[:size])


def _seen_by(viewer: Any, rows: QuerySet[Escalation]) -> list[Asked]:
    found = [ready_to_show(row) for row in with_people(rows)]
    partner = works_here(viewer) and viewer.role == Role.INSIDE_PARTNER
    return [without_our_limits(one) for one in found] if partner else found


def asked_by_me(viewer: Any, *, now: dt.datetime) -> list[Asked]:
    """Return what the viewer asked for and waits for, or heard about in the last two weeks; what rests with them comes
    first. Two SQL queries."""
    if not works_here(viewer):
        return []
    news = Q(state__in=UNDECIDED) | Q(decided_at__gte=now - dt.timedelta(days=14))
    rows = Escalation.objects.visible_to(viewer).filter(news, asked_by=viewer)
    rows = rows.exclude(lane=Lane.OWN).exclude(state=State.WITHDRAWN)
    found = [ready_to_show(row) for row in with_people(rows.order_by("-asked_at")[:MOST])]
    return sorted(found, key=lambda one: one.state != State.RETURNED)


@dataclass(frozen=True, slots=True)
class Turnaround:
    """How long answers took, in hours, over ``n`` decided requests of the last quarter that somebody was
    asked about: half within ``median``, nine in ten within ``slow``; ``fast`` of them by the fast lane. The time in
    which something was asked back and had not come is not counted. ``waiting`` for an answer; ``resting`` with
    their sellers."""

    n: int
    median: float | None
    slow: float | None
    fast: int
    waiting: int
    resting: int


def turnaround(viewer: Any, *, now: dt.datetime) -> Turnaround:
    """Return how long the company's answers take; the same for everybody who sells or is asked. Two SQL queries."""
    if not works_here(viewer):
        return Turnaround(0, None, None, 0, 0, 0)
    asked = Escalation.objects.filter(asked_at__gte=now - LOOK_BACK).exclude(lane=Lane.OWN)
    rows = list(
        asked.exclude(state=State.WITHDRAWN).values_list("pk", "asked_at", "decided_at", "lane", "state")
    )
    rests = _rests(now - LOOK_BACK)
    hours = sorted(answering_hours(start, end, rests[pk]) for pk, start, end, _, _ in rows if end)
    enough = len(hours) >= LEAST_ANSWERS
    states = Counter(state for *_, state in rows)
    return Turnaround(
        n=len(hours),
        median=statistics.median(hours) if enough else None,
        slow=statistics.quantiles(hours, n=10, method="inclusive")[-1] if enough else None,
        fast=sum(lane == Lane.FAST for _, _, end, lane, _ in rows if end),
        waiting=states[State.OPEN],
        resting=states[State.RETURNED],
    )


def _rests(since: dt.datetime) -> dict[int, list[tuple[dt.datetime, dt.datetime | None]]]:
    """Return, per request asked ``since``, from when to when it lay with its seller."""
    found: dict[int, list[tuple[dt.datetime, dt.datetime | None]]] = defaultdict(list)
    rows = Approval.objects.asked_back().filter(escalation__asked_at__gte=since, answered_at__isnull=False)
    for pk, start, end in rows.values_list("escalation_id", "answered_at", "came_at"):
        assert start is not None
        found[pk].append((start, end))
    return found


@dataclass(frozen=True, slots=True)
class Answers:
    """What became of the requests of the last quarter that somebody was asked about. Each is counted once: with
    something ``asked_back`` first, however it ended, else as granted ``as_asked``, ``to_less`` or ``declined``. Of
    those asked back the customer gave something for ``got``; ``resting`` are still with their sellers."""

    as_asked: int
    to_less: int
    declined: int
    asked_back: int
    got: int
    resting: int

    @property
    def n(self) -> int:
        return self.as_asked + self.to_less + self.declined + self.asked_back


def answers(viewer: Any, *, now: dt.datetime, segment: str = "") -> Answers:
    """Return how the requests were answered that the viewer may see, in one segment if named. One SQL query."""
    rows = Escalation.objects.visible_to(viewer).filter(asked_at__gte=now - LOOK_BACK).exclude(lane=Lane.OWN)
    rows = rows.exclude(state=State.WITHDRAWN)
    rows = rows.filter(deal__segment=segment) if segment else rows
    back = Approval.objects.asked_back().filter(escalation=OuterRef("pk"))
    got = back.filter(came__in=(CameBack.GIVEN, CameBack.PART))
    rows = rows.annotate(came_back=Exists(back), brought=Exists(got))
    at_once = Q(came_back=False)
    return Answers(
        **rows.aggregate(
            as_asked=Count("pk", filter=at_once & Q(state=State.APPROVED)),
            to_less=Count("pk", filter=at_once & Q(state=State.IN_PART)),
            declined=Count("pk", filter=at_once & Q(state=State.DECLINED)),
            asked_back=Count("pk", filter=Q(came_back=True)),
            got=Count("pk", filter=Q(brought=True)),
            resting=Count("pk", filter=Q(state=State.RETURNED)),
        )
    )
