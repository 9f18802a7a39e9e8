"""Every change to the self-assessment: rounds are opened and closed, and people answer by a link.

Nobody is noted as who answered, nor when: the trail knows the rounds and no answer.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from hingepoint.domain.audit.actions import record
from hingepoint.domain.people.models import User, sees_all
from hingepoint.domain.people.rules import digest_of
from hingepoint.domain.self_assessment.models import AssessmentAnswer, AssessmentRound
from hingepoint.domain.self_assessment.rules import (
    MOST_ASKED,
    MOST_DAYS,
    AllIn,
    AnswersMissing,
    LinkOver,
    NoRound,
    is_key,
    read_token,
    spent_by,
)
from hingepoint.domain.turns.actions import action, form, turn
from hingepoint.records.errors import Hidden
from hingepoint.records.languages import reason
from hingepoint.records.self_assessment import QUESTIONS, Group, HowOften

#: With fewer nothing could be shown.
LEAST_ASKED = 5


@action
def open_round(
    *,
    by: User,
    at: dt.datetime,
    name: str,
    asked: int,
    closes_at: dt.datetime,
    by_code: bool = False,
    token: str = "",
) -> AssessmentRound:
    """Begin a round for ``asked`` people, each answering ``by_code`` of their own or by the link alone; what is open already goes
    on. ``token``: of the form it came with.
    Raises Hidden or NoRound."""
    if not sees_all(by):
        raise Hidden("not theirs to open")
    name = name.strip()[:100]
    sent = form(by, token, "self-assessment", name, asked)
    if known := sent.made(AssessmentRound.objects.all()):
        return known
    _require_a_round(name, asked, closes_at, at)
    made = AssessmentRound.objects.create(
        name=name, asked=asked, opened_by=by, opened_at=at, closes_at=closes_at, by_code=by_code
    )
    changes = {"name": [None, name], "people asked": [None, asked], "link until": [None, closes_at.date()]}
    record(by=by, at=at, action="open", subject="self-assessment", subject_id=made.pk, changes=changes)
    sent.keep(made, at=at)
    return made


def _require_a_round(name: str, asked: int, closes_at: dt.datetime, at: dt.datetime) -> None:
    wrong = {}
    if not name:
        wrong["name"] = reason("Give it a name, such as the month.")
    if not LEAST_ASKED <= asked <= MOST_ASKED:
        wrong["asked"] = reason(
            "Ask at least {least_asked} people: of fewer nothing can be shown.", least_asked=LEAST_ASKED
        )
    if not at < closes_at <= at + dt.timedelta(days=MOST_DAYS):
        wrong["closes_on"] = reason(
            "Choose a day after today and within {most_days} days.", most_days=MOST_DAYS
        )
    if wrong:
        raise NoRound(next(iter(wrong.values())), by_field=wrong)


@action
def close_round(*, by: User, at: dt.datetime, round_id: int) -> AssessmentRound:
    """Take no more answers; only then is a result shown. Raises Hidden or NoRound."""
    row = _open_round(by, at, round_id)
    row.closed_at = at
    row.save(update_fields=["closed_at"])
    record(by=by, at=at, action="close", subject="self-assessment", subject_id=row.pk)
    return row


@action
def renew_link(*, by: User, at: dt.datetime, round_id: int) -> AssessmentRound:
    """Make a new link; the one before stops opening. Answers that were given stay. Raises Hidden or NoRound."""
    row = _open_round(by, at, round_id)
    row.link += 1
    row.save(update_fields=["link"])
    record(by=by, at=at, action="renew link", subject="self-assessment", subject_id=row.pk)
    return row


def _open_round(by: User, at: dt.datetime, round_id: int) -> AssessmentRound:
    row = turn(AssessmentRound.objects.visible_to(by), pk=round_id)
    if row is None:
        raise Hidden("no such round")
    if row.is_over(at):
        raise NoRound("This round is closed already.")
    return row


@action
def give_answer(
    *, at: dt.datetime, token: str, key: str, group: Group, said: Mapping[str, HowOften], code: str = ""
) -> AssessmentRound:
    """Keep what somebody says by the link of a round, under a key that they alone hold; the same key changes it. Where the round
    asks for a code, it is used up; nothing leads from it to the answer.

    Raises LinkOver, AnswersMissing, WrongCode, or AllIn where as many answered as were asked.
    """
    number, link = read_token(token)
    row = turn(AssessmentRound.objects.open(at), pk=number, link=link)
    if row is None or not is_key(key):
        raise LinkOver("This link is over: the round is closed, or there is a newer link.")
    _require_all(said)
    mine = row.answers.filter(digest=digest_of(key))
    if mine.exists():
        _change(mine.get(), group, said)
        return row
    if row.answers.count() >= row.asked:
        raise AllIn(
            reason(
                "As many people answered as were asked ({asked}). Ask {opened_by} to open another round.",
                asked=row.asked,
                opened_by=row.opened_by.name,
            )
        )
    if row.by_code:
        row.spent = sorted([*row.spent, spent_by(row, code)])
        row.save(update_fields=["spent"])
    AssessmentAnswer.objects.create(round=row, digest=digest_of(key), group=group, said=_plain(said))
    return row


@action
def change_answer(
    *, at: dt.datetime, key: str, group: Group, said: Mapping[str, HowOften]
) -> AssessmentRound:
    """Change what was said under a key while its round is open. Raises LinkOver or AnswersMissing."""
    found = AssessmentAnswer.objects.filter(digest=digest_of(key)).values_list("round_id", flat=True).first()
    row = turn(AssessmentRound.objects.open(at), pk=found) if found else None
    if row is None:
        raise LinkOver("This round is closed: answers cannot be changed any more.")
    _require_all(said)
    _change(row.answers.get(digest=digest_of(key)), group, said)
    return row


def _change(mine: AssessmentAnswer, group: Group, said: Mapping[str, HowOften]) -> None:
    mine.group, mine.said = group, _plain(said)
    mine.save(update_fields=["group", "said"])


def _require_all(said: Mapping[str, HowOften]) -> None:
    missing = {
        one.key: reason("{name}: choose an answer.", name=one.name)
        for one in QUESTIONS
        if one.key not in said
    }
    if missing:
        raise AnswersMissing(next(iter(missing.values())), by_field=missing)


def _plain(said: Mapping[str, HowOften]) -> dict[str, str]:
    return {one.key: said[one.key].value for one in QUESTIONS}
