"""Every answer about plans and debriefs in lists: of a deal, of a seller's talks, of a manager's reviews.

One plan with all that belongs to it is put together in ``sheets``.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery

from hingepoint.analysis import intervals
from hingepoint.domain.agreements.models import WAITING, Agreement
from hingepoint.domain.deals.models import Deal
from hingepoint.domain.people.models import managed_team_ids
from hingepoint.domain.plans.models import Debrief, Plan, PlanReview, Verdict
from hingepoint.domain.plans.parts import Line, from_json
from hingepoint.records.deals import DealStatus

#: How far ahead a talk or an agreement's day asks for a plan.
PREPARE_WITHIN = dt.timedelta(days=7)
#: A talk held longer ago than this is not remembered well enough to be debriefed.
DEBRIEF_WITHIN = dt.timedelta(days=21)
#: Days from a Friday or a Saturday to the next working day; one from all others.
_TO_MONDAY = {4: 3, 5: 2}
MOST_LINES = 40
#: How far back the routines are counted.
LATELY = dt.timedelta(weeks=12)


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


def plans(viewer: Any, deal_id: int) -> list[PlanLine]:
    """Return the plans of a deal as last written, the deal's own first. One SQL query."""
    rows = _with_what_a_line_says(Plan.objects.visible_to(viewer).filter(deal_id=deal_id).newest())
    lines = [_line(row) for row in rows]
    return sorted(lines, key=lambda line: (line.type_id is not None, -line.written_at.timestamp()))


def written_at(viewer: Any, deal_id: int) -> list[dt.datetime]:
    """Return when plans for a deal were really written, every writing, oldest first. One SQL query."""
    rows = Plan.objects.visible_to(viewer).filter(deal_id=deal_id).order_by("written_at")
    return list(rows.values_list("written_at", flat=True))


def _with_what_a_line_says(rows: QuerySet[Plan]) -> QuerySet[Plan]:
    last = PlanReview.objects.filter(plan=OuterRef("pk")).exclude(verdict=Verdict.COMMENT).order_by("-id")
    told = {name: Subquery(last.values(name)[:1]) for name in ("verdict", "words")}
    rows = rows.annotate(**{f"last_{name}": value for name, value in told.items()})
    return rows.select_related("deal__account", "deal__owner", "agreement__type", "written_by")


def _line(row: Plan, *, until: dt.date | None = None) -> PlanLine:
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
        best=_text(told.get("best", ())),
        minimum=_text(told.get("minimum", ())),
        talk_on=row.talk_on,
        number=row.number,
        written_by=row.written_by.name if row.written_by else "",
        written_at=row.written_at,
        verdict=row.last_verdict or "",
        soon=row.talk_on is not None and until is not None and row.talk_on <= until,
    )


def _text(lines: Sequence[Line]) -> str:
    return lines[0].text if lines else ""


# ---- talks ----


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
    """Return what the talks of open deals wait for. Two SQL queries."""
    recent = _recent_talks(viewer, today)
    prepare = [*_returned(recent, today), *_unplanned(viewer, today)]
    return Waiting(tuple(_undebriefed(recent, today)), tuple(prepare[:MOST_LINES]))


def to_debrief(viewer: Any, *, today: dt.date) -> list[Talk]:
    """Return the talks that wait for a debrief. One SQL query."""
    return _undebriefed(_recent_talks(viewer, today), today)


def _recent_talks(viewer: Any, today: dt.date) -> list[Plan]:
    """Return the talks that can still be debriefed or are ahead, in the order of their days."""
    held = Debrief.objects.filter(agreement=OuterRef("agreement"), held_at__date__gte=OuterRef("talk_on"))
    rows = _with_what_a_line_says(_talks(viewer)).annotate(debriefed=Exists(held))
    rows = rows.filter(Q(talk_on__isnull=True) | Q(talk_on__gte=today - DEBRIEF_WITHIN))
    return list(rows.order_by(F("talk_on").asc(nulls_last=True), "id"))


def _undebriefed(talks: Sequence[Plan], today: dt.date) -> list[Talk]:
    held = [row for row in talks if row.talk_on and row.talk_on <= today and not row.debriefed]
    return [_talk_of(row) for row in held[:MOST_LINES]]


def _returned(talks: Sequence[Plan], today: dt.date) -> list[Talk]:
    rows = [row for row in talks if row.last_verdict == Verdict.RETURNED]
    return [_talk_of(row, returned=row.last_words) for row in rows if not row.talk_on or row.talk_on >= today]


