"""What rules found and nobody confirmed: in batches, by type, by seller, on a deal."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Count, Exists, Min, OuterRef, Q, QuerySet

from hingepoint.analysis import detection
from hingepoint.analysis.detection import Rule
from hingepoint.domain.deals.models import Deal
from hingepoint.domain.detection.models import Detection
from hingepoint.domain.detection.sureness import Sureness, outcomes, sureness
from hingepoint.domain.people.models import works_here
from hingepoint.records.errors import Hidden
from hingepoint.records.people import Role

#: A worklist shows so many of one kind at a time and so many in all, a few of each kind; the home page so many in all.
MOST_IN_A_BATCH = 30
MOST_ON_A_PAGE = 33
A_HANDFUL = 5


@dataclass(frozen=True, slots=True)
class Waiting:
    """One agreement that a rule found. ``proposed``: the register does not say it, because somebody had
    said something else or because it is not known who committed."""

    id: int
    rule_id: int
    rule_name: str
    deal_id: int
    deal_title: str
    account: str
    type_id: int
    type_name: str
    state: str
    evidence: int
    on: dt.datetime
    words: str
    who: str
    act: str
    proposed: bool
    sureness: Sureness


@dataclass(frozen=True, slots=True)
class Batch:
    """What one rule found and nobody confirmed: answered together. ``more`` are not listed."""

    rule_id: int
    rule_name: str
    type_name: str
    state: str
    lines: tuple[Waiting, ...]
    more: int


@dataclass(frozen=True, slots=True)
class ToConfirm:
    """What waits, in batches, the largest first; ``total`` counts those not listed too."""

    batches: tuple[Batch, ...]
    total: int


@dataclass(frozen=True, slots=True)
class Tally:
    """How many agreements one rule found on one seller's open deals that nobody confirmed; ``proposed`` of them are not in the
    register. ``since`` is when the oldest was traced; ``owner_id`` is None for deals of nobody."""

    rule_id: int
    type_key: str
    type_name: str
    owner_id: int | None
    owner: str
    n: int
    proposed: int
    since: dt.datetime


def tallies(viewer: Any) -> tuple[Tally, ...]:
    """Return how much waits on open deals that ``viewer`` sees, by rule and seller: what is counted over all of it is
    counted from these. One SQL query."""
    named = (
        "rule__type__key",
        "rule__type__own_name",
        "rule__type__name",
        "deal__owner_id",
        "deal__owner__name",
    )
    rows = _waiting_on_open_deals(viewer).order_by().values_list("rule_id", *named)
    counted = rows.annotate(
        n=Count("pk"), proposed=Count("pk", filter=Q(step__isnull=True)), since=Min("traced_at")
    )
    return tuple(
        Tally(rule, key, own or name, owner, called or "", *counts)
        for rule, key, own, name, owner, called, *counts in counted
    )


def to_confirm(
    viewer: Any,
    *,
    most: int | None = None,
    type_key: str = "",
    owner_id: int | None = None,
    tallied: Sequence[Tally] | None = None,
) -> ToConfirm:
    """Return what waits on open deals that ``viewer`` sees, one batch a rule.

    ``most`` limits the lines of all batches together; ``type_key`` and ``owner_id`` narrow to an agreement
    type and to one seller's deals; ``tallied`` is what ``tallies`` told. Three SQL queries, one when nothing waits; one less with
    ``tallied``.
    """
    totals = _by_rule(tallies(viewer) if tallied is None else tallied, type_key, owner_id)
    if not totals:
        return ToConfirm((), 0)
    deals = Deal.objects.visible_to(viewer).open()
    deals = deals.filter(owner=owner_id) if owner_id else deals
    found: dict[int, list[Waiting]] = defaultdict(list)
    for one in _as_waiting(_latest(deals, totals)):
        found[one.rule_id].append(one)
    batches, left = [], totals.total() if most is None else most
    for rule_id, lines in sorted(found.items(), key=lambda item: (-totals[item[0]], item[0])):
        shown = lines[:left]
        left -= len(shown)
        if shown:
            batches.append(_batch(shown, more=totals[rule_id] - len(shown)))
    return ToConfirm(tuple(batches), totals.total())


def _by_rule(tallied: Sequence[Tally], type_key: str, owner_id: int | None) -> Counter[int]:
    totals: Counter[int] = Counter()
    for one in tallied:
        if (not type_key or one.type_key == type_key) and (not owner_id or one.owner_id == owner_id):
            totals[one.rule_id] += one.n
    return totals


def _latest(deals: QuerySet, rules: Collection[int]) -> QuerySet:
    """Return the latest that wait on ``deals``, of each rule as many as a page has room for. Asked a rule at a time, and a deal at
    a time: so an index leads to them, the latest first, and the others are not looked at."""
    in_a_batch = max(1, min(MOST_IN_A_BATCH, MOST_ON_A_PAGE // len(rules)))
    latest_first = ("-traced_at", "-pk")
    waiting = Detection.objects.open().filter(Exists(deals.filter(pk=OuterRef("deal_id"))))
    of_each = [waiting.filter(rule=rule).order_by(*latest_first).values("pk")[:in_a_batch] for rule in rules]
    shown = reduce(or_, (Q(pk__in=one) for one in of_each))
    return Detection.objects.filter(shown).order_by(*latest_first)


def _waiting_on_open_deals(viewer: Any) -> QuerySet:
    on_open = Detection.objects.open().filter(deal__in=Deal.objects.visible_to(viewer).open())
    return on_open if _confirms(viewer) else Detection.objects.none()


@dataclass(frozen=True, slots=True)
class FoundKind:
    """How many agreements of one type rules found and nobody confirmed; ``proposed`` of them are not in the
    register. ``since`` is when the oldest was traced."""

    key: str
    name: str
    n: int
    proposed: int
    since: dt.datetime


def by_type(tallied: Sequence[Tally]) -> tuple[FoundKind, ...]:
    """Return what waits by agreement type, the most first."""
    of_type: dict[str, list[Tally]] = defaultdict(list)
    for one in tallied:
        of_type[one.type_key].append(one)
    found = [
        FoundKind(
            key,
            many[0].type_name,
            sum(one.n for one in many),
            sum(one.proposed for one in many),
            min(one.since for one in many),
        )
        for key, many in of_type.items()
    ]
    return tuple(sorted(found, key=lambda kind: (-kind.n, kind.name)))


def sellers(tallied: Sequence[Tally]) -> tuple[tuple[int, str, int], ...]:
    """Return on whose deals something waits: id, name and how many, by name."""
    counted: Counter[tuple[int, str]] = Counter()
    for one in tallied:
        if one.owner_id is not None:
            counted[one.owner_id, one.owner] += one.n
    return tuple(sorted(((pk, name, n) for (pk, name), n in counted.items()), key=lambda row: row[1]))


def _batch(lines: Sequence[Waiting], *, more: int) -> Batch:
    first = lines[0]
    return Batch(first.rule_id, first.rule_name, first.type_name, first.state, tuple(lines), more)


def waiting_count(viewer: Any) -> int:
    """Return how many found agreements wait on open deals that ``viewer`` sees. One SQL query."""
    return _waiting_on_open_deals(viewer).count()


def on_deal(viewer: Any, deal_id: int) -> dict[int, Waiting]:
    """Return what waits to be confirmed on a visible deal, by agreement type. Two SQL queries."""
    return {one.type_id: one for one in _as_waiting(_waiting(viewer).filter(deal_id=deal_id))}


def waiting(viewer: Any, detection_id: int) -> Waiting:
    """Return one that waits to be confirmed. Raises Hidden."""
    found = _as_waiting(_waiting(viewer).filter(pk=detection_id))
    if not found:
        raise Hidden("nothing waits")
    return found[0]


def _waiting(viewer: Any) -> QuerySet:
    return Detection.objects.visible_to(viewer).open() if _confirms(viewer) else Detection.objects.none()


def _confirms(viewer: Any) -> bool:
    return works_here(viewer) and viewer.role != Role.INSIDE_PARTNER


def _as_waiting(found: QuerySet) -> list[Waiting]:
    rows = list(found.select_related("rule__type", "by_version", "deal__account"))
    counts = outcomes({row.rule_id for row in rows}) if rows else {}
    said = {row.by_version_id: detection.rule_of(row.by_version.definition) for row in rows}
    return [_waits(row, said[row.by_version_id], counts.get(row.rule_id, {})) for row in rows]


def _waits(row: Detection, rule: Rule, counts: Mapping[str, int]) -> Waiting:
    return Waiting(
        id=row.pk,
        rule_id=row.rule_id,
        rule_name=rule.name,
        deal_id=row.deal_id,
        deal_title=str(row.deal),
        account=row.deal.account.name if row.deal.account else "",
        type_id=row.rule.type_id,
        type_name=str(row.rule.type),
        state=row.state,
        evidence=row.evidence,
        on=row.traced_at,
        words=row.words,
        who=row.who,
        act=rule.act,
        proposed=row.step_id is None,
        sureness=sureness(rule.confidence, counts),
    )
