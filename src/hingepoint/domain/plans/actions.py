"""Every change to plans, their reviews and debriefs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

from django.utils import timezone

from hingepoint.analysis.talks import reasons
from hingepoint.domain.agreements import actions as agreements
from hingepoint.domain.agreements.models import Agreement, AgreementEvent, AgreementType
from hingepoint.domain.audit.actions import record
from hingepoint.domain.deals.actions import HAND, deal_for, deal_of, first_unless_second
from hingepoint.domain.deals.models import Contact, Deal, DealEvent
from hingepoint.domain.negotiation import actions as negotiation
from hingepoint.domain.people.models import User
from hingepoint.domain.plans.models import Debrief, Plan, PlanReview
from hingepoint.domain.plans.parts import TALK_PARTS, Line, lines_of, to_json, with_sources
from hingepoint.domain.plans.rules import may_review
from hingepoint.domain.turns.actions import action, fingerprint, form, plain_facts
from hingepoint.records.agreements import STANDING, AgreementState, Evidence
from hingepoint.records.errors import Hidden, Refused, Stale
from hingepoint.records.plans import Outcome, Verdict
from hingepoint.records.talks import ReasonState

Offered = Mapping[str, Sequence[Line]]


class NothingAsked(Refused):
    """A plan says what we ask for, at best or at least."""

    field = "best"


class NothingPlanned(Refused):
    """A deal's plan says at least one next step or one risk."""


class NotTheirManager(Hidden):
    """A plan is approved and returned by a manager of the deal's team, and not by who wrote it."""


class NothingSaid(Refused):
    """A comment says something, and a return says why."""

    field = "words"


@action
def write_plan(
    *,
    by: User | None,
    at: dt.datetime,
    deal_id: int,
    type_key: str,
    talk_on: dt.date | None = None,
    offered: Offered | None = None,
    expected_number: int | None = None,
    **parts: str | Iterable[str | Line],
) -> Plan:
    """Write the plan for one conversation anew; earlier writings stay.

    ``parts`` are named as in ``parts.TALK_PARTS``. A line that stands in ``offered`` keeps its source; all
    others are the writer's own. ``expected_number`` is the writing it was written on (0: none). The same
    writing sent twice changes nothing. Raises Hidden, AgreementType.DoesNotExist, NothingAsked and Stale.
    """
    if unknown := parts.keys() - {part.key for part in TALK_PARTS}:
        raise TypeError(f"not parts of a plan: {', '.join(sorted(unknown))}")
    told = _told(parts, offered)
    if not (told.get("best") or told.get("minimum")):
        raise NothingAsked("Say what you ask for, at best or at least.")
    deal = deal_for(by, deal_id)
    agreement = _planned(deal, type_key, by=by, at=at)
    plan = Plan(deal=deal, agreement=agreement, talk_on=talk_on, written_by=by, written_at=at)
    return _write(plan, told, expected_number=expected_number)


def _planned(deal: Deal, type_key: str, *, by: User | None, at: dt.datetime) -> Agreement:
    """Return the agreement, which is *planned* from now on if nothing was done about it yet."""
    kind = AgreementType.objects.meant(key=type_key)
    known = Agreement.objects.filter(deal=deal, type=kind).first()
    if known and known.state != AgreementState.NEEDED:
        return known
    step = agreements.Step(state=AgreementState.PLANNED, occurred_at=at)
    return agreements.take_step(by=by, at=at, deal_id=deal.pk, type_key=type_key, step=step)


@action
def write_deal_plan(
    *,
    by: User | None,
    at: dt.datetime,
    deal_id: int,
    parts: Mapping[str, str | Iterable[str | Line]],
    offered: Offered | None = None,
    expected_number: int | None = None,
) -> Plan:
    """Write the plan of a deal anew: risks, and a next step per agreement ahead. As ``write_plan``; raises
    Hidden, NothingPlanned and Stale."""
    told = _told(parts, offered)
    if not told:
        raise NothingPlanned("Say one next step, or one risk.")
    deal = deal_for(by, deal_id)
    return _write(Plan(deal=deal, written_by=by, written_at=at), told, expected_number=expected_number)


def _told(parts: Mapping[str, str | Iterable[str | Line]], offered: Offered | None) -> dict[str, list[Line]]:
    lines = {key: lines_of(told) for key, told in parts.items()}
    if offered is not None:
        lines = {key: with_sources(found, offered.get(key, ())) for key, found in lines.items()}
    return {key: found for key, found in lines.items() if found}


