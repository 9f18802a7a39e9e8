"""Every change to coaching notes."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from hingepoint.domain.audit.actions import record
from hingepoint.domain.coaching.models import CoachingNote
from hingepoint.domain.deals.actions import deal_for
from hingepoint.domain.people.models import User, managed_team_ids


class NotCoaching(ValueError):
    """Coaching is between a deal's owner and a manager of theirs."""


class NothingSaid(ValueError):
    """An empty note helps nobody."""


@transaction.atomic
def write_note(*, by: User, at: dt.datetime, deal_id: int, to: User, note: str) -> CoachingNote:
    """Write a note to the other of the two. Raises Hidden, NotCoaching and NothingSaid.

    The audit trail says that a note was written, not what it says.
    """
    if not note.strip():
        raise NothingSaid("Write a sentence first.")
    deal = deal_for(by, deal_id)
    seller, manager = (by, to) if deal.owner_id == by.pk else (to, by)
    if seller.pk != deal.owner_id or deal.team_id not in managed_team_ids(manager):
        raise NotCoaching("Coaching notes go between the deal's owner and their manager.")
    written = CoachingNote.objects.create(deal=deal, written_by=by, written_for=to, written_at=at, note=note)
    record(by=by, at=at, action="write coaching note", subject="deal", subject_id=deal.pk)
    return written