def _unplanned(viewer: Any, today: dt.date) -> list[Talk]:
    rows = Agreement.objects.visible_to(viewer).filter(
        deal__status=DealStatus.OPEN,
        required=True,
        state__in=WAITING,
        late_after__range=(today, today + PREPARE_WITHIN),
        plans__isnull=True,
    )
    rows = rows.select_related("type", "person", "asked_of", "deal__account", "deal__owner")
    one_a_deal = {row.deal_id: row for row in reversed(rows.order_by("late_after", "id"))}
    talks = [_talk(row, on=row.late_after, planned=False) for row in one_a_deal.values()]
    return sorted(talks, key=lambda talk: talk.on)


def to_review(viewer: Any, *, today: dt.date) -> list[PlanLine]:
    """Return plans that wait for ``viewer``'s word as the manager of the team: of talks still ahead or
    without a day, the nearest first; not yet approved or returned. One SQL query besides the teams."""
    rows = Plan.objects.newest().filter(deal__team__in=managed_team_ids(viewer), deal__status=DealStatus.OPEN)
    rows = rows.exclude(written_by=viewer).filter(Q(talk_on__gte=today) | Q(talk_on__isnull=True))
    rows = _with_what_a_line_says(rows).filter(last_verdict__isnull=True)
    rows = rows.order_by(F("talk_on").asc(nulls_last=True), "id")[:MOST_LINES]
    until = next_working_day(today)
    return [_line(row, until=until) for row in rows]


def next_working_day(today: dt.date) -> dt.date:
    """Return the day before which plans are reviewed today: Monday from Friday on."""
    return today + dt.timedelta(days=_TO_MONDAY.get(today.weekday(), 1))


@dataclass(frozen=True, slots=True)
class Routines:
    """Of the talks held lately: planned before their day, reviewed by a manager before it, and debriefed,
    each as a share of all of them. ``weeks`` says how far back."""

    weeks: int
    planned: intervals.Estimate
    reviewed: intervals.Estimate
    debriefed: intervals.Estimate


def routines(viewer: Any, *, today: dt.date, segment: str = "") -> Routines:
    """Return how the talks of the last weeks were prepared and debriefed; a talk is known by the plan that
    names its day, whenever that was written. One SQL query."""
    rows = Plan.objects.visible_to(viewer).newest().of_talks()
    rows = rows.filter(talk_on__range=(today - LATELY, today - dt.timedelta(days=1)))
    rows = rows.filter(deal__segment=segment) if segment else rows
    of_talk = {"agreement": OuterRef("agreement")}
    before = Plan.objects.filter(**of_talk, written_at__date__lte=OuterRef("talk_on"))
    review = PlanReview.objects.filter(
        plan__agreement=OuterRef("agreement"), at__date__lte=OuterRef("talk_on")
    )
    after = Debrief.objects.filter(**of_talk, held_at__date__gte=OuterRef("talk_on"))
    counts = rows.aggregate(
        talks=Count("pk"),
        planned=Count("pk", filter=Exists(before)),
        reviewed=Count("pk", filter=Exists(review.exclude(verdict=Verdict.COMMENT))),
        debriefed=Count("pk", filter=Exists(after)),
    )
    talks = counts.pop("talks")
    return Routines(LATELY.days // 7, **{name: intervals.share(n, talks) for name, n in counts.items()})


def ahead(viewer: Any, *, today: dt.date) -> list[PlanLine]:
    """Return the planned talks of open deals after today, the nearest first; today's asks for its debrief.
    One SQL query."""
    rows = _with_what_a_line_says(_talks(viewer).filter(talk_on__gt=today))
    return [_line(row) for row in rows.order_by("talk_on", "id")[:MOST_LINES]]


def _talks(viewer: Any) -> QuerySet[Plan]:
    """Return the newest plans for talks on open deals that ``viewer`` sees."""
    deals = Deal.objects.visible_to(viewer).open()
    rows = Plan.objects.newest().of_talks().filter(deal__in=deals)
    about = ("deal__account", "deal__owner", "agreement__type", "agreement__person", "agreement__asked_of")
    return rows.select_related(*about)


def _talk_of(plan: Plan, *, returned: str = "") -> Talk:
    told = from_json(plan.parts).get("from_whom", ())
    whom = _text(told)
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
