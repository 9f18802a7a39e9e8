"""The rules of exceptions: in force, in draft, and what a draft would have changed."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q

from hingepoint.analysis.talks import approvals
from hingepoint.analysis.talks.approvals import Request, Rules
from hingepoint.domain.escalations.models import Escalation, Policy
from hingepoint.domain.escalations.queries.requests import says_its_reason
from hingepoint.domain.escalations.rules import rules_in_force, rules_of
from hingepoint.domain.people.models import User, sees_all
from hingepoint.records.people import Role

YEAR = dt.timedelta(days=365)


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
            RuleLine(rule.id, people.get(rule.person) or rule.approver.label, rule.because)
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
        reasoned=bool(row.reason),
        explained=says_its_reason(row),
        alternatives=bool(row.alternatives),
        in_return=bool(row.return_asked),
    )


def _approvers(ways: Sequence[approvals.Path]) -> tuple[tuple[str, int], ...]:
    counts = Counter((ask.approver, ask.person) for way in ways for ask in way.asks)
    people = dict(User.objects.filter(pk__in=[p for _, p in counts if p]).values_list("pk", "name"))
    named: Counter[str] = Counter()
    for (approver, person), count in counts.items():
        named[people.get(person or 0) or approver.label] += count
    return tuple(named.most_common())


def may_write_rules(viewer: Any) -> bool:
    return sees_all(viewer)
