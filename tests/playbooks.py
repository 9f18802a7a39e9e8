"""Strategies and playbooks of the tests, in two words."""

from __future__ import annotations

from cast import NOW, TODAY
from hingepoint.domain.agreements.models import AgreementType
from hingepoint.domain.strategy import actions
from hingepoint.domain.strategy.models import Playbook, Strategy


def written(cast, **facts) -> Strategy:
    """A draft strategy with an empty playbook."""
    facts = {
        "name": "Discount less",
        "statement": "Sell value.",
        "metric": "supportive:discount<=0.15",
    } | facts
    return actions.write_strategy(by=cast.sponsor, at=NOW, **facts)


def choose(book: Playbook, key: str, **facts):
    """Choose an agreement by judgement, needed 20 days after creation unless said."""
    facts = {"judgement": "the sponsor's experience", "needed_days": 20} | facts
    return actions.choose(by=None, at=NOW, playbook=book, type=AgreementType.objects.get(key=key), **facts)


def in_force(cast, *keys: str, strategy: Strategy | None = None, **standard) -> Playbook:
    """A strategy in force since today, with a published playbook of ``keys``."""
    strategy = strategy or written(cast)
    actions.put_in_force(by=cast.sponsor, at=NOW, strategy=strategy, starts_on=TODAY)
    book = strategy.playbooks.get()
    for key in keys or ("cust.data_access",):
        choose(book, key, **standard)
    actions.publish(by=cast.analyst, at=NOW, playbook=book, today=TODAY, note="First version.")
    return book
