"""Plans for conversations, what came out of these, and what routines ask for."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from ninja import Query, Schema
from pydantic import Field

from hingepoint.api import shapes
from hingepoint.api.callers import Request, origin_of
from hingepoint.api.deals import LookBack
from hingepoint.api.routing import Subject
from hingepoint.domain.agreements.queries import agreement_page
from hingepoint.domain.deals.queries import deal_page
from hingepoint.domain.plans import actions
from hingepoint.domain.plans.queries import lines, reviews
from hingepoint.domain.routines.queries import mine
from hingepoint.records.agreements import Evidence
from hingepoint.records.plans import Outcome
from hingepoint.records.tokens import Topic

subject = Subject(Topic.PLANS, "Plans")

Plan = shapes.shape(
    "Plan",
    lines.PlanLine,
    "id deal_id type_id agreement deal_title owner best minimum talk_on number written_by written_at verdict soon",
)


Due = shapes.shape("Due", mine.DueLine, "due_id name required due_on late by_itself deal_id deal")


class PlanSent(shapes.Sent):
    """What we ask for in a conversation about one agreement, at best and at least. ``number`` is the writing it was
    decided on (0: none), so that nobody's plan is written over unread."""

    type_id: shapes.Id
    number: shapes.Version
    best: shapes.LongWords = ""
    minimum: shapes.LongWords = ""
    talk_on: shapes.Day | None = None


class DebriefSent(shapes.Sent):
    """What came out of a talk about one agreement."""

    type_id: shapes.Id
    outcome: Outcome
    held_at: shapes.Moment
    act: str = Field("", max_length=500, pattern=r"^[^\x00]*$")
    person_name: shapes.Words = ""
    due_on: shapes.Day | None = None
    evidence: Evidence = Evidence.TOLD
    why_not: shapes.LongWords = ""
    owed_in_return: shapes.Words = ""
    demand: shapes.LongWords = ""
    reason: shapes.LongWords = ""
    learned: shapes.LongWords = ""
    second: bool | None = None


class Debriefed(Schema):
    """A debrief that was kept."""

    id: int
    outcome: Outcome


@subject.read("/deals/{deal_id}/plans", shapes.each(Plan))
def list_plans(request: Request, deal_id: shapes.Id, back: Query[LookBack]) -> Any:
    """List the plans of a deal, as last written

    Now, or by the end of a day.
    """
    deal_page.facts_then(request.auth.user, deal_id, back.day)
    return lines.plans(request.auth.user, deal_id, moment=back.day.moment if back.day else None)


@subject.read("/plans/to-review", shapes.each(Plan))
def list_plans_to_review(request: Request) -> Any:
    """List the plans that wait for your review"""
    return reviews.to_review(request.auth.user, today=timezone.localdate())


@subject.read("/me/due", shapes.each(Due))
def list_what_is_due(request: Request) -> Any:
    """List what routines ask of you within a week, and what was missed in the last two"""
    return mine.due_of_me(request.auth.user, today=timezone.localdate())


@subject.write("/deals/{deal_id}/plans", shapes.each(Plan))
def write_plan(request: Request, deal_id: shapes.Id, sent: PlanSent) -> Any:
    """Write the plan for one conversation anew

    Earlier writings stay.
    """
    user = request.auth.user
    actions.write_plan(
        by=user,
        at=timezone.now(),
        deal_id=deal_id,
        type_key=_key_of(request, deal_id, sent.type_id),
        talk_on=sent.talk_on,
        expected_number=sent.number,
        best=sent.best,
        minimum=sent.minimum,
    )
    return lines.plans(user, deal_id)


@subject.write("/deals/{deal_id}/debriefs", Debriefed)
def debrief(request: Request, deal_id: shapes.Id, sent: DebriefSent) -> Any:
    """Keep what came out of a talk

    Takes the step of the agreement that follows from it, and notes the demand that was heard.
    """
    return actions.debrief(
        by=request.auth.user,
        at=timezone.now(),
        deal_id=deal_id,
        type_key=_key_of(request, deal_id, sent.type_id),
        heard=actions.Heard(**sent.model_dump(exclude={"type_id", "second"})),
        origin=origin_of(request),
        second=sent.second,
    )


def _key_of(request: Request, deal_id: int, type_id: int) -> str:
    today = timezone.localdate()
    return agreement_page.agreement_page(request.auth.user, deal_id, type_id, today=today).standard.key
