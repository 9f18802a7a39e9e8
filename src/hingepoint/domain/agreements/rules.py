"""What pages and actions decide by: what is gained, late, to be checked again, said by a rule."""

from __future__ import annotations

import datetime as dt

from django.db.models import F, Q

from hingepoint.domain.agreements.models import IN_MOTION, RULE_ORIGIN, WAITING, Agreement
from hingepoint.records.agreements import STANDING, AgreementState, Evidence

#: Gained in time: by the day it was needed (the day itself counts), and standing still.
GAINED_IN_TIME = Q(state__in=sorted(STANDING), gained_at__date__lte=F("needed_by"))


def is_late(late_after: dt.date | None, day: dt.date) -> bool:
    """Return whether an agreement is late on ``day``: the last day for it has passed, which ``late_after`` holds."""
    return late_after is not None and late_after < day


def missing_to_gain(agreement: Agreement) -> tuple[str, ...]:
    """Return which of act, person, date and evidence an agreement lacks to count as gained."""
    present = {
        "what they will do": agreement.act,
        "who": agreement.person_id or agreement.person_name or agreement.asked_of_id,
        "by when": agreement.due_on,
        "evidence that they said, wrote or did it": agreement.evidence >= Evidence.TOLD,
    }
    return tuple(name for name, value in present.items() if not value)


def must_be_checked(state: str, expires_on: dt.date | None, today: dt.date) -> bool:
    """Return whether an agreement that stands is too old to rely on without asking again."""
    return state in STANDING and expires_on is not None and expires_on < today


def said_by_rule(last_origin: str | None) -> bool:
    """Return whether the last word about an agreement is a rule's, which nobody confirmed."""
    return (last_origin or "").startswith(RULE_ORIGIN)


def late_after_then(agreement: Agreement, state: str, due_on: dt.date | None) -> dt.date | None:
    """Return what the column of that name would have held: optional agreements are late only in motion."""
    dated = (*WAITING, AgreementState.GAINED) if agreement.required else IN_MOTION
    return due_on if state in dated else None
