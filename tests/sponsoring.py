"""A sponsor who writes and joins, in two words."""

from __future__ import annotations

import datetime as dt

from cast import NOW
from hingepoint.domain.involvement import actions as involvement
from hingepoint.domain.involvement.models import Involvement
from hingepoint.domain.sponsorship import actions
from hingepoint.domain.sponsorship.models import SponsorMessage
from hingepoint.records.involvement import Purpose


def a_message(cast, *, at: dt.datetime = NOW, subject: str = "Where we stand", **more) -> SponsorMessage:
    """Otto writes to everybody."""
    told = {"text": "One agreement counts most.\n\nAsk for it before you speak of price."} | more
    return actions.send(by=cast.sponsor, at=at, subject=subject, **told)


def a_proposed_role(cast) -> Involvement:
    """Otto would open a door on Sanna's deal; she has not said yes yet."""
    told = {"executive": cast.sponsor, "purpose": Purpose.DOOR, "aim": "Open the door to the plant director"}
    return involvement.agree_role(by=cast.sponsor, at=NOW, deal_id=cast.deal.pk, **told)
