"""Plans in a list, as last written, and those of one deal."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypedDict

from django.db.models import OuterRef, QuerySet, Subquery

from hingepoint.domain.plans.models import Plan, PlanReview
from hingepoint.domain.plans.parts import Line, from_json
from hingepoint.domain.plans.rules import before_concessions
from hingepoint.records.plans import Verdict

if TYPE_CHECKING:
    from django_stubs_ext import WithAnnotations

MOST_LINES = 40


class LastSaid(TypedDict):
    """What ``with_what_a_line_says`` annotates: the last approval or return of a writing, None without one."""

    last_verdict: str | None
    last_words: str | None


@dataclass(frozen=True, slots=True)
class PlanLine:
    """The newest writing of a plan in a list. ``verdict`` is the last one on this writing, if any; a plan
    of a deal as a whole has no ``type_id``."""

    id: int
    deal_id: int
    type_id: int | None
    agreement: str
    deal_title: str
    owner: str
    amount: Any
    currency: str
    best: str
    minimum: str
    talk_on: dt.date | None
    number: int
    written_by: str
    written_at: dt.datetime
    verdict: str = ""
    soon: bool = False  # the talk is today or on the next working day


def plans(viewer: Any, deal_id: int, *, moment: dt.datetime | None = None) -> list[PlanLine]:
    """Return the plans of a deal as last written, by a moment where one is said, the deal's own first. One SQL query."""
    rows = Plan.objects.visible_to(viewer).filter(deal_id=deal_id).newest(moment)
    lines = [line_of(row) for row in with_what_a_line_says(rows, moment)]
    return sorted(lines, key=lambda line: (line.type_id is not None, -line.written_at.timestamp()))


def written_at(viewer: Any, deal_id: int) -> list[dt.datetime]:
    """Return when plans that prepare a concession on a deal were really written, every writing, oldest first. One SQL query."""
    rows = before_concessions(Plan.objects.visible_to(viewer).filter(deal_id=deal_id)).order_by("written_at")
    return list(rows.values_list("written_at", flat=True))


def with_what_a_line_says(
    rows: QuerySet[Plan], moment: dt.datetime | None = None
) -> QuerySet[WithAnnotations[Plan, LastSaid]]:
    """Read along what was last said to each writing, by a moment where one is said."""
    last = PlanReview.objects.filter(plan=OuterRef("pk")).exclude(verdict=Verdict.COMMENT).order_by("-id")
    last = last.filter(at__lte=moment) if moment else last
    told = rows.annotate(
        last_verdict=Subquery(last.values("verdict")[:1]), last_words=Subquery(last.values("words")[:1])
    )
    return told.select_related("deal__account", "deal__owner", "agreement__type", "written_by")


def line_of(row: WithAnnotations[Plan, LastSaid], *, until: dt.date | None = None) -> PlanLine:
    """Return a plan in a list; a talk ``until`` then is soon."""
    told = from_json(row.parts)
    return PlanLine(
        id=row.pk,
        deal_id=row.deal_id,
        type_id=row.agreement.type_id if row.agreement else None,
        agreement=str(row.agreement.type) if row.agreement else "",
        deal_title=str(row.deal),
        owner=row.deal.owner.name if row.deal.owner else "",
        amount=row.deal.amount,
        currency=row.deal.currency,
        best=first_text(told.get("best", ())),
        minimum=first_text(told.get("minimum", ())),
        talk_on=row.talk_on,
        number=row.number,
        written_by=row.written_by.name if row.written_by else "",
        written_at=row.written_at,
        verdict=row.last_verdict or "",
        soon=row.talk_on is not None and until is not None and row.talk_on <= until,
    )


def first_text(lines: Sequence[Line]) -> str:
    return lines[0].text if lines else ""
