"""How the demo company knows which deals are under which pressure: a column of its CRM, read by a rule each.

The tour's seller has tagged one more by hand. One rule is written and previewed only, for a visitor to switch on.
"""

from __future__ import annotations

import datetime as dt

from hingepoint.analysis.detection import Trace
from hingepoint.analysis.pressures.rules import Rule
from hingepoint.demo.sales import NEWCOMER
from hingepoint.domain.deals.models import DealEvent
from hingepoint.domain.people import queries as people
from hingepoint.domain.pressures import actions
from hingepoint.domain.pressures.models import PressureTag
from hingepoint.records.deals import DealStatus, EventKind
from hingepoint.records.people import Role
from hingepoint.records.pressures import Pressure

#: The column of the CRM in which the company keeps them.
COLUMN = "pressures"
OFF = Rule(
    key="newcomer-is-there",
    name=f"{NEWCOMER} is the competitor",
    pressure=Pressure.COMPETITORS.value,
    trace=Trace.FACT.value,
    names=("competitor",),
    values=(NEWCOMER,),
)


def rules() -> list[Rule]:
    """Return the company's rules, one a pressure: the column says its name."""
    return [
        Rule(
            key=f"crm-{one.slug}"[:34],
            name=f"The CRM says {one.label.lower()}",
            pressure=one.value,
            trace=Trace.FACT.value,
            names=(COLUMN,),
            words=(one.value,),
        )
        for one in Pressure
    ]


def write(*, at: dt.datetime) -> None:
    """Write the rules, preview them, switch all but the last on and let them read every deal; tag a deal by hand."""
    analyst = people.persona(Role.ANALYST)
    for rule in (*rules(), OFF):
        row = actions.write_rule(by=analyst, at=at, rule=rule)
        actions.preview_rule(by=analyst, at=at, row=row)
        if rule is not OFF:
            actions.switch_on(by=analyst, at=at, row=row)
    actions.read_on(at=at)
    _tag_by_hand(at=at)


def _tag_by_hand(*, at: dt.datetime) -> None:
    """Let the seller of the tour tag the deal on which something was asked for last, with what was asked."""
    seller = people.persona(Role.SELLER)
    asked = DealEvent.objects.filter(kind=EventKind.DEMAND, deal__owner=seller, deal__status=DealStatus.OPEN)
    event = asked.order_by("-occurred_at", "-pk").first()
    if event is None:
        return
    known = set(PressureTag.objects.filter(deal_id=event.deal_id).values_list("pressure", flat=True))
    pressure = next(one for one in (Pressure.BUYERS, Pressure.COMMODITY, *Pressure) if one not in known)
    actions.tag(by=seller, at=at, deal_id=event.deal_id, pressure=pressure, event_id=event.pk)
