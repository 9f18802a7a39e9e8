"""What a world file may say: the named people, deals and agreements of a small company, in YAML.

Version 1. Unknown keys are errors. People, teams, accounts and contacts are named by their ``key`` (teams
by ``name``); moments without a zone are in the company's own. ``reference`` makes the manual's page from these classes.
"""

from __future__ import annotations

import datetime as dt
import enum
from decimal import Decimal
from typing import Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field
from pydantic.fields import FieldInfo

from hingepoint.records.agreements import AgreementState, Evidence, Side
from hingepoint.records.deals import BuyingRole, DealStatus, EventKind, Stage
from hingepoint.records.people import Role
from hingepoint.records.plans import Outcome, Verdict
from hingepoint.records.talks import ReasonState, Topic

VERSION = 1


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class TeamPart(_Part):
    """A node of the team tree; a parent stands before its children."""

    name: str
    parent: str | None = None


class UserPart(_Part):
    """Somebody who works here. With email and password they can sign in."""

    key: str
    name: str
    role: Role
    email: str | None = None
    password: str | None = None
    title: str = ""
    team: str | None = Field(None, description="The team they belong to.")
    manages: tuple[str, ...] = Field((), description="Teams they lead, with all below them.")
    since: dt.date | None = Field(None, description="First day in the team; the world's day when not given.")
    active: bool = True


class TypePart(_Part):
    """An agreement type that the company adds to the shipped catalogue."""

    key: str
    name: str
    side: Side
    counterpart: str = ""
    stage: Stage | None = None
    description: str = ""
    good: tuple[str, ...] = ()


class ContactPart(_Part):
    """A person at an account."""

    key: str
    name: str
    title: str = ""
    email: str = ""
    left_on: dt.date | None = None


class AccountPart(_Part):
    key: str
    name: str
    region: str = ""
    segment: str = ""
    country: str = Field("", max_length=2)
    contacts: tuple[ContactPart, ...] = ()


class RolePart(_Part):
    """Which part a contact plays on a deal."""

    contact: str
    role: BuyingRole
    since: dt.date | None = None


class AgreementPart(_Part):
    """One step in the life of an agreement: the state it reached, and what was known then.

    The same type may stand several times, in the order in which things happened.
    """

    type: str
    state: AgreementState
    at: dt.datetime | None = Field(None, description="When it happened; the world's moment when not given.")
    by: str | None = Field(None, description="Who wrote it down (a user); the system when not given.")
    act: str | None = None
    person: str | None = Field(None, description="A contact.")
    person_name: str | None = None
    asked_of: str | None = Field(None, description="A user: an inside partner sees what is asked of them.")
    due_on: dt.date | None = None
    needed_by: dt.date | None = None
    evidence: Evidence | None = None
    quality: int | None = Field(None, ge=0, le=7)
    reason: str | None = None
    owed_in_return: str | None = None
    note: str = ""


class EventPart(_Part):
    """Something else that happened on a deal."""

    kind: EventKind
    name: str
    at: dt.datetime
    state: str = ""
    actor: str = ""
    counterpart: str = ""
    value: Decimal | None = None
    currency: str = ""
    note: str = ""


class CorridorPart(_Part):
    """What we may charge: confidential."""

    opening: Decimal
    target: Decimal
    walk_away: Decimal


class CoachingNotePart(_Part):
    """What manager and seller spoke about: private to the two."""

    by: str
    to: str
    note: str
    at: dt.datetime | None = None


class ReasonPart(_Part):
    """Why they ask. The state says how well it is known: stated needs said_by, confirmed a second person too."""

    text: str
    state: ReasonState = ReasonState.HYPOTHESISED
    said_by: str = ""
    confirmed_by: str = ""
    by: str | None = Field(None, description="Who wrote it down (a user); the owner when not given.")
    at: dt.datetime | None = Field(None, description="When it was written; when they asked if not given.")


class DemandPart(_Part):
    """What the customer asks of us."""

    key: str = Field("", description="A name by which concessions and exceptions of this deal refer to it.")
    topic: Topic
    words: str = ""
    asked_by: str = ""
    value: Decimal | None = None
    at: dt.datetime | None = Field(None, description="When they asked; the world's moment when not given.")
    by: str | None = Field(None, description="Who wrote it down (a user); the owner when not given.")
    reasons: tuple[ReasonPart, ...] = Field((), description="In the order in which they were written.")


class ConcessionPart(_Part):
    """What we gave."""

    topic: Topic
    what: str = ""
    value: Decimal | None = None
    in_return: str = ""
    demand: str | None = Field(None, description="The key of a demand of this deal.")
    final: bool = Field(False, description="We called it our last.")
    worth: int | None = Field(None, ge=1, le=3, description="What it is worth to them: 1 little to 3 a lot.")
    at: dt.datetime | None = Field(None, description="When we gave it; the world's moment when not given.")
    by: str | None = Field(None, description="Who gave it (a user); the owner when not given.")


