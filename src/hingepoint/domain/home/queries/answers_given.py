"""Tables -> each question as it was asked, and the decisions that could have followed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

from django.db.models import Exists, OuterRef, Q

from hingepoint.analysis.question_budget import Asked, Decision
from hingepoint.domain.agreements.models import AgreementEvent
from hingepoint.domain.coaching.models import CoachingRating, CoachingSession
from hingepoint.domain.deals.models import Deal
from hingepoint.domain.detection.models import Detection, RuleVersion
from hingepoint.domain.escalations.models import Approval, Escalation, Pulse
from hingepoint.domain.hindsight.models import HindsightView
from hingepoint.domain.hindsight.rules import limits
from hingepoint.domain.plans.models import Debrief, Plan
from hingepoint.domain.premortems.models import PreMortem
from hingepoint.domain.reviews.models import ReviewNote
from hingepoint.domain.strategy.models import PivotalAgreement
from hingepoint.records.agreements import AgreementState
from hingepoint.records.escalations import Answer, State
from hingepoint.records.hindsight import Side
from hingepoint.records.people import Role
from hingepoint.records.premortems import Place
from hingepoint.records.questions import QUESTIONS, Form
from hingepoint.records.reviews import NoteKind

Told = Iterator[tuple[str, Asked]]
_ANSWERED = (Answer.YES, Answer.IN_PART, Answer.NO, Answer.BACK)
_PARTS = [one.key.removeprefix("plan.") for one in QUESTIONS if one.form == Form.PLAN]


def asked_between(since: dt.datetime, until: dt.datetime) -> Told:
    """Yield the key of each question with each time it was asked in a time. Eleven SQL queries."""
    for of_form in _FORMS:
        yield from of_form(since, until)


def _once(
    deal: int, kind: int | None, asked_at: dt.datetime, said_at: dt.datetime | None, until: dt.datetime
) -> Asked:
    """Return a question that may be answered later than it was asked; what was answered too late for what follows it to have come
    counts as not answered yet."""
    told = said_at is not None and said_at < until
    return Asked(deal, kind, said_at if told and said_at else asked_at, told)


def _plans(since: dt.datetime, until: dt.datetime) -> Told:
    """A part is answered by a line of the writer's own; what was offered and left so was not asked of them."""
    rows = Plan.objects.of_talks().filter(written_at__gte=since, written_at__lt=until)
    for deal, kind, at, parts in rows.values_list("deal_id", "agreement__type_id", "written_at", "parts"):
        for key in _PARTS:
            own = any(not line.get("source") for line in parts.get(key, ()))
            yield f"plan.{key}", Asked(deal, kind, at, own)


def _debriefs(since: dt.datetime, until: dt.datetime) -> Told:
    rows = Debrief.objects.filter(written_at__gte=since, written_at__lt=until)
    columns = ("agreement__deal_id", "agreement__type_id", "written_at", "learned")
    for deal, kind, at, learned in rows.values_list(*columns):
        yield "debrief.learned", Asked(deal, kind, at, bool(learned))


def _gained(since: dt.datetime, until: dt.datetime) -> Told:
    """What people wrote of an agreement that they gained; what files and rules bring was asked of nobody."""
    rows = AgreementEvent.objects.standing().filter(state=AgreementState.GAINED, recorded_by__isnull=False)
    rows = rows.filter(recorded_at__gte=since, recorded_at__lt=until)
    columns = ("agreement__deal_id", "agreement__type_id", "recorded_at")
    for deal, kind, at, act, due_on, points in rows.values_list(
        *columns, "act", "due_on", "agreement__points_met"
    ):
        for key, told in (("act", act), ("due_on", due_on), ("quality", points)):
            yield f"agreement.{key}", Asked(deal, kind, at, bool(told))


def _exceptions(since: dt.datetime, until: dt.datetime) -> Told:
    names = ("reason", "alternatives", "return_asked")
    rows = Escalation.objects.filter(asked_at__gte=since, asked_at__lt=until)
    for deal, at, *told in rows.values_list("deal_id", "asked_at", *names):
        for name, words in zip(names, told, strict=True):
            yield f"exception.{name}", Asked(deal, None, at, bool(words))


def _sessions(since: dt.datetime, until: dt.datetime) -> Told:
    rows = CoachingSession.objects.filter(held_at__gte=since, held_at__lt=until)
    rated = Exists(CoachingRating.objects.filter(session=OuterRef("pk")))
    columns = ("deal_id", "type_id", "held_at", "evidence", "rated")
    for deal, kind, at, evidence, is_rated in rows.annotate(rated=rated).values_list(*columns):
        yield "coaching.evidence", Asked(deal, kind, at, bool(evidence))
        yield "coaching.ratings", Asked(deal, kind, at, is_rated)


def _found(since: dt.datetime, until: dt.datetime) -> Told:
    rows = Detection.objects.filter(found_at__gte=since, found_at__lt=until)
    columns = ("deal_id", "rule__type_id", "found_at", "judged_at", "judged_by_id")
    for deal, kind, at, judged_at, by in rows.values_list(*columns):
        yield "found.right", _once(deal, kind, at, judged_at if by else None, until)


