"""What sellers and managers of the demo company say of deals that ended: sellers name the price oftener than the register does."""

from __future__ import annotations

import datetime as dt

import numpy as np

from hingepoint.demo.company import Company
from hingepoint.domain.coaching.rules import managers_above
from hingepoint.domain.deals.models import Deal
from hingepoint.domain.hindsight import actions, rules
from hingepoint.domain.hindsight.register import AtLandmark, at_landmarks
from hingepoint.domain.people.models import User
from hingepoint.records.hindsight import Side, Why

#: Which share of the views is written, and how often somebody names what the register shows missing.
WRITTEN = 0.6
NAMES_IT = {Side.SELLER: 0.4, Side.MANAGER: 0.75}
WORDS = {
    Why.AGREEMENT: "We should have asked for it before the offer went out, and named a day.",
    Why.PRICE: "They compared us on price alone; the other offer was a tenth lower.",
    Why.RIVAL: "The other side had the interface that their plant needs.",
    Why.PEOPLE: "We never met the head of finance, who stopped it in the last week.",
    Why.LATE: "The list of suppliers was closed when we came in.",
}
_OTHERWISE = {
    Side.SELLER: (Why.PRICE, Why.PRICE, Why.RIVAL, Why.LATE),
    Side.MANAGER: (Why.PEOPLE, Why.PEOPLE, Why.LATE, Why.PRICE),
}


def write(company: Company, *, at: dt.datetime) -> None:
    """Let sellers and their managers look back on the large deals that ended lately, some days after each."""
    rng = np.random.default_rng([company.seed, *b"hindsights"])
    deals = rules.limits(now=at).concerned(Deal.objects.all(), now=at).select_related("owner", "team")
    for deal in deals.order_by("key"):
        missing = [one for one in at_landmarks(deal) if not one.was_there]
        nearest = managers_above(deal).first()
        for side, by in ((Side.SELLER, deal.owner), (Side.MANAGER, nearest.user if nearest else None)):
            if by and rng.random() < WRITTEN:
                _say(deal, side, by, missing, rng=rng, at=at)


def _say(
    deal: Deal, side: Side, by: User, missing: list[AtLandmark], *, rng: np.random.Generator, at: dt.datetime
) -> None:
    written_at = (deal.closed_at or at) + dt.timedelta(days=int(rng.integers(1, 6)))
    named = missing[0].key if missing and rng.random() < NAMES_IT[side] else ""
    why = Why.AGREEMENT if named else _OTHERWISE[side][int(rng.integers(len(_OTHERWISE[side])))]
    if written_at < at and rules.side_of(by, deal) == side:
        view = actions.View(why, WORDS[why], named)
        actions.write_view(by=by, at=written_at, deal_id=deal.pk, view=view)
