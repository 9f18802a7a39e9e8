"""The reviews of the teams that somebody belongs to: those to come, those that were held, and open commitments."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db.models import Count, Q

from hingepoint.domain.people.models import Team, User, Viewer, managed_teams, sees_all, works_here
from hingepoint.domain.reviews import gaps, rules
from hingepoint.domain.reviews.gaps import Gap
from hingepoint.domain.reviews.models import Review, ReviewedDeal
from hingepoint.domain.reviews.queries import commitments
from hingepoint.domain.reviews.queries.commitments import Commitment
from hingepoint.records.errors import Hidden
from hingepoint.records.people import Role
from hingepoint.records.reviews import Became, NoteKind, ReviewKind

#: Held reviews told on the page.
LATEST = 40


@dataclass(frozen=True, slots=True)
class ReviewLine:
    """A review in a list. ``minutes`` it took, ``decisions``, ``commitments``, how many of these were ``kept`` and how many are
    ``open``: of those held."""

    id: int
    kind: ReviewKind
    team: str
    on: dt.date
    deals: int
    live: bool
    leads: bool
    minutes: int = 0
    decisions: int = 0
    commitments: int = 0
    kept: int = 0
    open: int = 0


@dataclass(frozen=True, slots=True)
class ReviewsPage:
    """``teams`` are those of which the viewer may plan a review, by number."""

    ahead: tuple[ReviewLine, ...]
    held: tuple[ReviewLine, ...]
    open: tuple[Commitment, ...]
    teams: dict[int, str]


@dataclass(frozen=True, slots=True)
class AskedBefore:
    """A deal of the viewer that is reviewed next, and what is missing on it."""

    deal_id: int
    deal: str
    review_id: int
    on: dt.date
    gaps: tuple[Gap, ...]


def reviews_page(viewer: Viewer) -> ReviewsPage:
    """Return the reviews somebody may see. Raises Hidden for strangers and inside partners. Six SQL queries."""
    viewer = require_reviews(viewer)
    rows = Review.objects.visible_to(viewer).select_related("team")
    counted = rows.annotate(n=Count("deals", distinct=True))
    latest = rows.held().order_by("-on", "team__name").values_list("pk", flat=True)[:LATEST]
    written = rows.filter(pk__in=list(latest)).annotate(  # counting first would count the notes of all years
        n=Count("deals", distinct=True),
        decided=Count("notes", filter=Q(notes__kind=NoteKind.DECISION), distinct=True),
        committed=Count("notes", filter=Q(notes__kind=NoteKind.COMMITMENT), distinct=True),
        kept=Count("notes", filter=Q(notes__end__became=Became.KEPT), distinct=True),
        settled=Count("notes__end", distinct=True),
    )
    return ReviewsPage(
        ahead=tuple(_line(row, viewer) for row in counted.ahead().order_by("on", "team__name")[:LATEST]),
        held=tuple(_held(row, viewer) for row in written.order_by("-on", "team__name")),
        open=tuple(commitments.open_ones(viewer)),
        teams=teams_to_lead(viewer),
    )


def require_reviews(viewer: Viewer) -> User:
    """Return the viewer, for whom there are reviews. Raises Hidden for others."""
    if not works_here(viewer) or viewer.role == Role.INSIDE_PARTNER:
        raise Hidden("Reviews are for those who sell and lead.")
    return viewer


def _line(row: Review, viewer: User, **more: int) -> ReviewLine:
    return ReviewLine(
        id=row.pk,
        kind=ReviewKind(row.kind),
        team=row.team.name,
        on=row.on,
        deals=row.n,  # type: ignore[attr-defined]  # annotated above
        live=row.opened_at is not None and row.ended_at is None,
        leads=rules.leads(viewer, row.team_id),
        **more,
    )


def _held(row: Review, viewer: User) -> ReviewLine:
    counts = {name: getattr(row, name) for name in ("decided", "committed", "kept", "settled")}
    return _line(
        row,
        viewer,
        minutes=round(row.used / 60),
        decisions=counts["decided"],
        commitments=counts["committed"],
        kept=counts["kept"],
        open=counts["committed"] - counts["settled"],
    )


def teams_to_lead(viewer: User) -> dict[int, str]:
    """Return the teams whose reviews somebody may lead, by number. One SQL query at most."""
    if sees_all(viewer):
        return (
            dict(Team.objects.order_by("name").values_list("pk", "name"))
            if viewer.role == Role.SPONSOR
            else {}
        )
    return managed_teams(viewer) if viewer.role == Role.MANAGER else {}


def asked_before(viewer: User, *, today: dt.date) -> list[AskedBefore]:
    """Return the deals of ``viewer`` that are reviewed next and lack something, the nearest review first. Three SQL queries, one
    where no deal of theirs is reviewed."""
    found = ReviewedDeal.objects.filter(
        owner=viewer, review__opened_at__isnull=True, review__on__gte=today
    ).select_related("deal", "review")
    rows = list(found.order_by("review__on", "place"))
    missing = gaps.gaps_of([row.deal_id for row in rows], today=today) if rows else {}
    return [
        AskedBefore(row.deal_id, str(row.deal), row.review_id, row.review.on, tuple(missing[row.deal_id]))
        for row in rows
        if missing.get(row.deal_id)
    ]
