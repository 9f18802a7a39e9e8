"""Which agreements a deal needs, by when, and why: decided on plain data."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from hingepoint.records.deals import Stage
from hingepoint.records.strategy import NeededBy

#: For so many days after it is first asked nothing is due that was due before.
USUAL_GRACE = 14

_ORDER: dict[str, int] = {stage: place for place, stage in enumerate(Stage)}


@dataclass(frozen=True, slots=True)
class Rule:
    """What a playbook says of one pivotal agreement that concerns when a deal needs it.

    ``asks_since`` is the day from which the strategy asks for it in this way; without ``grace_days`` that day
    changes nothing.
    """

    type_id: int
    needed_by: str
    days: int | None
    stage: str
    segments: tuple[str, ...]
    least_amount: Decimal | None
    recheck_days: int | None = None
    grace_days: int = 0
    asks_since: dt.date | None = None


@dataclass(frozen=True, slots=True)
class DealFacts:
    """What the rules look at. ``stage`` is one of ``records.Stage``, or the company's own word."""

    segment: str
    amount: Decimal | None
    created_on: dt.date
    expected_close_on: dt.date | None
    stage: str


@dataclass(frozen=True, slots=True)
class Requirement:
    """One agreement that a deal needs. ``needed_by`` is None while the day cannot be told yet.

    ``was_due_on`` is the day of the rule alone, where that had passed before the deal was asked.
    """

    type_id: int
    needed_by: dt.date | None
    why: str
    recheck_days: int | None = None
    grace_days: int = 0
    asks_since: dt.date | None = None
    was_due_on: dt.date | None = None


def required(
    deal: DealFacts, rules: Iterable[Rule], *, days_to_stage: Mapping[str, int]
) -> list[Requirement]:
    """Return the agreements that ``deal`` needs, in the playbook's order.

    ``days_to_stage`` holds the usual days from creation until a stage is left (the median of won
    deals): a stage becomes a day by it. A stage that the deal has passed already was due then.
    """
    return [
        replace(
            _requirement(deal, rule, days_to_stage),
            recheck_days=rule.recheck_days,
            grace_days=rule.grace_days,
            asks_since=rule.asks_since,
        )
        for rule in rules
        if _concerns(rule, deal)
    ]


def forgiven(need: Requirement, *, asked_on: dt.date | None) -> Requirement:
    """Return what is needed so that being asked makes nothing late that was due before.

    It is due on the later of the rule's day and the day from which the strategy asks plus its grace; and where
    the rule's day had passed when the deal was first asked (``asked_on``), the grace begins there: the deal came
    later, or the strategy came to hold for it. None: nobody knows, and the rule's day counts.
    """
    day = need.needed_by
    if day is None or not need.grace_days:
        return need
    starts = [need.asks_since] if need.asks_since else []
    starts += [asked_on] if asked_on and day < asked_on else []
    start = max(starts, default=day)
    due = max(day, start + dt.timedelta(days=need.grace_days)) if starts else day
    if due == day:
        return need
    why = f"{need.why}; asked since {start.day} {start:%b %Y}, so not before {due.day} {due:%b}"
    return replace(need, needed_by=due, why=why, was_due_on=day if day < start else None)


def _concerns(rule: Rule, deal: DealFacts) -> bool:
    fits = not rule.segments or deal.segment in rule.segments
    large = rule.least_amount is None or (deal.amount is not None and deal.amount >= rule.least_amount)
    return fits and large


def _requirement(deal: DealFacts, rule: Rule, days_to_stage: Mapping[str, int]) -> Requirement:
    if rule.needed_by == NeededBy.STAGE:
        return _by_stage(deal, rule, days_to_stage)
    if rule.needed_by == NeededBy.DAYS_BEFORE_CLOSE:
        return _before_close(deal, rule)
    day = deal.created_on + dt.timedelta(days=rule.days or 0)
    return Requirement(rule.type_id, day, f"{rule.days} days after the deal was created")


def _before_close(deal: DealFacts, rule: Rule) -> Requirement:
    if deal.expected_close_on is None:
        return Requirement(rule.type_id, None, f"{rule.days} days before the close, which has no date yet")
    day = deal.expected_close_on - dt.timedelta(days=rule.days or 0)
    return Requirement(rule.type_id, day, f"{rule.days} days before the expected close")


def has_left(stage: str, before: str) -> bool:
    """Return whether a deal in ``stage`` has left the stage ``before``; of a company's own word nobody knows, and it has not."""
    return _ORDER.get(stage, -1) > _ORDER[Stage(before)]


def _by_stage(deal: DealFacts, rule: Rule, days_to_stage: Mapping[str, int]) -> Requirement:
    days = days_to_stage.get(rule.stage)
    passed = has_left(deal.stage, rule.stage)
    if days is None:
        why = f"before the stage {rule.stage} ends; too few won deals to say when that usually is"
        return Requirement(rule.type_id, deal.created_on if passed else None, why)
    day = deal.created_on + dt.timedelta(days=days)
    state = "the deal has passed it" if passed else f"usually {days} days after creation"
    return Requirement(rule.type_id, day, f"before the stage {rule.stage} ends ({state})")
