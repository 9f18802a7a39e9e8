"""Which agreements a deal needs, by when, and why: decided on plain data."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from hingepoint.records.deals import Stage
from hingepoint.records.strategy import NeededBy

_ORDER: dict[str, int] = {stage: place for place, stage in enumerate(Stage)}


@dataclass(frozen=True, slots=True)
class Rule:
    """What a playbook says of one pivotal agreement that concerns when a deal needs it."""

    type_id: int
    needed_by: str
    days: int | None
    stage: str
    segments: tuple[str, ...]
    least_amount: Decimal | None
    recheck_days: int | None = None


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
    """One agreement that a deal needs. ``needed_by`` is None while the day cannot be told yet."""

    type_id: int
    needed_by: dt.date | None
    why: str
    recheck_days: int | None = None


def required(
    deal: DealFacts, rules: Iterable[Rule], *, days_to_stage: Mapping[str, int]
) -> list[Requirement]:
    """Return the agreements that ``deal`` needs, in the playbook's order.

    ``days_to_stage`` holds the usual days from creation until a stage is left (the median of won
    deals): a stage becomes a day by it. A stage that the deal has passed already was due then.
    """
    return [
        replace(_requirement(deal, rule, days_to_stage), recheck_days=rule.recheck_days)
        for rule in rules
        if _concerns(rule, deal)
    ]


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


def _by_stage(deal: DealFacts, rule: Rule, days_to_stage: Mapping[str, int]) -> Requirement:
    days = days_to_stage.get(rule.stage)
    passed = _ORDER.get(deal.stage, -1) > _ORDER[Stage(rule.stage)]
    if days is None:
        why = f"before the stage {rule.stage} ends; too few won deals to say when that usually is"
        return Requirement(rule.type_id, deal.created_on if passed else None, why)
    day = deal.created_on + dt.timedelta(days=days)
    state = "the deal has passed it" if passed else f"usually {days} days after creation"
    return Requirement(rule.type_id, day, f"before the stage {rule.stage} ends ({state})")
