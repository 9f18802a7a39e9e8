"""The facts that are missing on a deal before it is reviewed: each is answered by its owner with two taps at most."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Exists, OuterRef

from hingepoint.domain.agreements.models import Agreement
from hingepoint.domain.deals.models import DealEvent
from hingepoint.domain.negotiation.models import Reason
from hingepoint.records.agreements import STANDING, AgreementState
from hingepoint.records.deals import EventKind
from hingepoint.records.words import Worded

#: So many facts are asked of one deal.
MOST = 2


class Missing(Worded):
    """What is missing, and so how it is answered."""

    ACT = "act", "Did they do it?"
    ANSWER = "answer", "What did they say?"
    HOLDS = "holds", "Does it still hold?"
    REASON = "reason", "Why do they ask for it?"


@dataclass(frozen=True, slots=True)
class Gap:
    """A fact that is missing on a deal: on the agreement ``about`` by its type, or on a demand by its number.
    ``version``: of the agreement, 0 for a demand."""

    deal_id: int
    missing: Missing
    name: str
    about: int
    version: int = 0

    @property
    def key(self) -> str:
        return f"{self.missing}:{self.about}"


def gaps_of(deal_ids: Sequence[int], *, today: dt.date) -> dict[int, list[Gap]]:
    """Return what is missing on each deal now, the most telling first, at most ``MOST`` a deal. Two SQL queries."""
    found: dict[int, list[Gap]] = defaultdict(list)
    for gap in (*_agreements(deal_ids, today), *_reasons(deal_ids)):
        if len(found[gap.deal_id]) < MOST:
            found[gap.deal_id].append(gap)
    return found


def missing_of(row: Agreement, today: dt.date) -> Missing | None:
    """Return what is not known of a required agreement; None where nothing is missing."""
    late = row.late_after is not None and row.late_after < today
    if row.state == AgreementState.GAINED and late:
        return Missing.ACT
    if row.state == AgreementState.ASKED and late:
        return Missing.ANSWER
    if row.state in STANDING and row.expires_on is not None and row.expires_on < today:
        return Missing.HOLDS
    return None


def _agreements(deal_ids: Sequence[int], today: dt.date) -> list[Gap]:
    rows = Agreement.objects.filter(deal_id__in=deal_ids, required=True).select_related("type")
    told = [(row, missing_of(row, today)) for row in rows.order_by("late_after", "pk")]
    found = [Gap(row.deal_id, why, str(row.type), row.type_id, row.version) for row, why in told if why]
    order = list(Missing)
    return sorted(found, key=lambda gap: order.index(gap.missing))


def _reasons(deal_ids: Sequence[int]) -> list[Gap]:
    """Return the demands nobody wrote a reason for, the newest first."""
    why = Reason.objects.filter(event=OuterRef("pk"))
    rows = DealEvent.objects.standing().filter(deal_id__in=deal_ids, kind=EventKind.DEMAND)
    rows = rows.exclude(Exists(why)).filter(note="").order_by("-occurred_at", "-pk")
    return [Gap(row.deal_id, Missing.REASON, row.name, row.pk) for row in rows]
