"""What a manager does about the team's deals this week."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.db.models import (
    Case,
    Count,
    Exists,
    ExpressionWrapper,
    F,
    FloatField,
    Min,
    OuterRef,
    Q,
    Subquery,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Cast, Coalesce

from hingepoint.domain.agreements.models import Agreement, AgreementQuerySet
from hingepoint.domain.agreements.queries.lines import AgreementLine
from hingepoint.domain.coaching.models import CoachingSession
from hingepoint.domain.deals.models import Deal, DealEvent, that_count
from hingepoint.domain.home.queries.worklist import (
    DAYS_AHEAD,
    WEEK,
    Changed,
    WorkLine,
    changes_since,
    with_deals,
    work_line,
    worklist,
)
from hingepoint.domain.plans.queries import lines as plan_lines
from hingepoint.domain.plans.queries import reviews, talks
from hingepoint.domain.strategy.queries import coverage
from hingepoint.domain.upkeep.kept import Shelf
from hingepoint.records.agreements import AgreementState
from hingepoint.records.deals import DealStatus, EventKind
from hingepoint.records.languages import say, say_many

#: Conversations that a manager is offered; the first three at once.
QUEUE = 12
MOST_LATE_DEALS = 8
MOST_CHANGES = 8
#: Agreements that are weighed at most, required ones that can weigh most first.
WEIGHED = 250
#: The deals of the largest amounts, of which all agreements are weighed before any of another deal is looked at.
LARGEST = 200
#: How far an agreement in a state is from being got, 0 to 1.
_GAP = {
    AgreementState.NEEDED: 1.0,
    AgreementState.BROKEN: 1.0,
    AgreementState.LAPSED: 0.9,
    AgreementState.PLANNED: 0.8,
    AgreementState.ASKED: 0.6,
    AgreementState.SOFT: 0.7,
    AgreementState.GAINED: 0.4,
}
_OTHER_GAP = 0.5
#: Days until something is due, in bands: the last day of each, and the day of it that presses most.
_BANDS = ((-60, -60), (-45, -45), (-30, -30), (-15, -15), (0, 0), (3, 1), (7, 4))
_LATER = 8


def gap_of(state: str) -> float:
    """Return how far an agreement in a state is from being got, 0 to 1."""
    return _GAP.get(AgreementState(state), _OTHER_GAP)


@dataclass(frozen=True, slots=True)
class Conversation:
    """One agreement worth a talk with its seller: ``weight`` is value x gap x time, ``why`` in words."""

    work: WorkLine
    weight: float
    why: str


@dataclass(frozen=True, slots=True)
class LateDeal:
    """An open deal with ``late`` late agreements, the longest by ``days``."""

    deal_id: int
    title: str
    owner: str
    late: int
    days: int
    amount: Any
    currency: str


@dataclass(frozen=True, slots=True)
class ManagerWeek:
    """A manager's week. ``currencies``: in how many the deals are; values of different ones are ranked
    as written."""

    queue: tuple[Conversation, ...]
    coverage: tuple[coverage.OpenDeals, ...]
    changed: tuple[Changed, ...]
    changes: dict[str, int]
    pushed: int
    late: tuple[LateDeal, ...]
    deals: int
    currencies: int
    review: tuple[plan_lines.PlanLine, ...] = ()
    debriefs: int = 0  # talks of the teams without debrief
    counted_at: dt.datetime | None = None  # since when ``coverage`` stands; None: made at this moment

    @property
    def review_first(self) -> tuple[plan_lines.PlanLine, ...]:
        """Plans of the talks of today and the next working day."""
        return tuple(line for line in self.review if line.soon)


class _Pressing(NamedTuple):
    """What makes an agreement weigh."""

    agreement: int
    deal: int
    required: bool
    state: str
    late_after: dt.date | None
    amount: float

    def days(self, today: dt.date) -> int | None:
        return (self.late_after - today).days if self.late_after else None

    def weight(self, today: dt.date) -> float:
        return self.amount * gap_of(self.state) * time_pressure(self.days(today))


def manager_week(viewer: Any, *, today: dt.date, now: dt.datetime) -> ManagerWeek:
    """Return what a manager does about the team's deals this week. At most nine SQL queries."""
    shelf = Shelf(coverage.ON_OPEN)
    changes = changes_since(viewer, since=now - WEEK, most=MOST_CHANGES)
    opened = _open_deals(viewer, since=now - WEEK, today=today)
    return ManagerWeek(
        queue=conversations(viewer, today=today, deals=opened["deals"]),
        coverage=tuple(coverage.on_open_deals(viewer, shelf=shelf)),
        changed=changes.newest,
        changes=changes.counts,
        late=tuple(_late_deals(viewer, today)),
        review=tuple(reviews.to_review(viewer, today=today)),
        counted_at=shelf.counted_at,
        **opened,
    )