class ExceptionAnswerPart(_Part):
    """What one of those asked said; whom to ask follows from the rules."""

    by: str
    answer: Literal["approved", "in_part", "declined"]
    granted: float | None = Field(None, ge=0, le=1)
    words: str = ""
    at: dt.datetime | None = None


class PulsePart(_Part):
    """Two taps of an inside partner who was asked: confidential."""

    by: str
    defended: bool
    argues_for: Literal["company", "both", "customer"]


class EscalationPart(_Part):
    """A request for exceptional price or terms."""

    kind: Literal["price", "terms"]
    discount: float | None = Field(None, ge=0, le=1)
    wanted: str = ""
    reason: str = ""
    alternatives: str = ""
    return_asked: str = ""
    demand: str | None = Field(None, description="The key of a demand of this deal.")
    at: dt.datetime | None = Field(None, description="When it was asked; the world's moment when not given.")
    by: str | None = Field(None, description="Who asked (a user); the owner when not given.")
    answers: tuple[ExceptionAnswerPart, ...] = ()
    pulses: tuple[PulsePart, ...] = ()


class InvolvementPart(_Part):
    """An executive's part in the deal, agreed before. What they did is an event of kind `executive`."""

    executive: str
    purpose: Literal["value", "relationship", "decision", "delivery", "problem"] = "value"
    aim: str
    not_to_say: str = ""
    may_discuss_price: bool = False
    at: dt.datetime | None = Field(None, description="When it was agreed; the world's moment when not given.")
    by: str | None = Field(None, description="Who agreed it (a user); the owner when not given.")


class RulePart(_Part):
    """Whom to ask for which exceptions; all conditions must hold."""

    approver: Literal["manager", "leader", "sponsor", "person"]
    person: str | None = Field(None, description="A user; for `person`.")
    kind: Literal["", "price", "terms"] = ""
    discount_from: float | None = Field(None, ge=0, le=1)
    value_from: Decimal | None = None


class PolicyPart(_Part):
    """The rules for exceptions."""

    version: str
    own_discount: float = Field(ge=0, le=1)
    fast_discount: float = Field(ge=0, le=1)
    fast_value: Decimal | None = None
    rules: tuple[RulePart, ...] = ()


#: One line, or a list of them.
Lines = str | tuple[str, ...]


class TradePart(_Part):
    """Something to offer, or to ask in return."""

    what: str
    cost: int | None = Field(None, ge=1, le=3, description="To the side that gives it, 1 little to 3 a lot.")
    worth: int | None = Field(None, ge=1, le=3, description="To the side that gets it, 1 little to 3 a lot.")


class PlanReviewPart(_Part):
    """What somebody said to a plan. A manager of the deal's team approves and returns."""

    by: str
    verdict: Verdict = Verdict.COMMENT
    words: str = ""
    at: dt.datetime | None = None


class PlanPart(_Part):
    """One writing of a plan: of a talk about an agreement, or, without one, of the deal. Every part may be
    one line or a list of them."""

    agreement: str | None = None
    by: str
    at: dt.datetime | None = Field(
        None, description="When it was really written; the world's moment when not given."
    )
    talk_on: dt.date | None = None
    best: Lines = Field((), description="What we ask, at best.")
    minimum: Lines = Field((), description="The least that still moves the deal.")
    from_whom: Lines = Field((), description="Who can promise it.")
    why_they_would: Lines = Field((), description="What they gain by it.")
    our_power: Lines = Field((), description="What is strong on our side.")
    their_power: Lines = Field((), description="What is strong on theirs.")
    our_alternative: Lines = Field((), description="What we do without it.")
    their_alternative: Lines = Field((), description="What they do without us.")
    get: Lines = Field((), description="What we must learn.")
    give: Lines = Field((), description="What we tell them.")
    protect: Lines = Field((), description="What we do not say.")
    demand: Lines = Field((), description="What they will ask of us.")
    hypotheses: Lines = Field((), description="Why they may ask it: two at least.")
    questions: Lines = Field((), description="Questions to ask.")
    offer: tuple[TradePart, ...] = ()
    request: tuple[TradePart, ...] = ()
    risks: Lines = Field((), description="In the plan of a deal.")
    steps: dict[str, str] = Field(
        default_factory=dict, description="In the plan of a deal: the next step per agreement type."
    )
    reviews: tuple[PlanReviewPart, ...] = ()


class DebriefPart(_Part):
    """What a talk brought; it takes the step in the register that follows from it."""

    agreement: str
    by: str
    outcome: Outcome = Field(description="A continuation is no agreement.")
    at: dt.datetime | None = Field(
        None, description="When the talk was held; the world's moment when not given."
    )
    act: str = ""
    person: str | None = Field(None, description="A contact.")
    person_name: str = ""
    due_on: dt.date | None = None
    evidence: Evidence = Evidence.TOLD
    why_not: str = ""
    owed_in_return: str = ""
    demand: str = ""
    reason: str = ""
    learned: str = ""


