"""Every answer about the self-assessment: the rounds, what somebody is asked by a link, and where the company stands.

What people said is told only once its round is closed: while answers come in, each one could be told from the
difference it makes.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q

from hingepoint.analysis import self_assessment as analysis
from hingepoint.analysis.signals import SIGNALS
from hingepoint.analysis.signals.shape import State
from hingepoint.domain.people.models import sees_all
from hingepoint.domain.people.rules import digest_of
from hingepoint.domain.self_assessment.models import AssessmentAnswer, AssessmentRound
from hingepoint.domain.self_assessment.rules import LinkOver, codes_of, read_token, token_of
from hingepoint.domain.signals import queries as signals
from hingepoint.records.errors import Hidden
from hingepoint.records.self_assessment import Group, HowOften, Kind


@dataclass(frozen=True, slots=True)
class RoundLine:
    """A round. ``token`` is what its link carries, empty once it is over; ``answered`` of the ``asked`` people have, each
    ``by_code`` of their own or by the link alone."""

    id: int
    name: str
    asked: int
    answered: int
    opened_by: str
    opened_at: dt.datetime
    closes_at: dt.datetime
    over_at: dt.datetime | None
    token: str
    by_code: bool


@dataclass(frozen=True, slots=True)
class AskedRound:
    """What somebody sees by a link: who asks, and until when. ``full``: as many answered as were asked; ``by_code``: each answer
    needs a code."""

    id: int
    name: str
    opened_by: str
    closes_at: dt.datetime
    asked: int
    full: bool
    by_code: bool


@dataclass(frozen=True, slots=True)
class OwnAnswer:
    """What somebody said, shown to whoever holds its key; ``round`` is what they were asked in."""

    round: AskedRound
    over: bool
    group: Group
    said: Mapping[str, HowOften]


@dataclass(frozen=True, slots=True)
class ToRecord:
    """A signal that cannot be read yet, and what is to be recorded so that it can."""

    key: str
    name: str
    needs: str


@dataclass(frozen=True, slots=True)
class Result:
    """Where a company stands by a round that is over. ``states``: where each signal stands by its reading, for those that have one.
    ``record``: what to record, the most wanted first. ``moved`` since the round ``before``; empty without one."""

    round: RoundLine
    standing: analysis.Standing
    states: Mapping[str, State]
    record: tuple[ToRecord, ...]
    before: str
    moved: tuple[analysis.Moved, ...]

    @property
    def changed(self) -> tuple[analysis.Moved, ...]:
        """What moved by more than chance does, the farthest first."""
        beyond = [one for one in self.moved if analysis.beyond_chance(one.change)]
        return tuple(sorted(beyond, key=lambda one: -abs(one.change.value)))


# ---- rounds ----


def rounds(viewer: Any, *, at: dt.datetime) -> list[RoundLine]:
    """Return all rounds, the newest first. Raises Hidden for all but sponsors and analysts. One SQL query."""
    if not sees_all(viewer):
        raise Hidden("not theirs to see")
    return [_line(row, at) for row in _counted(viewer)]


def one_round(viewer: Any, round_id: int, *, at: dt.datetime) -> RoundLine:
    """Return a round. Raises Hidden. One SQL query."""
    row = _counted(viewer).filter(pk=round_id).first()
    if row is None:
        raise Hidden("no such round")
    return _line(row, at)


def _counted(viewer: Any) -> Any:
    rows = AssessmentRound.objects.visible_to(viewer).select_related("opened_by")
    return rows.annotate(answered=Count("answers"))


def _line(row: Any, at: dt.datetime) -> RoundLine:
    over = row.is_over(at)
    return RoundLine(
        id=row.pk,
        name=row.name,
        asked=row.asked,
        answered=row.answered,
        opened_by=row.opened_by.name,
        opened_at=row.opened_at,
        closes_at=row.closes_at,
        over_at=(row.closed_at or row.closes_at) if over else None,
        token="" if over else token_of(row),
        by_code=row.by_code,
    )


def codes(viewer: Any, round_id: int, *, at: dt.datetime) -> list[str]:
    """Return the codes of an open round that asks for them, one a person. Raises Hidden. One SQL query."""
    row = AssessmentRound.objects.visible_to(viewer).open(at).filter(pk=round_id, by_code=True).first()
    if row is None:
        raise Hidden("no such codes")
    return codes_of(row)


# ---- what somebody sees by a link ----


def asked(token: str, *, at: dt.datetime) -> AskedRound:
    """Return what the link of an open round asks. The link is the permission. Raises LinkOver. One SQL query."""
    number, link = read_token(token)
    rows = AssessmentRound.objects.open(at).filter(pk=number, link=link)
    row = rows.select_related("opened_by").annotate(answered=Count("answers")).first()
    if row is None:
        raise LinkOver("This link is over.")
    return _asked(row, full=row.answered >= row.asked)


def own_answer(key: str, *, at: dt.datetime) -> OwnAnswer:
    """Return what was said under a key, which is the permission. Raises LinkOver. One SQL query."""
    rows = AssessmentAnswer.objects.filter(digest=digest_of(key))
    row = rows.select_related("round__opened_by").first()
    if row is None:
        raise LinkOver("There is no answer under this address.")
    return OwnAnswer(
        round=_asked(row.round, full=False),
        over=row.round.is_over(at),
        group=Group(row.group),
        said=_said(row.said),
    )


def _asked(row: AssessmentRound, *, full: bool) -> AskedRound:
    return AskedRound(row.pk, row.name, row.opened_by.name, row.closes_at, row.asked, full, row.by_code)


def _said(stored: Mapping[str, str]) -> dict[str, HowOften]:
    return {key: HowOften(value) for key, value in stored.items()}


# ---- where we stand ----


def result(viewer: Any, round_id: int, *, at: dt.datetime) -> Result:
    """Return where the company stands by a round that is over. Raises Hidden, also for one that is still open. At most five SQL
    queries."""
    line = one_round(viewer, round_id, at=at)
    if line.over_at is None:
        raise Hidden("What people said is shown when the round is closed.")
    standing = _standing(round_id)
    states = signals.states(viewer)
    before = _before(line, at)
    return Result(
        round=line,
        standing=standing,
        states={key: state for key, state in states.items() if state is not State.NO_DATA},
        record=_to_record(standing, states),
        before=before.name if before else "",
        moved=analysis.compare(standing, _standing(before.pk)) if before else (),
    )


def _standing(round_id: int) -> analysis.Standing:
    rows = AssessmentAnswer.objects.filter(round_id=round_id).values_list("group", "said")
    return analysis.read([analysis.Said(Group(group), _said(said)) for group, said in rows])


def _before(line: RoundLine, at: dt.datetime) -> AssessmentRound | None:
    """Return the newest round that was over before this one was opened, and of which something can be told."""
    earlier = (
        AssessmentRound.objects.over(at)
        .exclude(pk=line.id)
        .filter(Q(closed_at__lte=line.opened_at) | Q(closed_at__isnull=True, closes_at__lte=line.opened_at))
    )
    enough = earlier.annotate(answered=Count("answers")).filter(answered__gte=analysis.LEAST)
    return enough.order_by("-opened_at", "-pk").first()


def _to_record(standing: analysis.Standing, states: Mapping[str, State]) -> tuple[ToRecord, ...]:
    """Return the signals without a reading: those seen most often first, then in their order."""
    levels = {line.key: line.level for line in standing.of(Kind.SIGNAL)}
    silent = [one for one in SIGNALS.values() if states.get(one.key, State.NO_DATA) is State.NO_DATA]
    ranked = sorted(silent, key=lambda one: (-levels.get(one.key, -1.0), one.number))
    return tuple(ToRecord(one.key, one.name, one.needs_plainly) for one in ranked)
