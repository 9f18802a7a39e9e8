"""What is asked for and given on the deals of the cast, in two words each."""

from __future__ import annotations

import datetime as dt

from django.utils import timezone

from cast import NOW
from hingepoint.domain.deals.models import DealEvent
from hingepoint.domain.escalations import actions as escalations
from hingepoint.domain.escalations.models import Escalation
from hingepoint.domain.involvement import actions as involvement
from hingepoint.domain.involvement.models import Involvement
from hingepoint.domain.negotiation import actions as negotiation
from hingepoint.records.escalations import Answer, Approver, Kind
from hingepoint.records.involvement import Purpose
from hingepoint.records.talks import Topic
from snapshot import made_once


def now() -> dt.datetime:
    """Return this moment, for what pages show only while it is new."""
    return timezone.now()


def a_demand(cast, **facts) -> DealEvent:
    """Bo Lind asks Sanna for ten percent off."""
    told = {"topic": Topic.PRICE, "words": "10 percent off", "asked_by": "Bo Lind"} | facts
    return negotiation.log_demand(by=cast.seller, at=NOW, deal_id=cast.deal.pk, **told)


def legal_is_asked_about_terms(cast) -> None:
    """Publish rules: the manager always, Lee of legal about terms."""
    draft = escalations.draft_policy(by=cast.analyst, at=NOW)
    for rule in draft.rules.all():
        escalations.drop_rule(by=cast.analyst, at=NOW, rule_id=rule.pk)
    escalations.add_rule(by=cast.analyst, at=NOW, approver=Approver.MANAGER)
    person = {"approver": Approver.PERSON, "person": cast.inside_partner, "kind": Kind.TERMS}
    escalations.add_rule(by=cast.analyst, at=NOW, **person)
    escalations.publish_policy(by=cast.analyst, at=NOW)


@made_once
def an_exception(cast, at: dt.datetime = NOW, **facts) -> Escalation:
    """Sanna asks for sixty days to pay; Lee alone is asked, as the request is complete."""
    legal_is_asked_about_terms(cast)
    told = {
        "kind": Kind.TERMS,
        "wanted": "60 days to pay",
        "reason": "the money comes from next year's budget",
        "alternatives": "a smaller first step",
        "return_asked": "three-year term",
    } | facts
    return escalations.ask(by=cast.seller, at=at, deal_id=cast.deal.pk, wish=escalations.Wish(**told))


@made_once
def a_returned_exception(cast, at: dt.datetime = NOW, **facts) -> Escalation:
    """Lee of legal asks for a guarantee back; it rests with Sanna."""
    made = an_exception(cast, at=at, **facts)
    told = {"answer": Answer.BACK, "words": "a bank guarantee"}
    return escalations.answer(by=cast.inside_partner, at=at, escalation_id=made.pk, **told)


def a_role(cast, **facts) -> Involvement:
    """Max, who manages another team, joins Sanna's deal once."""
    told = {"executive": cast.other_manager, "purpose": Purpose.VALUE, "aim": "hear what must be different"}
    return involvement.agree_role(by=cast.seller, at=NOW, deal_id=cast.deal.pk, **(told | facts))
