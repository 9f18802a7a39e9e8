"""A pre-mortem that is open to read and one that waits for the demo's manager, on the two largest deals of the demo's seller."""

from __future__ import annotations

import datetime as dt

from django.utils import timezone

from hingepoint.domain.deals.models import Deal
from hingepoint.domain.people import queries as people
from hingepoint.domain.premortems import actions
from hingepoint.records.people import Role

AGO, GIVEN = dt.timedelta(days=4), dt.timedelta(days=9)
SAID = {
    Role.SELLER: "Their plant wanted it and the board never heard of it. We had nobody above the plant manager.",
    Role.MANAGER: "We sent the offer before they had agreed what it is worth to them, and spoke of price from then on.",
    Role.SPONSOR: "The data never came, so the business case stood on our numbers, and finance did not believe them.",
}


def write(*, at: dt.datetime) -> None:
    """Let three people answer for the first deal, and only its seller for the second."""
    seller = people.persona(Role.SELLER)
    begun_at = at - AGO
    for deal, roles in zip(
        Deal.objects.open().filter(owner=seller).order_by("-amount", "pk")[:2],
        (list(SAID), [Role.SELLER]),
        strict=False,
    ):
        until = timezone.localdate(begun_at + GIVEN)
        row = actions.begin(by=seller, at=begun_at, deal_id=deal.pk, until=until)
        for role in roles:
            actions.answer(by=people.persona(role), at=begun_at, premortem_id=row.pk, words=SAID[role])
