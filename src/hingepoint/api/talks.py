"""What was asked of us and what we gave."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from ninja import Query
from pydantic import Field

from hingepoint.api import shapes
from hingepoint.api.callers import Request, origin_of
from hingepoint.api.deals import LookBack
from hingepoint.api.routing import Subject
from hingepoint.domain.deals.queries import deal_page
from hingepoint.domain.negotiation import actions
from hingepoint.domain.negotiation.queries import log
from hingepoint.domain.plans.queries import lines as plans
from hingepoint.records import talks as records
from hingepoint.records.tokens import Topic

subject = Subject(Topic.TALKS, "Demands and concessions")

Why = shapes.shape("Reason", log.Why, "text state said_by confirmed_by by at")
Demand = shapes.shape(
    "Demand",
    log.Demand,
    "id deal_id topic words who value currency at recorded_at whys answered title reason_known",
    whys=shapes.each(Why),
)
Concession = shapes.shape(
    "Concession",
    log.Concession,
    "id deal_id topic what value currency at recorded_at by in_return final worth demand_id round title",
)
Log = shapes.shape(
    "Negotiation",
    log.Log,
    "demands concessions currency list_price conceded unpriced",
    demands=shapes.each(Demand),
    concessions=shapes.each(Concession),
)


class WhySent(shapes.Sent):
    """Why they ask. Stated needs one of their people by name, confirmed needs two."""

    text: shapes.LongWords
    state: records.ReasonState = records.ReasonState.HYPOTHESISED
    said_by: shapes.Words = ""
    confirmed_by: shapes.Words = ""


class DemandSent(shapes.Sent):
    """What the customer asks for. ``second``: whether it is another one beside one of the same day that says the same."""

    topic: records.Topic
    words: shapes.LongWords = ""
    asked_by: shapes.Words = ""
    value: shapes.Money | None = None
    occurred_at: shapes.Moment | None = None
    why: WhySent | None = None
    second: bool | None = None


class ConcessionSent(shapes.Sent):
    """What we gave, and what came back. ``worth``: what it is worth to them, 1 little, 2 something, 3 a lot; ``second`` as
    of a demand."""

    topic: records.Topic
    what: shapes.Words = ""
    value: shapes.Money | None = None
    in_return: shapes.LongWords = ""
    demand_id: shapes.Id | None = None
    final: bool = False
    worth: int | None = Field(None, ge=1, le=3)
    occurred_at: shapes.Moment | None = None
    second: bool | None = None


@subject.read("/deals/{deal_id}/negotiation", Log)
def get_negotiation(request: Request, deal_id: shapes.Id, back: Query[LookBack]) -> Any:
    """Read the demands and concessions of a deal

    Each in the order of time; as they are, or as they were on a day.
    """
    if back.day is None:
        return _log(request, deal_id)
    facts = deal_page.facts_then(request.auth.user, deal_id, back.day)
    return log.log_then(request.auth.user, facts, back.day)


@subject.write("/deals/{deal_id}/demands", Log)
def log_demand(request: Request, deal_id: shapes.Id, sent: DemandSent) -> Any:
    """Note what the customer asks for"""
    why = actions.Why(**sent.why.model_dump()) if sent.why else None
    told = sent.model_dump(exclude={"why"})
    actions.log_demand(**_noting(request, deal_id), **told, why=why)
    return _log(request, deal_id)


@subject.write("/demands/{demand_id}/reasons", Why)
def give_reason(request: Request, demand_id: shapes.Id, sent: WhySent) -> Any:
    """Write down why they ask

    Earlier reasons stay.
    """
    user, why = request.auth.user, actions.Why(**sent.model_dump())
    kept = actions.give_reason(by=user, at=timezone.now(), demand_id=demand_id, why=why)
    return {**sent.model_dump(), "by": user.name, "at": kept.written_at}


@subject.write("/deals/{deal_id}/concessions", Log)
def concede(request: Request, deal_id: shapes.Id, sent: ConcessionSent) -> Any:
    """Note what we gave"""
    actions.concede(**_noting(request, deal_id), **sent.model_dump())
    return _log(request, deal_id)


def _noting(request: Request, deal_id: int) -> dict[str, Any]:
    return {
        "by": request.auth.user,
        "at": timezone.now(),
        "deal_id": deal_id,
        "origin": origin_of(request),
    }


def _log(request: Request, deal_id: int) -> log.Log:
    user = request.auth.user
    return log.log(user, deal_id, plans_at=plans.written_at(user, deal_id))
