"""Tables -> each question as it was asked, and the decisions that could have followed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise
from typing import Any

from django.db.models import BigIntegerField, Exists, F, OuterRef, Q, Value
from django.utils import timezone

from hingepoint.analysis.question_budget import About, Asked, Decision
from hingepoint.domain.agreements.models import AgreementEvent
from hingepoint.domain.coaching.models import CoachingRating, CoachingSession
from hingepoint.domain.days import midnight
from hingepoint.domain.deals.models import Deal, DealEvent
from hingepoint.domain.detection.models import Detection, RuleVersion
from hingepoint.domain.escalations.models import Approval, Escalation, Pulse
from hingepoint.domain.hindsight.models import HindsightView
from hingepoint.domain.hindsight.rules import limits
from hingepoint.domain.involvement.models import Involvement
from hingepoint.domain.negotiation.models import CorridorWriting, Reason
from hingepoint.domain.plans.models import Debrief, Plan, PlanReview
from hingepoint.domain.premortems.models import PreMortem
from hingepoint.domain.principles.models import PrinciplesVersion
from hingepoint.domain.reviews.models import ReviewNote
from hingepoint.domain.routines.models import RoutineVersion
from hingepoint.domain.self_assessment.models import AssessmentRound
from hingepoint.domain.signals.models import Raise, RaiseStep
from hingepoint.domain.strategy.models import PivotalAgreement
from hingepoint.records import self_assessment
from hingepoint.records.agreements import AgreementState
from hingepoint.records.deals import EventKind
from hingepoint.records.escalations import Answer, State
from hingepoint.records.hindsight import Side
from hingepoint.records.people import Role
from hingepoint.records.premortems import Place
from hingepoint.records.questions import QUESTIONS, Form
from hingepoint.records.reviews import NoteKind
from hingepoint.records.signals import ANSWERS, DECISIONS, StepKind

Told = Iterator[tuple[str, Asked]]
#: What the self-assessment is about.
COMPANY = "company"
_ANSWERED = (Answer.YES, Answer.IN_PART, Answer.NO, Answer.BACK)
_PARTS = [one.key.removeprefix("plan.") for one in QUESTIONS if one.form == Form.PLAN and one.typed]


def asked_between(since: dt.datetime, until: dt.datetime) -> Told:
    """Yield the key of each question with each time it was asked in a time. About twenty-five SQL queries."""
    for of_form in _FORMS:
        yield from of_form(since, until)


def _once(
    about: About, kind: int | None, asked_at: dt.datetime, said_at: dt.datetime | None, until: dt.datetime
) -> Asked:
    """Return a question that may be answered later than it was asked; what was answered too late for what follows it to have come
    counts as not answered yet."""
    told = said_at is not None and said_at < until
    return Asked(about, kind, said_at if told and said_at else asked_at, told)


def _fields(rows: Any, asked: Mapping[str, str], *, at: str, deal: str = "deal", kind: str = "") -> Told:
    """Yield each question of a form that was sent (``asked``: key -> column), answered where its column holds something."""
    of_type = F(kind) if kind else Value(None, output_field=BigIntegerField())
    columns = (deal, at, "of_type", *asked.values())
    for about, when, its_type, *told in rows.annotate(of_type=of_type).values_list(*columns):
        for key, said in zip(asked, told, strict=True):
            yield key, Asked(about, its_type, when, bool(said))


def _plans(since: dt.datetime, until: dt.datetime) -> Told:
    """A part is answered by a line of the writer's own; what was offered and left so was not asked of them."""
    rows = Plan.objects.of_talks().filter(written_at__gte=since, written_at__lt=until)
    for deal, kind, at, parts in rows.values_list("deal_id", "agreement__type_id", "written_at", "parts"):
        for key in _PARTS:
            own = any(not line.get("source") for line in parts.get(key, ()))
            yield f"plan.{key}", Asked(deal, kind, at, own)


def _talk_days(since: dt.datetime, until: dt.datetime) -> Told:
    rows = Plan.objects.of_talks().filter(written_at__gte=since, written_at__lt=until)
    yield from _fields(rows, {"plan.talk_on": "talk_on"}, at="written_at", kind="agreement__type")


def _plan_reviews(since: dt.datetime, until: dt.datetime) -> Told:
    rows = PlanReview.objects.filter(at__gte=since, at__lt=until)
    asked = {"plan_review.verdict": "verdict", "plan_review.words": "words"}
    yield from _fields(rows, asked, deal="plan__deal", at="at", kind="plan__agreement__type")


