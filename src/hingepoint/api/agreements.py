"""Agreements of deals, and the steps of their life."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from ninja import Header, Query
from pydantic import Field

from hingepoint.api import shapes
from hingepoint.api.callers import Request, origin_of
from hingepoint.api.deals import LookBack, etag, version_of
from hingepoint.api.routing import Subject
from hingepoint.domain.agreements import actions
from hingepoint.domain.agreements.queries import agreement_page, deal_page, lines
from hingepoint.records.agreements import AgreementState, Evidence
from hingepoint.records.errors import Hidden
from hingepoint.records.tokens import Topic

subject = Subject(Topic.AGREEMENTS, "Agreements")
IF_MATCH = r'^"[0-9]{1,9}"$'

Line = shapes.shape(
    "Agreement",
    lines.AgreementLine,
    "id deal_id type_id key name side stage counterpart state evidence quality act person due_on required needed_by "
    "needed_because was_due_on late_after late recheck gained_at changed_at expires_on reason owed_in_return gaps "
    "version found known standing from_whom",
)
StepLine = shapes.shape(
    "AgreementStep",
    agreement_page.StepLine,
    "at recorded_at state by counterpart act due_on evidence quality note origin undone takes_back",
)
Next = shapes.shape("NextStep", deal_page.NextStep, "line why", line=Line)
Page = shapes.shape(
    "AgreementWithSteps",
    agreement_page.AgreementPage,
    "deal_id type_id line steps version may_step may_undo may_answer",
    line=Line | None,
    steps=shapes.each(StepLine),
)


class StepSent(shapes.Sent):
    """What happened to an agreement. What is left out stays as it is known."""

    state: AgreementState
    occurred_at: shapes.Moment
    act: str | None = Field(None, max_length=500, pattern=r"^[^\x00]*$")
    person_name: shapes.Words | None = None
    due_on: shapes.Day | None = None
    evidence: Evidence | None = None
    quality: int | None = Field(None, ge=0, le=7)
    reason: shapes.LongWords | None = None
    owed_in_return: shapes.Words | None = None
    needed_by: shapes.Day | None = None
    note: shapes.LongWords = ""


@subject.read("/deals/{deal_id}/agreements", shapes.each(Line))
def list_agreements(request: Request, deal_id: shapes.Id, back: Query[LookBack]) -> Any:
    """List the agreements of a deal

    In the order of the sale; as they are, or as they were on a day.
    """
    return _picture(request, deal_id, back).agreements


@subject.read("/deals/{deal_id}/next-steps", shapes.each(Next))
def list_next_steps(request: Request, deal_id: shapes.Id, back: Query[LookBack]) -> Any:
    """List what to do next on a deal, and why now

    As it is, or as it was on a day.
    """
    return _picture(request, deal_id, back).next_steps


@subject.read("/deals/{deal_id}/agreements/{type_id}", Page)
def get_agreement(
    request: Request, response: HttpResponse, deal_id: shapes.Id, type_id: shapes.Id, back: Query[LookBack]
) -> Any:
    """Read one agreement of a deal with its steps

    The newest step first. The ETag is sent back as If-Match with the next step.
    """
    return _page(request, response, deal_id, type_id, back)


@subject.write("/deals/{deal_id}/agreements/{type_id}/steps", Page, versioned=True)
def take_step(
    request: Request,
    response: HttpResponse,
    deal_id: shapes.Id,
    type_id: shapes.Id,
    sent: StepSent,
    if_match: str | None = Header(None, alias="If-Match", pattern=IF_MATCH),
) -> Any:
    """Take a step of an agreement

    As the page of the agreement takes it: asked, gained, kept and so on. If-Match says which version it was decided
    on ("0" where there is none yet): it is refused when somebody else changed the agreement meanwhile.
    """
    kind = agreement_page.agreement_page(request.auth.user, deal_id, type_id, today=timezone.localdate())
    actions.take_step(
        by=request.auth.user,
        at=timezone.now(),
        deal_id=deal_id,
        type_key=kind.standard.key,
        step=actions.Step(**sent.model_dump()),
        expected_version=version_of(if_match),
        origin=origin_of(request),
    )
    return _page(request, response, deal_id, type_id)


@subject.write("/deals/{deal_id}/agreements/{type_id}/undo", Page, versioned=True)
def undo_step(
    request: Request,
    response: HttpResponse,
    deal_id: shapes.Id,
    type_id: shapes.Id,
    if_match: str | None = Header(None, alias="If-Match", pattern=IF_MATCH),
) -> Any:
    """Take back the last step of an agreement

    It stands as before, and both lines stay in its history. If-Match says which version it was decided on.
    """
    found = agreement_page.agreement_page(request.auth.user, deal_id, type_id, today=timezone.localdate())
    actions.undo_step(
        by=request.auth.user,
        at=timezone.now(),
        agreement_id=found.line.id if found.line else 0,
        expected_version=version_of(if_match),
    )
    return _page(request, response, deal_id, type_id)


def _picture(request: Request, deal_id: int, back: LookBack) -> deal_page.DealPicture:
    today = timezone.localdate()
    found = deal_page.deal_picture(request.auth.user, deal_id, today=today, as_of=back.day)
    if not found.existed:
        raise Hidden("no such deal then")
    return found


def _page(
    request: Request, response: HttpResponse, deal_id: int, type_id: int, back: LookBack | None = None
) -> Any:
    as_of = back.day if back else None
    found = agreement_page.agreement_page(
        request.auth.user, deal_id, type_id, today=timezone.localdate(), as_of=as_of
    )
    if as_of is None:
        response.headers["ETag"] = etag(found.version)
    return found
