"""One review: before it, while it is held, and as minutes afterwards."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery
from django.utils import timezone

from hingepoint.domain.deals.models import Deal
from hingepoint.domain.people.models import Viewer, sees_all
from hingepoint.domain.reviews import gaps, reading, rules
from hingepoint.domain.reviews.models import CommitmentEnd, Review, ReviewedDeal, ReviewNote, ReviewSeat
from hingepoint.domain.reviews.queries import commitments, people
from hingepoint.domain.reviews.queries.commitments import Commitment
from hingepoint.records.errors import Hidden
from hingepoint.records.reviews import EVERY, NoteKind, Part, ReviewKind, plan_of


@dataclass(frozen=True, slots=True)
class Asked:
    """A fact that the owner was asked for, and whether it is there now."""

    words: str
    answered: bool


@dataclass(frozen=True, slots=True)
class Written:
    """A note: who wrote what, when. ``commitment`` where it is one."""

    id: int
    kind: NoteKind
    words: str
    by: str
    at: dt.datetime
    owner: str
    due_on: dt.date | None
    place: int | None
    commitment: Commitment | None


@dataclass(frozen=True, slots=True)
class DealShown:
    """A reviewed deal. ``sees``: whether the viewer may open it. ``notes`` are those about it."""

    place: int
    deal_id: int
    told: rules.Told
    why: str
    question: str
    asked: tuple[Asked, ...]
    sees: bool
    notes: tuple[Written, ...]

    @property
    def decided(self) -> bool:
        return any(one.kind in (NoteKind.DECISION, NoteKind.NO_DECISION) for one in self.notes)


@dataclass(frozen=True, slots=True)
class InTheRoom:
    """Somebody of the room; ``part`` is None while they are not there."""

    id: int
    name: str
    part: Part | None


@dataclass(frozen=True, slots=True)
class ReviewPage:
    """``since``: from which day on it tells what changed. ``place``: the part that is on; ``parts`` how many there are.
    ``notes`` are those about no deal; ``before`` what became of earlier commitments. ``mark``
    tells one state of the page from the next. ``told``: of a pipeline review."""

    id: int
    kind: ReviewKind
    team: str
    team_id: int
    on: dt.date
    since: dt.date | None
    next_on: dt.date
    opened_at: dt.datetime | None
    ended_at: dt.datetime | None
    opened_by: str
    place: int
    seconds: tuple[int, ...]
    clock: rules.Clock
    deals: tuple[DealShown, ...]
    notes: tuple[Written, ...]
    before: tuple[Commitment, ...]
    room: tuple[InTheRoom, ...]
    owners: dict[int, str]
    leads: bool
    told: dict[str, Any]
    mark: str

    @property
    def live(self) -> bool:
        return self.opened_at is not None and self.ended_at is None

    @property
    def prepared(self) -> bool:
        return self.since is not None

    @property
    def here(self) -> tuple[InTheRoom, ...]:
        return tuple(one for one in self.room if one.part)

    @property
    def kept(self) -> int:
        return sum(one.became == "kept" for one in self.before)

    @property
    def everything(self) -> tuple[Written, ...]:
        """Every note of the review, as they were written."""
        return tuple(sorted((*self.notes, *(n for d in self.deals for n in d.notes)), key=lambda one: one.id))

    def deal(self, place: int) -> DealShown | None:
        return next((one for one in self.deals if one.place == place), None)


def review_page(viewer: Viewer, review_id: int, *, now: dt.datetime) -> ReviewPage:
    """Return one review as one who may see it sees it. Raises Hidden. At most eleven SQL queries."""
    rows = Review.objects.visible_to(viewer).select_related("team", "opened_by")
    row = _marked(rows).filter(pk=review_id).first()
    if row is None:
        raise Hidden("no such review")
    deals, notes = list(row.deals.all()), _notes(row)
    seats = {seat.person_id: seat for seat in row.seats.select_related("person")}
    owners = {one.pk: one.name for one in people.room_of(row)}
    owners |= {seat.person_id: seat.person.name for seat in seats.values()}
    kind = ReviewKind(row.kind)
    return ReviewPage(
        id=row.pk,
        kind=kind,
        team=row.team.name,
        team_id=row.team_id,
        on=row.on,
        since=timezone.localdate(row.since) if row.since else None,
        next_on=row.on + EVERY[kind],
        opened_at=row.opened_at,
        ended_at=row.ended_at,
        opened_by=row.opened_by.name if row.opened_by else "",
        place=row.place,
        seconds=plan_of(len(deals)),
        clock=rules.clock(
            place=row.place,
            place_used=row.place_used,
            used=row.used,
            since=row.place_since,
            deals=len(deals),
            now=now,
        ),
        deals=_deals(viewer, row, deals, notes, today=timezone.localdate(now)),
        notes=tuple(one for one in notes if one.place is None),
        before=tuple(commitments.before(row)),
        room=tuple(
            InTheRoom(pk, name, Part(seats[pk].part) if pk in seats else None) for pk, name in owners.items()
        ),
        owners=owners,
        leads=rules.leads(viewer, row.team_id),
        told=row.told
        if sees_all(viewer)
        else {**row.told, "metrics": []},  # results of the company are for those
        mark=_mark(row),
    )


def require_lead(viewer: Viewer, review_id: int) -> None:
    """Raise Hidden where somebody does not lead a review."""
    if not Review.objects.led_by(viewer).filter(pk=review_id).exists():
        raise Hidden("no such review")


def mark(viewer: Viewer, review_id: int) -> str:
    """Return the ``mark`` of the page of a review as it is now. Raises Hidden. One SQL query."""
    row = _marked(Review.objects.visible_to(viewer)).filter(pk=review_id).first()
    if row is None:
        raise Hidden("no such review")
    return _mark(row)


def _marked(rows: QuerySet[Review]) -> QuerySet[Review]:
    """Annotate the newest note and seat, and the newest word on what became of a commitment of the team."""
    ends = CommitmentEnd.objects.filter(note__review__team=OuterRef("team")).order_by("-pk")
    notes = ReviewNote.objects.filter(review=OuterRef("pk")).order_by("-pk")
    seats = ReviewSeat.objects.filter(review=OuterRef("pk")).order_by("-pk")
    newest = {"last_note": notes, "last_seat": seats, "last_end": ends}
    return rows.annotate(**{name: Subquery(part.values("pk")[:1]) for name, part in newest.items()})


def _mark(row: Any) -> str:
    """Return where the clock stands, what was written, who is there, and what became of commitments, as one text."""
    since = row.place_since.timestamp() if row.place_since else 0
    parts = (row.place, since, row.used, row.last_note, row.last_seat, row.last_end, bool(row.ended_at))
    return "-".join(str(part) for part in parts)


def _notes(row: Review) -> list[Written]:
    rows = ReviewNote.objects.filter(review=row).select_related(
        "review", "written_by", "owner", "about__deal", "end__said_by"
    )
    return [
        Written(
            id=note.pk,
            kind=NoteKind(note.kind),
            words=note.words,
            by=note.written_by.name,
            at=note.written_at,
            owner=note.owner.name if note.owner else "",
            due_on=note.due_on,
            place=note.about.place if note.about else None,
            commitment=commitments.commitment(note) if note.kind == NoteKind.COMMITMENT else None,
        )
        for note in rows
    ]


def _deals(
    viewer: Viewer, row: Review, deals: list[ReviewedDeal], notes: list[Written], *, today: dt.date
) -> tuple[DealShown, ...]:
    ids = [one.deal_id for one in deals]
    sees = set(Deal.every.visible_to(viewer).filter(pk__in=ids).values_list("pk", flat=True))
    asks = any(one.asked for one in deals) and row.opened_at is None
    missing = gaps.gaps_of(ids, today=today) if asks else {}
    return tuple(
        DealShown(
            place=one.place,
            deal_id=one.deal_id,
            told=reading.opened(one.told),
            why=one.why,
            question=one.question,
            asked=_asked(one, {gap.key for gap in missing.get(one.deal_id, ())}, row),
            sees=one.deal_id in sees,
            notes=tuple(note for note in notes if note.place == one.place),
        )
        for one in deals
    )


def _asked(one: ReviewedDeal, missing: set[str], row: Review) -> tuple[Asked, ...]:
    """Return what the owner was asked for: whether it is there now, once the review was opened as it was then."""
    opened = row.opened_at is not None
    return tuple(
        Asked(ask["words"], bool(ask.get("answered")) if opened else ask["key"] not in missing)
        for ask in one.asked
    )
