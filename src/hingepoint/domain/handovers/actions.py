"""The one change about handovers: the new owner has read the letter."""

from __future__ import annotations

import datetime as dt

from hingepoint.domain.audit.actions import record
from hingepoint.domain.deals.actions import deal_for
from hingepoint.domain.handovers.models import HandoverRead
from hingepoint.domain.handovers.rules import last_changes
from hingepoint.domain.people.models import User
from hingepoint.domain.turns.actions import action
from hingepoint.records.errors import Hidden, Stale
from hingepoint.records.languages import reason


@action
def confirm(*, by: User, at: dt.datetime, deal_id: int, event_id: int) -> HandoverRead:
    """Say that the new owner has read the letter about a change of owner. Saying it twice changes nothing. Raises Hidden, and
    Stale where the deal changed hands again since."""
    deal = deal_for(by, deal_id)
    change = last_changes([deal.pk]).get(deal.pk)
    if change is None or deal.owner_id != by.pk:
        raise Hidden("Only who owns it now confirms, and only after a change.")
    if change.event_id != event_id:
        raise Stale(words=reason("The deal changed hands again a moment ago. Read the letter once more."))
    read, new = HandoverRead.objects.get_or_create(event_id=event_id, defaults={"by": by, "at": at})
    if new:
        record(by=by, at=at, action="confirm handover", subject="deal", subject_id=deal.pk)
    return read
