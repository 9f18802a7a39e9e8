"""On how many deals the required agreements were gained in time, and on how many open ones they stand."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q, QuerySet

from hingepoint.analysis.coverage import Coverage
from hingepoint.domain.agreements.models import Agreement
from hingepoint.domain.agreements.rules import GAINED_IN_TIME
from hingepoint.domain.detection.sureness import unconfirmed_agreements
from hingepoint.domain.people.models import sees_all
from hingepoint.domain.upkeep.kept import Question, Shelf
from hingepoint.records.agreements import STANDING

_STANDING = Q(state__in=sorted(STANDING))


#: In time on all deals, by type; about a segment: kept in a large company.
IN_TIME = Question[dict[int, Coverage]]("gained in time", dict[int, Coverage])


def in_time(
    viewer: Any, *, today: dt.date, segment: str = "", shelf: Shelf | None = None
) -> dict[int, Coverage]:
    """Return, per agreement type, on how many of the deals that needed it by ``today`` it was gained in time.

    The deals are those that ``viewer`` sees (of ``segment``, if one is named), open and closed. At most two SQL
    queries.
    """
    if sees_all(viewer):
        return IN_TIME.told(
            lambda: in_time_now(viewer, today=today, segment=segment), about=segment, shelf=shelf
        )
    return in_time_now(viewer, today=today, segment=segment)


def in_time_now(viewer: Any, *, today: dt.date, segment: str = "") -> dict[int, Coverage]:
    """Return the same, asked at this moment."""
    due = Agreement.objects.visible_to(viewer).due(today)
    due = due.filter(deal__segment=segment) if segment else due
    return _counted(due, GAINED_IN_TIME, by="type_id")


def in_time_by_people(
    viewer: Any, *, today: dt.date, segment: str, types: Collection[int]
) -> dict[tuple[str, str], Coverage]:
    """Return what ``in_time`` counts, of some agreement types together, by the names of team and seller (empty
    where a deal has none). One SQL query."""
    due = Agreement.objects.visible_to(viewer).due(today).filter(type_id__in=types)
    due = due.filter(deal__segment=segment) if segment else due
    counts = _counted(due, GAINED_IN_TIME, by=("deal__team__name", "deal__owner__name"))
    return {(team or "", seller or ""): coverage for (team, seller), coverage in counts.items()}


@dataclass(frozen=True, slots=True)
class OpenDeals:
    """One agreement type over the open deals that are asked for it, whether or not its day has come."""

    key: str
    name: str
    coverage: Coverage


def on_open_deals(viewer: Any) -> list[OpenDeals]:
    """Return, per agreement that open deals need, on how many it stands; the weakest first. One SQL query."""
    counts = _counted(
        Agreement.objects.on_open_deals(viewer).needed(),
        _STANDING,
        by=("type__key", "type__own_name", "type__name"),
    )
    rows = [OpenDeals(key, own or name, coverage) for (key, own, name), coverage in counts.items()]
    return sorted(rows, key=lambda row: (row.coverage.there / row.coverage.needed, row.name))


def _counted(agreements: QuerySet, there: Q, *, by: str | tuple[str, ...]) -> dict[Any, Coverage]:
    """Count ``agreements`` by one column or several: all, those ``there``, and the unconfirmed among them."""
    columns = (by,) if isinstance(by, str) else by
    rows = (
        agreements.order_by()
        .values(*columns)
        .annotate(
            needed=Count("pk"),
            there=Count("pk", filter=there),
            unconfirmed=Count("pk", filter=there & Q(pk__in=unconfirmed_agreements())),
            standing=Count("pk", filter=_STANDING),
        )
    )
    counts = ("needed", "there", "unconfirmed", "standing")
    return {
        row[by] if isinstance(by, str) else tuple(row[name] for name in by): Coverage(
            **{name: row[name] for name in counts}
        )
        for row in rows
    }
