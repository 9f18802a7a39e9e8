"""Coaching sessions: what the two know of theirs, whether the next step happened, and what goes up: never of fewer than five.

A next step happened where the register shows, after the session and until a week after its day, that the agreement was
planned, asked for or gained, or that its talk was planned or debriefed. Nobody is asked.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, DateTimeField, Exists, ExpressionWrapper, OuterRef, Q, QuerySet
from django.utils import timezone

from hingepoint.analysis import intervals
from hingepoint.domain.agreements.models import Agreement, AgreementEvent, AgreementType
from hingepoint.domain.coaching.models import CoachingSession
from hingepoint.domain.coaching.queries import ratings
from hingepoint.domain.coaching.rules import GRACE, LATELY, LEAST_PEOPLE, coached_on
from hingepoint.domain.deals.models import Deal
from hingepoint.domain.people.models import Membership, Team, User, managed_teams, sees_all, works_here
from hingepoint.domain.plans.models import Debrief, Plan
from hingepoint.domain.principles.queries.cited import Cited, cited
from hingepoint.domain.upkeep.kept import Question
from hingepoint.records import conventions
from hingepoint.records.agreements import STANDING, AgreementState
from hingepoint.records.coaching import Followed, fitting
from hingepoint.records.errors import Hidden
from hingepoint.records.languages import say
from hingepoint.records.people import Role
from hingepoint.records.principles import Place, Rating

MOST_SHOWN = 60
MOST_SEEN = 5
#: Principles that a session may rate.
MOST_RATED = 6
_FORWARD = sorted({*STANDING, AgreementState.PLANNED, AgreementState.ASKED})


@dataclass(frozen=True, slots=True)
class SessionLine:
    """A session as one of the two reads it. ``mine``: the viewer coached; ``other``: the one they spoke with."""

    id: int
    other_id: int
    other: str
    mine: bool
    deal_id: int
    deal: str
    type_id: int
    type: str
    on: dt.date
    behaviour: str
    evidence: str
    next_step: str
    next_on: dt.date
    followed: Followed
    ratings: tuple[tuple[str, Rating], ...]


def sessions(viewer: Any, *, today: dt.date, with_id: int | None = None) -> list[SessionLine]:
    """Return the sessions in which ``viewer`` was one of the two, the newest first, all or those with one person. Three SQL
    queries at most."""
    rows = CoachingSession.objects.visible_to(viewer).select_related("deal", "type", "coach", "coached")
    if with_id is not None:
        rows = rows.filter(Q(coach=with_id) | Q(coached=with_id))
    found = with_what_followed(rows).prefetch_related("ratings__version")[:MOST_SHOWN]
    return [_line(row, viewer, today) for row in found]


def with_what_followed(rows: QuerySet[CoachingSession]) -> QuerySet[Any]:
    """Annotate ``seen``: whether the register shows that the next step happened."""
    held_at = ExpressionWrapper(OuterRef("held_at"), output_field=DateTimeField())
    until = ExpressionWrapper(OuterRef("followed_until"), output_field=DateTimeField())
    same = {"agreement__deal": OuterRef("deal"), "agreement__type": OuterRef("type")}
    step = AgreementEvent.objects.standing().filter(**same, state__in=_FORWARD)
    plan, debrief = Plan.objects.filter(**same), Debrief.objects.filter(**same)
    return rows.annotate(
        seen=Exists(step.filter(occurred_at__gt=held_at, recorded_at__gt=held_at, occurred_at__lt=until))
        | Exists(plan.filter(written_at__gt=held_at, written_at__lt=until))
        | Exists(debrief.filter(written_at__gt=held_at, written_at__lt=until))
    )


def _line(row: Any, viewer: Any, today: dt.date) -> SessionLine:
    mine = row.coach_id == viewer.pk
    other = row.coached if mine else row.coach
    return SessionLine(
        id=row.pk,
        other_id=other.pk,
        other=other.name,
        mine=mine,
        deal_id=row.deal_id,
        deal=row.deal.name or row.deal.key,
        type_id=row.type_id,
        type=str(row.type),
        on=timezone.localdate(row.held_at),
        behaviour=row.behaviour,
        evidence=row.evidence,
        next_step=row.next_step,
        next_on=row.next_on,
        followed=_followed(seen=row.seen, next_on=row.next_on, today=today),
        ratings=tuple(ratings.said(row)),
    )


def _followed(*, seen: bool, next_on: dt.date, today: dt.date) -> Followed:
    if seen:
        return Followed.HAPPENED
    return Followed.AHEAD if today <= next_on + GRACE else Followed.NOT_SEEN


# ---- the form of a session ----


@dataclass(frozen=True, slots=True)
class SessionPage:
    """What a session begins with: the agreement, what good is, what was seen, a behaviour that fits, and the last sessions
    of the two, and the principles that apply. ``manager``: whom the viewer may coach in place of the owner, who leads them; empty for nobody."""

    deal_id: int
    deal: str
    type_id: int
    type_key: str
    type: str
    coached_id: int
    coached: str
    good: tuple[str, ...]
    seen: tuple[str, ...]
    behaviour: str
    before: tuple[SessionLine, ...]
    manager: str
    principles: tuple[Cited, ...]


def session_page(
    viewer: Any, deal_id: int, type_id: int, *, today: dt.date, manager: bool = False
) -> SessionPage:
    """Return what a session about an agreement of a deal begins with. Raises Hidden where it is not ``viewer``'s to hold."""
    deal = Deal.every.visible_to(viewer).filter(pk=deal_id).select_related("owner", "team").first()
    kind = AgreementType.objects.filter(pk=type_id).first()
    coached = coached_on(viewer, deal, manager=manager) if deal else None
    if deal is None or kind is None or coached is None:
        raise Hidden("not theirs to coach")
    instead = None if manager else coached_on(viewer, deal, manager=True)
    steps = AgreementEvent.objects.filter(agreement__deal=deal, agreement__type=kind).standing()
    newest = list(steps.order_by("-occurred_at", "-id")[:MOST_SEEN])
    state = newest[0].state if newest else AgreementState.NEEDED.value
    return SessionPage(
        deal_id=deal.pk,
        deal=deal.name or deal.key,
        type_id=kind.pk,
        type_key=kind.key,
        type=str(kind),
        coached_id=coached.pk,
        coached=coached.name,
        good=tuple(kind.good),
        seen=tuple(_seen(one) for one in newest) or (say("Nothing was recorded of it yet."),),
        behaviour=fitting(state),
        before=tuple(sessions(viewer, today=today, with_id=coached.pk)[:3]),
        manager=instead.name if instead else "",
        principles=cited(viewer, Place.COACHING, types=(kind.key,), most=MOST_RATED),
    )


