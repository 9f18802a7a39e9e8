"""What pages and actions decide by: what is gained, late, to be checked again, said by a rule."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable
from typing import Any

from django.db.models import Case, F, IntegerField, Q, Value, When
from django.db.models.functions import Coalesce, Greatest

from hingepoint.domain.agreements.models import IN_MOTION, RULE_ORIGIN, WAITING, Agreement
from hingepoint.records.agreements import QUALITY_POINTS, SPOKEN, STANDING, AgreementState, Evidence

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


#: What is promised anew in such a state, on a day of its own.
_PROMISED = (AgreementState.GAINED, AgreementState.RENEGOTIATED)


def past_day(
    state: str, *, occurred_on: dt.date | None, due_on: dt.date | None, today: dt.date
) -> dt.date | None:
    """Return the past day that a promise names, of which somebody must say whether it was agreed then and is written
    late: the day on which it happened, else by when they would act. None where no day has passed."""
    if state not in _PROMISED:
        return None
    return next((day for day in (occurred_on, due_on) if day is not None and day < today), None)


def known_points(
    *,
    act: str,
    person: object,
    due_on: dt.date | None,
    reason: str,
    evidence: int,
    ticked: Iterable[str] = (),
) -> tuple[str, ...]:
    """Return which of the seven points of quality are known, in their order: what is on record, and what people ticked."""
    on_record = {
        "act": act,
        "person": person,
        "date": due_on,
        "reason": reason,
        "evidence": evidence >= Evidence.TOLD,
    }
    said = set(ticked)
    return tuple(point for point in QUALITY_POINTS if on_record.get(point) or point in said)


def points_of(agreement: Agreement) -> tuple[str, ...]:
    """Return which of the seven points of quality are known of an agreement. Causes no SQL query."""
    return known_points(
        act=agreement.act,
        person=agreement.person_id or agreement.person_name or agreement.asked_of_id,
        due_on=agreement.due_on,
        reason=agreement.reason,
        evidence=agreement.evidence,
        ticked=agreement.points_met,
    )


def quality(state: str, known: Collection[str], told: int | None) -> int | None:
    """Return how many of the seven points are known: at least those that are known one by one, where a file ``told``
    more as many. None where nothing was agreed yet, and nobody told: unknown is no zero."""
    return max(len(known), told or 0) if state in SPOKEN else told


def quality_of(agreement: Agreement) -> int | None:
    """Return how many of the seven points of quality are known of an agreement."""
    return quality(agreement.state, points_of(agreement), agreement.quality)


def counted_quality(prefix: str = "") -> Case:
    """Return what ``quality_of`` says as an expression on agreements, under ``prefix`` where they are joined. What was
    ticked is in the column already, since every step counts it."""

    def one(**there: Any) -> Case:
        said = Q(**{f"{prefix}{name}": value for name, value in there.items()})
        return Case(When(said, then=Value(0)), default=Value(1), output_field=IntegerField())

    known = (
        one(act="")
        + one(person=None, person_name="", asked_of=None)
        + one(due_on=None)
        + one(reason="")
        + one(evidence__lt=Evidence.TOLD)
    )
    told = F(f"{prefix}quality")
    spoken = Q(**{f"{prefix}state__in": sorted(SPOKEN)})
    return Case(
        When(spoken, then=Greatest(Coalesce(told, Value(0)), known)),
        default=told,
        output_field=IntegerField(),
    )


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
