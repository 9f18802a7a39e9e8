"""Every answer about exceptions: a deal's requests, what waits for whom, turnaround, pulse, the rules."""

from __future__ import annotations

import datetime as dt
import statistics
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from django.db.models import Prefetch, Q

from hingepoint.analysis import intervals
from hingepoint.analysis.talks import approvals, reasons
from hingepoint.analysis.talks.approvals import Lane, Request, Rules
from hingepoint.domain.deals.models import Deal, DealEvent
from hingepoint.domain.escalations.actions import rules_in_force, rules_of, says_why, wish_of
from hingepoint.domain.escalations.models import (
    Answer,
    Approval,
    ArguesFor,
    Escalation,
    Policy,
    Pulse,
    State,
)
from hingepoint.domain.people.models import User, managed_team_ids, works_here
from hingepoint.records.deals import EventKind
from hingepoint.records.errors import Hidden
from hingepoint.records.people import Role

#: A group of fewer answers is not shown, nor one about a single seller.
LEAST_ANSWERS, LEAST_SELLERS = 5, 2
#: Turnaround and the list look back so far; the preview of rules a year.
LOOK_BACK = dt.timedelta(days=91)
YEAR = dt.timedelta(days=365)
MOST = 40

LANE_WORDS = {
    Lane.OWN: "Within the seller's own limit",
    Lane.FAST: "Fast lane",
    Lane.FULL: "Full path",
}
APPROVER_WORDS = {
    approvals.Approver.MANAGER: "The manager of the deal's team",
    approvals.Approver.LEADER: "The next manager above",
    approvals.Approver.SPONSOR: "The sponsor",
    approvals.Approver.PERSON: "A colleague by name",
}


@dataclass(frozen=True, slots=True)
class ApprovalLine:
    """One person asked: why them, and what they said. ``hours`` until the answer, or None."""

    approver: str
    approver_id: int
    because: str
    answer: str
    granted: float | None
    words: str
    asked_at: dt.datetime
    answered_at: dt.datetime | None

    @property
    def hours(self) -> float | None:
        return (self.answered_at - self.asked_at).total_seconds() / 3600 if self.answered_at else None


@dataclass(frozen=True, slots=True)
class Asked:
    """One request for an exception, ready to show. ``id`` 0: a file brought it without details."""

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

    @property
    def title(self) -> str:
        if self.discount is not None:
            return f"{100 * self.discount:g}% discount"
        return self.wanted or ("Exceptional price" if self.kind == "price" else "Exceptional terms")

    @property
    def hours(self) -> float | None:
        """Hours from asking to the decision."""
        return (self.decided_at - self.asked_at).total_seconds() / 3600 if self.decided_at else None


def of_deal(viewer: Any, deal_id: int) -> list[Asked]:
    """Return the exceptions of a deal, newest first; those a file brought without details too. Three SQL
    queries."""
    rows = Escalation.objects.visible_to(viewer).filter(deal_id=deal_id)
    found = [_request(row) for row in _with_people(rows.order_by("-asked_at"))]
    bare = DealEvent.objects.standing().filter(
        deal_id=deal_id, deal__in=Deal.objects.visible_to(viewer),
        kind=EventKind.ESCALATION, escalation__isnull=True,
    )  # fmt: skip
    found += [_bare(event) for event in bare]
    return sorted(found, key=lambda one: one.asked_at, reverse=True)


def _with_people(rows):
    people = Prefetch("approvals", Approval.objects.select_related("approver"))
    return rows.select_related("deal__account", "asked_by", "demand").prefetch_related(people)


def _request(row: Escalation, people: Iterable[Approval] | None = None) -> Asked:
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
        repeats=bool(row.reason) and not _says_why(row),
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


def _says_why(row: Escalation) -> bool:
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
    )