class DealPart(_Part):
    key: str
    name: str = ""
    account: str | None = None
    owner: str | None = None
    team: str | None = Field(None, description="The owner's team when not given.")
    status: DealStatus = DealStatus.OPEN
    stage: str = ""
    created: dt.datetime
    closed: dt.datetime | None = None
    expected_close: dt.date | None = None
    amount: Decimal | None = None
    currency: str = Field("", max_length=3)
    initial_amount: Decimal | None = None
    list_price: Decimal | None = None
    net_price: Decimal | None = None
    discount: float | None = Field(None, ge=-1, le=1)
    cost: Decimal | None = None
    margin: float | None = Field(None, ge=-1, le=1)
    region: str = ""
    segment: str = ""
    product: str = ""
    source: str = ""
    link: str = ""
    extra: dict[str, Any] = Field(default_factory=dict)
    people: tuple[RolePart, ...] = ()
    agreements: tuple[AgreementPart, ...] = ()
    events: tuple[EventPart, ...] = ()
    corridor: CorridorPart | None = None
    demands: tuple[DemandPart, ...] = ()
    concessions: tuple[ConcessionPart, ...] = ()
    escalations: tuple[EscalationPart, ...] = ()
    involvements: tuple[InvolvementPart, ...] = ()
    coaching_notes: tuple[CoachingNotePart, ...] = ()
    plans: tuple[PlanPart, ...] = ()
    debriefs: tuple[DebriefPart, ...] = ()


class World(_Part):
    """The whole file."""

    world: Literal[1] = Field(description="The version of this format.")
    name: str
    at: dt.datetime = Field(description="The moment at which everything is written down.")
    teams: tuple[TeamPart, ...] = ()
    users: tuple[UserPart, ...] = ()
    types: tuple[TypePart, ...] = ()
    accounts: tuple[AccountPart, ...] = ()
    policy: PolicyPart | None = None
    deals: tuple[DealPart, ...] = ()


_PARTS = (
    ("The file", World),
    ("teams", TeamPart),
    ("users", UserPart),
    ("types", TypePart),
    ("accounts", AccountPart),
    ("accounts: contacts", ContactPart),
    ("deals", DealPart),
    ("deals: people", RolePart),
    ("deals: agreements", AgreementPart),
    ("deals: events", EventPart),
    ("deals: corridor", CorridorPart),
    ("deals: demands", DemandPart),
    ("deals: demands: reasons", ReasonPart),
    ("deals: concessions", ConcessionPart),
    ("deals: escalations", EscalationPart),
    ("deals: escalations: answers", ExceptionAnswerPart),
    ("deals: escalations: pulses", PulsePart),
    ("deals: involvements", InvolvementPart),
    ("policy", PolicyPart),
    ("policy: rules", RulePart),
    ("deals: coaching_notes", CoachingNotePart),
    ("deals: plans", PlanPart),
    ("deals: plans: offer, request", TradePart),
    ("deals: plans: reviews", PlanReviewPart),
    ("deals: debriefs", DebriefPart),
)


def reference() -> str:
    """Return the manual's page about world files, as Markdown."""
    lines = ["# World files", "", *_INTRODUCTION]
    for title, part in _PARTS:
        lines += ["", f"## {title}", ""]
        if part.__doc__ and part.__doc__ != BaseModel.__doc__:
            lines += [" ".join(part.__doc__.split()), ""]
        lines += ["| key | needed | what it is |", "|---|---|---|"]
        lines += [_row(name, field) for name, field in part.model_fields.items()]
    return "\n".join([*lines, ""])


_INTRODUCTION = (
    "`hingepoint seed WORLD.yaml [--reset]` loads a small named world into an empty database, through the ordinary",
    "actions: what the product refuses to a person, it refuses to a file. The file is all or nothing, and the same file",
    "gives the same database. Unknown keys are errors, named with their line. An example is shipped as",
    "`hingepoint/demo/worlds_examples/small.yaml`.",
    "",
    "People, accounts, contacts and deals are named by their `key`, teams by their `name`, agreement types by the key of",
    "the catalogue. Moments without a zone are in the company's own. Coaching notes go between a deal's owner and",
    "a manager of their team.",
)


def _row(name: str, field: FieldInfo) -> str:
    needed = "yes" if field.is_required() else ""
    words = [field.description or "", _values(field.annotation)]
    return f"| `{name}` | {needed} | {' '.join(word for word in words if word)} |"


def _values(annotation: Any) -> str:
    """Return the words a field may hold, or what kind of value it wants."""
    kinds = [kind for kind in (get_args(annotation) or (annotation,)) if kind not in (type(None), ...)]
    kind = kinds[0]
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return "One of " + ", ".join(f"`{member.value}`" for member in kind) + "."
    if isinstance(kind, type) and issubclass(kind, _Part):
        return "See below."
    return _KINDS.get(kind, "")


_KINDS = {
    dt.datetime: "A moment, `2026-03-02T09:00:00`.",
    dt.date: "A day, `2026-03-02`.",
    Decimal: "Money in the deal's currency.",
    float: "A share: `0.15`.",
    bool: "`true` or `false`.",
}
