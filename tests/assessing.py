"""Rounds of the self-assessment, and people who answer."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from django.utils import timezone

from hingepoint.domain.self_assessment import actions, rules
from hingepoint.domain.self_assessment.models import AssessmentRound
from hingepoint.records.self_assessment import QUESTIONS, Group, HowOften


def open_round(
    cast, *, asked: int = 40, name: str = "March", at: dt.datetime | None = None, by_code: bool = False
) -> AssessmentRound:
    at = at or timezone.now()
    closes_at = at + dt.timedelta(days=14)
    return actions.open_round(
        by=cast.sponsor, at=at, name=name, asked=asked, closes_at=closes_at, by_code=by_code
    )


def link(row: AssessmentRound) -> str:
    """Return what the link of a round carries."""
    return rules.token_of(row)


def answers(otherwise: str = "1", **said: str) -> dict[str, HowOften]:
    """Return an answer to every question; say what differs."""
    return {one.key: HowOften(said.get(one.key, otherwise)) for one in QUESTIONS}


def answered(
    row: AssessmentRound,
    *,
    group: Group = Group.FIELD,
    said: Mapping[str, HowOften] | None = None,
    at: dt.datetime | None = None,
) -> str:
    """Let one person answer; return the key that only they hold."""
    key = rules.new_key()
    actions.give_answer(
        at=at or timezone.now(), token=link(row), key=key, group=group, said=said or answers()
    )
    return key


def closed_round(
    cast,
    *,
    leaders: int,
    field: int,
    leaders_say: Mapping[str, HowOften] | None = None,
    field_says: Mapping[str, HowOften] | None = None,
    name: str = "March",
    at: dt.datetime | None = None,
) -> AssessmentRound:
    """A round that is over, in which all of a group say the same."""
    at = at or timezone.now()
    row = open_round(cast, name=name, at=at)
    for group, number, said in ((Group.LEADER, leaders, leaders_say), (Group.FIELD, field, field_says)):
        for _ in range(number):
            answered(row, group=group, said=said, at=at)
    return actions.close_round(by=cast.sponsor, at=at, round_id=row.pk)