def _debriefs(since: dt.datetime, until: dt.datetime) -> Told:
    rows = Debrief.objects.filter(written_at__gte=since, written_at__lt=until)
    asked = {"debrief.outcome": "outcome", "debrief.demand": "demand", "debrief.learned": "learned"}
    yield from _fields(rows, asked, deal="agreement__deal", at="written_at", kind="agreement__type")


def _steps(since: dt.datetime, until: dt.datetime) -> Any:
    """Return the steps that people wrote; what files and rules bring was asked of nobody."""
    rows = AgreementEvent.objects.standing().filter(recorded_by__isnull=False)
    return rows.filter(recorded_at__gte=since, recorded_at__lt=until)


_OF_STEPS = {"deal": "agreement__deal", "at": "recorded_at", "kind": "agreement__type"}


def _gained(since: dt.datetime, until: dt.datetime) -> Told:
    asked = {
        "agreement.act": "act",
        "agreement.due_on": "due_on",
        "agreement.quality": "agreement__points_met",
        "agreement.person": "counterpart",
        "agreement.evidence": "evidence",
    }
    yield from _fields(_steps(since, until).filter(state=AgreementState.GAINED), asked, **_OF_STEPS)


def _refused_to_us(since: dt.datetime, until: dt.datetime) -> Told:
    why_not = (AgreementState.DECLINED, AgreementState.NOT_NEEDED)
    rows = _steps(since, until).filter(state__in=why_not)
    yield from _fields(rows, {"agreement.reason": "agreement__reason"}, **_OF_STEPS)


def _logged(kind: EventKind, since: dt.datetime, until: dt.datetime) -> Any:
    rows = DealEvent.objects.standing().filter(kind=kind, recorded_by__isnull=False)
    return rows.filter(recorded_at__gte=since, recorded_at__lt=until)


def _demands(since: dt.datetime, until: dt.datetime) -> Told:
    why = Exists(Reason.objects.filter(event=OuterRef("pk")))
    rows = _logged(EventKind.DEMAND, since, until).annotate(why=why)
    yield from _fields(rows, {"demand.why": "why"}, at="recorded_at")


def _concessions(since: dt.datetime, until: dt.datetime) -> Told:
    asked = {"concession.in_return": "note", "concession.worth": "trade__worth"}
    yield from _fields(_logged(EventKind.CONCESSION, since, until), asked, at="recorded_at")


def _corridors(since: dt.datetime, until: dt.datetime) -> Told:
    rows = CorridorWriting.objects.filter(set_at__gte=since, set_at__lt=until)
    yield from _fields(rows, {"corridor.figures": "set_at"}, at="set_at")


def _exceptions(since: dt.datetime, until: dt.datetime) -> Told:
    names = ("wanted", "reason", "alternatives", "return_asked")
    rows = Escalation.objects.filter(asked_at__gte=since, asked_at__lt=until)
    yield from _fields(rows, {f"exception.{name}": name for name in names}, at="asked_at")


def _came_back(since: dt.datetime, until: dt.datetime) -> Told:
    rows = Approval.objects.asked_back().filter(answered_at__gte=since, answered_at__lt=until)
    for deal, asked_at, came_at in rows.values_list("escalation__deal_id", "answered_at", "came_at"):
        if asked_at:
            yield "exception.came", _once(deal, None, asked_at, came_at, until)


def _sessions(since: dt.datetime, until: dt.datetime) -> Told:
    rated = Exists(CoachingRating.objects.filter(session=OuterRef("pk")))
    rows = CoachingSession.objects.filter(held_at__gte=since, held_at__lt=until).annotate(rated=rated)
    asked = {f"coaching.{name}": name for name in ("behaviour", "next_step", "evidence")}
    yield from _fields(rows, {**asked, "coaching.ratings": "rated"}, at="held_at", kind="type")


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
    columns = ("escalation__deal_id", "answered_at", "diary_entry__pk", "words")
    for deal, at, entry, words in rows.values_list(*columns):
        if at:
            yield "deciding.chance", Asked(deal, None, at, entry is not None)
            yield "deciding.words", Asked(deal, None, at, bool(words))


def _pulses(since: dt.datetime, until: dt.datetime) -> Told:
    rows = Approval.objects.filter(asked_at__gte=since, asked_at__lt=until)
    given = Pulse.objects.filter(escalation=OuterRef("escalation"), partner=OuterRef("approver"))
    rows = rows.filter(approver__role=Role.INSIDE_PARTNER).annotate(given=Exists(given))
    for deal, at, is_given in rows.values_list("escalation__deal_id", "asked_at", "given"):
        yield "pulse.taps", Asked(deal, None, at, is_given)


