"""A colleague of the demo's seller changed over to another region: one of their deals came to her two days ago."""

from __future__ import annotations

import datetime as dt

from hingepoint.domain.deals import actions as deals
from hingepoint.domain.deals.models import Deal
from hingepoint.domain.people import queries as people
from hingepoint.records.people import Role

AGO = dt.timedelta(days=2)


def write(*, at: dt.datetime) -> None:
    """Hand the largest open deal of a colleague over to the seller who shows the demo."""
    seller = people.persona(Role.SELLER)
    mine = Deal.objects.open().filter(owner=seller).first()
    if mine is None:
        return
    theirs = Deal.objects.open().filter(team=mine.team_id, owner__isnull=False).exclude(owner=seller)
    deal = theirs.order_by("-amount", "pk").first()
    if deal is not None:
        deals.change_deal(
            by=None, at=at - AGO, deal_id=deal.pk, owner=seller, reason="A new region for the seller."
        )
