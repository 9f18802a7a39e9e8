"""Every change to coaching notes."""

from __future__ import annotations

import datetime as dt

from django.utils import timezone

from hingepoint.domain.audit.actions import record
from hingepoint.domain.coaching.models import CoachingNote
from hingepoint.domain.deals.actions import deal_for, first_unless_second
from hingepoint.domain.people.models import User, managed_team_ids
from hingepoint.domain.turns.actions import action, form
from hingepoint.records.errors import Refused


class NotCoaching(Refused):
    """Coaching is between a deal's owner and a manager of theirs."""


class NothingSaid(Refused):
    """An empty note helps nobody."""

    field = "note"


@action
def write_note(
    *,
    by: User,
    at: dt.datetime,
    deal_id: int,
    to: User,
    note: str,
    token: str = "",
    second: bool | None = None,
) -> CoachingNote:
    """Write a note to the other of the two. ``token``: of the form it came with; ``second``: whether the same
    note of the same day is another one. Raises Hidden, NotCoaching, NothingSaid and AlreadyNoted.

    The audit trail says that a note was written, not what it says.
    """
    if not note.strip():
        raise NothingSaid("Write a sentence first.")
    deal = deal_for(by, deal_id)
    seller, manager = (by, to) if deal.owner_id == by.pk else (to, by)
    if seller.pk != deal.owner_id or deal.team_id not in managed_team_ids(manager):
        raise NotCoaching("Coaching notes go between the deal's owner and their manager.")
    sent = form(by, token, "coaching note", deal_id, to.pk, note)
    if known := sent.made(CoachingNote.objects.all()):
        return known
    told = {"deal": deal, "written_by": by, "written_for": to, "note": note}
    same = (
        CoachingNote.objects.filter(**told, written_at__date=timezone.localdate(at)).order_by("-pk").first()
    )
    if known := first_unless_second(same, second):
        return known
    written = CoachingNote.objects.create(**told, written_at=at)
    record(by=by, at=at, action="write coaching note", subject="deal", subject_id=deal.pk)
    sent.keep(written, at=at)
    return written
