"""Every change to conversation plans."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.db import transaction

from hingepoint.domain.agreements.models import Agreement, AgreementType
from hingepoint.domain.audit.actions import record
from hingepoint.domain.deals.actions import deal_for
from hingepoint.domain.people.models import User
from hingepoint.domain.plans.models import ConversationPlan
from hingepoint.records import AgreementState


class NothingAsked(ValueError):
    """A plan says what we ask for, at best or at least."""


@transaction.atomic
def write_plan(
    *,
    by: User | None,
    at: dt.datetime,
    deal_id: int,
    type_key: str,
    best: str = "",
    minimum: str = "",
    why_they_would: str = "",
    questions: Sequence[str] = (),
) -> ConversationPlan:
    """Write the plan for an agreement anew; earlier writings stay. Raises Hidden,
    AgreementType.DoesNotExist and NothingAsked."""
    if not (best.strip() or minimum.strip()):
        raise NothingAsked("Say what you ask for, at best or at least.")
    deal = deal_for(by, deal_id)
    agreement, _ = Agreement.objects.get_or_create(
        deal=deal,
        type=AgreementType.objects.get(key=type_key),
        defaults={"state": AgreementState.NEEDED, "changed_at": at},
    )
    plan = ConversationPlan.objects.create(
        agreement=agreement,
        written_by=by,
        written_at=at,
        best=best,
        minimum=minimum,
        why_they_would=why_they_would,
        questions=[question for question in questions if question.strip()],
    )
    record(by=by, at=at, action="write plan", subject="agreement", subject_id=agreement.pk)
    return plan
