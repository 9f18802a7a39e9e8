"""An agreement that a customer with an address can be asked about."""

import datetime as dt

from cast import NOW
from hingepoint.domain.agreements import actions as agreements
from hingepoint.domain.agreements.models import Agreement
from hingepoint.domain.deals.models import Contact
from hingepoint.records.agreements import AgreementState

BO = "bo.berg@acme.example"


def asked_of_bo(cast, type_key: str = "cust.data_access") -> Agreement:
    """Return an agreement that was asked of Bo, whose address is known."""
    known = {"account": cast.account, "name": "Bo Berg", "email": BO}
    bo, _ = Contact.objects.get_or_create(key="bo", defaults=known)
    step = agreements.Step(
        state=AgreementState.ASKED,
        occurred_at=NOW,
        act="send the cost data",
        person_name="Bo Berg",
        due_on=dt.date(2999, 1, 1),
    )
    made = agreements.take_step(by=cast.seller, at=NOW, deal_id=cast.deal.pk, type_key=type_key, step=step)
    made.person = bo
    made.save()
    return made
