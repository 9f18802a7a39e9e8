"""Which deals a pre-mortem begins of by itself: large ones, shortly before their next landmark."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Exists, Min, OuterRef

from hingepoint.domain.agreements.models import Agreement
from hingepoint.domain.deals.models import Deal, DealQuerySet
from hingepoint.domain.hindsight.rules import limits
from hingepoint.domain.premortems.models import PreMortem

#: Answers are asked for when the next landmark is so near.
LEAD = dt.timedelta(days=10)
#: Nobody is asked about a deal again before.
REST = dt.timedelta(days=90)
#: Of one seller's deals one begins in this time.
PACE = dt.timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Ahead:
    """A deal whose next landmark, ``until``, is near."""

    deal_id: int
    owner_id: int
    until: dt.date


def ahead(*, today: dt.date, now: dt.datetime) -> list[Ahead]:
    """Return of which open deals one begins today: of those that one would look back on by their value, the most valuable of
    each seller who was not asked about another this week. Seven SQL queries at most."""
    least = limits(now=now).least_amount
    if least is None:
        return []
    asked = PreMortem.objects.filter(deal=OuterRef("pk"), begun_at__gt=now - REST)
    deals = Deal.objects.open().filter(amount__gte=least, owner__is_active=True).exclude(Exists(asked))
    landmarks = _next_landmarks(deals, today)
    busy = PreMortem.objects.filter(begun_at__gt=now - PACE).values_list("deal__owner_id", flat=True)
    rows = deals.filter(pk__in=landmarks).order_by("-amount", "pk").values_list("pk", "owner_id")
    return _one_a_seller([Ahead(pk, owner, landmarks[pk]) for pk, owner in rows], busy=set(busy))


def _next_landmarks(deals: DealQuerySet, today: dt.date) -> dict[int, dt.date]:
    """Return the next day by which each of ``deals`` needs an agreement that it has not, where that day is near."""
    needed = Agreement.objects.needed().filter(deal__in=deals, gained_at__isnull=True, needed_by__gte=today)
    first = dict(needed.order_by().values_list("deal_id").annotate(first=Min("needed_by")))
    return {deal: day for deal, day in first.items() if day <= today + LEAD}


def _one_a_seller(found: Iterable[Ahead], *, busy: set[int | None]) -> list[Ahead]:
    chosen: dict[int, Ahead] = {}
    for one in found:
        if one.owner_id not in busy:
            chosen.setdefault(one.owner_id, one)
    return list(chosen.values())
