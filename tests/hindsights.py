"""Deals that ended or changed hands, and what is said of them afterwards."""

from __future__ import annotations

import datetime as dt

from cast import NOW, deal
from hingepoint.domain.deals import actions as deals
from hingepoint.domain.deals.models import Deal
from hingepoint.domain.hindsight import actions
from hingepoint.domain.hindsight.models import HindsightView
from hingepoint.records.hindsight import Why
from snapshot import made_once

SAID = actions.View(Why.AGREEMENT, "The plant manager had promised the log by June.", "cust.data_access")


@made_once
def lost(cast, key: str = "N-9") -> Deal:
    """A deal of Sanna's that was lost yesterday."""
    row = deal(key, owner=cast.seller, team=cast.north, segment="Mills")
    closed_at = NOW - dt.timedelta(days=1)
    return deals.change_deal(by=None, at=NOW, deal_id=row.pk, status="lost", closed_at=closed_at)


def view(row: Deal, *, by, said: actions.View = SAID) -> HindsightView:
    return actions.write_view(by=by, at=NOW, deal_id=row.pk, view=said)


@made_once
def handed_over(cast, key: str = "N-11") -> Deal:
    """A deal that Stig handed over to Sanna yesterday."""
    row = deal(key, owner=cast.stranger, team=cast.north)
    yesterday = NOW - dt.timedelta(days=1)
    return deals.change_deal(by=None, at=yesterday, deal_id=row.pk, owner=cast.seller)
