"""The questions that Hingepoint asks: how often, what they cost, and whether any decision followed the answers."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from hingepoint.analysis import question_budget
from hingepoint.analysis.question_budget import FOLLOWS, Asked, Followed
from hingepoint.domain.audit.models import AuditEvent
from hingepoint.domain.home.queries import effort
from hingepoint.domain.home.queries.answers_given import asked_between, decisions_between
from hingepoint.domain.people.models import User, sees_all
from hingepoint.domain.questions.models import RetiredQuestion
from hingepoint.domain.upkeep.kept import Question as KeptQuestion
from hingepoint.domain.upkeep.kept import Shelf
from hingepoint.records.errors import Hidden
from hingepoint.records.people import Role
from hingepoint.records.questions import BY_KEY, QUESTIONS, Form, Question

#: Answers are counted that were given in so many days, all so long ago that what could follow has.
WINDOW = dt.timedelta(days=90)
WEEKS = WINDOW.days / 7
#: The trail is timed over so many days.
TIMED = dt.timedelta(days=28)
#: By which action of the trail a form shows that it was filled: those that ask nothing beside what stands in ``QUESTIONS``.
_WRITTEN = {
    ("agreement", "write plan"): Form.PLAN,
    ("agreement", "gained"): Form.AGREEMENT,
    ("deal", "note escalation"): Form.EXCEPTION,
    ("deal", "look back"): Form.HINDSIGHT,
    ("deal", "answer premortem"): Form.PREMORTEM,
    ("escalation", "give pulse"): Form.PULSE,
}


@dataclass(frozen=True, slots=True)
class Counted:
    """A question by its key: what followed, what an answer takes (``timed``: by the trail, else counted), and how many minutes a
    week it takes of each who is asked, on average."""

    key: str
    followed: Followed
    seconds: float
    timed: bool
    minutes_a_week: float


@dataclass(frozen=True, slots=True)
class Retired:
    """That a question is not asked any more."""

    by: str
    at: dt.datetime
    why: str


@dataclass(frozen=True, slots=True)
class QuestionLine:
    """A question, what was counted of it, and whether it is retired."""

    question: Question
    counted: Counted
    retired: Retired | None

    @property
    def may_retire(self) -> bool:
        return self.question.may_stop and self.retired is None


@dataclass(frozen=True, slots=True)
class QuestionBudget:
    """Every question. ``first`` to ``last``: when the answers were given; ``minutes`` a week of a seller by these counts; ``week``:
    the newest week of the trail with enough sellers, None where there is none."""

    lines: tuple[QuestionLine, ...]
    first: dt.date
    last: dt.date
    minutes: float
    week: effort.WeekOfQuestions | None
    counted_at: dt.datetime | None

    @property
    def to_retire(self) -> tuple[QuestionLine, ...]:
        """Those that were answered often and moved nothing, dearest first."""
        found = [one for one in self.lines if one.counted.followed.moved_nothing and one.retired is None]
        return tuple(sorted(found, key=lambda one: -one.counted.minutes_a_week))


COUNTED = KeptQuestion[list[Counted]]("what we ask", list[Counted])


def budget(viewer: Any, *, now: dt.datetime) -> QuestionBudget:
    """Return what we ask and what it moves. Raises Hidden. Five SQL queries, where no answers are kept about twenty-five."""
    if not sees_all(viewer):
        raise Hidden("not theirs to weigh")
    shelf = Shelf(COUNTED)
    counted = {one.key: one for one in COUNTED.told(lambda: counted_now(now=now), shelf=shelf)}
    retired = _retired()
    weeks = effort.questions(viewer, now=now)
    lines = tuple(
        QuestionLine(one, counted[one.key], retired.get(one.key)) for one in QUESTIONS if one.key in counted
    )
    return QuestionBudget(
        lines=lines,
        first=(now - FOLLOWS - WINDOW).date(),
        last=(now - FOLLOWS).date(),
        minutes=sum(one.counted.minutes_a_week for one in lines if one.question.role == Role.SELLER),
        week=next((week for week in weeks if week.told), None),
        counted_at=shelf.counted_at,
    )


def question(viewer: Any, key: str, *, now: dt.datetime) -> QuestionLine:
    """Return one question. Raises Hidden."""
    found = [one for one in budget(viewer, now=now).lines if one.question.key == key]
    if not found:
        raise Hidden("no such question")
    return found[0]


def counted_now(*, now: dt.datetime) -> list[Counted]:
    """Return what is counted of each question, by reading everything."""
    since, until = now - FOLLOWS - WINDOW, now - FOLLOWS
    asked: dict[str, list[Asked]] = defaultdict(list)
    for key, one in asked_between(since, until):
        asked[key].append(one)
    decisions = list(decisions_between(since, now))
    told = {one.key: question_budget.followed(asked[one.key], decisions) for one in QUESTIONS}
    timed = _timed(now)
    people = _people()
    return [
        counted for form in Form for counted in _of_form(form, told, timed.get(form.value), people=people)
    ]


def _of_form(
    form: Form, told: Mapping[str, Followed], seconds: float | None, *, people: Mapping[str, int]
) -> Iterable[Counted]:
    here = [one for one in QUESTIONS if one.form == form]
    answered = {one.key: (told[one.key].answered, one.typed) for one in here}
    took = question_budget.shares(seconds, answered) if seconds is not None else {}
    for one in here:
        each = took.get(one.key) or question_budget.counted_seconds(one.typed)
        spent = each * told[one.key].answered / 60 / WEEKS / max(1, people.get(one.role, 0))
        yield Counted(one.key, told[one.key], each, bool(took.get(one.key)), spent)


def _timed(now: dt.datetime) -> dict[str, float]:
    rows = AuditEvent.objects.filter(at__gte=now - TIMED, by_id_number__isnull=False)
    entries = rows.order_by("at").values_list("by_id_number", "at", "subject", "action")
    return question_budget.seconds_by_form(
        (who, at, form.value if (form := _WRITTEN.get((subject, action))) else "")
        for who, at, subject, action in entries
        if who is not None
    )


def _people() -> dict[str, int]:
    roles = list(User.objects.filter(is_active=True).values_list("role", flat=True))
    return {role: roles.count(role) for role in set(roles)}


def _retired() -> dict[str, Retired]:
    rows = RetiredQuestion.objects.in_force().filter(key__in=BY_KEY).select_related("retired_by")
    return {row.key: Retired(row.retired_by.name, row.retired_at, row.why) for row in rows}
