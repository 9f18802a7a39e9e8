"""Words found in files, for the tests of the bridge: made in two words."""

from __future__ import annotations

import datetime as dt

from cast import NOW
from hingepoint.domain.agreements import actions as agreements
from hingepoint.domain.agreements.models import Agreement, AgreementType
from hingepoint.domain.bridge import actions
from hingepoint.domain.bridge.rules import Choice
from hingepoint.records.agreements import AgreementState, Evidence, Origin

KEY = "cust.data_access"


def word(name: str = "Usage data shared", **facts) -> AgreementType:
    """A type as an import makes one of a name that it does not know."""
    facts = {"side": "customer", "side_guessed": True} | facts
    return AgreementType.objects.create(key=name, name=name, origin=Origin.IMPORTED, **facts)


def kind(key: str = KEY) -> AgreementType:
    return AgreementType.objects.get(key=key)


def say(deal, key: str, state=AgreementState.GAINED, *, days: int = 0, by=None, **facts) -> Agreement:
    """Take a step on a deal's agreement, so many days after the first of the tests."""
    at = NOW + dt.timedelta(days=days)
    told = {"act": "send the log", "person_name": "Bo", "due_on": at.date(), "evidence": Evidence.TOLD}
    told = (told if state == AgreementState.GAINED else {}) | facts
    step = agreements.Step(state=state, occurred_at=at, **told)
    return agreements.take_step(by=by, at=at, deal_id=deal.pk, type_key=key, step=step)


def tie(found: AgreementType, key: str = KEY, *, by=None, at=NOW + dt.timedelta(days=30)):
    """Tie a word to a type; return what moved."""
    found.refresh_from_db()
    choice = Choice(found.pk, found.version, means=key)
    return actions.settle(by=by, at=at, choices=[choice])[0]
