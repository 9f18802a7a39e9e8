"""What the customer of a deal asks and why, and what we gave for it.

Demands and concessions are one list with one meaning, whether a file brought them or somebody noted them:
a demand is named by its topic, says who asked (``counterpart``) in which words (``note``); a concession is
named by its topic or what it was, says who gave it (``actor``) and what came back (``note``).
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypedDict

from django.db.models import F, FilteredRelation, Q, QuerySet

from hingepoint.analysis.talks import concessions, reasons
from hingepoint.domain.deals.models import Deal, DealEvent
from hingepoint.domain.deals.queries.deal_page import DealFacts
from hingepoint.domain.deals.queries.looking_back import AsOf
from hingepoint.domain.negotiation.models import CorridorWriting
from hingepoint.records.deals import EventKind
from hingepoint.records.errors import Hidden
from hingepoint.records.talks import Topic

if TYPE_CHECKING:
    from django_stubs_ext import WithAnnotations


@dataclass(frozen=True, slots=True)
class Why:
    """Why they ask, as last written. ``repeats``: it says nothing that the demand does not say."""

    text: str
    state: str
    said_by: str
    confirmed_by: str
    by: str
    at: dt.datetime
    repeats: bool


@dataclass(frozen=True, slots=True)
class Demand:
    """Something the customer asks of us. ``whys``: every reason written down for it, the newest last."""

    id: int
    deal_id: int
    topic: Topic
    words: str
    who: str
    value: Decimal | None
    currency: str
    at: dt.datetime
    recorded_at: dt.datetime
    by_hand: bool
    whys: tuple[Why, ...] = ()
    answered: bool = False

    @property
    def title(self) -> str:
        return self.words or self.topic.label

    @property
    def why(self) -> Why | None:
        return self.whys[-1] if self.whys else None

    @property
    def reason_known(self) -> bool:
        return self.why is not None and not self.why.repeats


@dataclass(frozen=True, slots=True)
class Concession:
    """Something we gave. ``demand_id`` is the demand it answers, as noted or by topic and time; ``round``
    counts the concessions about its topic; ``checks`` say what is to be noticed about it."""

    id: int
    deal_id: int
    topic: Topic
    what: str
    value: Decimal | None
    currency: str
    at: dt.datetime
    recorded_at: dt.datetime
    by: str
    in_return: str
    final: bool
    worth: int | None
    by_hand: bool
    demand_id: int | None = None
    round: int = 1
    checks: tuple[concessions.Check, ...] = ()

    @property
    def title(self) -> str:
        return self.topic.label if self.what.lower() == self.topic else self.what


@dataclass(frozen=True, slots=True)
class Log:
    """What was asked and what was given on one deal, each in the order of time. ``priced`` are the concessions
    with a value in the deal's currency."""

    demands: tuple[Demand, ...]
    concessions: tuple[Concession, ...]
    priced: tuple[Concession, ...]
    currency: str
    list_price: Decimal | None

    @property
    def conceded(self) -> Decimal:
        """What was given, in the deal's currency."""
        return sum((one.value for one in self.priced if one.value is not None), Decimal(0))

    @property
    def unpriced(self) -> int:
        """How many concessions have no value in the deal's currency."""
        return len(self.concessions) - len(self.priced)

    @property
    def unexplained(self) -> tuple[Demand, ...]:
        """Demands whose reason is not known."""
        return tuple(demand for demand in self.demands if not demand.reason_known)

    def demand(self, demand_id: int | None) -> Demand | None:
        return next((each for each in self.demands if each.id == demand_id), None)


def log(viewer: Any, deal_id: int, *, plans_at: Sequence[dt.datetime] = ()) -> Log:
    """Return the demands and concessions of a deal with their checks. Raises Hidden.

    ``plans_at``: when plans for the deal were really written. Causes three SQL queries.
    """
    return log_of(_deal(viewer, deal_id), plans_at=plans_at, corridors=_corridors(viewer, deal_id))


def log_then(viewer: Any, facts: DealFacts, as_of: AsOf) -> Log:
    """Return the demands, reasons and concessions of a deal as they were on record by then, its list price as ``facts`` has
    it, without checks. Raises Hidden. Two SQL queries."""
    deal = _deal(viewer, facts.id)
    deal.list_price = facts.list_price
    return log_of(deal, as_of=as_of)


