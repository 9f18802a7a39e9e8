"""Requests for exceptions, and the answers to them."""

from __future__ import annotations

from typing import Any, Literal

from django.http import HttpResponse
from django.utils import timezone
from ninja import Header, Query
from pydantic import Field

from hingepoint.api import shapes
from hingepoint.api.agreements import IF_MATCH
from hingepoint.api.callers import Request
from hingepoint.api.deals import etag, version_of
from hingepoint.api.routing import Subject
from hingepoint.domain.deals.queries import deal_page
from hingepoint.domain.escalations import actions
from hingepoint.domain.escalations.queries import requests, waiting
from hingepoint.records.escalations import Answer
from hingepoint.records.tokens import Topic

subject = Subject(Topic.EXCEPTIONS, "Exceptions")

#: What somebody who is asked can say.
Said = Literal[Answer.BACK, Answer.IN_PART, Answer.YES, Answer.NO]

Approval = shapes.shape(
    "Approval",
    requests.ApprovalLine,
    "approver because answer granted words asked_at answered_at came came_words",
)
Exception_ = shapes.shape(
    "Exception",
    requests.Asked,
    "id deal_id deal_title account amount currency kind wanted discount reason alternatives return_asked demand "
    "policy lane state granted asked_by asked_at decided_at version approvals title",
    approvals=shapes.each(Approval),
)
Page = shapes.shape(
    "ExceptionPage",
    requests.RequestPage,
    "request sees_deal may_answer may_bring_back may_change",
    request=Exception_,
)


class AnswerSent(shapes.Sent):
    """The answer of one who is asked. ``granted``: the discount of a yes to less, as a share."""

    answer: Said
    granted: shapes.Share | None = None
    words: str = Field("", max_length=2000, pattern=r"^[^\x00]*$")


@subject.read("/exceptions", shapes.several(Exception_))
def list_exceptions(request: Request, asked: Query[shapes.Part]) -> Any:
    """List the exceptions

    The newest first.
    """
    before = shapes.before(asked.cursor)
    found = waiting.newest(request.auth.user, before=before, size=asked.size + 1)
    return shapes.part(found, asked.size, lambda one: one.id)


@subject.read("/exceptions/waiting", shapes.each(Exception_))
def list_exceptions_waiting(request: Request) -> Any:
    """List the exceptions that wait for your answer

    The oldest first.
    """
    return waiting.waiting_for(request.auth.user)


@subject.read("/deals/{deal_id}/exceptions", shapes.each(Exception_))
def list_exceptions_of_deal(request: Request, deal_id: shapes.Id) -> Any:
    """List the exceptions of a deal

    The newest first; those without details (number 0) came from a file.
    """
    found = requests.of_deal(request.auth.user, deal_id)
    return found or _none_of(request, deal_id)


@subject.read("/exceptions/{exception_id}", Page)
def get_exception(request: Request, response: HttpResponse, exception_id: shapes.Id) -> Any:
    """Read one exception"""
    return _page(request, response, exception_id)


@subject.write("/exceptions/{exception_id}/answer", Page, versioned=True)
def answer_exception(
    request: Request,
    response: HttpResponse,
    exception_id: shapes.Id,
    sent: AnswerSent,
    if_match: str | None = Header(None, alias="If-Match", pattern=IF_MATCH),
) -> Any:
    """Answer an exception as one of those asked

    A no and something asked back say why. If-Match says which version was answered: it is refused when the request
    changed meanwhile.
    """
    actions.answer(
        by=request.auth.user,
        at=timezone.now(),
        escalation_id=exception_id,
        answer=sent.answer,
        granted=sent.granted,
        words=sent.words,
        expected_version=version_of(if_match),
    )
    return _page(request, response, exception_id)


def _none_of(request: Request, deal_id: int) -> list[requests.Asked]:
    """Return that a deal has none. Raises Hidden where the deal is not theirs to see."""
    deal_page.deal_facts(request.auth.user, deal_id)
    return []


def _page(request: Request, response: HttpResponse, exception_id: int) -> requests.RequestPage:
    found = requests.request_page(request.auth.user, exception_id)
    response.headers["ETag"] = etag(found.request.version)
    return found
