"""Deals and what happened on them."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from ninja import Query, Schema
from ninja.errors import HttpError
from pydantic import Field

from hingepoint.api import shapes
from hingepoint.api.callers import ORIGIN, Request
from hingepoint.api.routing import Subject
from hingepoint.domain.agreements.queries import lists as agreement_lists
from hingepoint.domain.deals import actions
from hingepoint.domain.deals.queries import deal_page, feed, lists
from hingepoint.domain.deals.queries.looking_back import AsOf
from hingepoint.records.deals import DealStatus, EventKind
from hingepoint.records.tokens import Topic
from hingepoint.web.deals import looking_back

subject = Subject(Topic.DEALS, "Deals")

DealLine = shapes.shape(
    "DealLine",
    lists.DealLine,
    "id key name account owner team status stage amount currency discount expected_close_on created_at closed_at",
)
Participant = shapes.shape(
    "Participant", deal_page.Participant, "contact_id name title email role since until left_on"
)
Deal = shapes.shape(
    "Deal",
    deal_page.DealFacts,
    "id key name version account owner owner_id team status stage stage_since created_at closed_at "
    "expected_close_on first_expected_on pushes amount currency initial_amount list_price net_price discount margin "
    "projected_amount segment region product source extra link",
    extra=shapes.PAIRS,
)
Event = shapes.shape(
    "Event",
    feed.EventLine,
    "id deal_id deal_key kind name state side actor counterpart value currency evidence note origin occurred_at "
    "recorded_at takes_back",
)


class LookBack(shapes.Sent):
    """A look back: as it was at the end of a day, from what was on record by then (``known=now``: from all that is)."""

    as_of: shapes.PastDay | None = None
    known: str = Field("then", pattern="^(then|now)$")

    @property
    def day(self) -> AsOf | None:
        return looking_back(self.as_of, only_known=self.known == "then")


class DealsAsked(shapes.Part, LookBack):
    """Which deals are asked for, by the filters of the list of deals."""

    text: shapes.Words = ""
    status: DealStatus | None = None
    team: shapes.Id | None = None
    owner: shapes.Id | None = None
    stage: shapes.Words = ""
    segment: shapes.Words = ""
    region: shapes.Words = ""
    product: shapes.Words = ""
    amount_from: shapes.Money | None = None
    amount_to: shapes.Money | None = None
    close_from: shapes.Day | None = None
    close_to: shapes.Day | None = None
    overdue: bool = False

    def filter(self) -> lists.DealFilter:
        told = self.model_dump(exclude={"cursor", "size", "as_of", "known", "status"})
        return lists.DealFilter(**told, status=self.status or "", as_of=self.day)


class EventsAsked(shapes.Part, LookBack):
    """Which events are asked for. ``since``: recorded at that moment or later."""

    kind: EventKind | None = None
    deal_id: shapes.Id | None = None
    since: shapes.Moment | None = None


class EventSent(shapes.Sent):
    """Something that happened on a deal and is no agreement, demand, concession or exception."""

    deal_id: shapes.Id
    kind: EventKind
    name: shapes.Key
    occurred_at: shapes.Moment
    state: str = Field("", max_length=40, pattern=r"^[^\x00]*$")
    side: str = Field("", pattern="^(customer|internal|)$")
    actor: shapes.Words = ""
    counterpart: shapes.Words = ""
    value: shapes.Money | None = None
    currency: shapes.Currency = ""
    evidence: int | None = Field(None, ge=0, le=4)
    note: shapes.LongWords = ""


class EventsSent(shapes.Sent):
    """Up to 1,000 events, taken all or none."""

    events: list[EventSent] = Field(min_length=1, max_length=actions.MOST_EVENTS)


class Noted(Schema):
    """``new``: how many were not on record yet."""

    new: int


@subject.read("/deals", shapes.several(DealLine))
def list_deals(request: Request, asked: Query[DealsAsked]) -> Any:
    """List deals

    In the order of their numbers. As the list of deals shows them, also as they were on a day.
    """
    viewer, wanted = request.auth.user, asked.filter()
    found = agreement_lists.selection(viewer, wanted, _today(wanted.as_of))
    lines = feed.deals_after(found, after=shapes.after(asked.cursor), size=asked.size + 1, as_of=wanted.as_of)
    return shapes.part(lines, asked.size, lambda line: line.id)


@subject.read("/deals/{deal_id}", Deal)
def get_deal(request: Request, response: HttpResponse, deal_id: shapes.Id, back: Query[LookBack]) -> Any:
    """Read one deal

    As it is, or as it was on a day.
    """
    found = deal_page.facts_then(request.auth.user, deal_id, back.day)
    if back.day is None:
        response.headers["ETag"] = etag(found.version)
    return found


@subject.read("/deals/{deal_id}/people", shapes.each(Participant))
def list_people_of_deal(request: Request, deal_id: shapes.Id, back: Query[LookBack]) -> Any:
    """List the customer's people on a deal

    As they take part, or took part on a day.
    """
    deal_page.facts_then(request.auth.user, deal_id, back.day)
    return deal_page.participants(deal_id, on=back.day.day if back.day else None)


@subject.read("/events", shapes.several(Event))
def list_events(request: Request, asked: Query[EventsAsked]) -> Any:
    """List events

    In the order in which they were recorded: keep the last cursor, and go on from there for what is new.
    """
    lines = feed.events_after(
        request.auth.user,
        after=shapes.after(asked.cursor),
        size=asked.size + 1,
        kinds=[asked.kind] if asked.kind else (),
        deal_id=asked.deal_id,
        since=asked.since,
        as_of=asked.day,
    )
    return shapes.part(lines, asked.size, lambda line: line.id)


@subject.write("/events", Noted)
def note_events(request: Request, sent: EventsSent) -> Any:
    """Note events

    The same event sent again changes nothing. Demands, concessions and exceptions have operations of their own.
    """
    told = [actions.Event(**dict(event)) for event in sent.events]
    return {"new": actions.note_events(by=request.auth.user, at=timezone.now(), events=told, origin=ORIGIN)}


def etag(version: int) -> str:
    """Return the mark of a version, to be sent back as If-Match."""
    return f'"{version}"'


def version_of(if_match: str | None) -> int:
    """Return which version a change was decided on. Raises HttpError (428) where a program does not say."""
    if not if_match:
        raise HttpError(428, "no If-Match")
    return int(if_match.strip('"'))


def _today(as_of: AsOf | None) -> dt.date:
    return as_of.day if as_of else timezone.localdate()