def log_of(
    deal: Deal,
    *,
    plans_at: Sequence[dt.datetime] = (),
    corridors: Sequence[concessions.CorridorWritten] = (),
    as_of: AsOf | None = None,
) -> Log:
    """Return the log of a deal that the caller has fetched with the viewer's rights, as it is or was. One SQL query.

    Without the plans and corridors that were written, what is noticed by them says nothing.
    """
    asked, given = _of_deal(deal, as_of)
    found = concessions.check(
        [_given(one, deal) for one in given],
        asked=[_asked(one) for one in asked],
        plans_at=plans_at,
        corridors=corridors,
        list_price=float(deal.list_price) if deal.list_price else None,
    )
    given = [replace(one, checks=found[one.id]) for one in given]
    answered = {one.demand_id for one in given}
    return Log(
        demands=tuple(replace(one, answered=one.id in answered) for one in asked),
        concessions=tuple(given),
        priced=tuple(one for one in given if one.value is not None and _in_currency(one, deal)),
        currency=deal.currency,
        list_price=deal.list_price,
    )


@dataclass(frozen=True, slots=True)
class GivenSoFar:
    """What was given on a deal, in its currency: in how many ``steps``, ``unreturned`` of them for nothing."""

    conceded: Decimal = Decimal(0)
    steps: int = 0
    unreturned: int = 0


def given_so_far(deals: Sequence[Deal]) -> dict[int, GivenSoFar]:
    """Return what was given on deals that the caller has fetched with the viewer's rights, each as its log adds it up.
    One SQL query."""
    currencies = {deal.pk: deal for deal in deals}
    found: dict[int, GivenSoFar] = defaultdict(GivenSoFar)
    rows = DealEvent.objects.standing().filter(deal__in=currencies, kind=EventKind.CONCESSION)
    for row in rows.only("deal_id", "value", "currency", "note"):
        counts = row.value is not None and _in_currency(row, currencies[row.deal_id])
        before = found[row.deal_id]
        found[row.deal_id] = GivenSoFar(
            conceded=before.conceded + (row.value or 0 if counts else 0),
            steps=before.steps + 1,
            unreturned=before.unreturned + (not row.note),
        )
    return found


def demands(viewer: Any, deal_id: int) -> tuple[Demand, ...]:
    """Return what the customer asked for on a deal, in the order of time. Raises Hidden. Two SQL queries."""
    return asked_of_us(_deal(viewer, deal_id))


def _deal(viewer: Any, deal_id: int) -> Deal:
    deal = Deal.every.visible_to(viewer).filter(pk=deal_id).only("currency", "list_price").first()
    if deal is None:
        raise Hidden("no such deal")
    return deal


def asked_of_us(deal: Deal) -> tuple[Demand, ...]:
    """Return the demands of a deal that the caller has fetched with the viewer's rights. One SQL query."""
    return tuple(_of_deal(deal)[0])


def noticed(
    viewer: Any, deal_id: int, candidate: concessions.Given, *, plans_at: Sequence[dt.datetime] = ()
) -> tuple[concessions.Check, ...]:
    """Return what would be noticed about a concession that is not given yet. Raises Hidden."""
    known = log(viewer, deal_id)
    deal = Deal(currency=known.currency, list_price=known.list_price)
    found = concessions.check(
        [*(_given(one, deal) for one in known.concessions), candidate],
        asked=[_asked(one) for one in known.demands],
        plans_at=plans_at,
        corridors=_corridors(viewer, deal_id),
        list_price=float(known.list_price) if known.list_price else None,
    )
    return found[candidate.id]


#: A reason as columns of its event: an event with three reasons comes three times, with none once.
class _Reason(TypedDict):
    """What ``_with_reasons`` annotates; all of it None where no reason is written down."""

    why: int | None
    why_text: str
    why_state: str
    why_said_by: str
    why_confirmed_by: str
    why_by: str | None
    why_at: dt.datetime


