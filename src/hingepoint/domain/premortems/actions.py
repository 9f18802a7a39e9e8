"""Every change to pre-mortems: begin one, answer."""

from __future__ import annotations

import datetime as dt

from django.utils import timezone

from hingepoint.domain.audit.actions import record
from hingepoint.domain.deals.actions import deal_for, deal_of
from hingepoint.domain.deals.models import Deal
from hingepoint.domain.hindsight.rules import side_of
from hingepoint.domain.people.models import User
from hingepoint.domain.premortems import landmarks
from hingepoint.domain.premortems.models import PreMortem, PreMortemAnswer, is_open_to_read
from hingepoint.domain.premortems.rules import place_of
from hingepoint.domain.questions.rules import is_asked
from hingepoint.domain.turns.actions import action
from hingepoint.records.deals import DealStatus
from hingepoint.records.errors import Hidden, Refused


class NotNow(Refused):
    """It cannot be begun, or not be answered any more."""


class NothingSaid(Refused):
    """An answer says what will have happened."""

    field = "words"


@action
def begin(*, by: User, at: dt.datetime, deal_id: int, until: dt.date) -> PreMortem:
    """Ask the three for their answers until the end of a day. Raises Hidden and NotNow."""
    deal = deal_for(by, deal_id)
    if side_of(by, deal) is None:
        raise Hidden("Its seller or who leads the team begins it.")
    return _begun(deal, by=by, at=at, until=until)


def begin_ahead(*, at: dt.datetime) -> int:
    """Begin what ``landmarks.ahead`` names, so that nobody has to think of it. Return how many were begun; none where the
    company does not ask this question any more."""
    if not is_asked("premortem.answer"):
        return 0
    return sum(
        _begin_by_itself(at=at, deal_id=one.deal_id, until=one.until)
        for one in landmarks.ahead(today=timezone.localdate(at), now=at)
    )


@action
def _begin_by_itself(*, at: dt.datetime, deal_id: int, until: dt.date) -> bool:
    try:
        _begun(deal_for(None, deal_id), by=None, at=at, until=until)
    except NotNow:  # somebody was faster
        return False
    return True


def _begun(deal: Deal, *, by: User | None, at: dt.datetime, until: dt.date) -> PreMortem:
    if deal.status != DealStatus.OPEN:
        raise NotNow("The deal has ended. Look back on it instead.")
    today = timezone.localdate(at)
    if until < today:
        raise NotNow("Choose today or a later day.", field="until")
    last = PreMortem.objects.filter(deal=deal).first()
    if last and not is_open_to_read(last.answers.count(), last.until, today):
        raise NotNow("One runs already. Its answers come first.")
    row = PreMortem.objects.create(deal=deal, begun_by=by, begun_at=at, until=until)
    record(by=by, at=at, action="begin premortem", subject="deal", subject_id=deal.pk)
    return row


@action
def answer(*, by: User, at: dt.datetime, premortem_id: int, words: str) -> PreMortemAnswer:
    """Say what will have gone wrong, once, without having read the others. Raises Hidden, NotNow and NothingSaid. The trail says
    that somebody answered, not what."""
    deal = deal_of(by, PreMortem.objects.filter(pk=premortem_id))
    row = PreMortem.objects.get(pk=premortem_id)
    told = list(row.answers.all())
    place = place_of(by, deal, told)
    if place is None:
        raise NotNow("Three have answered, or you have.")
    if is_open_to_read(len(told), row.until, timezone.localdate(at)):
        raise NotNow("The day has passed, and the answers are open: yours would not be blind any more.")
    if not words.strip():
        raise NothingSaid("Say in a sentence or two what happened.")
    made = PreMortemAnswer.objects.create(premortem=row, place=place, by=by, at=at, words=words.strip())
    record(by=by, at=at, action="answer premortem", subject="deal", subject_id=deal.pk)
    return made
