"""Tags and rules of pressures for the tests, in two words."""

from __future__ import annotations

from dataclasses import replace

from cast import NOW
from hingepoint.analysis.detection import Trace
from hingepoint.analysis.pressures.rules import Rule
from hingepoint.domain.pressures import actions
from hingepoint.domain.pressures.models import PressureRule, PressureTag
from hingepoint.records.pressures import Pressure

#: A name in a column tells of a competitor.
NEWCOMER = Rule(
    key="newcomer",
    name="Zephyr is there",
    pressure=Pressure.COMPETITORS.value,
    trace=Trace.FACT.value,
    names=("competitor",),
    values=("Zephyr Direct",),
)


def tagged(
    deal, *, by=None, at=NOW, pressure=Pressure.TIME, words="They want it by Friday", **facts
) -> PressureTag:
    return actions.tag(by=by, at=at, deal_id=deal.pk, pressure=pressure, words=words, **facts)


def written(**facts) -> PressureRule:
    return actions.write_rule(by=None, at=NOW, rule=replace(NEWCOMER, **facts))


def switched_on(*, at=NOW, **facts) -> PressureRule:
    row = written(**facts)
    actions.preview_rule(by=None, at=at, row=row)
    actions.switch_on(by=None, at=at, row=row)
    row.refresh_from_db()
    return row


def meets_zephyr(deal, **extra) -> None:
    """Let the CRM say that Zephyr Direct is there."""
    deal.extra = {"competitor": "Zephyr Direct"} | extra
    deal.save(update_fields=["extra"])
