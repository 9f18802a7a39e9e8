"""Strategies and playbooks of the tests, in two words."""

from __future__ import annotations

import datetime as dt

from cast import NOW, TODAY, deal, person
from hingepoint.domain.agreements import actions as agreements
from hingepoint.domain.agreements.models import AgreementType
from hingepoint.domain.deals import actions as deals
from hingepoint.domain.strategy import actions
from hingepoint.domain.strategy.models import Playbook, Strategy
from hingepoint.records.agreements import AgreementState, Evidence
from hingepoint.records.people import Role
from snapshot import made_once


def written(cast, **facts) -> Strategy:
    """A draft strategy with an empty playbook; without grace, so that what was due before is late."""
    facts = {
        "grace_days": 0,
        "name": "Discount less",
        "statement": "Sell value.",
        "metric": "supportive:discount<=0.15",
    } | facts
    return actions.write_strategy(by=cast.sponsor, at=NOW, **facts)


def choose(book: Playbook, key: str, **facts):
    """Choose an agreement by judgement, needed 20 days after creation unless said."""
    facts = {"judgement": "the sponsor's experience", "needed_days": 20} | facts
    return actions.choose(by=None, at=NOW, playbook=book, type=AgreementType.objects.get(key=key), **facts)


@made_once
def in_force(cast, *keys: str, strategy: Strategy | None = None, **standard) -> Playbook:
    """A strategy in force since today, with a published playbook of ``keys``, of which every open deal is asked."""
    strategy = strategy or written(cast)
    actions.put_in_force(by=cast.sponsor, at=NOW, strategy=strategy, starts_on=TODAY)
    book = strategy.playbooks.get()
    for key in keys or ("cust.data_access",):
        choose(book, key, **standard)
    actions.publish(by=cast.analyst, at=NOW, playbook=book, note="First version.")
    actions.ask_open_deals(at=NOW)
    return book


def won(cast, n: int, *, days: int = 10):
    """A well-executed deal of a seller of its own, who gained the data on day ``days``."""
    seller = person(f"Seller{n}", Role.SELLER)
    account = deals.add_account(by=None, at=NOW, key=f"A{n}", name="Hidden Mills")
    facts = {"created_at": NOW - dt.timedelta(days=100), "discount": 0.05, "account": account}
    found = deal(f"W-{n}", owner=seller, team=cast.north, **facts)
    step = agreements.Step(
        state=AgreementState.GAINED,
        occurred_at=found.created_at + dt.timedelta(days=days),
        act="open the logs of Hidden to us",
        person_name="Bo",
        due_on=TODAY,
        evidence=Evidence.WRITTEN,
    )
    agreements.take_step(by=None, at=NOW, deal_id=found.pk, type_key="cust.data_access", step=step)
    deals.change_deal(by=None, at=NOW, deal_id=found.pk, status="won", closed_at=NOW)