def _with_reasons(
    rows: QuerySet[DealEvent], as_of: AsOf | None
) -> QuerySet[WithAnnotations[DealEvent, _Reason]]:
    """Return events, each once for every reason of it that was written by then, and at least once."""
    by_then = Q(reasons__written_at__lte=as_of.moment) if as_of and as_of.only_known else Q()
    return rows.annotate(
        reason=FilteredRelation("reasons", condition=by_then),
        why=F("reason__pk"),
        why_text=F("reason__text"),
        why_state=F("reason__state"),
        why_said_by=F("reason__said_by"),
        why_confirmed_by=F("reason__confirmed_by"),
        why_by=F("reason__written_by__name"),
        why_at=F("reason__written_at"),
    )


def _of_deal(deal: Deal, as_of: AsOf | None = None) -> tuple[list[Demand], list[Concession]]:
    kinds = (EventKind.DEMAND, EventKind.CONCESSION)
    noted = DealEvent.objects.filter(deal=deal, kind__in=kinds)
    rows = as_of.standing(noted) if as_of else noted.standing()
    told = _with_reasons(rows.select_related("trade"), as_of)
    told = told.order_by("occurred_at", "id", "why_at", "why")
    of_event: dict[int, list[WithAnnotations[DealEvent, _Reason]]] = defaultdict(list)
    for row in told:
        of_event[row.pk].append(row)
    events = list(of_event.values())
    asked = [_demand(found) for found in events if found[0].kind == EventKind.DEMAND]
    given = [_concession(found[0]) for found in events if found[0].kind == EventKind.CONCESSION]
    facts = [_given(one, deal) for one in given]
    links, nth = concessions.answers(facts, [_asked(one) for one in asked]), concessions.rounds(facts)
    return asked, [replace(one, demand_id=links[one.id], round=nth[one.id]) for one in given]


def _demand(found: Sequence[WithAnnotations[DealEvent, _Reason]]) -> Demand:
    """Return a demand from its event, which comes once for each reason."""
    event = found[0]
    topic = reasons.topic_of(event.name, event.note)
    words = event.note or ("" if event.name == topic else event.name)
    return Demand(
        id=event.pk,
        deal_id=event.deal_id,
        topic=topic,
        words=words,
        who=event.counterpart,
        value=event.value,
        currency=event.currency,
        at=event.occurred_at,
        recorded_at=event.recorded_at,
        by_hand=event.origin == "hand",
        whys=tuple(_why(row, words, topic) for row in found if row.why is not None),
    )


def _why(row: WithAnnotations[DealEvent, _Reason], words: str, topic: Topic) -> Why:
    return Why(
        text=row.why_text,
        state=row.why_state,
        said_by=row.why_said_by,
        confirmed_by=row.why_confirmed_by,
        by=row.why_by or "",
        at=row.why_at,
        repeats=reasons.repeats(row.why_text, demand=words, topic=topic),
    )


def _concession(event: DealEvent) -> Concession:
    trade = getattr(event, "trade", None)
    return Concession(
        id=event.pk,
        deal_id=event.deal_id,
        topic=Topic(trade.topic) if trade else reasons.topic_of(event.name),
        what=event.name,
        value=event.value,
        currency=event.currency,
        at=event.occurred_at,
        recorded_at=event.recorded_at,
        by=event.actor,
        in_return=event.note,
        final=bool(trade and trade.final),
        worth=trade.worth if trade else None,
        by_hand=event.origin == "hand",
        demand_id=trade.demand_id if trade else None,
    )


def _asked(demand: Demand) -> concessions.Asked:
    return concessions.Asked(demand.id, demand.at, demand.topic)


def _given(one: Concession, deal: Deal) -> concessions.Given:
    value = float(one.value) if one.value is not None and _in_currency(one, deal) else None
    return concessions.Given(one.id, one.at, one.topic, value, one.in_return, one.demand_id, one.final)


def _in_currency(one: Concession | DealEvent, deal: Deal) -> bool:
    return not one.currency or not deal.currency or one.currency == deal.currency


def _corridors(viewer: Any, deal_id: int) -> list[concessions.CorridorWritten]:
    rows = CorridorWriting.objects.visible_to(viewer).filter(deal_id=deal_id)
    written = rows.values_list("set_at", "opening", "walk_away")
    return [concessions.CorridorWritten(at, float(opening), float(end)) for at, opening, end in written]
