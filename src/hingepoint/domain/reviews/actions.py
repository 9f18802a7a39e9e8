"""Every change to reviews: planned, prepared the day before, opened, turned, written in, ended."""

from __future__ import annotations

import datetime as dt

from django.db import IntegrityError, transaction
from django.utils import timezone

from hingepoint.domain.agreements.models import Agreement, AgreementType
from hingepoint.domain.audit.actions import record
from hingepoint.domain.people.models import Team, User
from hingepoint.domain.plans.queries.reviews import next_working_day
from hingepoint.domain.reviews import gaps, pipeline, reading, rules
from hingepoint.domain.reviews.models import CommitmentEnd, Review, ReviewedDeal, ReviewNote, ReviewSeat
from hingepoint.domain.reviews.queries.people import may_commit, room_of
from hingepoint.domain.routines import actions as routines
from hingepoint.domain.turns.actions import action, form, turn
from hingepoint.records.errors import Hidden, Refused
from hingepoint.records.languages import reason
from hingepoint.records.reviews import (
    DEALS_A_REVIEW,
    EVERY,
    ROUTINES,
    Became,
    NoteKind,
    Part,
    ReviewKind,
    plan_of,
)


class NotPlanned(Refused):
    """This review cannot be planned so."""

    field = "on"


class NotLive(Refused):
    """It is not open, or over already."""


class NothingWritten(Refused):
    """What is written down lacks something."""


# ---- before ----


@action
def plan(
    *, by: User | None, at: dt.datetime, team_id: int, kind: ReviewKind, on: dt.date, token: str = ""
) -> Review:
    """Plan the next review of a team. ``token``: of the form it came with. Raises Hidden and NotPlanned."""
    team = Team.objects.filter(pk=team_id).first()
    if team is None or (by is not None and not rules.leads(by, team_id)):
        raise Hidden("no team of theirs")
    sent = form(by, token, "review", team_id, kind, on)
    if known := sent.made(Review.objects.all()):
        return known
    if on < timezone.localdate(at):
        raise NotPlanned("Choose today or a day to come.")
    row = _plan(by=by, at=at, team=team, kind=kind, on=on)
    sent.keep(row, at=at)
    return row


def _plan(*, by: User | None, at: dt.datetime, team: Team, kind: ReviewKind, on: dt.date) -> Review:
    try:
        with transaction.atomic():
            row = Review.objects.create(team=team, kind=kind, on=on, planned_by=by, planned_at=at)
    except IntegrityError:
        raise NotPlanned(
            reason("A {lower} of {team} is planned already.", lower=kind.label.lower(), team=team)
        ) from None
    record(by=by, at=at, action="plan", subject="review", subject_id=row.pk, changes={"on": [None, on]})
    return row


@action
def move(*, by: User, at: dt.datetime, review_id: int, on: dt.date) -> Review:
    """Hold a planned review on another day. Raises Hidden, NotLive and NotPlanned."""
    row = _led(by, review_id)
    if row.opened_at is not None:
        raise NotLive("It was opened already.")
    if on < timezone.localdate(at):
        raise NotPlanned("Choose today or a day to come.")
    changes = {"on": [row.on, on]}
    row.on = on
    row.save(update_fields=["on"])
    record(by=by, at=at, action="move", subject="review", subject_id=row.pk, changes=changes)
    return row


def prepare_ahead(*, at: dt.datetime) -> int:
    """Choose the deals of the reviews of the next working day, so that their owners are asked for what is missing. Return how
    many reviews were prepared."""
    until = next_working_day(timezone.localdate(at))
    ahead = Review.objects.ahead().filter(kind=ReviewKind.DEALS, prepared_at__isnull=True, on__lte=until)
    ids = list(ahead.order_by("pk").values_list("pk", flat=True))
    return sum(prepare(at=at, review_id=review_id) for review_id in ids)


