"""Requests for an exception: those of a deal, and one with what its reader may do."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from django.db.models import Exists, OuterRef, Prefetch, QuerySet

from hingepoint.analysis.talks import reasons
from hingepoint.domain.deals.models import Deal, DealEvent
from hingepoint.domain.escalations.models import Approval, Escalation, Pulse
from hingepoint.domain.escalations.rules import Wish, answering_hours, asks_for, says_why, wish_of
from hingepoint.domain.negotiation.queries.log import GivenSoFar
from hingepoint.records.deals import EventKind
from hingepoint.records.errors import Hidden
from hingepoint.records.escalations import Answer, Kind, State
from hingepoint.records.people import Role
from hingepoint.records.talks import Lands

#: Where a price is that lies within the corridor.
WITHIN = (Lands.ABOVE, Lands.BETWEEN)


@dataclass(frozen=True, slots=True)
class ApprovalLine:
    """One person asked: why them, and what they said. ``hours`` until the answer, or None; ``came`` what the customer
    gave for what they asked back."""

    approver: str
    approver_id: int
    because: str
    answer: str
    granted: float | None
    words: str
    asked_at: dt.datetime
    answered_at: dt.datetime | None
    came: str = ""
    came_words: str = ""
    came_at: dt.datetime | None = None

    @property
    def hours(self) -> float | None:
        return (self.answered_at - self.asked_at).total_seconds() / 3600 if self.answered_at else None


@dataclass(frozen=True, slots=True)
class Glance:
    """What matters most for an answer, told beside a request in a list to who sees its deal: where the price lands
    (None where that is not known), and what was given before."""

    lands: Lands | None
    given: GivenSoFar


@dataclass(frozen=True, slots=True)
class Asked:
    """One request for an exception, ready to show. ``id`` 0: a file brought it without details; ``glance`` only where
    it waits for somebody who sees its deal."""

    id: int
    deal_id: int
    deal_title: str
    account: str
    amount: Decimal | None
    currency: str
    kind: str
    wanted: str
    discount: float | None
    reason: str
    repeats: bool
    alternatives: str
    return_asked: str
    demand: str
    policy: str
    lane: str
    lane_why: str
    state: str
    granted: float | None
    asked_by: str
    asked_at: dt.datetime
    decided_at: dt.datetime | None
    version: int
    approvals: tuple[ApprovalLine, ...] = ()
    glance: Glance | None = None

    @property
    def yes_at_once(self) -> bool:
        """Whether a yes without reading more is no blind one: something comes back for it, and who may see the
        corridor sees that a price lies within it."""
        inside = self.glance is None or self.kind != Kind.PRICE or self.glance.lands in WITHIN
        return bool(self.return_asked.strip()) and inside

    @property
    def title(self) -> str:
        return asks_for(self.kind, self.discount, self.wanted)

    @property
    def hours(self) -> float | None:
        """Hours from asking to the decision, without those in which it lay with the seller."""
        if self.decided_at is None:
            return None
        rests = [(one.answered_at, one.came_at) for one in self.asked_back if one.answered_at]
        return answering_hours(self.asked_at, self.decided_at, rests)

    @property
    def asked_back(self) -> tuple[ApprovalLine, ...]:
        """The answers that asked for something back, the last one last."""
        return tuple(one for one in self.approvals if one.answer == Answer.BACK)


def of_deal(viewer: Any, deal_id: int) -> list[Asked]:
    """Return the exceptions of a deal, newest first; those a file brought without details too. Three SQL
    queries."""
    rows = Escalation.objects.visible_to(viewer).filter(deal_id=deal_id)
    found = [ready_to_show(row) for row in with_people(rows.order_by("-asked_at"))]
    bare = DealEvent.objects.standing().filter(
        deal_id=deal_id, deal__in=Deal.every.visible_to(viewer),
        kind=EventKind.ESCALATION, escalation__isnull=True,
    )  # fmt: skip
    found += [_bare(event) for event in bare]
    return sorted(found, key=lambda one: one.asked_at, reverse=True)


def with_people(rows: QuerySet[Escalation]) -> QuerySet[Escalation]:
    people = Prefetch("approvals", Approval.objects.select_related("approver"))
    return rows.select_related("deal__account", "asked_by", "demand").prefetch_related(people)


def ready_to_show(row: Escalation, people: Iterable[Approval] | None = None) -> Asked:
    return Asked(
        id=row.pk,
        deal_id=row.deal_id,
        deal_title=str(row.deal),
        account=row.deal.account.name if row.deal.account else "",
        amount=row.value,
        currency=row.deal.currency,
        kind=row.kind,
        wanted=row.wanted,
        discount=row.discount,
        reason=row.reason,
        repeats=bool(row.reason) and not says_its_reason(row),
        alternatives=row.alternatives,
        return_asked=row.return_asked,
        demand=row.demand.note or row.demand.name if row.demand else "",
        policy=row.policy,
        lane=row.lane,
        lane_why=row.lane_why,
        state=row.state,
        granted=row.granted,
        asked_by=row.asked_by.name if row.asked_by else "",
        asked_at=row.asked_at,
        decided_at=row.decided_at,
        version=row.version,
        approvals=tuple(_approval(each) for each in (row.approvals.all() if people is None else people)),
    )


def says_its_reason(row: Escalation) -> bool:
    return says_why(row.reason, kind=row.kind, wanted=row.wanted, demand=row.demand)


def _approval(row: Approval) -> ApprovalLine:
    return ApprovalLine(
        row.approver.name,
        row.approver_id,
        row.because,
        row.answer,
        row.granted,
        row.words,
        row.asked_at,
        row.answered_at,
        row.came,
        row.came_words,
        row.came_at,
    )


def _bare(event: DealEvent) -> Asked:
    return Asked(
        id=0,
        deal_title="",
        account="",
        wanted="",
        discount=None,
        repeats=False,
        alternatives="",
        return_asked="",
        demand="",
        policy="",
        lane="",
        lane_why="",
        state="",
        deal_id=event.deal_id,
        amount=event.value,
        currency=event.currency,
        kind="price" if reasons.topic_of(event.name) == "price" else "terms",
        reason=event.note,
        granted=None,
        asked_by=event.actor,
        asked_at=event.occurred_at,
        decided_at=None,
        version=0,
    )


@dataclass(frozen=True, slots=True)
class RequestPage:
    """A request, also as its form holds it (``wish``), and what its reader may do: answer it, say what came back, change it,
    give a pulse."""

    request: Asked
    wish: Wish
    sees_deal: bool
    may_answer: bool
    may_bring_back: bool
    may_change: bool
    may_pulse: bool
    pulsed: bool


def request_page(viewer: Any, escalation_id: int) -> RequestPage:
    """Return one request for whoever sees its deal or was asked. Raises Hidden."""
    return page_of(viewer, row_for(viewer, escalation_id))


def row_for(viewer: Any, escalation_id: int) -> Escalation:
    """Return a request with its people, for whoever sees its deal or was asked. Raises Hidden. Two SQL queries."""
    rows = with_people(Escalation.objects.visible_to(viewer).filter(pk=escalation_id))
    rows = rows.annotate(deal_seen=Exists(Deal.every.visible_to(viewer).filter(pk=OuterRef("deal_id"))))
    row = rows.select_related("deal__corridor__set_by").first()
    if row is None:
        raise Hidden("no such request")
    return row


def page_of(viewer: Any, row: Escalation) -> RequestPage:
    """Return what a request that ``row_for`` fetched for ``viewer`` says, and what they may do."""
    found = ready_to_show(row)
    sees = row.deal_seen  # type: ignore[attr-defined]  # annotated
    asked = [each for each in found.approvals if each.approver_id == viewer.pk]
    partner = viewer.role == Role.INSIDE_PARTNER and bool(asked)
    pulsed = partner and Pulse.objects.filter(escalation=row, partner=viewer).exists()
    return RequestPage(
        request=found if sees else without_our_limits(found),
        wish=wish_of(row),
        sees_deal=sees,
        may_answer=row.state == State.OPEN and any(each.answer == Answer.WAITING for each in asked),
        may_bring_back=sees and row.state == State.RETURNED,
        may_change=sees and row.state not in (State.DECLINED, State.WITHDRAWN),
        may_pulse=partner and not pulsed,
        pulsed=pulsed,
    )


def without_our_limits(request: Asked) -> Asked:
    """Leave out why it took its lane: that may tell on which side of our walk-away it lies."""
    return replace(request, lane_why="")
