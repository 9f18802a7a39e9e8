"""What assistants propose: a form of ours, filled in, that their person confirms or refuses on a page. Nothing is written here."""

from __future__ import annotations

import datetime as dt
from enum import Enum
from typing import Annotated, Any, Literal

import msgspec
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from hingepoint.api import assistants
from hingepoint.api.assistants import Number, tool
from hingepoint.domain.proposals import actions, queries
from hingepoint.records.agreements import AgreementState
from hingepoint.records.plans import Outcome
from hingepoint.records.proposals import ProposalKind
from hingepoint.records.talks import ReasonState, Topic
from hingepoint.records.tokens import WRITE
from hingepoint.records.tokens import Topic as Scope
from hingepoint.web import proposals as forms

#: The server with every tool: those that read, and these.
server = assistants.server

Short = Annotated[str, msgspec.Meta(max_length=200)]
Act = Annotated[str, msgspec.Meta(max_length=500)]
Long = Annotated[str, msgspec.Meta(max_length=1_000)]
Money = Annotated[float, msgspec.Meta(ge=0, le=10**12)]
#: 1 our impression, 2 they said it, 3 they wrote it, 4 they did it.
Level = Literal[1, 2, 3, 4]


class Proposal(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What every proposal says: on which deal, why, and in ``quote`` the customer's own words on which it rests."""

    deal_id: Number
    why: Long
    quote: Long = ""


class Step(Proposal):
    """What happened to an agreement, and what is known of it now. What is left out stays as it is on record."""

    type_id: Number
    state: AgreementState
    occurred_on: dt.date | None = None
    act: Act = ""
    person_name: Short = ""
    due_on: dt.date | None = None
    evidence: Level | None = None
    reason: Long = ""
    owed_in_return: Long = ""
    note: Long = ""


class Next(Proposal):
    """What we ask of whom next, by when."""

    type_id: Number
    act: Act
    person_name: Short = ""
    due_on: dt.date | None = None


class Debrief(Proposal):
    """What came out of a talk about an agreement."""

    type_id: Number
    outcome: Outcome
    held_on: dt.date | None = None
    act: Act = ""
    person_name: Short = ""
    due_on: dt.date | None = None
    evidence: Level | None = None
    why_not: Long = ""
    owed_in_return: Long = ""
    demand: Long = ""
    reason: Long = ""
    learned: Long = ""


class Demand(Proposal):
    """What the customer asks for; in ``reason`` why they need it, and in ``known`` how we know that."""

    topic: Topic
    words: Long = ""
    asked_by: Short = ""
    value: Money | None = None
    reason: Long = ""
    known: ReasonState | None = None
    confirmed_by: Short = ""
    happened_on: dt.date | None = None


class Concession(Proposal):
    """What we gave, and what came back."""

    topic: Topic
    what: Short = ""
    value: Money | None = None
    in_return: Long = ""
    final: bool = False
    happened_on: dt.date | None = None


class Happened(Proposal):
    """Something that happened on a deal and is no agreement, demand or concession."""

    kind: Literal["activity", "quote", "document"]
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    happened_on: dt.date | None = None
    counterpart: Short = ""
    note: Long = ""


_WHAT_FOLLOWS = " Nothing is written: the person confirms or refuses it on a page, which the answer names."


@tool(
    Scope.PROPOSALS,
    "Propose a step of an agreement: its new state and what is known of it." + _WHAT_FOLLOWS,
    WRITE,
)
def propose_step(request: HttpRequest, asked: Step) -> Any:
    """Keep a step of an agreement for the person to confirm."""
    return _propose(request, ProposalKind.STEP, asked)


@tool(
    Scope.PROPOSALS,
    "Propose what to ask for next on an agreement, of whom and by when." + _WHAT_FOLLOWS,
    WRITE,
)
def propose_next_step(request: HttpRequest, asked: Next) -> Any:
    """Keep a plan to ask for the person to confirm."""
    return _propose(request, ProposalKind.STEP, asked, state=AgreementState.PLANNED.value)


@tool(
    Scope.PROPOSALS,
    "Propose the debrief of a talk: how it ended, who promised what by when." + _WHAT_FOLLOWS,
    WRITE,
)
def propose_debrief(request: HttpRequest, asked: Debrief) -> Any:
    """Keep a debrief for the person to confirm."""
    return _propose(request, ProposalKind.DEBRIEF, asked)


@tool(
    Scope.PROPOSALS,
    "Propose to note a demand of the customer, with the reason behind it." + _WHAT_FOLLOWS,
    WRITE,
)
def propose_demand(request: HttpRequest, asked: Demand) -> Any:
    """Keep a demand for the person to confirm; on its form the reason stands under another name."""
    return _propose(request, ProposalKind.DEMAND, asked, rename={"reason": "why"})


@tool(
    Scope.PROPOSALS,
    "Propose to note a concession that was given, and what came back for it." + _WHAT_FOLLOWS,
    WRITE,
)
def propose_concession(request: HttpRequest, asked: Concession) -> Any:
    """Keep a concession for the person to confirm."""
    return _propose(request, ProposalKind.CONCESSION, asked)


@tool(Scope.PROPOSALS, "Propose to note an activity, a quote or a document on a deal." + _WHAT_FOLLOWS, WRITE)
def propose_event(request: HttpRequest, asked: Happened) -> Any:
    """Keep an event for the person to confirm."""
    return _propose(request, ProposalKind.EVENT, asked)


@tool(Scope.PROPOSALS, "What you proposed: what waits for the person, and what they confirmed or refused.")
def my_proposals(request: HttpRequest) -> Any:
    """Return the proposals of the person's assistants."""
    found = queries.proposals(request.user, at=timezone.now())  # type: ignore[arg-type]
    return {"proposals": [_line(one) for one in (*found.waiting, *found.answered)]}


def _propose(
    request: HttpRequest,
    kind: ProposalKind,
    asked: Proposal,
    *,
    rename: dict[str, str] | None = None,
    **more: str,
) -> Any:
    told = msgspec.structs.asdict(asked)
    about = {name: told.pop(name, None) for name in ("deal_id", "type_id")}
    why, quote = told.pop("why"), told.pop("quote")
    given = {
        (rename or {}).get(name, name): _typed(value)
        for name, value in told.items()
        if value not in (None, "", False)
    }
    filled = forms.fill_in(request, kind, **about, given=given | more)
    kept = actions.propose(
        by=request.user,  # type: ignore[arg-type]
        at=timezone.now(),
        token=request.caller.token,  # type: ignore[attr-defined]
        kind=kind,
        why=why,
        quote=quote,
        **about,
        **filled,
    )
    return {
        "proposal": kept.pk,
        "state": kept.state,
        "expires_at": kept.expires_at,
        "page": reverse("proposals"),
    }


def _typed(value: Any) -> str:
    """Return a value as a form sends it."""
    return "on" if value is True else str(value.value if isinstance(value, Enum) else value)


def _line(one: queries.Proposed) -> dict[str, Any]:
    state = "over" if one.over else one.state.value
    told = {
        "proposal": one.id,
        "kind": one.kind.value,
        "state": state,
        "deal_id": one.deal_id,
        "type_id": one.type_id,
    }
    return told | {"title": one.deal, "why": one.why, "quote": one.quote, "page": reverse("proposals")}