def _write(plan: Plan, told: Mapping[str, Sequence[Line]], *, expected_number: int | None) -> Plan:
    """Keep a writing as the next of its plan. The audit trail counts own lines; it tells none."""
    newest = _newest(plan)
    plan.parts = to_json(told)
    if newest and _same(newest, plan):
        return newest
    number = newest.number if newest else 0
    if newest and expected_number not in (None, number):
        raise Stale(newest)
    plan.number = number + 1
    plan.save(force_insert=True)
    own = {key: sum(line.own for line in lines) for key, lines in told.items()}
    record(
        by=plan.written_by,
        at=plan.written_at,
        action="write plan",
        subject="agreement" if plan.agreement_id else "deal",
        subject_id=plan.agreement_id or plan.deal_id,
        changes={key: n for key, n in own.items() if n},
    )
    return plan


def _newest(plan: Plan) -> Plan | None:
    return Plan.objects.filter(deal=plan.deal, agreement=plan.agreement).order_by("-number").first()


def _same(newest: Plan, plan: Plan) -> bool:
    told = ("written_by_id", "talk_on", "parts")
    return all(getattr(newest, name) == getattr(plan, name) for name in told)


@action
def review_plan(
    *,
    by: User,
    at: dt.datetime,
    plan_id: int,
    verdict: Verdict,
    words: str = "",
    token: str = "",
    second: bool | None = None,
) -> PlanReview:
    """Say something to a plan, approve it, or return it with the reason. ``token``: of the form it came with;
    ``second``: whether the same comment is another one. The same verdict again changes nothing.

    Raises Hidden, Stale when it was written anew meanwhile, NotTheirManager, NothingSaid and AlreadyNoted.
    """
    deal_of(by, Plan.objects.filter(pk=plan_id))
    plan = Plan.objects.select_related("deal").get(pk=plan_id)
    later = Plan.objects.filter(deal=plan.deal, agreement=plan.agreement, number__gt=plan.number)
    if newest := later.order_by("-number").first():
        raise Stale(newest)
    if verdict != Verdict.COMMENT and not may_review(by, plan):
        raise NotTheirManager("A manager of the deal's team approves and returns plans.")
    if verdict != Verdict.APPROVED and not words.strip():
        raise NothingSaid(
            "Say why you return it." if verdict == Verdict.RETURNED else "Write a sentence first."
        )
    sent = form(by, token, "review", plan_id, verdict, words)
    if known := sent.made(plan.reviews.all()):
        return known
    same = plan.reviews.filter(by=by, verdict=verdict, words=words.strip()).first()
    if known := first_unless_second(same, second if verdict == Verdict.COMMENT else False):
        return known
    review = PlanReview.objects.create(plan=plan, verdict=verdict, words=words.strip(), by=by, at=at)
    subject = ("agreement", plan.agreement_id) if plan.agreement_id else ("deal", plan.deal_id)
    record(by=by, at=at, action=f"review plan: {verdict}", subject=subject[0], subject_id=subject[1])
    sent.keep(review, at=at)
    return review


@dataclass(frozen=True, slots=True)
class Heard:
    """What came out of a talk, as somebody tells it right after."""

    outcome: Outcome
    held_at: dt.datetime
    act: str = ""
    person: Contact | None = None
    asked_of: User | None = None
    person_name: str = ""
    due_on: dt.date | None = None
    evidence: Evidence = Evidence.TOLD
    why_not: str = ""
    owed_in_return: str = ""
    demand: str = ""
    reason: str = ""
    learned: str = ""


@action
def debrief(
    *,
    by: User | None,
    at: dt.datetime,
    deal_id: int,
    type_key: str,
    heard: Heard,
    expected_version: int | None = None,
    origin: str = HAND,
    token: str = "",
    second: bool | None = None,
) -> Debrief:
    """Keep what a talk brought and take the register's step that follows from it.

    Gained, soft and declined are the agreement's new state. Nothing agreed is no step where it was asked
    already or stands, else *asked*: a continuation is not an agreement. ``token``: of the form it came with.
    ``second``: whether it is another talk beside one of the same day that brought the same, and whether what
    they asked is another demand beside one that says the same. Raises Hidden, Stale, AlreadyNoted,
    AgreementType.DoesNotExist, NotYetGained and ReasonMissing.
    """
    deal = deal_for(by, deal_id)
    kind = AgreementType.objects.meant(key=type_key)
    agreement = Agreement.objects.filter(deal=deal, type=kind).first()
    sent = form(by, token, "debrief", deal_id, type_key, *_said(heard))
    if known := sent.made(Debrief.objects.all()):
        return known
    if agreement and (known := first_unless_second(_alike(agreement, heard, by), second)):
        return known
    step = None
    if state := _state_after(heard.outcome, agreement.state if agreement else AgreementState.NEEDED):
        agreement = agreements.take_step(
            by=by,
            at=at,
            deal_id=deal_id,
            type_key=type_key,
            step=_step(heard, state),
            expected_version=expected_version,
            origin=origin,
        )
        step = agreement.events.order_by("-id").first()
    assert agreement is not None  # what is not in the register yet takes a step
    kept = _keep(agreement, heard, step=step, by=by, at=at, second=second)
    sent.keep(kept, at=at)
    return kept