def _bare(event: DealEvent) -> Asked:
    unknown = {"id": 0, "deal_title": "", "account": "", "wanted": "", "discount": None, "repeats": False}
    blank = dict.fromkeys(
        ("alternatives", "return_asked", "demand", "policy", "lane", "lane_why", "state"), ""
    )
    return Asked(
        **unknown,
        **blank,
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
    """A request and what its reader may do: answer it, change it, give a pulse."""

    request: Asked
    sees_deal: bool
    may_answer: bool
    may_change: bool
    may_pulse: bool
    pulsed: bool


def request_page(viewer: Any, escalation_id: int) -> RequestPage:
    """Return one request for whoever sees its deal or was asked. Raises Hidden."""
    row = _with_people(Escalation.objects.visible_to(viewer).filter(pk=escalation_id)).first()
    if row is None:
        raise Hidden("no such request")
    found = _request(row)
    sees = Deal.objects.visible_to(viewer).filter(pk=row.deal_id).exists()
    asked = [each for each in found.approvals if each.approver_id == viewer.pk]
    partner = viewer.role == Role.INSIDE_PARTNER and bool(asked)
    pulsed = partner and Pulse.objects.filter(escalation=row, partner=viewer).exists()
    return RequestPage(
        request=found if sees else _without_our_limits(found),
        sees_deal=sees,
        may_answer=any(each.answer == Answer.WAITING for each in asked),
        may_change=sees and row.state not in (State.DECLINED, State.WITHDRAWN),
        may_pulse=partner and not pulsed,
        pulsed=pulsed,
    )


def wish(viewer: Any, escalation_id: int):
    """Return a request as its form holds it, for whoever sees its deal. Raises Hidden."""
    visible = Escalation.objects.filter(deal__in=Deal.objects.visible_to(viewer))
    row = visible.filter(pk=escalation_id).first()
    if row is None:
        raise Hidden("no such request")
    return wish_of(row)


# ---- what waits ----


def waiting_for(viewer: Any) -> list[Asked]:
    """Return the requests that wait for the viewer's answer, the oldest first. One SQL query."""
    if not works_here(viewer):
        return []
    rows = Approval.objects.filter(approver=viewer, answer=Answer.WAITING, escalation__state=State.OPEN)
    return _of_approvals(rows.order_by("escalation__asked_at")[:MOST])


def _of_approvals(rows) -> list[Asked]:
    """Return the requests behind some approvals, without who else was asked."""
    named = ("escalation__deal__account", "escalation__asked_by", "escalation__demand")
    return [_without_our_limits(_request(row.escalation, ())) for row in rows.select_related(*named)]


def _without_our_limits(request: Asked) -> Asked:
    """Leave out why it took its lane: that may tell on which side of our walk-away it lies."""
    return replace(request, lane_why="")


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
    found = [_request(row) for row in _with_people(rows.order_by("-asked_at")[:MOST])]
    partner = works_here(viewer) and viewer.role == Role.INSIDE_PARTNER
    return [_without_our_limits(one) for one in found] if partner else found


def asked_by_me(viewer: Any, *, now: dt.datetime) -> list[Asked]:
    """Return what the viewer asked for and waits for, or heard about in the last two weeks. Two SQL queries."""
    if not works_here(viewer):
        return []
    news = Q(state=State.OPEN) | Q(decided_at__gte=now - dt.timedelta(days=14))
    rows = Escalation.objects.visible_to(viewer).filter(news, asked_by=viewer)
    rows = rows.exclude(lane=Lane.OWN).exclude(state=State.WITHDRAWN)
    return [_request(row) for row in _with_people(rows.order_by("-asked_at")[:MOST])]


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


# ---- pulse ----


@dataclass(frozen=True, slots=True)
class PulseReading:
    """What inside partners said about a team's requests in the last year: shares with intervals, over
    ``n`` answers. Never below five answers or about one seller."""

    team: str
    n: int
    defended: intervals.Estimate
    ours: intervals.Estimate
    both: intervals.Estimate
    customers: intervals.Estimate


def pulse(viewer: Any, *, now: dt.datetime) -> tuple[list[PulseReading], int]:
    """Return the pulse by team, lowest defence first, and how many answers were in groups too small to show.

    For sponsor and analyst; managers get their own teams; others nothing.
    """
    if not works_here(viewer) or viewer.role not in (Role.SPONSOR, Role.ANALYST, Role.MANAGER):
        return [], 0
    rows = Pulse.objects.filter(at__gte=now - YEAR)
    if viewer.role == Role.MANAGER:
        rows = rows.filter(escalation__deal__team_id__in=managed_team_ids(viewer))
    told = rows.values_list(
        "escalation__deal__team__name", "escalation__asked_by_id", "defended", "argues_for"
    )
    groups: dict[str, list[tuple]] = defaultdict(list)
    for team, seller, defended, side in told:
        groups[team or "No team"].append((seller, defended, side))
    shown = {team: group for team, group in groups.items() if _large_enough(group)}
    hidden = sum(len(group) for team, group in groups.items() if team not in shown)
    found = [_reading(team, group) for team, group in shown.items()]
    return sorted(found, key=lambda one: one.defended.value or 0.0), hidden


def _large_enough(group: Sequence[tuple]) -> bool:
    return len(group) >= LEAST_ANSWERS and len({seller for seller, _, _ in group}) >= LEAST_SELLERS


def _reading(team: str, group: Sequence[tuple]) -> PulseReading:
    n, sides = len(group), Counter(side for _, _, side in group)
    return PulseReading(
        team=team,
        n=n,
        defended=intervals.share(sum(defended for _, defended, _ in group), n),
        ours=intervals.share(sides[ArguesFor.COMPANY], n),
        both=intervals.share(sides[ArguesFor.BOTH], n),
        customers=intervals.share(sides[ArguesFor.CUSTOMER], n),
    )


# ---- the rules ----


@dataclass(frozen=True, slots=True)
class RuleLine:
    id: int | None
    whom: str
    because: str


@dataclass(frozen=True, slots=True)
class PolicyView:
    """One version of the rules. ``published_at`` None: the draft, or what holds before any was written."""

    version: str
    own_discount: float
    fast_discount: float
    fast_value: float | None
    rules: tuple[RuleLine, ...]
    published_at: dt.datetime | None


@dataclass(frozen=True, slots=True)
class Preview:
    """How the last year's requests would have travelled: per lane and per approver, under the rules in
    force and under the draft. ``moved`` of them would take another lane."""

    n: int
    lanes_now: dict[str, int]
    lanes_then: dict[str, int]
    asked_now: tuple[tuple[str, int], ...]
    asked_then: tuple[tuple[str, int], ...]
    moved: int


@dataclass(frozen=True, slots=True)
class RulesPage:
    in_force: PolicyView
    draft: PolicyView | None
    earlier: tuple[PolicyView, ...]
    preview: Preview | None
    may_write: bool
    colleagues: tuple[tuple[int, str], ...]


def rules_now(viewer: Any) -> PolicyView:
    """Return the rules in force, without names, to be shown where somebody asks. Two SQL queries."""
    return _policy(rules_in_force())


def rules_page(viewer: Any, *, now: dt.datetime) -> RulesPage:
    """Return the rules in force, the draft with its preview on the last year, and who may be named."""
    may_write = may_write_rules(viewer)
    policies = list(Policy.objects.prefetch_related("rules__person"))
    published = [each for each in policies if each.published_at]
    draft = next((each for each in policies if not each.published_at), None) if may_write else None
    current = published[0] if published else None
    return RulesPage(
        in_force=_policy(rules_of(current), current),
        draft=_policy(rules_of(draft), draft) if draft else None,
        earlier=tuple(_policy(rules_of(each), each) for each in published[1:6]),
        preview=preview(rules_of(current), rules_of(draft), now=now) if draft else None,
        may_write=may_write,
        colleagues=_colleagues() if draft else (),
    )


def _colleagues() -> tuple[tuple[int, str], ...]:
    who = User.objects.active().filter(Q(role=Role.INSIDE_PARTNER) | Q(role=Role.SPONSOR)).order_by("name")
    return tuple((pk, f"{name}, {title}" if title else name) for pk, name, title in who.values_list("pk", "name", "title"))  # fmt: skip


def _policy(rules: Rules, row: Policy | None = None) -> PolicyView:
    people = {rule.person_id: rule.person.name for rule in row.rules.all() if rule.person} if row else {}
    return PolicyView(
        version=rules.version,
        own_discount=rules.own_discount,
        fast_discount=rules.fast_discount,
        fast_value=rules.fast_value,
        rules=tuple(
            RuleLine(rule.id, people.get(rule.person) or APPROVER_WORDS[rule.approver], rule.because)
            for rule in rules.rules
        ),
        published_at=row.published_at if row else None,
    )


def preview(now_rules: Rules, then_rules: Rules, *, now: dt.datetime) -> Preview:
    """Return how the requests of the last year would have travelled under either version. One SQL query."""
    rows = Escalation.objects.filter(asked_at__gte=now - YEAR).select_related("demand")
    requests = [_as_asked(row) for row in rows.iterator(chunk_size=2_000)]
    ways_now = [approvals.path(each, now_rules) for each in requests]
    ways_then = [approvals.path(each, then_rules) for each in requests]
    return Preview(
        n=len(requests),
        lanes_now=Counter(way.lane.value for way in ways_now),
        lanes_then=Counter(way.lane.value for way in ways_then),
        asked_now=_approvers(ways_now),
        asked_then=_approvers(ways_then),
        moved=sum(a.lane != b.lane for a, b in zip(ways_now, ways_then, strict=True)),
    )


def _as_asked(row: Escalation) -> Request:
    """Return a past request as the rules see it; whether its price was inside the corridor is not known."""
    return Request(
        kind=row.kind,
        discount=row.discount,
        value=float(row.value) if row.value is not None else None,
        explained=_says_why(row),
        alternatives=bool(row.alternatives),
        in_return=bool(row.return_asked),
    )


def _approvers(ways: Sequence[approvals.Path]) -> tuple[tuple[str, int], ...]:
    counts = Counter((ask.approver, ask.person) for way in ways for ask in way.asks)
    people = dict(User.objects.filter(pk__in=[p for _, p in counts if p]).values_list("pk", "name"))
    named: Counter[str] = Counter()
    for (approver, person), count in counts.items():
        named[people.get(person or 0) or APPROVER_WORDS[approver]] += count
    return tuple(named.most_common())


def may_write_rules(viewer: Any) -> bool:
    return works_here(viewer) and viewer.sees_everything