@action
def prepare(*, at: dt.datetime, review_id: int) -> bool:
    """Choose the deals of a review that nobody prepared yet; return whether it was done."""
    row = turn(Review.objects.ahead().filter(prepared_at__isnull=True), pk=review_id)
    if row is None:
        return False
    _prepare(row, at=at, asks=True)
    changes = {"deals": row.deals.count()}
    record(by=None, at=at, action="prepare", subject="review", subject_id=row.pk, changes=changes)
    return True


def _prepare(row: Review, *, at: dt.datetime, asks: bool) -> None:
    row.since = _since(row, at)
    row.prepared_at = at
    row.save(update_fields=["since", "prepared_at"])
    if row.kind != ReviewKind.DEALS:
        return
    days = _days(row, at)
    chosen = rules.choose(reading.candidates(row.team, **days), most=DEALS_A_REVIEW)
    missing = gaps.gaps_of([one.deal_id for one in chosen], today=days["today"]) if asks else {}
    ReviewedDeal.objects.bulk_create(
        ReviewedDeal(
            review=row,
            deal_id=one.deal_id,
            place=place,
            owner_id=one.owner_id,
            why=rules.why(one.told, since=timezone.localdate(row.since)),
            question=rules.question(one.told),
            told=reading.stored(one.told),
            asked=[
                {"key": gap.key, "words": f"{gap.missing.label} {gap.name}"}
                for gap in missing.get(one.deal_id, ())
            ],
        )
        for place, one in enumerate(chosen, 1)
    )


def _since(row: Review, at: dt.datetime) -> dt.datetime:
    """Return from when on a review tells what changed: the opening of the one before, else one interval ago."""
    before = Review.objects.held().filter(team=row.team, kind=row.kind).order_by("-opened_at").first()
    return before.opened_at if before and before.opened_at else at - EVERY[ReviewKind(row.kind)]


def _days(row: Review, at: dt.datetime) -> dict[str, dt.date]:
    """Return the last day before what is new, today, and the day of the next review. The day of the review before is told
    once more, since it went on after it."""
    assert row.since is not None
    since = timezone.localdate(row.since) - dt.timedelta(days=1)
    return {"since": since, "today": timezone.localdate(at), "until": row.on + EVERY[ReviewKind(row.kind)]}


# ---- the meeting ----


def _led(by: User, review_id: int) -> Review:
    row = turn(Review.objects.led_by(by), pk=review_id)
    if row is None:
        raise Hidden("no review that they lead")
    return row


def _live(row: Review | None) -> Review:
    if row is None:
        raise Hidden("no such review")
    if row.opened_at is None:
        raise NotLive("Open the review first.")
    if row.ended_at is not None:
        raise NotLive("The review is over. Add what is missing below the minutes.")
    return row


@action
def open_review(*, by: User, at: dt.datetime, review_id: int) -> Review:
    """Open a review: what changed is told anew, the register says what became of commitments, and the clock runs. Opened once
    more, it stays as it is. Raises Hidden and NotLive."""
    row = _led(by, review_id)
    if row.ended_at is not None:
        raise NotLive("This review is over.")
    if row.opened_at is not None:
        return row
    if row.prepared_at is None:
        _prepare(row, at=at, asks=False)
    else:
        _tell_anew(row, at=at)
    _settle_by_register(row, at=at)
    if row.kind == ReviewKind.PIPELINE:
        pipeline.keep(row)
        row.told = pipeline.told(row, by=by, today=timezone.localdate(at))
        row.save(update_fields=["told"])
    row.opened_at = row.place_since = at
    row.opened_by, row.on = by, timezone.localdate(at)
    row.save(update_fields=["opened_at", "opened_by", "place_since", "on"])
    ReviewSeat.objects.create(review=row, person=by, part=Part.COACH, at=at)
    record(by=by, at=at, action="open", subject="review", subject_id=row.pk)
    return row


def _tell_anew(row: Review, *, at: dt.datetime) -> None:
    """Tell of the chosen deals what is so now, and which facts came; why they were chosen stays."""
    chosen = {one.deal_id: one for one in row.deals.all()}
    missing = gaps.gaps_of(list(chosen), today=timezone.localdate(at))
    for found in reading.told_of(list(chosen), **_days(row, at)):
        one = chosen[found.deal_id]
        one.told, one.question = reading.stored(found.told), rules.question(found.told)
        still = {gap.key for gap in missing.get(one.deal_id, ())}
        one.asked = [{**ask, "answered": ask["key"] not in still} for ask in one.asked]
        one.save(update_fields=["told", "question", "asked"])


