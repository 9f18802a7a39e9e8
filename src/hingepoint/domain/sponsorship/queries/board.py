"""What sponsors promised and did in the last 13 weeks, for everybody to see; and what followed on deals they joined."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl
from django.db.models import Case, Count, Max, Min, Q, When
from django.utils import timezone

from hingepoint.analysis import sponsorship
from hingepoint.domain.agreements.models import AgreementEvent
from hingepoint.domain.days import after, midnight
from hingepoint.domain.deals.frames import deals_frame, read
from hingepoint.domain.deals.models import Deal, that_count
from hingepoint.domain.involvement.models import OWNER_AGREED, Involvement
from hingepoint.domain.people.models import User, works_here
from hingepoint.domain.reviews.models import ReviewSeat
from hingepoint.domain.routines.models import RoutineDue
from hingepoint.domain.sponsorship.queries import messages
from hingepoint.domain.strategy.models import PivotalAgreement
from hingepoint.domain.upkeep.kept import Question
from hingepoint.records.agreements import STANDING
from hingepoint.records.involvement import Purpose
from hingepoint.records.people import Role
from hingepoint.records.strategy import Status

#: So far back what was done is counted.
LATELY = dt.timedelta(weeks=13)
MOST_ROLES = 12


@dataclass(frozen=True, slots=True)
class SponsorLine:
    """A sponsor: of what was promised and fell due (``due``) how much was done, reviews attended, messages sent, deals joined
    and on how many of these the owner agreed to the role."""

    id: int
    name: str
    title: str
    due: int
    done: int
    reviews: int
    last_review: dt.date | None
    messages: int
    joined: int
    agreed: int


@dataclass(frozen=True, slots=True)
class JoinedDeal:
    """A role that a sponsor has or had on a deal that the viewer sees. ``waits``: for the owner's yes."""

    involvement_id: int
    deal_id: int
    deal: str
    sponsor: str
    purpose: str
    aim: str
    on: dt.date
    waits: bool
    gained: int


@dataclass(frozen=True, slots=True)
class Board:
    """What sponsors promised and did. ``followed``: what followed on deals they joined, of the whole company."""

    sponsors: tuple[SponsorLine, ...]
    messages: tuple[messages.MessageLine, ...]
    joined: tuple[JoinedDeal, ...]
    followed: sponsorship.Followed
    followed_words: str


#: What followed on deals that sponsors joined: kept in a large company.
FOLLOWED = Question[sponsorship.Followed]("deals joined", sponsorship.Followed)


def board(viewer: Any, *, today: dt.date) -> Board:
    """Return what sponsors promised and did. Nine SQL queries; where no answers are kept, reads every deal."""
    told = FOLLOWED.told(lambda: followed_now(today=today))
    return Board(
        sponsors=tuple(sponsors(viewer, today=today)),
        messages=tuple(messages.messages(viewer)),
        joined=tuple(_joined(viewer)),
        followed=told,
        followed_words=sponsorship.in_words(told),
    )


def sponsors(viewer: Any, *, today: dt.date, only: int | None = None) -> list[SponsorLine]:
    """Return what each sponsor did, or one of them. Five SQL queries."""
    if not works_here(viewer):
        return []
    rows = User.objects.active().filter(role=Role.SPONSOR).order_by("name")
    people = list(rows.filter(pk=only) if only else rows)
    since = midnight(today - LATELY)
    done = _of_each(
        RoutineDue.objects.filter(person__in=people, due_at__gte=since, due_at__lt=after(today)), "person",
        due=Count("pk"), done=Count("pk", filter=Q(done_at__isnull=False)),
    )  # fmt: skip
    seats = _of_each(
        ReviewSeat.objects.filter(person__in=people, at__gte=since), "person",
        reviews=Count("pk"), last=Max("at"),
    )  # fmt: skip
    wrote = _of_each(
        messages.SponsorMessage.objects.filter(sent_by__in=people, sent_at__gte=since), "sent_by",
        messages=Count("pk"),
    )  # fmt: skip
    joined = _of_each(
        Involvement.objects.filter(executive__in=people, agreed_at__gte=since), "executive",
        joined=Count("pk"), agreed=Count("pk", filter=OWNER_AGREED),
    )  # fmt: skip
    return [_sponsor(one, done, seats, wrote, joined) for one in people]


