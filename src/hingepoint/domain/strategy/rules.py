"""What pages and actions decide by: who keeps strategies, what the strategies in force ask of a deal."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import median
from typing import Any

from django.db.models import Q
from django.utils import timezone

from hingepoint.analysis import own_metrics
from hingepoint.domain.deals.models import Deal, DealEvent, that_count
from hingepoint.domain.people.models import User, sees_all
from hingepoint.domain.strategy.models import PivotalAgreement, Playbook, Strategy
from hingepoint.domain.strategy.requirements import DealFacts, Requirement, Rule, required
from hingepoint.records.deals import DealStatus, EventKind, Stage
from hingepoint.records.errors import Refused
from hingepoint.records.strategy import Status

#: Fewer won deals than this do not say when a stage usually ends.
LEAST_WON_DEALS = 20
Books = list[tuple[Strategy, list[Rule]]]


def usual_days_to_stage() -> dict[str, int]:
    """Return, per generic stage, the median days from creation until won deals reached the next one."""
    moves = DealEvent.objects.filter(that_count("deal"), kind=EventKind.STAGE, deal__status=DealStatus.WON)
    reached: dict[str, list[int]] = {}
    for name, occurred_at, created_at in moves.values_list("name", "occurred_at", "deal__created_at"):
        reached.setdefault(name, []).append((occurred_at - created_at).days)
    stages = list(Stage)
    return {
        stage.value: round(median(reached[after.value]))
        for stage, after in itertools.pairwise(stages)
        if len(reached.get(after.value, ())) >= LEAST_WON_DEALS
    }


class WrongMetric(Refused):
    """A metric of one's own that cannot be counted as it is said."""


def require_countable(definition: own_metrics.Definition) -> None:
    """Raise WrongMetric, with words for each field, unless a metric of one's own can be counted and stored."""
    found = own_metrics.problems(definition)
    if not found:
        try:
            own_metrics.named(replace(definition, version=999))
        except own_metrics.MetricError as error:
            found = {"name": str(error)}
    if found:
        raise WrongMetric(next(iter(found.values())), by_field=found)


def may_keep(viewer: User) -> bool:
    """Return whether ``viewer`` writes strategies and playbooks."""
    return sees_all(viewer)


@dataclass(frozen=True, slots=True)
class AsIf:
    """What is looked at before it is so: a strategy put in force, or a draft published, ``on`` a day."""

    strategy: Strategy
    on: dt.date
    draft: Playbook | None = None


def books_in_force(as_if: AsIf | None = None, *, on: dt.date | None = None) -> Books:
    """Return the strategies in force by rank, each with the rules of its last published playbook; ``as_if``
    stands in for what its strategy says now. ``on`` a day of the past: those that had started, with the playbook that
    was published last by its end."""
    held = Q(status=Status.IN_FORCE)
    held |= Q(pk=as_if.strategy.pk) if as_if else Q()
    if on is not None:
        held &= Q(starts_on__isnull=True) | Q(starts_on__lte=on)
    books = []
    for strategy in Strategy.objects.filter(held).order_by("rank", "id"):
        own = as_if if as_if and as_if.strategy.pk == strategy.pk else None
        versions = [
            (timezone.localdate(book.published_at), list(book.pivotal.all()))
            for book in strategy.playbooks.published_by(on)
        ]
        if own and own.draft:
            versions.insert(0, (own.on, list(own.draft.pivotal.all())))
        if versions:
            starts_on = own.on if own and strategy.status != Status.IN_FORCE else strategy.starts_on
            grace = (own.strategy if own else strategy).grace_days
            books.append((strategy, _rules_of(versions, starts_on=starts_on, grace_days=grace)))
    return books


def _rules_of(
    versions: Sequence[tuple[dt.date, Sequence[PivotalAgreement]]],
    *,
    starts_on: dt.date | None,
    grace_days: int,
) -> list[Rule]:
    """Return the rules of the first of ``versions``, the newest first: each asks since the version from which on
    all have asked for it by the same day, and not before the strategy starts."""
    days = [(day, {_day_of(pivotal) for pivotal in pivotals}) for day, pivotals in versions]
    found = []
    for pivotal in versions[0][1]:
        first = min(_days_asked_alike(days, _day_of(pivotal)))
        asks_since = max(first, starts_on) if starts_on else first
        found.append(replace(rule_of(pivotal), asks_since=asks_since, grace_days=grace_days))
    return found


def _days_asked_alike(days: Sequence[tuple[dt.date, set[Any]]], asked: Any) -> Iterator[dt.date]:
    """Return the days of the versions, the newest first, that ask ``asked`` without a break."""
    for day, wanted in days:
        if asked not in wanted:
            return
        yield day


def _day_of(pivotal: PivotalAgreement) -> tuple[int, str, int | None, str]:
    """Return by which day a playbook asks for an agreement."""
    return pivotal.type_id, pivotal.needed_by, pivotal.needed_days, pivotal.needed_stage


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
