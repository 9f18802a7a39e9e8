"""A deal in the middle of its negotiation, in which the cockpit has everything to show."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from django.utils import timezone

import playbooks
import talks
from cast import Cast, deal
from hingepoint.domain.agreements import actions as agreements
from hingepoint.domain.deals import actions as deals
from hingepoint.domain.deals.models import Account, Deal
from hingepoint.domain.escalations import actions as escalations
from hingepoint.domain.involvement import actions as involvement
from hingepoint.domain.negotiation import actions as negotiation
from hingepoint.domain.strategy import actions as strategies
from hingepoint.records.agreements import AgreementState, Evidence
from hingepoint.records.deals import BuyingRole, EventKind
from hingepoint.records.escalations import Kind
from hingepoint.records.talks import ReasonState, Topic
from snapshot import made_once

PIVOTAL = ("cust.executive_meeting", "cust.data_access", "cust.mutual_plan", "int.price_corridor")
CORRIDOR = {"opening": 417_900, "target": 384_500, "walk_away": 351_000}


def ago(days: int) -> dt.datetime:
    """Return this hour, so many days before now."""
    return timezone.now() - dt.timedelta(days=days)


@made_once
def negotiated(cast: Cast) -> Deal:
    """Sanna's deal of 251 days: two of four pivotal agreements, a corridor, two demands, two concessions that grow, an
    executive's visit and an exception that would fall below the walk-away."""
    account = deals.add_account(by=None, at=ago(260), key="PALM", name="Palmeron Public Works")
    found = deal(
        "D-05979", name="Vesper Monitoring for lower energy cost", owner=cast.seller, team=cast.north, account=account,
        created_at=ago(251), amount=417_900, initial_amount=417_900, list_price=417_900, segment="Public sector", stage="negotiate",
        expected_close_on=timezone.localdate() + dt.timedelta(days=11),
    )  # fmt: skip
    _reaches_stages(cast, found)
    _people_take_part(found, account)
    _is_asked_for(cast, found)
    _is_talked_about(cast, found)
    return found


def _reaches_stages(cast: Cast, found: Deal) -> None:
    told = {"by": cast.seller, "deal_id": found.pk, "kind": EventKind.STAGE}
    for name, days in (("discover", 250), ("prove", 140), ("propose", 75), ("negotiate", 26)):
        deals.note_event(at=ago(days), name=name, occurred_at=ago(days), **told)


def _people_take_part(found: Deal, account: Account) -> None:
    named = (
        ("Dominik Conti", "Finance", BuyingRole.BUDGET_OWNER),
        ("Matteo Farkas", "Buyer", BuyingRole.PROCUREMENT),
    )
    for name, title, role in named:
        contact = deals.add_contact(by=None, at=ago(240), account=account, key=name, name=name, title=title)
        deals.name_contact(
            by=None, at=ago(240), deal_id=found.pk, contact=contact, role=role, since=ago(240).date()
        )


def _is_asked_for(cast: Cast, found: Deal) -> None:
    book = playbooks.in_force(cast, *PIVOTAL, needed_days=60)
    strategies.ask_open_deals(at=timezone.now())
    assert book.pivotal.count() == len(PIVOTAL)
    dominik = found.people.get(contact__name="Dominik Conti").contact
    _step(cast, found, "cust.executive_meeting", AgreementState.ASKED, 220)
    _step(
        cast, found, "cust.executive_meeting", AgreementState.GAINED, 170, act="open the plant to us", person=dominik,
        due_on=ago(160).date(), evidence=Evidence.TOLD,
    )  # fmt: skip
    _step(
        cast, found, "cust.mutual_plan", AgreementState.GAINED, 200, act="keep the plan with us", person=dominik,
        due_on=ago(150).date(), evidence=Evidence.WRITTEN,
    )  # fmt: skip
    _step(cast, found, "cust.data_access", AgreementState.SOFT, 30, person=dominik)
    _step(cast, found, "cust.baseline", AgreementState.PLANNED, 20)


def _step(cast: Cast, found: Deal, key: str, state: AgreementState, days: int, **facts) -> None:
    step = agreements.Step(state=state, occurred_at=ago(days), **facts)
    agreements.take_step(by=cast.seller, at=ago(days), deal_id=found.pk, type_key=key, step=step)


def _is_talked_about(cast: Cast, found: Deal) -> None:
    told = {"by": cast.seller, "deal_id": found.pk}
    figures = {name: Decimal(value) for name, value in CORRIDOR.items()}
    negotiation.set_corridor(at=ago(70), **told, **figures)
    why = negotiation.Why("Their budget ends in December", ReasonState.STATED, "Matteo Farkas")
    asked = {"topic": Topic.PRICE, "words": "12 percent off", "asked_by": "Matteo Farkas", "why": why}
    negotiation.log_demand(at=ago(19), **told, **asked)
    negotiation.log_demand(
        at=ago(9), **told, topic=Topic.DELIVERY, words="Delivery before spring", asked_by="Nina Valente"
    )
    given = {"topic": Topic.PRICE, "value": Decimal(16_900), "in_return": "a project lead"}
    negotiation.concede(at=ago(13), **told, **given)
    negotiation.concede(at=ago(8), **told, topic=Topic.PRICE, value=Decimal(28_200))
    involvement.note_activity(at=ago(60), **told, executive=cast.sponsor, what="visit on value")
    talks.legal_is_asked_about_terms(cast)
    wish = escalations.Wish(
        kind=Kind.PRICE, discount=0.225, reason="Their budget ends in December", alternatives="two steps", return_asked="",
    )  # fmt: skip
    escalations.ask(at=ago(3), **told, wish=wish)
