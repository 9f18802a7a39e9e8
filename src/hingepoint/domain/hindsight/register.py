"""What the register says of a deal that ended: which pivotal agreements were there at their landmark, and which were not."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.utils import timezone

from hingepoint.domain.agreements.models import Agreement
from hingepoint.domain.deals.models import Deal
from hingepoint.domain.strategy.models import AskingRound, PivotalAgreement
from hingepoint.domain.strategy.queries.in_force import holding, pivotal_in_force
from hingepoint.domain.strategy.requirements import DealFacts, Requirement, required
from hingepoint.domain.strategy.rules import rule_of, usual_days_to_stage
from hingepoint.records.agreements import AgreementState
from hingepoint.records.strategy import NeededBy


@dataclass(frozen=True, slots=True)
class AtLandmark:
    """A pivotal agreement of a deal that ended: needed by ``landmark``, when the deal was ``days`` old; ``gained_on`` is when it
    was first gained, None for never."""

    type_id: int
    key: str
    name: str
    landmark: dt.date
    days: int
    because: str
    gained_on: dt.date | None

    @property
    def was_there(self) -> bool:
        return self.gained_on is not None and self.gained_on <= self.landmark


def at_landmarks(deal: Deal) -> list[AtLandmark]:
    """Return what the playbook that was in force when ``deal`` ended needed of it before that day, in the playbook's order.

    The landmark is the day on record, else the one that the playbook's rule gives. What was due only later, or could not be
    dated, says nothing of this deal and is left out. Four SQL queries at most.
    """
    if deal.closed_at is None:
        return []
    ended_on = timezone.localdate(deal.closed_at)
    rows = [row for row in pivotal_in_force(ended_on) if _had_started(row, ended_on)]
    asked = {row.type_id: row for row in holding(rows, deal.segment)} if _holds(rows, deal.segment) else {}
    known = {one.type_id: one for one in Agreement.objects.filter(deal=deal, type__in=asked)}
    needs = [
        need for need in _needs(deal, list(asked.values())) if not _does_without(known.get(need.type_id))
    ]
    found = (_at(deal, asked[need.type_id], need, known.get(need.type_id)) for need in needs)
    return [one for one in found if one is not None and one.landmark < ended_on]


def _had_started(row: PivotalAgreement, day: dt.date) -> bool:
    starts_on = row.playbook.strategy.starts_on
    return starts_on is None or starts_on <= day


def _holds(rows: list[PivotalAgreement], segment: str) -> bool:
    return any(row.playbook.strategy.segment in ("", segment) for row in rows)


def _does_without(known: Agreement | None) -> bool:
    return known is not None and known.state == AgreementState.NOT_NEEDED


def _needs(deal: Deal, asked: list[PivotalAgreement]) -> list[Requirement]:
    created_on = timezone.localdate(deal.created_at)
    facts = DealFacts(deal.segment, deal.amount, created_on, deal.expected_close_on, deal.stage)
    by_stage = any(row.needed_by == NeededBy.STAGE for row in asked)
    return required(facts, map(rule_of, asked), days_to_stage=_days_to_stage() if by_stage else {})


def _days_to_stage() -> dict[str, int]:
    """Return the usual days until a stage is left, as open deals were last asked by them."""
    kept = AskingRound.objects.values_list("days_to_stage", flat=True).first()
    return kept or usual_days_to_stage()


def _at(deal: Deal, row: PivotalAgreement, need: Requirement, known: Agreement | None) -> AtLandmark | None:
    landmark = (known.needed_by if known else None) or need.needed_by
    if landmark is None:
        return None
    gained_at = known.gained_at if known else None
    return AtLandmark(
        type_id=row.type_id,
        key=row.type.key,
        name=str(row.type),
        landmark=landmark,
        days=(landmark - timezone.localdate(deal.created_at)).days,
        because=(known.needed_because if known and known.needed_by else "") or need.why,
        gained_on=timezone.localdate(gained_at) if gained_at else None,
    )