def _settle_by_register(row: Review, *, at: dt.datetime) -> None:
    """Keep what the register tells of the open commitments of earlier reviews of the team."""
    open_ones = ReviewNote.objects.filter(review__team=row.team, kind=NoteKind.COMMITMENT, end__isnull=True)
    notes = [
        (note, (note.about.deal_id, note.type_id), note.due_on)
        for note in open_ones.filter(type__isnull=False).select_related("about")
        if note.about and note.due_on
    ]
    deals, types = {deal for _, (deal, _), _ in notes}, {kind for _, (_, kind), _ in notes}
    rows = Agreement.objects.filter(deal_id__in=deals, type_id__in=types)
    stands: dict[tuple[int, int | None], Agreement] = {(one.deal_id, one.type_id): one for one in rows}
    for note, place, due_on in notes:
        agreement = stands.get(place)
        if agreement is None:
            continue
        told = rules.became(
            agreement.state,
            agreement.changed_at,
            written_at=note.written_at,
            due_on=due_on,
            today=timezone.localdate(at),
        )
        if told:
            CommitmentEnd.objects.create(note=note, became=told, at=at)


@action
def sit(
    *, by: User, at: dt.datetime, review_id: int, person_id: int | None = None, part: Part | None = None
) -> ReviewSeat:
    """Take part in a review that is open; who leads it says it of others too. Raises Hidden and NotLive."""
    row = _live(turn(Review.objects.visible_to(by), pk=review_id))
    person_id = person_id or by.pk
    if person_id != by.pk and not rules.leads(by, row.team_id):
        raise Hidden("they speak for themselves")
    if person_id not in {one.pk for one in room_of(row)} | {by.pk}:
        raise Hidden("not of this team")
    owners = list(row.deals.values_list("owner_id", flat=True))
    usual = rules.part_of(person_id, leads=person_id == row.opened_by_id, owners=owners)
    seat, made = ReviewSeat.objects.update_or_create(
        review=row,
        person_id=person_id,
        defaults={"part": part or usual},
        create_defaults={"part": part or usual, "at": at},
    )
    if made:
        record(by=by, at=at, action="sit", subject="review", subject_id=row.pk)
    return seat


#: What can be done with the clock.
PAUSE, GO_ON, NEXT, BACK = "pause", "go on", "next", "back"


@action
def turn_clock(*, by: User, at: dt.datetime, review_id: int, move: str, place: int | None = None) -> Review:
    """Let the clock stand or run, or go to another part of the review. ``place``: from where that is said; where somebody
    else moved on already nothing happens. The trail does not keep it. Raises Hidden and NotLive."""
    row = _live(_led(by, review_id))
    if place is not None and place != row.place:
        return row
    gone = int((at - row.place_since).total_seconds()) if row.place_since else 0
    row.used, row.place_used = row.used + gone, row.place_used + gone
    if move in (NEXT, BACK):
        last = len(plan_of(row.deals.count())) - 1
        row.place = min(last, row.place + 1) if move == NEXT else max(0, row.place - 1)
        row.place_used = 0
    row.place_since = None if move == PAUSE else at
    row.save(update_fields=["used", "place_used", "place", "place_since"])
    return row


