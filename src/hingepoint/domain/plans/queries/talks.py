"""What the talks of open deals wait for: a plan, another look, a debrief."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from hingepoint.domain.agreements.models import WAITING, Agreement
from hingepoint.domain.deals.models import Deal
from hingepoint.domain.plans.models import Debrief, Plan, PlanQuerySet
from hingepoint.domain.plans.parts import from_json
from hingepoint.domain.plans.queries.lines import (
    MOST_LINES,
    LastSaid,
    PlanLine,
    first_text,
    line_of,
    with_what_a_line_says,
)
from hingepoint.domain.plans.rules import DEBRIEF_WITHIN
from hingepoint.domain.strategy.models import MOST_REQUIRED
from hingepoint.records.plans import Verdict

if TYPE_CHECKING:
    from django_stubs_ext import WithAnnotations

#: How far ahead a talk or an agreement's day asks for a plan.
PREPARE_WITHIN = dt.timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Talk:
    """A talk that asks for something: a plan, another look at a returned one, or a debrief. ``on`` is the
    day of the talk, or the day by which we need the agreement when no talk is set."""

    deal_id: int
    type_id: int
    agreement: str
    deal_title: str
    owner: str
    amount: Any
    currency: str
    from_whom: str
    on: dt.date | None
    planned: bool  # the day is that of a talk
    returned: str = ""  # why the manager returned the plan


@dataclass(frozen=True, slots=True)
class Waiting:
    """What talks wait for: ``debrief`` those whose day has come and that nobody debriefed, the oldest first;
    ``prepare`` returned plans of talks ahead, then required agreements whose day comes within a week and
    that have no plan, of each deal one."""

    debrief: tuple[Talk, ...]
    prepare: tuple[Talk, ...]


def waiting(viewer: Any, *, today: dt.date) -> Waiting:
    """Return what the talks of open deals wait for. Three SQL queries."""
    recent = _recent_talks(viewer, today)
    prepare = [*_returned(recent, today), *_unplanned(viewer, today)]
    return Waiting(tuple(_undebriefed(recent, today)), tuple(prepare[:MOST_LINES]))


def to_debrief(viewer: Any, *, today: dt.date) -> list[Talk]:
    """Return the talks that wait for a debrief. One SQL query."""
    return _undebriefed(_recent_talks(viewer, today), today)


def debriefs_due(deal: OuterRef, *, today: dt.date) -> PlanQuerySet:
    """Return the plans of ``to_debrief`` on a ``deal`` of another query, to count: their day has come lately, and nobody
    debriefed them. Whoever asks chooses the deals: open ones, that the viewer sees."""
    newest = Plan.objects.newest().of_talks().filter(deal=deal)
    return newest.filter(talk_on__range=(today - DEBRIEF_WITHIN, today)).exclude(Exists(_debriefs()))


class _Recent(LastSaid):
    """What is known of a recent talk beside its plan."""

    debriefed: bool


def _recent_talks(viewer: Any, today: dt.date) -> list[WithAnnotations[Plan, _Recent]]:
    """Return the talks that can still be debriefed or are ahead, in the order of their days."""
    rows = with_what_a_line_says(_talks(viewer)).annotate(debriefed=Exists(_debriefs()))
    rows = rows.filter(Q(talk_on__isnull=True) | Q(talk_on__gte=today - DEBRIEF_WITHIN))
    return list(rows.order_by(F("talk_on").asc(nulls_last=True), "id"))


def _debriefs() -> QuerySet[Debrief]:
    """Return the debriefs of a talk, held on its day or after it."""
    return Debrief.objects.filter(agreement=OuterRef("agreement"), held_at__date__gte=OuterRef("talk_on"))


def _undebriefed(talks: Sequence[WithAnnotations[Plan, _Recent]], today: dt.date) -> list[Talk]:
    held = [row for row in talks if row.talk_on and row.talk_on <= today and not row.debriefed]
    return [_talk_of(row) for row in held[:MOST_LINES]]


def _returned(talks: Sequence[WithAnnotations[Plan, _Recent]], today: dt.date) -> list[Talk]:
    rows = [row for row in talks if row.last_verdict == Verdict.RETURNED]
    return [
        _talk_of(row, returned=row.last_words or "")
        for row in rows
        if not row.talk_on or row.talk_on >= today
    ]


def _unplanned(viewer: Any, today: dt.date) -> list[Talk]:
    """Return the first required agreement of each deal whose day comes and that has no plan, ``MOST_LINES`` at most."""
    rows = Agreement.objects.on_open_deals(viewer).filter(
        required=True,
        state__in=WAITING,
        late_after__range=(today, today + PREPARE_WITHIN),
        plans__isnull=True,
    )
    soonest = rows.order_by("late_after", "deal_id").values_list("deal_id", flat=True)
    nearest = list(dict.fromkeys(soonest[: MOST_LINES * MOST_REQUIRED]))[:MOST_LINES]
    shown = rows.filter(deal__in=nearest).order_by("late_after", "id")
    first: dict[int, Agreement] = {}
    for row in shown.select_related("type", "person", "asked_of", "deal__account", "deal__owner"):
        first.setdefault(row.deal_id, row)
    return [_talk(row, on=row.late_after, planned=False) for row in first.values()]


def ahead(viewer: Any, *, today: dt.date) -> list[PlanLine]:
    """Return the planned talks of open deals after today, the nearest first; today's asks for its debrief.
    One SQL query."""
    rows = with_what_a_line_says(_talks(viewer).filter(talk_on__gt=today))
    return [line_of(row) for row in rows.order_by("talk_on", "id")[:MOST_LINES]]


def _talks(viewer: Any) -> QuerySet[Plan]:
    """Return the newest plans for talks on open deals that ``viewer`` sees."""
    deals = Deal.objects.visible_to(viewer).open()
    rows = Plan.objects.newest().of_talks().filter(deal__in=deals)
    about = ("deal__account", "deal__owner", "agreement__type", "agreement__person", "agreement__asked_of")
    return rows.select_related(*about)


def _talk_of(plan: Plan, *, returned: str = "") -> Talk:
    told = from_json(plan.parts).get("from_whom", ())
    whom = first_text(told)
    assert plan.agreement is not None  # ``of_talks``
    plan.agreement.deal = plan.deal  # the same row, which came with the plan
    return _talk(
        plan.agreement, on=plan.talk_on, planned=plan.talk_on is not None, returned=returned, whom=whom
    )


def _talk(row: Agreement, *, on: dt.date | None, planned: bool, returned: str = "", whom: str = "") -> Talk:
    person = row.person or row.asked_of
    return Talk(
        deal_id=row.deal_id,
        type_id=row.type_id,
        agreement=str(row.type),
        deal_title=str(row.deal),
        owner=row.deal.owner.name if row.deal.owner else "",
        amount=row.deal.amount,
        currency=row.deal.currency,
        from_whom=whom or (person.name if person else row.person_name) or row.type.counterpart,
        on=on,
        planned=planned,
        returned=returned,
    )
