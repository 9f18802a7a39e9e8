"""Which deals are gone in a CRM and which are there again, compared with what the register says of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from django.db.models import QuerySet

from hingepoint.connectors.values import chunks
from hingepoint.domain.deals.models import Deal
from hingepoint.domain.sync.landing import GONE
from hingepoint.domain.sync.models import Connection, Landed
from hingepoint.records.crm import CrmObject, Fate

#: Deals that are compared, and said to be gone, at a time.
AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Standing:
    """What the register must say of a deal: what became of it, empty when it is there again, and when we saw it."""

    deal_id: int
    gone: str
    at: dt.datetime | None


def to_say(connection: Connection) -> list[Standing]:
    """Return the deals of which the register says otherwise than the CRM, in their order.

    Compared whole, so that nothing is missed after a run that was killed.
    """
    lost = _landed(connection).filter(fate__in=GONE).values_list("external_id", "fate", "seen_at")
    told = {connection.prefix + external: (fate, seen_at) for external, fate, seen_at in lost}
    found = [*_gone(told), *_back(connection, told.keys())]
    return sorted(found, key=lambda each: each.deal_id)


def _gone(told: dict[str, tuple[str, dt.datetime]]) -> Iterator[Standing]:
    for keys in chunks(sorted(told), AT_ONCE):
        for pk, key, gone in Deal.every.filter(key__in=keys).values_list("pk", "key", "gone"):
            if gone != told[key][0]:
                yield Standing(pk, *told[key])


def _back(connection: Connection, lost: Collection[str]) -> Iterator[Standing]:
    """Yield the deals that are gone here and were read in the CRM again."""
    rows = Deal.every.filter(gone_at__isnull=False, key__startswith=connection.prefix)
    here = {
        key.removeprefix(connection.prefix): pk
        for pk, key in rows.values_list("pk", "key")
        if key not in lost
    }
    for ids in chunks(sorted(here), AT_ONCE):
        there = _landed(connection).filter(external_id__in=ids, fate__in=(Fate.LIVE, Fate.ARCHIVED))
        for external in there.values_list("external_id", flat=True):
            yield Standing(here[external], "", None)


def _landed(connection: Connection) -> QuerySet[Landed]:
    return Landed.objects.filter(connection=connection, object=CrmObject.DEALS)
