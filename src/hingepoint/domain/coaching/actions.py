"""Every change to coaching: notes, and sessions that were held."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field

from django.utils import timezone

from hingepoint.domain.agreements.models import AgreementType
from hingepoint.domain.audit.actions import record
from hingepoint.domain.coaching import rules
from hingepoint.domain.coaching.models import CoachingNote, CoachingRating, CoachingSession
from hingepoint.domain.deals.actions import deal_for, first_unless_second
from hingepoint.domain.people.models import User, managed_team_ids
from hingepoint.domain.principles.models import PrinciplesVersion
from hingepoint.domain.principles.rules import read_all
from hingepoint.domain.routines import actions as routines
from hingepoint.domain.turns.actions import action, form
from hingepoint.records.errors import Hidden, Refused
from hingepoint.records.principles import Rating
from hingepoint.records.routines import Kind


class NotCoaching(Refused):
    """Coaching is between a deal's owner and a manager of theirs."""


class NothingSaid(Refused):
    """An empty note helps nobody."""

    field = "note"


@action
def write_note(
    *,
    by: User,
    at: dt.datetime,
    deal_id: int,
    to: User,
    note: str,
    token: str = "",
    second: bool | None = None,
) -> CoachingNote:
    """Write a note to the other of the two. ``token``: of the form it came with; ``second``: whether the same
    note of the same day is another one. Raises Hidden, NotCoaching, NothingSaid and AlreadyNoted.

    The audit trail says that a note was written, not what it says.
    """
    if not note.strip():
        raise NothingSaid("Write a sentence first.")
    deal = deal_for(by, deal_id)
    seller, manager = (by, to) if deal.owner_id == by.pk else (to, by)
    if seller.pk != deal.owner_id or deal.team_id not in managed_team_ids(manager):
        raise NotCoaching("Coaching notes go between the deal's owner and their manager.")
    sent = form(by, token, "coaching note", deal_id, to.pk, note)
    if known := sent.made(CoachingNote.objects.all()):
        return known
    told = {"deal": deal, "written_by": by, "written_for": to, "note": note}
    same = (
        CoachingNote.objects.filter(**told, written_at__date=timezone.localdate(at)).order_by("-pk").first()
    )
    if known := first_unless_second(same, second):
        return known
    written = CoachingNote.objects.create(**told, written_at=at)
    record(by=by, at=at, action="write coaching note", subject="deal", subject_id=deal.pk)
    sent.keep(written, at=at)
    return written


@dataclass(frozen=True, slots=True)
class Said:
    """What a session came to: one behaviour, the next step in the words of who was coached with its day, what was seen
    before, and how far principles were kept, by their keys."""

    behaviour: str
    next_step: str
    next_on: dt.date
    evidence: str = ""
    ratings: Mapping[str, Rating] = field(default_factory=dict)


@action
def hold_session(
    *,
    by: User,
    at: dt.datetime,
    deal_id: int,
    type_key: str,
    said: Said,
    to_manager: bool = False,
    token: str = "",
) -> CoachingSession:
    """Keep a coaching session about one agreement of a deal, with its owner or (``to_manager``) with who leads them. It
    counts for what is required of ``by``. Raises Hidden, NotCoaching and NothingSaid.

    The audit trail says that a session was held, not with whom and not what was said.
    """
    deal = deal_for(by, deal_id)
    coached = rules.coached_on(by, deal, manager=to_manager)
    if coached is None:
        raise NotCoaching("Sessions are held by who leads a seller, or who leads their manager.")
    if not said.behaviour.strip():
        raise NothingSaid("Choose one behaviour.", field="behaviour")
    if not said.next_step.strip():
        raise NothingSaid("Write the next step, in their words.", field="next_step")
    if said.next_on < timezone.localdate(at):
        raise NothingSaid("Choose today or a later day.", field="next_on")
    if said.next_on > timezone.localdate(at) + rules.AT_MOST_AHEAD:
        raise NothingSaid("Choose a day within a year.", field="next_on")
    kind = AgreementType.objects.filter(key=type_key).first()
    if kind is None:
        raise Hidden("There is no such agreement type.")
    told = (said.behaviour, said.next_step, said.next_on)
    sent = form(by, token, "coaching session", deal_id, type_key, coached.pk, *told)
    if known := sent.made(CoachingSession.objects.all()):
        return known
    held = CoachingSession.objects.create(
        deal=deal,
        type=kind,
        coach=by,
        coached=coached,
        held_at=at,
        behaviour=said.behaviour.strip(),
        evidence=said.evidence.strip(),
        next_step=said.next_step.strip(),
        next_on=said.next_on,
        followed_until=rules.followed_until(said.next_on),
    )
    _rate(held, said.ratings)
    routines.done(person=by, kind=Kind.COACHING, at=at)
    record(by=by, at=at, action="hold coaching session", subject="coaching", subject_id=held.pk)
    sent.keep(held, at=at)
    return held


def _rate(held: CoachingSession, ratings: Mapping[str, Rating]) -> None:
    """Keep what a session says of the principles in force at its time. Raises Hidden for one that is not."""
    if not ratings:
        return
    version = PrinciplesVersion.objects.in_force_at(held.held_at).first()
    known = {one.key for one in read_all(version.texts)} if version else set()
    if version is None or not ratings.keys() <= known:
        raise Hidden("This principle is not in force any more.")
    CoachingRating.objects.bulk_create(
        CoachingRating(session=held, version=version, key=key, rating=rating)
        for key, rating in sorted(ratings.items())
    )
