"""Every change of proposals. Only a person's own yes writes what an assistant proposed, by the action of the form that was filled in."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from hingepoint.domain.agreements import actions as agreements
from hingepoint.domain.agreements.models import AgreementType
from hingepoint.domain.audit.actions import record
from hingepoint.domain.deals import actions as deals
from hingepoint.domain.negotiation import actions as negotiation
from hingepoint.domain.people.models import User
from hingepoint.domain.plans import actions as plans
from hingepoint.domain.proposals import rules
from hingepoint.domain.proposals.models import Proposal
from hingepoint.domain.tokens.models import Token
from hingepoint.domain.turns.actions import action, turn
from hingepoint.records.errors import Hidden, Refused
from hingepoint.records.languages import reason
from hingepoint.records.proposals import ProposalKind, ProposalState

#: What the form of each kind does when it is sent.
DOES: dict[ProposalKind, Callable[..., Any]] = {
    ProposalKind.STEP: agreements.take_step,
    ProposalKind.DEBRIEF: plans.debrief,
    ProposalKind.DEMAND: negotiation.log_demand,
    ProposalKind.CONCESSION: negotiation.concede,
    ProposalKind.EVENT: deals.note_event,
}


class AnsweredAlready(Refused):
    """A proposal is answered once, and in its time."""


@action
def propose(
    *,
    by: User,
    at: dt.datetime,
    token: Token,
    kind: ProposalKind,
    deal_id: int,
    type_id: int | None = None,
    said: Mapping[str, str],
    given: Sequence[str],
    version: int = 0,
    why: str = "",
    quote: str = "",
) -> Proposal:
    """Keep what the assistant of ``by`` would write; nothing is written by it. The same again is the one that waits already.
    Raises Hidden, TooManyWait and HasUnseenSigns."""
    rules.require_readable([*said.values(), why, quote])
    deal = deals.deal_for(by, deal_id)
    kept = {
        "kind": kind,
        "deal": deal,
        "type": _type(type_id),
        "said": dict(said),
        "why": why,
        "quote": quote,
    }
    waiting = Proposal.objects.filter(user=by).waiting(at)
    if known := next((one for one in waiting if all(getattr(one, k) == v for k, v in kept.items())), None):
        return known
    if len(waiting) >= rules.MOST_WAITING:
        raise rules.TooManyWait(
            reason(
                "{most_waiting} proposals wait for an answer already. Ask the person to answer these first.",
                most_waiting=rules.MOST_WAITING,
            )
        )
    row = Proposal.objects.create(
        user=by,
        token=token,
        given=list(given),
        version=version,
        made_at=at,
        expires_at=at + rules.WAITS,
        **kept,
    )
    record(by=by, at=at, action="propose", subject="deal", subject_id=deal.pk, changes=_told(row))
    return row


def _type(type_id: int | None) -> AgreementType | None:
    return AgreementType.objects.get(pk=type_id) if type_id else None


@action
def confirm(*, by: User, at: dt.datetime, proposal_id: int, told: Mapping[str, Any]) -> Proposal:
    """Write what was proposed, as ``told`` says it: the form as the person sent it, read as the action of its kind takes it.
    Sent twice it is written once. Raises Hidden, AnsweredAlready, and what that action raises."""
    row = _mine(by, proposal_id)
    if row.state == ProposalState.CONFIRMED:
        return row
    _answer(row, ProposalState.CONFIRMED, at=at)
    about = {"type_key": row.type.key} if row.type else {}
    DOES[ProposalKind(row.kind)](by=by, at=at, deal_id=row.deal_id, **about, **told)
    record(
        by=by, at=at, action="confirm proposal", subject="deal", subject_id=row.deal_id, changes=_told(row)
    )
    return row


@action
def refuse(*, by: User, at: dt.datetime, proposal_id: int) -> Proposal:
    """Say no to what was proposed: nothing is written. Raises Hidden and AnsweredAlready."""
    row = _mine(by, proposal_id)
    if row.state != ProposalState.REFUSED:
        _answer(row, ProposalState.REFUSED, at=at)
        record(
            by=by, at=at, action="refuse proposal", subject="deal", subject_id=row.deal_id, changes=_told(row)
        )
    return row


def _mine(by: User, proposal_id: int) -> Proposal:
    """Return a proposal in this action's turn, and in that of its deal before. Raises Hidden."""
    mine = Proposal.objects.visible_to(by).filter(pk=proposal_id)
    deals.deal_of(by, mine)
    row = turn(Proposal.objects.filter(user=by), pk=proposal_id)
    if row is None:
        raise Hidden("There is no such proposal.")
    return row


def _answer(row: Proposal, state: ProposalState, *, at: dt.datetime) -> None:
    if row.state != ProposalState.WAITING:
        raise AnsweredAlready("You answered this proposal already.")
    if row.expires_at <= at:
        raise AnsweredAlready(
            "This proposal waited too long and is over. Ask your assistant to propose it anew."
        )
    row.state, row.answered_at = state, at
    row.save(update_fields=["state", "answered_at"])


def _told(row: Proposal) -> dict[str, Any]:
    """Return what the trail keeps of a proposal: never its texts."""
    return {"proposal": row.pk, "kind": row.kind, "program": row.token.name}


@action
def forget_old(*, at: dt.datetime) -> int:
    """Forget proposals that were answered or over long ago; return how many."""
    return Proposal.objects.filter(expires_at__lt=at - rules.KEPT).delete()[0]