def _of_each(rows: Any, person: str, **counts: Any) -> dict[int, dict[str, Any]]:
    return {one[person]: one for one in rows.order_by().values(person).annotate(**counts)}


def _sponsor(person: User, *found: Mapping[int, Mapping[str, Any]]) -> SponsorLine:
    told: dict[str, Any] = {}
    for one in found:
        told |= one.get(person.pk, {})
    last = told.get("last")
    return SponsorLine(
        id=person.pk,
        name=person.name,
        title=person.title,
        last_review=timezone.localdate(last) if last else None,
        **{name: told.get(name, 0) for name in ("due", "done", "reviews", "messages", "joined", "agreed")},
    )


def _joined(viewer: Any) -> list[JoinedDeal]:
    """Return the newest roles of sponsors on deals that ``viewer`` sees, with what was gained in the time after."""
    rows = Involvement.objects.visible_to(viewer).filter(executive__role=Role.SPONSOR)
    rows = rows.select_related("deal", "executive").annotate(
        owner_agreed=Case(When(OWNER_AGREED, then=True), default=False)
    )
    rows = rows.order_by("-agreed_at", "-pk")[:MOST_ROLES]
    gains: dict[int, list[dt.datetime]] = {}
    for deal_id, at in _first_gains(Q(agreement__deal__in=[row.deal_id for row in rows])):
        gains.setdefault(deal_id, []).append(at)
    return [_role(row, gains.get(row.deal_id, [])) for row in rows]


def _role(row: Any, gains: list[dt.datetime]) -> JoinedDeal:
    until = row.agreed_at + dt.timedelta(days=sponsorship.DAYS)
    return JoinedDeal(
        involvement_id=row.pk,
        deal_id=row.deal_id,
        deal=str(row.deal),
        sponsor=row.executive.name,
        purpose=Purpose(row.purpose).label,
        aim=row.aim,
        on=timezone.localdate(row.agreed_at),
        waits=not row.owner_agreed and row.ended_at is None,
        gained=sum(row.agreed_at < at <= until for at in gains),
    )


def _first_gains(where: Q) -> list[tuple[int, dt.datetime]]:
    """Return deal and time of each first gain of a pivotal agreement of a playbook in force."""
    pivotal = PivotalAgreement.objects.filter(
        playbook__strategy__status=Status.IN_FORCE, playbook__published_at__isnull=False
    ).values("type")
    steps = AgreementEvent.objects.standing().filter(
        that_count("agreement__deal"), where, state__in=sorted(STANDING), agreement__type__in=pivotal
    )
    first = steps.order_by().values("agreement_id", "agreement__deal_id").annotate(at=Min("occurred_at"))
    return [(one["agreement__deal_id"], one["at"]) for one in first]


def followed_now(*, today: dt.date) -> sponsorship.Followed:
    """Return what followed on deals that sponsors joined, asked at this moment, of the whole company."""
    roles = Involvement.objects.filter(executive__role=Role.SPONSOR).order_by("pk")
    joined = read(roles, {"deal_id": "deal__key", "at": "agreed_at"}, sponsorship.GAINS)
    if joined.height < sponsorship.LEAST:
        return sponsorship.Followed(joined.height)
    deals = deals_frame(None)
    return sponsorship.followed(deals, joined, _gains_frame(), as_of=today)


def _gains_frame() -> pl.DataFrame:
    keys = dict(Deal.objects.values_list("pk", "key"))
    rows = [(keys[deal_id], timezone.make_naive(at)) for deal_id, at in _first_gains(Q())]
    return pl.DataFrame(rows, schema=sponsorship.GAINS, orient="row")