def conversations(viewer: Any, *, today: dt.date, deals: int | None = None) -> tuple[Conversation, ...]:
    """Return the talks worth having with the viewer's sellers, the weightiest first; not those of which a session's next
    step is still ahead. Of ``deals`` open ones, where that is known, few are weighed at once. Two SQL queries, one more where the
    largest deals do not decide it."""
    few = deals is not None and deals <= LARGEST
    first = (not few and _of_largest_deals(viewer, today)) or _of_all_deals(viewer, today)
    rows = with_deals(Agreement.objects.filter(pk__in=[one.agreement for one in first])).in_bulk()
    lines = {one: work_line(rows[one.agreement], today) for one in first if one.agreement in rows}
    return tuple(
        Conversation(work, one.weight(today), _why(work.line, one.days(today))) for one, work in lines.items()
    )


def _of_largest_deals(viewer: Any, today: dt.date) -> list[_Pressing]:
    """Return what is worth a talk, the weightiest first, where the largest deals decide it: where it is enough that is required,
    and weighs more than the whole amount of any other deal. Else nothing. One SQL query."""
    by_amount = Deal.objects.visible_to(viewer).open().order_by(F("amount").desc(nulls_last=True), "pk")
    next_one = Subquery(by_amount.values(worth=_amount("amount"))[LARGEST : LARGEST + 1])
    theirs = Agreement.objects.filter(deal__in=by_amount.values("pk")[:LARGEST], required=True)
    rows = _weightiest(theirs.annotate(beyond=next_one), viewer, today, "beyond")
    first = _first([_Pressing(*row) for *row, _ in rows], today)
    beyond = rows[0][-1] if rows else None  # None: there is no other deal
    decided = beyond is None or (len(first) == QUEUE and first[-1].weight(today) > beyond)
    return first if decided else []


def _of_all_deals(viewer: Any, today: dt.date) -> list[_Pressing]:
    """Return what is worth a talk, the weightiest first. One SQL query."""
    rows = _weightiest(worklist(viewer), viewer, today)
    return _first([_Pressing(*row) for row in rows], today)


def _weightiest(rows: AgreementQuerySet, viewer: Any, today: dt.date, *beside: str) -> list[tuple]:
    """Return the columns of ``_Pressing`` of ``WEIGHED`` agreements that press, required ones first and of these what can
    weigh most."""
    until = today + dt.timedelta(days=DAYS_AHEAD)
    pressing = Q(late_after__lte=until) | Q(state=AgreementState.BROKEN, required=True)
    spoken = CoachingSession.objects.filter(deal=OuterRef("deal"), type=OuterRef("type"))
    spoken = spoken.visible_to(viewer).filter(next_on__gte=today)
    fresh = rows.filter(pressing).exclude(Exists(spoken)).annotate(worth=_amount("deal__amount"))
    weighed = fresh.order_by("-required", _most_it_weighs(today).desc(), "pk")
    columns = ("pk", "deal_id", "required", "state", "late_after", "worth", *beside)
    return list(weighed.values_list(*columns)[:WEIGHED])


def _amount(column: str) -> Coalesce:
    return Coalesce(Cast(column, FloatField()), Value(0.0))


