"""What stands behind some agreements of the demo company, and customers who were asked by a link."""

from __future__ import annotations

import datetime as dt

from hingepoint.domain.agreements.models import Agreement
from hingepoint.domain.proof import actions as proof
from hingepoint.domain.proof.rules import token_of
from hingepoint.records.agreements import AgreementState, Evidence, Side
from hingepoint.records.people import Role
from hingepoint.records.proof import Answer

#: So many agreements have their words kept, and so many customers are asked by a link.
WITH_WORDS, ASKED_BY_LINK = 24, 6

_MAILS = (
    "From {who}: As discussed I will {act}. You have it by {day}.",
    "Minutes, point 3: {who} will {act}, until {day}.",
    "{who} by mail: agreed, we will {act} by {day}. Please send the template before.",
)
_ANSWERS = (
    (Answer.CONFIRMED, ""),
    None,
    (Answer.CORRECTED, "Yes, but only for the first line; the second comes in spring."),
)


def write(*, at: dt.datetime) -> None:
    """Keep the words behind some written agreements, and ask some customers by a link; a few answered."""
    kept = _live().filter(state=AgreementState.KEPT, evidence__gte=Evidence.WRITTEN)
    for turn, agreement in enumerate(kept[:WITH_WORDS]):
        words = _MAILS[turn % len(_MAILS)].format(
            who=agreement.person.name, act=agreement.act, day=f"{agreement.due_on.day} {agreement.due_on:%B}"
        )
        proof.attach(by=agreement.deal.owner, at=at, agreement_id=agreement.pk, words=words,
                     strength=Evidence(agreement.evidence))  # fmt: skip
    asked = _live().filter(state=AgreementState.ASKED)
    for turn, agreement in enumerate(asked[:ASKED_BY_LINK]):
        link = proof.ask_customer(by=agreement.deal.owner, at=at, agreement_id=agreement.pk)
        if said := _ANSWERS[turn % len(_ANSWERS)]:
            proof.answer(by=None, at=at, token=token_of(link), answer=said[0], words=said[1])


def _live():
    """Return required customer agreements of live deals that say who does what by when."""
    rows = Agreement.objects.filter(
        deal__status="open", deal__owner__role=Role.SELLER, required=True, type__side=Side.CUSTOMER
    )
    told = rows.exclude(act="").filter(due_on__isnull=False, person__isnull=False)
    return told.select_related("deal__owner", "person", "type").order_by("-deal__amount", "id")
