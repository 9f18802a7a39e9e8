"""What pages and actions decide by: who plans, how far a rollout is, and what it costs and brings."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hingepoint.domain.impact.record import Told, Value
from hingepoint.domain.people.models import sees_all
from hingepoint.records.errors import Hidden
from hingepoint.records.impact import CostKind, Order, Stage

if TYPE_CHECKING:
    from hingepoint.domain.impact.models import Rollout, RolloutCost

#: An outcome of fewer people would be theirs, and is not told.
LEAST_PEOPLE = 5
WEEKS = 52


def may_plan(viewer: object) -> bool:
    return sees_all(viewer)


def require_planner(viewer: object) -> None:
    """Raise Hidden unless ``viewer`` plans rollouts: sponsors and analysts, and the system (None)."""
    if viewer is not None and not may_plan(viewer):
        raise Hidden("Sponsors and analysts plan rollouts.")


def starts_of(row: Rollout) -> dict[str, dt.date | None]:
    """Return the day on which each team starts, None for one that waits; nothing before the seal."""
    return {team: dt.date.fromisoformat(day) if day else None for team, day in row.starts.items()}


def days_of(row: Rollout) -> list[dt.date]:
    """Return the days on which teams start, in order, a day once."""
    return sorted({day for day in starts_of(row).values() if day})


def stage_of(row: Rollout, *, today: dt.date) -> Stage:
    """Return how far a rollout is."""
    if row.withdrawn_at:
        return Stage.WITHDRAWN
    if row.sealed_at is None:
        return Stage.UNSEALED if row.plan or row.problem else Stage.WEIGHING
    days = days_of(row)
    if today < days[0]:
        return Stage.AHEAD
    return Stage.BEGUN if today >= days[-1] and None not in starts_of(row).values() else Stage.UNDER_WAY


def had_data(row: Rollout, *, sealed_on: dt.date) -> bool:
    """Return whether there were data of the first wave already when the card was sealed."""
    return sealed_on > days_of(row)[0]


def drawn_by_lot(row: Rollout) -> bool:
    return row.order != Order.CHOSEN


@dataclass(frozen=True, slots=True)
class Return:
    """What is left in the first year at the value of a whole year, in one currency. ``low`` and ``high`` are those of the
    value; ``times`` of what was spent comes back beyond it, None where nothing was spent. ``elsewhere`` are costs in other
    currencies, which are not counted."""

    currency: str
    value: float
    low: float
    high: float
    time: float
    invested: float
    elsewhere: int

    @property
    def spent(self) -> float:
        return self.time + self.invested

    def left(self, value: float) -> float:
        return value - self.spent

    def times(self, value: float) -> float | None:
        return self.left(value) / self.spent if self.spent else None


def return_of(value: Value | None, costs: Iterable[RolloutCost], told: Told) -> Return | None:
    """Return what is left of a value; None where the value or its interval is not known."""
    if value is None or value.a_year is None or None in value.ci:
        return None
    low, high = value.ci
    mine, others = [], 0
    for one in costs:
        if one.currency == value.currency:
            mine.append(one)
        else:
            others += 1
    spent = {kind: sum(a_year(one, told) for one in mine if one.kind == kind) for kind in CostKind}
    return Return(
        currency=value.currency,
        value=value.a_year,
        low=low or 0.0,
        high=high or 0.0,
        time=spent[CostKind.ROUTINES] + spent[CostKind.STATED],
        invested=spent[CostKind.INVESTMENT],
        elsewhere=others,
    )


def a_year(cost: RolloutCost, told: Told) -> float:
    """Return what a cost comes to: an investment as it is, people's time at what a year takes."""
    hour = float(cost.amount) * (cost.minutes or 0) / 60
    times: Mapping[str, float] = {
        CostKind.ROUTINES: hour * told.did.routines,
        CostKind.STATED: hour * WEEKS * told.did.people,
    }
    return times.get(cost.kind, float(cost.amount))