def _seen(step: AgreementEvent) -> str:
    on = timezone.localdate(step.occurred_at)
    act = f": {step.act}" if step.act else ""
    due = ", " + say("by {day}", day=conventions.day_short(step.due_on)) if step.due_on else ""
    return f"{conventions.day_short(on)}: {AgreementState(step.state).label.lower()}{act}{due}"


# ---- what goes up ----


@dataclass(frozen=True, slots=True)
class Upward:
    """Sessions of the last 13 weeks in a unit: ``people`` who were coached of so many (``of``), and which share of the next
    steps whose time is over happened. None of it where fewer than five people stand behind it."""

    unit: str
    people: int | None
    of: int
    sessions: int | None
    followed: intervals.Estimate | None


#: The units of the whole company, kept in a large company.
COACHED = Question[list[Upward]]("coaching of teams", list[Upward])


def upward(viewer: Any, *, today: dt.date) -> list[Upward]:
    """Return how sellers and managers were coached, to who leads their managers or sees everybody; nothing to others, and
    nothing of fewer than five people."""
    if sees_all(viewer):
        return COACHED.told(lambda: upward_now(today=today))
    if not works_here(viewer) or viewer.role != Role.MANAGER:
        return []
    led = managed_teams(viewer)
    leaders = _people(led, manages=True) - {viewer.pk}
    if not leaders:
        return []
    units = {"Sellers you lead": _people(led, manages=False), "Managers you lead": leaders}
    return _told_of(units, today)


