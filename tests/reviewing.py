"""Reviews of North: planned, open, held; with a deal that has something to speak of."""

from __future__ import annotations

import datetime as dt

from cast import NOW, TODAY
from hingepoint.domain.agreements import actions as agreements
from hingepoint.domain.agreements.models import Agreement
from hingepoint.domain.reviews import actions
from hingepoint.domain.reviews.models import Review, ReviewNote
from hingepoint.records.agreements import AgreementState
from hingepoint.records.reviews import NoteKind, ReviewKind

KIND_WORDS = "cust.data_access"


def kind_words(deal, *, by, at: dt.datetime = NOW) -> Agreement:
    """Let a customer say kind words about something the deal needs."""
    step = agreements.Step(state=AgreementState.SOFT, occurred_at=at, act="look at it", person_name="Bo")
    row = agreements.take_step(by=by, at=at, deal_id=deal.pk, type_key=KIND_WORDS, step=step)
    Agreement.objects.filter(pk=row.pk).update(required=True)
    return Agreement.objects.get(pk=row.pk)


def planned(
    cast, *, on: dt.date = TODAY, at: dt.datetime = NOW, kind: ReviewKind = ReviewKind.DEALS
) -> Review:
    """The review of North that is ahead."""
    known = Review.objects.ahead().filter(team=cast.north, kind=kind).first()
    return known or actions.plan(by=cast.manager, at=at, team_id=cast.north.pk, kind=kind, on=on)


def live(cast, *, at: dt.datetime = NOW, kind: ReviewKind = ReviewKind.DEALS) -> Review:
    """The review of North, open, with Sanna's deal in it."""
    if not Agreement.objects.filter(deal=cast.deal, type__key=KIND_WORDS).exists():
        kind_words(cast.deal, by=cast.seller, at=at)
    return actions.open_review(by=cast.manager, at=at, review_id=planned(cast, at=at, kind=kind).pk)


def commitment(cast, review: Review, *, at: dt.datetime = NOW, **more) -> ReviewNote:
    """Sanna says what she will do within the week."""
    told = {
        "words": "Ask Bo for an act",
        "owner_id": cast.seller.pk,
        "due_on": at.date() + dt.timedelta(days=4),
    }
    told = {"place": 1, **told, **more}
    return actions.write(by=cast.manager, at=at, review_id=review.pk, kind=NoteKind.COMMITMENT, **told)


def held(cast, *, at: dt.datetime = NOW, kind: ReviewKind = ReviewKind.DEALS) -> Review:
    """A review of North that is over, with a decision and a commitment."""
    row = live(cast, at=at, kind=kind)
    place = 1 if kind is ReviewKind.DEALS else 0
    actions.write(
        by=cast.manager, at=at, review_id=row.pk, kind=NoteKind.DECISION, words="We ask again.", place=place
    )
    commitment(cast, row, at=at, place=place)
    return actions.end(by=cast.manager, at=at + dt.timedelta(minutes=24), review_id=row.pk)
