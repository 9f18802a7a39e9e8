"""Metrics of one's own for the tests, in two words."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from cast import NOW
from hingepoint.analysis.own_metrics import Condition, Definition
from hingepoint.domain.strategy import actions
from hingepoint.domain.strategy.models import OwnMetric
from hingepoint.records.metrics import Better, Compare, Counted, Unit

#: The share of closed deals that were won with at most 15% discount.
KEPT = Definition(
    key="kept-price",
    name="Won at our price",
    unit=Unit.SHARE,
    better=Better.HIGHER,
    deals=Counted.CLOSED,
    where=(
        Condition("status", Compare.IS, ("won",)),
        Condition("discount", Compare.AT_MOST, ("0.15",)),
    ),
)


def defined(definition: Definition = KEPT, *, by: Any, at: Any = NOW, **changes: Any) -> OwnMetric:
    return actions.define_metric(by=by, at=at, definition=replace(definition, **changes))
