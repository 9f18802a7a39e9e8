"""Reading what one's assistant proposed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from hingepoint.domain.people.models import User
from hingepoint.domain.proposals.models import Proposal, ProposalQuerySet
from hingepoint.records.errors import Hidden
from hingepoint.records.proposals import ProposalKind, ProposalState

#: Answered ones that are shown.
LATEST = 20


@dataclass(frozen=True, slots=True)
class Proposed:
    """A proposal: the form as it would be sent, of whose fields the assistant filled those that are ``given``. ``state``: what
    became of it, with ``over`` for one that nobody answered in time."""

    id: int
    kind: ProposalKind
    deal_id: int
    deal: str
    type_id: int | None
    agreement: str
    currency: str
    said: Mapping[str, str]
    given: tuple[str, ...]
    version: int
    why: str
    quote: str
    program: str
    made_at: dt.datetime
    expires_at: dt.datetime
    state: ProposalState
    over: bool
    answered_at: dt.datetime | None


@dataclass(frozen=True, slots=True)
class Proposals:
    """What waits for one's word, the oldest first, and what became of the last ones."""

    waiting: tuple[Proposed, ...]
    answered: tuple[Proposed, ...]


def proposals(viewer: User, *, at: dt.datetime) -> Proposals:
    """Return the proposals of the viewer's assistant. Two SQL queries."""
    mine = Proposal.objects.visible_to(viewer)
    waiting = mine.waiting(at)
    answered = mine.exclude(pk__in=waiting.order_by().values("pk"))[:LATEST]
    return Proposals(_lines(waiting.order_by("id"), at), _lines(answered, at))


def waiting_on(viewer: User, deal_id: int, *, at: dt.datetime) -> int:
    """Return how many wait for the viewer's word on one deal."""
    return Proposal.objects.visible_to(viewer).waiting(at).filter(deal=deal_id).count()


def one(viewer: User, proposal_id: int, *, at: dt.datetime) -> Proposed:
    """Return one of the viewer's own, whatever became of it. Raises Hidden."""
    found = _lines(Proposal.objects.visible_to(viewer).filter(pk=proposal_id), at)
    if not found:
        raise Hidden("There is no such proposal.")
    return found[0]


def _lines(rows: ProposalQuerySet, at: dt.datetime) -> tuple[Proposed, ...]:
    return tuple(_line(row, at) for row in rows.select_related("deal__account", "type", "token"))


def _line(row: Proposal, at: dt.datetime) -> Proposed:
    return Proposed(
        id=row.pk,
        kind=ProposalKind(row.kind),
        deal_id=row.deal_id,
        deal=str(row.deal),
        type_id=row.type_id,
        agreement=str(row.type) if row.type else "",
        currency=row.deal.currency,
        said=row.said,
        given=tuple(row.given),
        version=row.version,
        why=row.why,
        quote=row.quote,
        program=row.token.name,
        made_at=row.made_at,
        expires_at=row.expires_at,
        state=ProposalState(row.state),
        over=row.state == ProposalState.WAITING and row.expires_at <= at,
        answered_at=row.answered_at,
    )
