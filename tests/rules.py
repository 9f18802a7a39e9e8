"""Detection rules of the tests, in two words."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from cast import NOW
from hingepoint.analysis.detection import Rule, Trace
from hingepoint.domain.deals import actions as deals
from hingepoint.domain.detection import actions
from hingepoint.domain.detection.models import DetectionRule
from hingepoint.records.deals import EventKind
from snapshot import made_once

#: A stoppage log that arrives is early access to key data.
LOG_ARRIVES = Rule(
    key="log-arrives",
    name="The log arrives",
    agreement="cust.data_access",
    trace=Trace.DOCUMENT,
    state="gained",
    evidence=4,
    confidence=0.9,
    act="share the stoppage log",
    words=("stoppage log",),
)


def written(**facts) -> DetectionRule:
    """A rule that is off: LOG_ARRIVES, unless said otherwise."""
    return actions.write_rule(by=None, at=NOW, rule=replace(LOG_ARRIVES, **facts))


@made_once
def switched_on(*, at=NOW, **facts) -> DetectionRule:
    row = written(**facts)
    actions.test_rule(by=None, at=at, row=row)
    actions.switch_on(by=None, at=at, row=row)
    row.refresh_from_db()
    return row


def log_arrives(
    deal, *, who: str = "Ann Moor", name: str = "Stoppage log.xlsx", days_ago: int = 3, batch=None
):
    """A document comes in on a deal."""
    at = NOW - dt.timedelta(days=days_ago)
    facts = {"counterpart": who, "batch": batch}
    return deals.note_event(
        by=None,
        at=NOW,
        deal_id=deal.pk,
        kind=EventKind.DOCUMENT,
        name=name,
        occurred_at=at,
        origin="import",
        **facts,
    )
