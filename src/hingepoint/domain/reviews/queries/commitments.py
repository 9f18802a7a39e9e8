"""Commitments made in reviews, and what became of them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db.models import Q, QuerySet, Subquery

from hingepoint.domain.people.models import Viewer
from hingepoint.domain.reviews.models import Review, ReviewNote
from hingepoint.records.reviews import Became, NoteKind

#: Open commitments told on one page.
MOST = 30


@dataclass(frozen=True, slots=True)
class Commitment:
    """Who does what by when, on which deal (empty: the team). ``became`` is None while nobody said; ``by_register``: the
    register told it. ``tied``: the register will tell it."""

    id: int
    review_id: int
    made_on: dt.date
    words: str
    deal: str
    owner: str
    owner_id: int
    due_on: dt.date
    became: Became | None
    by_register: bool
    said_by: str
    tied: bool

    def late(self, today: dt.date) -> bool:
        return self.became is None and self.due_on < today


def with_all(rows: QuerySet[ReviewNote]) -> QuerySet[ReviewNote]:
    return rows.filter(kind=NoteKind.COMMITMENT).select_related(
        "review", "owner", "about__deal", "end__said_by"
    )


def commitment(note: ReviewNote) -> Commitment:
    """Return a commitment fetched by ``with_all``."""
    end = getattr(note, "end", None)
    assert note.owner
    assert note.due_on
    return Commitment(
        id=note.pk,
        review_id=note.review_id,
        made_on=note.review.on,
        words=note.words,
        deal=str(note.about.deal) if note.about else "",
        owner=note.owner.name,
        owner_id=note.owner.pk,
        due_on=note.due_on,
        became=Became(end.became) if end else None,
        by_register=bool(end and end.said_by_id is None),
        said_by=end.said_by.name if end and end.said_by else "",
        tied=note.type_id is not None,
    )


def open_ones(viewer: Viewer) -> list[Commitment]:
    """Return the commitments of which nobody said what became of them, one's own first, the nearest first; at most ``MOST``.
    One SQL query."""
    rows = with_all(ReviewNote.objects.filter(review__in=Review.objects.visible_to(viewer), end__isnull=True))
    found = [commitment(row) for row in rows.order_by("due_on", "pk")[:MOST]]
    return sorted(found, key=lambda one: (one.owner_id != getattr(viewer, "pk", None), one.due_on))


def before(review: Review) -> list[Commitment]:
    """Return the commitments that a review begins with: those made in the team's reviews of the kind since the one before, and
    older ones that were open when it began. One SQL query."""
    earlier = Review.objects.filter(team=review.team_id, kind=review.kind, opened_at__isnull=False)
    earlier = earlier.exclude(pk=review.pk)
    if review.opened_at:
        earlier = earlier.filter(opened_at__lt=review.opened_at)
    last = earlier.order_by("-opened_at")
    settled_since = (
        Q(end__isnull=True)
        | Q(end__at__gte=Subquery(last.values("ended_at")[:1]))
        | Q(review=Subquery(last.values("pk")[:1]))
    )
    rows = with_all(ReviewNote.objects.filter(settled_since, review__in=earlier))
    return [commitment(row) for row in rows.order_by("due_on", "pk")[:MOST]]
