"""Every answer about conversation plans."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from hingepoint.domain.people.models import User
from hingepoint.domain.plans.models import ConversationPlan


@dataclass(frozen=True, slots=True)
class Plan:
    """The newest plan for one agreement."""

    agreement: str
    type_id: int
    best: str
    minimum: str
    why_they_would: str
    questions: tuple[str, ...]
    written_by: str
    written_at: dt.datetime


def plans(viewer: User, deal_id: int) -> list[Plan]:
    """Return the newest plan of each agreement of a deal, last written first."""
    rows = ConversationPlan.objects.visible_to(viewer).filter(agreement__deal_id=deal_id)
    newest: dict[int, ConversationPlan] = {}
    for row in rows.select_related("agreement__type", "written_by"):
        newest.setdefault(row.agreement_id, row)
    return [_plan(row) for row in newest.values()]


def _plan(row: ConversationPlan) -> Plan:
    return Plan(
        agreement=str(row.agreement.type),
        type_id=row.agreement.type_id,
        best=row.best,
        minimum=row.minimum,
        why_they_would=row.why_they_would,
        questions=tuple(row.questions),
        written_by=row.written_by.name if row.written_by else "",
        written_at=row.written_at,
    )


def written_at(viewer: User, deal_id: int) -> list[dt.datetime]:
    """Return when plans for a deal were really written: every writing, not only the newest."""
    rows = ConversationPlan.objects.visible_to(viewer).filter(agreement__deal_id=deal_id)
    return list(rows.values_list("written_at", flat=True))
