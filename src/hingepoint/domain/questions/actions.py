"""Every change to what is asked: retire a question, ask it again."""

from __future__ import annotations

import datetime as dt

from hingepoint.domain.audit.actions import record
from hingepoint.domain.people.models import User, sees_all
from hingepoint.domain.questions.models import RetiredQuestion
from hingepoint.domain.turns.actions import action, turn
from hingepoint.records.errors import Hidden, Refused
from hingepoint.records.questions import BY_KEY


class NeededStill(Refused):
    """The register stands on the question, or it is stopped elsewhere."""


@action
def retire(*, by: User, at: dt.datetime, key: str, why: str = "") -> RetiredQuestion:
    """Ask a question no more. What was answered stays. Retired already, nothing changes. Raises Hidden and NeededStill."""
    _require(by, key)
    if not BY_KEY[key].may_stop:
        raise NeededStill("This question cannot be retired here: what the register says stands on it.")
    known = turn(RetiredQuestion.objects.in_force(), key=key)
    if known:
        return known
    row = RetiredQuestion.objects.create(key=key, why=why.strip(), retired_by=by, retired_at=at)
    record(by=by, at=at, action="retire", subject="question", subject_id=key, reason=row.why)
    return row


@action
def ask_again(*, by: User, at: dt.datetime, key: str) -> None:
    """Ask a question again that was retired. Asked already, nothing changes. Raises Hidden."""
    _require(by, key)
    row = turn(RetiredQuestion.objects.in_force(), key=key)
    if row is None:
        return
    row.back_by, row.back_at = by, at
    row.save(update_fields=["back_by", "back_at"])
    record(by=by, at=at, action="ask again", subject="question", subject_id=key)


def _require(by: User, key: str) -> None:
    if not sees_all(by) or key not in BY_KEY:
        raise Hidden("Sponsors and analysts say what is asked.")