def _parts(since: dt.datetime, until: dt.datetime) -> Told:
    rows = Involvement.objects.filter(agreed_at__gte=since, agreed_at__lt=until)
    asked = {"involvement.aim": "aim", "involvement.not_to_say": "not_to_say"}
    yield from _fields(rows, asked, at="agreed_at")


def _commitments(since: dt.datetime, until: dt.datetime) -> Told:
    """What became of a commitment is asked of people, but where the register told it."""
    rows = ReviewNote.objects.filter(kind=NoteKind.COMMITMENT, about__isnull=False)
    rows = rows.filter(written_at__gte=since, written_at__lt=until).exclude(
        end__isnull=False, end__said_by__isnull=True
    )
    for deal, kind, at, ended_at in rows.values_list("about__deal_id", "type_id", "written_at", "end__at"):
        yield "review.became", _once(deal, kind, at, ended_at, until)


def _raises(since: dt.datetime, until: dt.datetime) -> Told:
    """What people make of a raise, and whether it led to a decision: asked of every raise, from its first day on."""
    begun = {"first_day__gte": timezone.localdate(since), "first_day__lt": timezone.localdate(until)}
    for row in Raise.objects.filter(**begun).prefetch_related("steps"):
        asked_at = midnight(row.first_day)
        for key, kinds in (("raise.found", ANSWERS), ("raise.led", DECISIONS)):
            said_at = next((step.at for step in row.steps.all() if step.kind in kinds), None)
            yield key, _once(_of_raise(row.pk), None, asked_at, said_at, until)


def _of_raise(pk: int) -> str:
    return f"raise {pk}"


def _assessments(since: dt.datetime, until: dt.datetime) -> Told:
    """A round asks everybody whom it was sent to, about the company; *cannot say* and silence answer nothing."""
    for row in AssessmentRound.objects.over(until).prefetch_related("answers"):
        at = row.closed_at or row.closes_at
        if since <= at < until:
            yield from _of_round(row, at)


def _of_round(row: AssessmentRound, at: dt.datetime) -> Told:
    for one in self_assessment.QUESTIONS:
        said = [answer.said.get(one.key) in self_assessment.SCALE for answer in row.answers.all()]
        silent = max(0, row.asked - len(said))
        for answered in (*said, *[False] * silent):
            yield f"assessment.{one.key}", Asked(COMPANY, None, at, answered)


_FORMS: tuple[Callable[[dt.datetime, dt.datetime], Told], ...] = (
    _plans, _talk_days, _plan_reviews, _debriefs, _gained, _refused_to_us, _demands, _concessions, _corridors, _exceptions, _came_back,
    _sessions, _found, _views, _premortems, _chances, _pulses, _parts, _commitments, _raises, _assessments,
)  # fmt: skip


# ---- decisions ----


def decisions_between(since: dt.datetime, until: dt.datetime) -> Iterator[Decision]:
    """Yield what was decided in a time and would not have come by default. Eleven SQL queries."""
    for of_kind in _DECIDED:
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


def _on_raises(since: dt.datetime, until: dt.datetime) -> Iterator[Decision]:
    """A raise is given to nobody, not muted and leads to nothing, by default."""
    made = (StepKind.GIVEN, StepKind.MUTED, StepKind.LED)
    rows = RaiseStep.objects.filter(kind__in=made, at__gte=since, at__lt=until)
    yield from (Decision(_of_raise(pk), None, at) for pk, at in rows.values_list("of_id", "at"))


def _of_the_company(since: dt.datetime, until: dt.datetime) -> Iterator[Decision]:
    """What changed for everybody: routines and principles put in force, a standard, a detection rule."""
    routines = RoutineVersion.objects.filter(put_at__gte=since, put_at__lt=until)
    principles = PrinciplesVersion.objects.published().filter(published_at__gte=since, published_at__lt=until)
    days = [*routines.values_list("put_at", flat=True), *principles.values_list("published_at", flat=True)]
    changed = [one.at for of_kind in (_rules_changed, _standards_changed) for one in of_kind(since, until)]
    yield from (Decision(COMPANY, None, at) for at in (*days, *changed) if at)


_DECIDED: tuple[Callable[[dt.datetime, dt.datetime], Iterator[Decision]], ...] = (
    _refused, _in_reviews, _coached, _rules_changed, _standards_changed, _on_raises, _of_the_company,
)  # fmt: skip
