"""What others traded: how the company answered demands like one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from django.db.models import OuterRef, Q, Subquery

from hingepoint.analysis.talks import concessions, reasons, trades
from hingepoint.domain.deals.models import DealEvent, that_count
from hingepoint.domain.negotiation.models import Reason
from hingepoint.domain.negotiation.queries.corridor import may_set_corridor
from hingepoint.records.deals import DealStatus, EventKind
from hingepoint.records.errors import Hidden
from hingepoint.records.talks import Topic

#: So many of the company's newest demands about a topic are looked through for the library.
MOST_CASES = 500


def library(viewer: Any, deal_id: int, *, topic: Topic, reason: str = "") -> trades.Library:
    """Return how the company answered demands like one, on its closed deals other than this; never who.

    For whoever sees the deal; raises Hidden. Looks through the newest ``MOST_CASES`` demands: about a tenth
    of a second.
    """
    if not may_set_corridor(viewer, deal_id):
        raise Hidden("no such deal")
    return others_traded(deal_id, topic=topic, reason=reason)


def others_traded(deal_id: int, *, topic: Topic, reason: str = "") -> trades.Library:
    """Return the library for a deal that the caller has fetched with the viewer's rights. One SQL query."""
    return trades.library(_cases(topic, besides=deal_id), topic=topic, reason=reason)


_CASE = ("pk", "deal_id", "name", "note", "occurred_at")


_GIFT = (
    *_CASE, "value", "currency", "trade__topic", "trade__demand_id", "trade__worth", "deal__list_price",
    "deal__currency",
)  # fmt: skip


def _cases(topic: Topic, *, besides: int) -> list[trades.Case]:
    closed = DealEvent.objects.standing().filter(
        that_count("deal"), deal__status__in=(DealStatus.WON, DealStatus.LOST)
    )
    named = Q(name=topic) | ~Q(name__in=list(Topic))  # free text is told apart below
    newest = (
        closed.filter(named, kind=EventKind.DEMAND).exclude(deal_id=besides).order_by("-occurred_at", "-id")
    )
    kinds = (EventKind.DEMAND, EventKind.CONCESSION)
    of_theirs = DealEvent.objects.standing().filter(
        kind__in=kinds, deal_id__in=newest.values("deal_id")[:MOST_CASES]
    )
    rows = list(
        of_theirs.annotate(why=_newest_reason())
        .order_by("-occurred_at", "-id")
        .values_list(*_GIFT, "kind", "deal__status", "why")
    )
    asked = [row for row in rows if row[-3] == EventKind.DEMAND]
    gifts = [row[:-3] for row in rows if row[-3] == EventKind.CONCESSION]
    answers = _answers([row[: len(_CASE)] for row in asked], gifts)
    alike = [row for row in asked if row[2] == topic or row[2] not in list(Topic)]
    return [
        trades.Case(
            topic=reasons.topic_of(name, note),
            reason=why or "",
            given=tuple(answers.get(pk, ())),
            won=status == DealStatus.WON,
        )
        for pk, _, name, note, *_, status, why in alike[:MOST_CASES]
    ]


def _newest_reason() -> Subquery:
    found = Reason.objects.filter(event=OuterRef("pk")).order_by("-written_at", "-id")
    return Subquery(found.values("text")[:1])


def _answers(asked: Iterable[tuple], gifts: Iterable[tuple]) -> dict[int, list[trades.Trade]]:
    """Return, per demand, the trades that answered it. All demands of a deal are needed to tell which."""
    by_deal: dict[int, list[concessions.Asked]] = defaultdict(list)
    for pk, deal_id, name, note, at in asked:
        by_deal[deal_id].append(concessions.Asked(pk, at, reasons.topic_of(name, note)))
    found: dict[int, list[trades.Trade]] = defaultdict(list)
    for pk, deal_id, name, note, at, value, currency, topic, demand, worth, price, own in gifts:
        about = Topic(topic) if topic else reasons.topic_of(name)
        given = concessions.Given(pk, at, about, demand=demand)
        answered = concessions.answers([given], by_deal.get(deal_id, ()))[pk]
        if answered is not None:
            priced = value is not None and price and currency in ("", own)
            cost = float(value / price) if priced else None
            found[answered].append(trades.Trade(about, cost, note, worth))
    return found
