"""What enters the trail though it changes nothing."""

from __future__ import annotations

import datetime as dt

from hingepoint.domain.audit.actions import record
from hingepoint.domain.people.models import User
from hingepoint.domain.turns.actions import action


@action
def note_taken_away(*, by: User, at: dt.datetime, page: str, name: str) -> None:
    """Put on record that somebody took a file away: the name of the ``page`` that handed it out, and of the file."""
    record(by=by, at=at, action="take away", subject="file", subject_id=page, changes={"name": [None, name]})