def _said(heard: Heard) -> list[str]:
    """Return what tells one talk from another: of its moment the day, as a form says it."""
    told = {name: getattr(heard, name) for name in Heard.__slots__ if name != "held_at"}
    return plain_facts((told | {"on": timezone.localdate(heard.held_at)}).items())


def _identity(heard: Heard, by: User | None, number: int) -> int:
    """Return what tells a debrief from others: who said what of which day, and the how manieth alike it is."""
    return fingerprint(by and by.pk, number, *_said(heard))


def _alike(agreement: Agreement, heard: Heard, by: User | None) -> Debrief | None:
    """Return the first debrief of somebody that says the same of the same day."""
    return agreement.debriefs.filter(fingerprint=_identity(heard, by, 1)).first()


def _next_identity(agreement: Agreement, heard: Heard, by: User | None) -> int:
    identities = (_identity(heard, by, number) for number in count(1))
    return next(one for one in identities if not agreement.debriefs.filter(fingerprint=one).exists())


def _state_after(outcome: Outcome, now: str) -> AgreementState | None:
    """Return the state that a talk leads to; None where it changes none."""
    if outcome != Outcome.CONTINUATION:
        return AgreementState(outcome.value)
    unasked = (AgreementState.NEEDED, AgreementState.PLANNED, AgreementState.LAPSED)
    return AgreementState.ASKED if now in unasked else None


def _step(heard: Heard, state: AgreementState) -> agreements.Step:
    declined = state == AgreementState.DECLINED
    return agreements.Step(
        state=state,
        occurred_at=heard.held_at,
        act=heard.act.strip() or None,
        person=heard.person,
        asked_of=heard.asked_of,
        person_name=heard.person_name.strip() or None,
        due_on=heard.due_on,
        evidence=heard.evidence if state in STANDING else None,
        reason=heard.why_not.strip() or None if declined else None,
        owed_in_return=heard.owed_in_return.strip() or None,
    )


def _keep(
    agreement: Agreement,
    heard: Heard,
    *,
    step: AgreementEvent | None,
    by: User | None,
    at: dt.datetime,
    second: bool | None,
) -> Debrief:
    kept = Debrief.objects.create(
        agreement=agreement,
        plan=Plan.objects.filter(agreement=agreement, written_at__lte=heard.held_at)
        .order_by("-number")
        .first(),
        held_at=heard.held_at,
        outcome=heard.outcome,
        learned=heard.learned.strip(),
        step=step,
        demand=_note_demand(agreement, heard, by=by, at=at, second=second),
        written_by=by,
        written_at=at,
        fingerprint=_next_identity(agreement, heard, by),
    )
    told = {"outcome": heard.outcome.value, "demand": bool(kept.demand_id), "learned": bool(kept.learned)}
    changes: dict[str, Any] = {name: [None, value] for name, value in told.items() if value}
    record(by=by, at=at, action="debrief", subject="agreement", subject_id=agreement.pk, changes=changes)
    return kept


def _note_demand(
    agreement: Agreement, heard: Heard, *, by: User | None, at: dt.datetime, second: bool | None
) -> DealEvent | None:
    """Log what they asked of us in the talk, with the reason if one was heard."""
    if not heard.demand.strip():
        return None
    who = heard.person.name if heard.person else heard.person_name.strip()
    state = ReasonState.STATED if who else ReasonState.HYPOTHESISED
    why = negotiation.Why(heard.reason, state, said_by=who) if heard.reason.strip() else None
    return negotiation.log_demand(
        by=by,
        at=at,
        deal_id=agreement.deal_id,
        topic=reasons.topic_of("", heard.demand),
        words=heard.demand,
        asked_by=who,
        occurred_at=heard.held_at,
        why=why,
        second=second,
    )