def _views(since: dt.datetime, until: dt.datetime) -> Told:
    deals = limits(now=until).concerned(Deal.objects.all(), now=until).filter(closed_at__gte=since)
    closed = dict(deals.values_list("pk", "closed_at"))
    rows = HindsightView.objects.filter(deal__in=closed, number=1)
    written = {
        (deal, side): (kind, at)
        for deal, side, kind, at in rows.values_list("deal_id", "side", "type_id", "written_at")
    }
    for deal, at in closed.items():
        assert at is not None  # ``concerned`` are deals that ended
        for side in Side:
            kind, said_at = written.get((deal, side), (None, None))
            yield "hindsight.view", _once(deal, kind, at, said_at, until)


def _premortems(since: dt.datetime, until: dt.datetime) -> Told:
    rows = PreMortem.objects.filter(begun_at__gte=since, begun_at__lt=until).prefetch_related("answers")
    for row in rows:
        told = {one.place: one.at for one in row.answers.all()}
        for place in Place:
            yield "premortem.answer", _once(row.deal_id, None, row.begun_at, told.get(place), until)


def _chances(since: dt.datetime, until: dt.datetime) -> Told:
    rows = Approval.objects.filter(answered_at__gte=since, answered_at__lt=until, answer__in=_ANSWERED)
    rows = rows.exclude(approver__role=Role.INSIDE_PARTNER)
    for deal, at, entry in rows.values_list("escalation__deal_id", "answered_at", "diary_entry__pk"):
        if at:
            yield "deciding.chance", Asked(deal, None, at, entry is not None)


def _pulses(since: dt.datetime, until: dt.datetime) -> Told:
    rows = Approval.objects.filter(asked_at__gte=since, asked_at__lt=until)
    given = Pulse.objects.filter(escalation=OuterRef("escalation"), partner=OuterRef("approver"))
    rows = rows.filter(approver__role=Role.INSIDE_PARTNER).annotate(given=Exists(given))
    for deal, at, is_given in rows.values_list("escalation__deal_id", "asked_at", "given"):
        yield "pulse.taps", Asked(deal, None, at, is_given)


_FORMS: tuple[Callable[[dt.datetime, dt.datetime], Told], ...] = (
    _plans, _debriefs, _gained, _exceptions, _sessions, _found, _views, _premortems, _chances, _pulses,
)  # fmt: skip


# ---- decisions ----


def decisions_between(since: dt.datetime, until: dt.datetime) -> Iterator[Decision]:
    """Yield what was decided in a time and would not have come by default. Seven SQL queries."""
    for of_kind in (_refused, _in_reviews, _coached, _rules_changed, _standards_changed):
        yield from of_kind(since, until)


def _refused(since: dt.datetime, until: dt.datetime) -> Iterator[Decision]:
    """Requests are granted as they were asked, by default."""
    cut = Escalation.objects.filter(state__in=(State.IN_PART, State.DECLINED))
    cut = cut.filter(decided_at__gte=since, decided_at__lt=until)
    back = Approval.objects.asked_back().filter(answered_at__gte=since, answered_at__lt=until)
    found = [
        *cut.values_list("deal_id", "decided_at"),
        *back.values_list("escalation__deal_id", "answered_at"),
    ]
    yield from (Decision(deal, None, at) for deal, at in found if at)


def _in_reviews(since: dt.datetime, until: dt.datetime) -> Iterator[Decision]:
    """A review decides nothing and commits nobody, by default."""
    made = Q(kind__in=(NoteKind.DECISION, NoteKind.COMMITMENT), about__isnull=False)
    rows = ReviewNote.objects.filter(made, written_at__gte=since, written_at__lt=until)
    for deal, kind, at in rows.values_list("about__deal_id", "type_id", "written_at"):
        yield Decision(deal, kind, at)


def _coached(since: dt.datetime, until: dt.datetime) -> Iterator[Decision]:
    rows = CoachingSession.objects.filter(held_at__gte=since, held_at__lt=until)
    for deal, kind, at in rows.values_list("deal_id", "type_id", "held_at"):
        yield Decision(deal, kind, at)


def _rules_changed(since: dt.datetime, until: dt.datetime) -> Iterator[Decision]:
    """A rule goes on as it is, by default; its first version answers nothing."""
    rows = RuleVersion.objects.filter(written_at__gte=since, written_at__lt=until, number__gt=1)
    for kind, at in rows.values_list("rule__type_id", "written_at"):
        yield Decision(None, kind, at)


#: What a standard says.
_STANDARD = (
    "needed_by", "needed_days", "needed_stage", "counterpart", "evidence_wanted", "recheck_days", "segments",
    "least_amount", "checks", "questions", "demands", "principles",
)  # fmt: skip


def _standards_changed(since: dt.datetime, until: dt.datetime) -> Iterator[Decision]:
    """A type whose standard a published playbook changed, added or dropped; the first playbook of a strategy answers nothing."""
    rows = PivotalAgreement.objects.filter(playbook__published_at__lt=until).order_by("playbook__number")
    books: dict[int, dict[int, tuple[dt.datetime, dict[int, Any]]]] = {}
    where = ("playbook__strategy_id", "playbook__number", "playbook__published_at", "type_id")
    for strategy, number, at, kind, *standard in rows.values_list(*where, *_STANDARD):
        _, known = books.setdefault(strategy, {}).setdefault(number, (at, {}))
        known[kind] = standard
    for versions in books.values():
        ordered = list(versions.values())
        for (_, before), (at, after) in pairwise(ordered):
            if at >= since:
                changed = [
                    kind for kind in before.keys() | after.keys() if before.get(kind) != after.get(kind)
                ]
                yield from (Decision(None, kind, at) for kind in sorted(changed))
