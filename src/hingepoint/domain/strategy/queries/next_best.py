"""The next best agreement of a deal, and what gaining one may be expected to change."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from hingepoint.analysis import metrics
from hingepoint.domain.agreements.models import WAITING, Agreement
from hingepoint.domain.deals.models import Deal
from hingepoint.domain.discovery.models import Finding
from hingepoint.domain.strategy import next_best_choice
from hingepoint.domain.strategy.models import PivotalAgreement
from hingepoint.domain.strategy.queries import in_force
from hingepoint.domain.strategy.queries.pivotal import UNITS, newest_signed


@dataclass(frozen=True, slots=True)
class NextBest:
    """The agreement to gain next on a deal. ``effect`` None: no signed finding helps here, the playbook's
    order decided. ``others`` counts what else the deal needs."""

    type_id: int
    name: str
    from_whom: str
    state: str
    needed_by: dt.date | None
    effect: float | None
    low: float | None
    high: float | None
    similar: int
    unit: str
    better: str
    why: str
    playbook: tuple[int, str]  # the strategy and the type's key: its page of the playbook
    others: int


def next_best(viewer: Any, deal_id: int, *, today: dt.date) -> NextBest | None:
    """Return the required agreement whose gain is expected to help the strategy's metric most on this
    deal now; None when it needs none any more. At most three SQL queries."""
    rows = Agreement.objects.on_open_deals(viewer).filter(deal_id=deal_id)
    rows = rows.filter(required=True, state__in=WAITING)
    found = list(rows.select_related("deal", "type", "person", "asked_of"))
    return best_of(found[0].deal, found, today=today) if found else None


def best_of(deal: Deal, rows: Iterable[Agreement], *, today: dt.date) -> NextBest | None:
    """Return what ``next_best`` does, of an open deal and its agreements (with type, person and asked_of) that the
    caller has fetched with the viewer's rights. At most two SQL queries."""
    waiting = {row.type_id: row for row in rows if row.required and row.state in WAITING}
    if not waiting:
        return None
    pivotal = [row for row in in_force.pivotal_of_deal(deal) if row.type_id in waiting]
    if not pivotal:
        return None
    strategy = pivotal[0].playbook.strategy
    signed = newest_signed([row.type.key for row in pivotal], strategy.metric)
    metric = metrics.parse(strategy.metric)
    chosen = next_best_choice.choose(
        [_candidate(row, signed.get(row.type.key)) for row in pivotal],
        metric,
        age_weeks=_age_weeks(deal, today),
        facts=_facts_of(deal),
    )
    if chosen is None:
        return None
    line = next(row for row in pivotal if row.type_id == chosen.type_id)
    return _next_best(waiting[chosen.type_id], line, chosen, metric, strategy.pk, len(waiting) - 1)


@dataclass(frozen=True, slots=True)
class Expected:
    """What gaining one agreement may be expected to change on one deal now, from the signed finding of a
    run; on ``similar`` deals that gained it."""

    effect: float
    low: float
    high: float
    similar: int
    unit: str
    better: str
    why: str
    run_id: int
    key: str


@dataclass(frozen=True, slots=True)
class Standard:
    """What the playbook that holds for a deal wants of one agreement, and what gaining it may change; None where it
    asks for no such, or no signed finding on its strategy's metric says."""

    wanted: in_force.Wanted | None = None
    expected: Expected | None = None


def standard_of(viewer: Any, deal_id: int, type_id: int, *, today: dt.date) -> Standard:
    """Return what is wanted and expected of an agreement type on a visible open deal. At most three SQL queries."""
    deal = Deal.objects.visible_to(viewer).open().filter(pk=deal_id).first()
    row = in_force.standard_for(deal, type_id) if deal else None
    if deal is None or row is None:
        return Standard()
    return Standard(in_force.wanted(row), _expected(deal, row, today))


def _expected(deal: Deal, row: PivotalAgreement, today: dt.date) -> Expected | None:
    key, metric = row.type.key, metrics.parse(row.playbook.strategy.metric)
    finding = newest_signed([key], metric.name).get(key)
    found = next_best_choice.expected(
        _candidate(row, finding), metric, age_weeks=_age_weeks(deal, today), facts=_facts_of(deal)
    )
    if finding is None or found is None or found.effect is None or found.low is None or found.high is None:
        return None
    unit = UNITS.get(metric.kind, "")
    return Expected(
        found.effect,
        found.low,
        found.high,
        found.similar,
        unit,
        metric.better,
        found.in_words,
        finding.run_id,
        key,
    )


def _age_weeks(deal: Deal, today: dt.date) -> float:
    return (today - deal.created_at.date()).days / 7


def _facts_of(deal: Deal) -> dict[str, str]:
    """Return what findings are split by, of a deal."""
    return {"segment": deal.segment, "region": deal.region, "product": deal.product}


def _candidate(row: PivotalAgreement, finding: Finding | None) -> next_best_choice.Candidate:
    facts = finding.facts if finding else None
    return next_best_choice.Candidate(row.type_id, str(row.type), row.position, facts)


def _next_best(
    row: Agreement,
    pivotal: PivotalAgreement,
    chosen: next_best_choice.Choice,
    metric: metrics.Metric,
    strategy_id: int,
    others: int,
) -> NextBest:
    person = row.person or row.asked_of
    return NextBest(
        type_id=row.type_id,
        name=str(row.type),
        from_whom=person.name if person else row.person_name or pivotal.counterpart,
        state=row.state,
        needed_by=row.needed_by,
        effect=chosen.effect,
        low=chosen.low,
        high=chosen.high,
        similar=chosen.similar,
        unit=UNITS.get(metric.kind, ""),
        better=metric.better,
        why=chosen.in_words,
        playbook=(strategy_id, row.type.key),
        others=others,
    )
