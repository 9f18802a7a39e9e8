"""A deal's pre-mortem: who has answered, what they say once it may be read, and how often deals like it are lost."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from hingepoint.analysis import intervals, matched
from hingepoint.domain.agreements.models import Agreement
from hingepoint.domain.deals.models import Deal
from hingepoint.domain.hindsight.alike import alike_to
from hingepoint.domain.hindsight.rules import side_of
from hingepoint.domain.people.models import User
from hingepoint.domain.premortems.models import PreMortem, is_open_to_read
from hingepoint.domain.premortems.rules import place_of
from hingepoint.records.deals import DealStatus
from hingepoint.records.errors import Hidden
from hingepoint.records.premortems import Place


@dataclass(frozen=True, slots=True)
class Told:
    """One of the answers, as whoever looks may read it."""

    place: Place
    by: str
    words: str


@dataclass(frozen=True, slots=True)
class Running:
    """A pre-mortem. ``answered``: in whose places; ``told`` what of it the viewer may read; ``opened``: all may; ``place``: in whose
    place the viewer answers now, None for not; ``by_itself``: a landmark began it."""

    id: int
    until: dt.date
    answered: tuple[Place, ...]
    told: tuple[Told, ...]
    opened: bool
    place: Place | None
    by_itself: bool


@dataclass(frozen=True, slots=True)
class PreMortemPage:
    """``lost`` is the share of deals like this one, still open at its age, that were lost in the end; told only once the answers
    are open, so that nobody answers with the number in mind. ``next`` is the next landmark, by which a new one may end."""

    deal_id: int
    deal: str
    is_open: bool
    running: Running | None
    may_begin: bool
    next: dt.date | None
    next_name: str
    lost: intervals.Estimate | None


def premortem_page(viewer: Any, deal_id: int, *, now: dt.datetime) -> PreMortemPage:
    """Return the last pre-mortem of a deal. Raises Hidden. Seven SQL queries at most."""
    deal = Deal.every.visible_to(viewer).filter(pk=deal_id).first()
    if deal is None:
        raise Hidden("no such deal")
    today = timezone.localdate(now)
    running = _running(viewer, deal, today)
    ahead = _next(deal, today)
    is_open, free = deal.status == DealStatus.OPEN, running is None or running.opened
    return PreMortemPage(
        deal_id=deal.pk,
        deal=str(deal),
        is_open=is_open,
        running=running,
        may_begin=is_open and free and side_of(viewer, deal) is not None,
        next=ahead.needed_by if ahead else None,
        next_name=str(ahead.type) if ahead else "",
        lost=lost_alike(deal, now=now) if running and running.opened else None,
    )


def _running(viewer: User, deal: Deal, today: dt.date) -> Running | None:
    row = PreMortem.objects.filter(deal=deal).first()
    if row is None:
        return None
    every = list(row.answers.only("place", "by"))
    opened = is_open_to_read(len(every), row.until, today)
    readable = row.answers.readable_by(viewer, opened=opened).select_related("by")
    return Running(
        id=row.pk,
        until=row.until,
        answered=tuple(Place(one.place) for one in every),
        told=tuple(_told(readable)),
        opened=opened,
        place=None if opened else place_of(viewer, deal, every),
        by_itself=row.begun_by_id is None,
    )


def _told(rows: Any) -> Sequence[Told]:
    return [Told(Place(row.place), row.by.name, row.words) for row in rows]


def _next(deal: Deal, today: dt.date) -> Agreement | None:
    rows = Agreement.objects.needed().filter(deal=deal, needed_by__gte=today, gained_at__isnull=True)
    return rows.select_related("type").order_by("needed_by", "pk").first()


def lost_alike(deal: Deal, *, now: dt.datetime) -> intervals.Estimate | None:
    """Return which share of the deals most like ``deal``, still open at its age, was lost; None of fewer than tell."""
    days = (now - deal.created_at).total_seconds() / 86400
    cases = matched.open_at(alike_to(deal, before=now), days)
    return (
        intervals.share(sum(not one.won for one in cases), len(cases))
        if len(cases) >= matched.LEAST
        else None
    )
