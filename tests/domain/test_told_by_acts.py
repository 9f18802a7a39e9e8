"""Each kind of message follows from the act of somebody, with the numbers by which a program reads on."""

from __future__ import annotations

import datetime as dt
import json
from random import Random

import pytest

import calling
import discoveries
import hooks
import raising
from cast import NOW
from hingepoint.domain.discovery import actions as discovery
from hingepoint.domain.escalations import actions as escalations
from hingepoint.domain.signals import actions as signals
from hingepoint.domain.webhooks import actions
from hingepoint.records.escalations import Answer, CameBack, Kind
from hingepoint.records.signals import StepKind
from hingepoint.records.webhooks import HookKind

pytestmark = pytest.mark.django_db
WISH = escalations.Wish(
    Kind.PRICE,
    discount=0.25,
    reason="The budget was set before the second line was added",
    alternatives="offered training in place of price",
    return_asked="a reference by June",
)
HOUR = dt.timedelta(hours=1)


def asked(cast):
    return escalations.ask(by=cast.seller, at=NOW, deal_id=cast.deal.pk, wish=WISH)


def answered(cast):
    facts = {"answer": Answer.BACK, "words": "a reference"}
    return escalations.answer(by=cast.manager, at=NOW + HOUR, escalation_id=asked(cast).pk, **facts)


def exception(row) -> dict:
    return {"deal_id": row.deal_id, "exception_id": row.pk, "read": f"/api/exceptions/{row.pk}"}


def withdrawn(cast) -> dict:
    return exception(escalations.withdraw(by=cast.seller, at=NOW + HOUR, escalation_id=asked(cast).pk))


def came(cast) -> dict:
    facts = {"escalation_id": answered(cast).pk, "came": CameBack.GIVEN, "words": "by June"}
    return exception(escalations.bring_back(by=cast.seller, at=NOW + 2 * HOUR, **facts))


def signed(cast) -> dict:
    run, key = discoveries.finished_run(cast), "cust.data_access"
    discovery.decide(by=cast.analyst, at=NOW, run_id=run.pk, key=key, verdict="signed", note="Seen it.")
    return {"run_id": run.pk, "finding": key, "read": f"/api/runs/{run.pk}/findings/{key}"}


def signal(row) -> dict:
    return {"raise_id": row.pk, "signal": row.signal, "read": f"/api/signals/{row.signal}"}


def raise_answered(cast) -> dict:
    row = raising.a_raise()
    return signal(signals.answer(by=cast.sponsor, at=NOW, raise_id=row.pk, words="Two deals of one buyer."))


def raise_decided(cast) -> dict:
    row = raising.a_raise()
    return signal(signals.decide(by=cast.sponsor, at=NOW, raise_id=row.pk, led=StepKind.NOT_LED))


#: What is done -> (the kind it is told as, ``what`` the message calls it).
ACTS = {
    "a finding is signed": (signed, HookKind.FINDING, "signed"),
    "an exception is asked for": (lambda c: exception(asked(c)), HookKind.EXCEPTION, "note escalation"),
    "it is answered": (lambda c: exception(answered(c)), HookKind.EXCEPTION, "answer exception"),
    "what was asked back came": (came, HookKind.EXCEPTION, "bring exception back"),
    "it is withdrawn": (withdrawn, HookKind.EXCEPTION, "withdraw exception"),
    "a signal rises": (lambda _: signal(raising.a_raise()), HookKind.SIGNAL, "raise"),
    "a raise is answered": (raise_answered, HookKind.SIGNAL_ANSWERED, "answer"),
    "it led to no decision": (raise_decided, HookKind.SIGNAL_ANSWERED, "decide"),
}


@pytest.mark.parametrize("act", ACTS)
def test_an_act_is_told_with_the_numbers_by_which_it_is_read(cast, act):
    doing, kind, what = ACTS[act]
    hooks.added(kinds=[kind])
    expected = doing(cast)
    receiver = hooks.Receiver()
    actions.deliver_what_is_due(clock=lambda: NOW + 3 * HOUR, post=receiver, random=Random(7))
    *_, (_, body, _) = receiver.got
    told = json.loads(body)
    assert told["type"] == kind
    assert told["data"] == {"what": what, **expected}
    assert calling.program(cast.sponsor).get(told["data"]["read"].removeprefix("/api")).status_code == 200
    assert len(body) < 20_000