@action
def write(
    *,
    by: User,
    at: dt.datetime,
    review_id: int,
    kind: NoteKind,
    words: str,
    place: int | None = None,
    owner_id: int | None = None,
    due_on: dt.date | None = None,
    type_id: int | None = None,
    token: str = "",
) -> ReviewNote:
    """Write something down: while the review is open a decision or a commitment, about the deal at ``place`` or the whole;
    afterwards an addition. Each is a note of its own, so that two who write at once lose nothing. ``type_id``: the agreement of
    the deal by which the register tells what became of it. Raises Hidden, NotLive and NothingWritten."""
    row = turn(Review.objects.visible_to(by), pk=review_id)
    if row is None:
        raise Hidden("no such review")
    _require_open_to(row, kind)
    sent = form(by, token, "review note", review_id, kind, words, place)
    if known := sent.made(ReviewNote.objects.all()):
        return known
    about = row.deals.filter(place=place).first() if place else None
    commits = kind is NoteKind.COMMITMENT
    _require_words(row, kind=kind, words=words, owner_id=owner_id, due_on=due_on, at=at)
    note = ReviewNote.objects.create(
        review=row,
        about=about,
        kind=kind,
        words=words.strip(),
        owner_id=owner_id,
        due_on=due_on,
        type=_type(about, type_id) if commits else None,
        written_by=by,
        written_at=at,
    )
    record(by=by, at=at, action=f"write {kind}", subject="review", subject_id=row.pk)
    sent.keep(note, at=at)
    return note


def _require_open_to(row: Review, kind: NoteKind) -> None:
    if kind is not NoteKind.ADDITION:
        _live(row)
    elif row.ended_at is None:
        raise NotLive("Additions come after the end of a review.")


def _require_words(
    row: Review, *, kind: NoteKind, words: str, owner_id: int | None, due_on: dt.date | None, at: dt.datetime
) -> None:
    wrong = {}
    if not words.strip():
        wrong["words"] = reason("Write a sentence first.")
    needs_owner = kind is NoteKind.COMMITMENT
    if (needs_owner and not owner_id) or (owner_id and owner_id not in may_commit(row)):
        wrong["owner_id"] = reason("Say who does it: somebody of this team.")
    if needs_owner and (due_on is None or due_on < timezone.localdate(at)):
        wrong["due_on"] = reason("Say by when: today or a day to come.")
    if wrong:
        raise NothingWritten(next(iter(wrong.values())), by_field=wrong)


def _type(about: ReviewedDeal | None, type_id: int | None) -> AgreementType | None:
    """Return the agreement type by which the register tells of a commitment: one that is on record for the deal."""
    if about is None or not type_id:
        return None
    return AgreementType.objects.filter(agreements__deal_id=about.deal_id, pk=type_id).first()


@action
def settle(*, by: User, at: dt.datetime, note_id: int, became: Became) -> CommitmentEnd:
    """Say what became of a commitment; what was said stays. Raises Hidden."""
    seen = Review.objects.visible_to(by)
    note = turn(ReviewNote.objects.filter(review__in=seen, kind=NoteKind.COMMITMENT), pk=note_id)
    if note is None:
        raise Hidden("no such commitment")
    known = CommitmentEnd.objects.filter(note=note).first()
    if known:
        return known
    end = CommitmentEnd.objects.create(note=note, became=became, said_by=by, at=at)
    record(by=by, at=at, action=f"settle {became}", subject="review", subject_id=note.review_id)
    return end


@action
def end(*, by: User, at: dt.datetime, review_id: int, next_on: dt.date | None = None) -> Review:
    """End a review: its minutes stand, its routine is done, and the next one is planned. Raises Hidden, NotLive and NotPlanned."""
    row = _live(_led(by, review_id))
    if next_on is not None and next_on <= timezone.localdate(at):
        raise NotPlanned("Choose a day to come for the next one.", field="next_on")
    gone = int((at - row.place_since).total_seconds()) if row.place_since else 0
    row.used, row.place_since, row.ended_at = row.used + gone, None, at
    row.save(update_fields=["used", "place_since", "ended_at"])
    record(by=by, at=at, action="end", subject="review", subject_id=row.pk)
    _do_its_routine(row, by=by, at=at)
    kind = ReviewKind(row.kind)
    _plan(by=by, at=at, team=row.team, kind=kind, on=next_on or row.on + EVERY[kind])
    return row


def _do_its_routine(row: Review, *, by: User, at: dt.datetime) -> None:
    """Let the review count for what is due of its leader: the one place where a review meets routines."""
    routines.done(person=by, kind=ROUTINES[ReviewKind(row.kind)], at=at)