def upward_now(*, today: dt.date) -> list[Upward]:
    """Return the same of each region and of all managers, asked at this moment. Four SQL queries."""
    managers = User.objects.active().filter(role=Role.MANAGER).values_list("pk", flat=True)
    units = {"Managers, coached by who leads them": set(managers)}
    regions = Team.objects.filter(parent__isnull=False, parent__parent__isnull=True).order_by("name")
    below = {path: units.setdefault(name, set()) for name, path in regions.values_list("name", "path")}
    sellers = Membership.objects.filter(manages=False, until__isnull=True, user__is_active=True)
    for person_id, path in sellers.values_list("user_id", "team__path"):
        for region, people in below.items():
            if path.startswith(region):
                people.add(person_id)
    return _told_of(units, today)


def _people(teams: Collection[int], *, manages: bool) -> set[int]:
    rows = Membership.objects.filter(
        team__in=list(teams), manages=manages, until__isnull=True, user__is_active=True
    )
    return set(rows.values_list("user_id", flat=True))


def _told_of(units: Mapping[str, set[int]], today: dt.date) -> list[Upward]:
    """Return what is told of each unit, by the people in it. One SQL query."""
    since = timezone.make_aware(dt.datetime.combine(today - LATELY, dt.time()))
    rows = with_what_followed(CoachingSession.objects.filter(held_at__gte=since))
    told = list(rows.order_by().values_list("coached_id", "next_on", "seen"))
    return [
        _upward(unit, people, [one for one in told if one[0] in people], today)
        for unit, people in units.items()
    ]


def _upward(unit: str, people: set[int], told: list[tuple[int, dt.date, bool]], today: dt.date) -> Upward:
    coached = {one[0] for one in told}
    if 0 < len(coached) < LEAST_PEOPLE or len(people) < LEAST_PEOPLE:
        return Upward(unit, None, len(people), None, None)
    over = [seen for _, next_on, seen in told if seen or next_on + GRACE < today]
    return Upward(unit, len(coached), len(people), len(told), intervals.share(sum(over), len(over)))


# ---- where the time goes ----


@dataclass(frozen=True, slots=True)
class Spent:
    """An agreement type: how many of one's own sessions were about it, which share of their next steps happened, and on how
    many open deals of the teams one leads it is late: where a talk would help."""

    type: str
    sessions: int
    followed: intervals.Estimate
    late: int


def spent(viewer: Any, *, today: dt.date) -> list[Spent]:
    """Return what ``viewer`` coached on in the last 13 weeks and what is late in the teams they lead, by agreement, most
    sessions first: their own record, theirs alone."""
    since = timezone.make_aware(dt.datetime.combine(today - LATELY, dt.time()))
    rows = CoachingSession.objects.visible_to(viewer).filter(coach=viewer, held_at__gte=since)
    found: dict[str, list[bool | None]] = defaultdict(list)
    for row in with_what_followed(rows.select_related("type")):
        over = row.seen or row.next_on + GRACE < today
        found[str(row.type)].append(row.seen if over else None)
    if not found:
        return []
    late = _late(viewer, today)
    told = (_spent(kind, found.get(kind, []), late.get(kind, 0)) for kind in {*found, *late})
    return sorted(told, key=lambda one: (-one.sessions, -one.late, one.type))


def _spent(kind: str, seen: Iterable[bool | None], late: int) -> Spent:
    every = list(seen)
    over = [one for one in every if one is not None]
    return Spent(kind, len(every), intervals.share(sum(over), len(over)), late)


def _late(viewer: Any, today: dt.date) -> dict[str, int]:
    """Return by agreement on how many open deals of the teams that a manager leads it is late; nothing for others."""
    if viewer.role != Role.MANAGER:
        return {}
    rows = Agreement.objects.on_open_deals(viewer).overdue(today).order_by()
    counts = dict(rows.values("type").annotate(n=Count("pk")).values_list("type", "n"))
    return {str(kind): counts[kind.pk] for kind in AgreementType.objects.filter(pk__in=counts)}