def _most_it_weighs(today: dt.date) -> ExpressionWrapper:
    """Return what a talk weighs, or a little more: it presses like the most pressing day of its band."""
    gap = Case(
        *(When(state=state, then=Value(gap)) for state, gap in _GAP.items()), default=Value(_OTHER_GAP)
    )
    presses = Case(
        When(late_after__isnull=True, then=Value(time_pressure(None))),
        *(
            When(late_after__lte=today + dt.timedelta(days=last), then=Value(time_pressure(most)))
            for last, most in _BANDS
        ),
        default=Value(time_pressure(_LATER)),
    )
    return ExpressionWrapper(_amount("deal__amount") * gap * presses, output_field=FloatField())


def _first(pressing: list[_Pressing], today: dt.date) -> list[_Pressing]:
    """Return what is worth a talk, one agreement a deal, the weightiest first: of what is required, if anything is."""
    among = [one for one in pressing if one.required] or pressing
    heaviest: dict[int, _Pressing] = {}
    for one in sorted(among, key=lambda one: -one.weight(today)):
        heaviest.setdefault(one.deal, one)
    return list(heaviest.values())[:QUEUE]


def time_pressure(days: int | None) -> float:
    """Return how much a talk presses: 1 when due, half in a week; late ones cool slowly, since after two
    months a late agreement is rather a question of whether the deal lives. None: it has no day."""
    if days is None:
        return 0.5
    return 1 / (1 + days / 7) if days >= 0 else max(0.2, 1 + days / 75)


def _why(line: AgreementLine, days: int | None) -> str:
    stand = {
        AgreementState.NEEDED: say("nobody has planned how to ask"),
        AgreementState.PLANNED: say("planned, not asked yet"),
        AgreementState.ASKED: say("asked, no answer yet"),
        AgreementState.SOFT: say("kind words, nobody promised an act"),
        AgreementState.BROKEN: say("they agreed and did not do it"),
        AgreementState.GAINED: say("they promised to act; was it done?"),
        AgreementState.LAPSED: say("it lapsed"),
    }.get(AgreementState(line.state), "open")
    return stand if days is None else f"{stand}; {_when(days)}"


def _when(days: int) -> str:
    if days == 0:
        return say("due today")
    if days > 0:
        return say_many("due in {n} day", "due in {n} days", days, n=days)
    return say_many("{n} day late", "{n} days late", -days, n=-days)


def _open_deals(viewer: Any, *, since: dt.datetime, today: dt.date) -> dict[str, int]:
    """Count the open deals, their currencies, those whose expected close was moved ``since``, and their talks without debrief.
    One SQL query."""
    talked = talks.debriefs_due(OuterRef("pk"), today=today).order_by().values(one=Value(1))
    due = Subquery(talked.annotate(n=Count("pk")).values("n"))
    moved = DealEvent.objects.filter(
        that_count("deal"),
        kind=EventKind.FIELD,
        name__icontains="close",
        occurred_at__gte=since,
        deal__status=DealStatus.OPEN,
    )
    return (
        Deal.objects.visible_to(viewer)
        .open()
        .aggregate(
            deals=Count("pk"),
            currencies=Count("currency", distinct=True),
            pushed=Count("pk", filter=Q(pk__in=moved.values("deal_id"))),
            debriefs=Coalesce(Sum(due), 0),
        )
    )


def _late_deals(viewer: Any, today: dt.date) -> list[LateDeal]:
    """Return the open deals with late agreements, those with most first: what the list of deals counts as late. Which they are is
    counted from an index alone, and only these are read. One SQL query."""
    late = Agreement.objects.on_open_deals(viewer).overdue(today).order_by().values("deal_id")
    most = late.annotate(late=Count("pk"), since=Min("late_after")).order_by("-late", "since", "deal_id")
    own = Agreement.objects.filter(deal=OuterRef("pk")).overdue(today).order_by().values("deal_id")
    rows = Deal.objects.filter(pk__in=most.values("deal_id")[:MOST_LATE_DEALS]).annotate(
        late=Subquery(own.values(n=Count("pk"))), since=Subquery(own.values(day=Min("late_after")))
    )
    names = ("pk", "name", "key", "owner__name", "amount", "currency", "late", "since")
    return [
        LateDeal(pk, name or key, owner or "", late, (today - since).days, amount, currency)
        for pk, name, key, owner, amount, currency, late, since in rows.order_by(
            "-late", "since", "pk"
        ).values_list(*names)
    ]
