"""What pages and actions decide by: who keeps strategies, what the strategies in force ask of a deal."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from statistics import median

from hingepoint.domain.deals.models import Deal, DealEvent
from hingepoint.domain.people.models import User, works_here
from hingepoint.domain.strategy.models import PivotalAgreement, Playbook, Strategy
from hingepoint.domain.strategy.requirements import DealFacts, Requirement, Rule, required
from hingepoint.records.deals import DealStatus, EventKind, Stage

#: Fewer won deals than this do not say when a stage usually ends.
LEAST_WON_DEALS = 20
Books = list[tuple[Strategy, list[Rule]]]


def usual_days_to_stage() -> dict[str, int]:
    """Return, per generic stage, the median days from creation until won deals reached the next one."""
    moves = DealEvent.objects.filter(kind=EventKind.STAGE, deal__status=DealStatus.WON)
    reached: dict[str, list[int]] = {}
    for name, occurred_at, created_at in moves.values_list("name", "occurred_at", "deal__created_at"):
        reached.setdefault(name, []).append((occurred_at - created_at).days)
    stages = list(Stage)
    return {
        stage.value: round(median(reached[after.value]))
        for stage, after in itertools.pairwise(stages)
        if len(reached.get(after.value, ())) >= LEAST_WON_DEALS
    }


def may_keep(viewer: User) -> bool:
    """Return whether ``viewer`` writes strategies and playbooks."""
    return works_here(viewer) and viewer.sees_everything


def books_in_force(draft: Playbook | None = None) -> Books:
    """Return the strategies in force by rank, each with the rules of its last published playbook;
    ``draft`` stands in for its strategy's, as if it were published."""
    books = []
    for strategy in Strategy.objects.in_force().order_by("rank", "id"):
        playbook = strategy.playbooks.filter(published_at__isnull=False).order_by("-number").first()
        if draft and draft.strategy_id == strategy.pk:
            playbook = draft
        if playbook:
            books.append((strategy, [rule_of(pivotal) for pivotal in playbook.pivotal.all()]))
    return books


def rule_of(pivotal: PivotalAgreement) -> Rule:
    """Return what the playbook says of when a deal needs this one."""
    return Rule(
        type_id=pivotal.type_id,
        needed_by=pivotal.needed_by,
        days=pivotal.needed_days,
        stage=pivotal.needed_stage,
        segments=tuple(pivotal.segments),
        least_amount=pivotal.least_amount,
        recheck_days=pivotal.recheck_days,
    )


def wanted_of(deal: Deal, books: Books, days: Mapping[str, int]) -> list[Requirement]:
    """Return what the first strategy that holds for ``deal`` asks of it."""
    facts = DealFacts(deal.segment, deal.amount, deal.created_at.date(), deal.expected_close_on, deal.stage)
    for strategy, rules in books:
        if not strategy.segment or strategy.segment == deal.segment:
            return required(facts, rules, days_to_stage=days)
    return []
