"""What one needs to decide on a request: where it lands, what was given, what is missing, how others ended."""

from __future__ import annotations

import datetime as dt
import statistics
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Exists, OuterRef

from hingepoint.analysis import intervals
from hingepoint.domain.agreements.models import Agreement
from hingepoint.domain.deals.models import Deal, that_count
from hingepoint.domain.escalations.models import Approval, Escalation
from hingepoint.domain.escalations.queries import requests
from hingepoint.domain.escalations.rules import asked_price, lands
from hingepoint.domain.negotiation.queries import corridor, log
from hingepoint.domain.strategy.queries.in_force import pivotal_of_deal
from hingepoint.records.agreements import STANDING, AgreementState
from hingepoint.records.deals import DealStatus
from hingepoint.records.escalations import CameBack, State
from hingepoint.records.languages import words_of
from hingepoint.records.talks import Lands

#: Requests decided so long ago tell how the like ended; of fewer than this nothing is told.
LOOK_BACK = dt.timedelta(days=730)
LEAST_ENDED = 5


@dataclass(frozen=True, slots=True)
class Price:
    """One price on the deal: ``discount`` off the list, and the margin at it where the cost is known; shares."""

    amount: Decimal
    discount: float | None
    margin: float | None


@dataclass(frozen=True, slots=True)
class Missing:
    """A pivotal agreement of the deal that does not stand."""

    name: str
    type_id: int
    state: AgreementState | None


@dataclass(frozen=True, slots=True)
class Ended:
    """Requests that were answered alike, on deals that closed since: how many were won, at what discount."""

    answer: str
    won: intervals.Estimate
    discount: float | None


@dataclass(frozen=True, slots=True)
class Deciding:
    """What the answer to a request is weighed by, for who sees its deal.

    ``now`` is the price after what was given, ``asked`` the one wanted, both None where no price is known or
    none is asked. ``missing`` are the pivotal agreements that do not stand, of ``pivotal`` in all. ``ended`` is
    empty where too few like it have ended (``alike`` says how many).
    """

    corridor: corridor.CorridorCard | None
    now: Price | None
    asked: Price | None
    given: tuple[log.Concession, ...]
    conceded: Decimal
    projected_margin: float | None
    missing: tuple[Missing, ...]
    pivotal: int
    ended: tuple[Ended, ...]
    alike: int
    segment: str
    currency: str

    @property
    def lands(self) -> Lands | None:
        """Where the price asked for lies against the corridor."""
        return lands(self.asked.amount if self.asked else None, self.corridor)

    @property
    def below_walk_away(self) -> bool:
        return self.lands == Lands.BELOW

    @property
    def unreturned(self) -> int:
        """How many concessions brought nothing back."""
        return sum(not one.in_return for one in self.given)


def to_decide(
    viewer: Any, escalation_id: int, *, now: dt.datetime
) -> tuple[requests.RequestPage, Deciding | None]:
    """Return a request, and what it is decided by for who sees its deal. Raises Hidden. Nine SQL queries."""
    row = requests.row_for(viewer, escalation_id)
    page = requests.page_of(viewer, row)
    return page, _deciding(viewer, row, now=now) if page.sees_deal else None


def _deciding(viewer: Any, row: Escalation, *, now: dt.datetime) -> Deciding:
    deal, talks = row.deal, log.log(viewer, row.deal_id)
    missing, pivotal = _missing(deal)
    alike = _alike(viewer, row, since=now - LOOK_BACK)
    return Deciding(
        corridor=corridor.corridor_of(deal),
        now=_price_now(deal, talks.conceded),
        asked=_price_asked(deal, row.discount),
        given=talks.concessions,
        conceded=talks.conceded,
        projected_margin=deal.projected_margin,
        missing=missing,
        pivotal=pivotal,
        ended=_ended(alike) if len(alike) >= LEAST_ENDED else (),
        alike=len(alike),
        segment=deal.segment,
        currency=deal.currency,
    )


def _price_now(deal: Deal, conceded: Decimal) -> Price | None:
    """Return the price on the table: the deal's own net price, else the list less what was given."""
    if deal.net_price is not None:
        return _price(deal, deal.net_price)
    return _price(deal, deal.list_price - conceded) if deal.list_price is not None else None


def _price_asked(deal: Deal, discount: float | None) -> Price | None:
    amount = asked_price(deal, discount)
    return _price(deal, amount) if amount is not None else None


def _price(deal: Deal, amount: Decimal) -> Price:
    off = float(1 - amount / deal.list_price) if deal.list_price else None
    margin = float((amount - deal.cost) / amount) if deal.cost is not None and amount > 0 else None
    return Price(amount, off, margin)


def _missing(deal: Deal) -> tuple[tuple[Missing, ...], int]:
    """Return the pivotal agreements that do not stand on a deal, and how many it needs."""
    rows = {one.type_id: one.state for one in Agreement.objects.filter(deal=deal).only("type_id", "state")}
    asked = [one for one in pivotal_of_deal(deal) if rows.get(one.type_id) != AgreementState.NOT_NEEDED]
    states = [(one, rows.get(one.type_id)) for one in asked]
    missing = [
        Missing(str(one.type), one.type_id, AgreementState(state) if state else None)
        for one, state in states
        if state not in STANDING
    ]
    return tuple(missing), len(asked)


#: Answer, state of the deal, its discount in the end, and whether something was asked in return or came for it.
_Alike = tuple[str, str, float | None, bool]


def _alike(viewer: Any, row: Escalation, *, since: dt.datetime) -> list[_Alike]:
    """Return how requests of this kind in this segment ended that the viewer may see, on closed deals."""
    rows = Escalation.objects.visible_to(viewer).exclude(deal=row.deal_id).filter(
        that_count("deal"),
        kind=row.kind,
        deal__segment=row.deal.segment,
        deal__status__in=(DealStatus.WON, DealStatus.LOST),
        decided_at__gte=since,
        state__in=(State.APPROVED, State.IN_PART, State.DECLINED),
    )  # fmt: skip
    got = Approval.objects.asked_back().filter(
        escalation=OuterRef("pk"), came__in=(CameBack.GIVEN, CameBack.PART)
    )
    told = rows.annotate(got=Exists(got)).values_list(
        "state", "deal__status", "deal__discount", "return_asked", "got"
    )
    return [
        (state, status, discount if status == DealStatus.WON else None, got or bool(back.strip()))
        for state, status, discount, back, got in told
    ]


_ANSWERS = words_of(
    (
        ("Yes, against something", State.APPROVED, True),
        ("Yes, for nothing", State.APPROVED, False),
        ("Yes, to less", State.IN_PART, None),
        ("No", State.DECLINED, None),
    )
)


def _ended(alike: list[_Alike]) -> tuple[Ended, ...]:
    """Return the answers that were given often enough to tell how they ended."""
    told = []
    for words, state, back in _ANSWERS:
        rows = [one for one in alike if one[0] == state and back in (None, one[3])]
        if len(rows) >= LEAST_ENDED:
            discounts = [one[2] for one in rows if one[2] is not None]
            middle = statistics.median(discounts) if len(discounts) >= LEAST_ENDED else None
            won = sum(one[1] == DealStatus.WON for one in rows)
            told.append(Ended(words, intervals.share(won, len(rows)), middle))
    return tuple(told)
