"""On how many deals the required agreements were gained in time, and on how many open ones they stand."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from functools import partial
from itertools import chain
from typing import Any

from django.db.models import Count, Q, QuerySet

from hingepoint.analysis.coverage import Coverage, together
from hingepoint.domain.agreements.models import Agreement, AgreementQuerySet
from hingepoint.domain.agreements.rules import GAINED_IN_TIME
from hingepoint.domain.deals.models import Deal, DealQuerySet
from hingepoint.domain.deals.queries import by_team
from hingepoint.domain.detection.sureness import unconfirmed_agreements
from hingepoint.domain.people.models import Team
from hingepoint.domain.upkeep.kept import Question, Shelf
from hingepoint.records.agreements import STANDING

_STANDING = Q(state__in=sorted(STANDING))


@dataclass(frozen=True, slots=True)
class OpenDeals:
    """One agreement type over the open deals that are asked for it, whether or not its day has come."""

    key: str
    name: str
    coverage: Coverage


#: In time on all deals, by team and type; about a segment: kept in a large company.
IN_TIME = Question[dict[int, dict[int, Coverage]]]("gained in time by team", dict[int, dict[int, Coverage]])
#: On how many open deals each agreement stands that they need, by team: kept in a large company.
ON_OPEN = Question[dict[int, list[OpenDeals]]]("open deals by team", dict[int, list[OpenDeals]])
#: On how many open deals anything is asked, by team; about a segment: kept in a large company.
ASKED = Question[dict[int, int]]("deals asked by team", dict[int, int])


def in_time(
    viewer: Any, *, today: dt.date, segment: str = "", shelf: Shelf | None = None
) -> dict[int, Coverage]:
    """Return, per agreement type, on how many of the deals that needed it by ``today`` it was gained in time.

    The deals are those that ``viewer`` sees (of ``segment``, if one is named), open and closed. At most two SQL
    queries.
    """
    parts: dict[int, list[Coverage]] = defaultdict(list)
    for found in in_time_by_team(viewer, today=today, segment=segment, shelf=shelf).values():
        for kind, one in found.items():
            parts[kind].append(one)
    return {kind: together(found) for kind, found in parts.items()}


def in_time_by_team(
    viewer: Any, *, today: dt.date, segment: str = "", shelf: Shelf | None = None
) -> dict[int, dict[int, Coverage]]:
    """Return the same by team, ``NO_TEAM`` for deals without one, and agreement type. At most two SQL queries."""
    ask = partial(in_time_now, today=today, segment=segment)
    return by_team.told(IN_TIME, viewer, ask, about=segment, shelf=shelf)


def in_time_now(
    deals: DealQuerySet | None = None, *, today: dt.date, segment: str = ""
) -> dict[int, dict[int, Coverage]]:
    """Return the same of some deals (None: of all), asked at this moment. One SQL query."""
    counts = _counted(_due(deals, today, segment), GAINED_IN_TIME, by=("deal__team_id", "type_id"))
    found: dict[int, dict[int, Coverage]] = defaultdict(dict)
    for (team, kind), coverage in counts.items():
        found[team or by_team.NO_TEAM][kind] = coverage
    return dict(found)


def in_time_by_seller(
    viewer: Any, *, today: dt.date, segment: str, types: Collection[int]
) -> dict[str, Coverage]:
    """Return what ``in_time`` counts, of some agreement types together, by the name of the seller (empty where a deal
    has none). One SQL query."""
    due = _due(Deal.objects.visible_to(viewer), today, segment).filter(type_id__in=types)
    return {
        seller or "": coverage
        for seller, coverage in _counted(due, GAINED_IN_TIME, by="deal__owner__name").items()
    }


def _due(deals: DealQuerySet | None, today: dt.date, segment: str) -> AgreementQuerySet:
    """Return the agreements that some deals (None: all) needed by ``today``, of a segment if one is named."""
    of = Agreement.objects.all() if deals is None else Agreement.objects.filter(deal__in=deals)
    return of.due(today).filter(deal__segment=segment) if segment else of.due(today)


def deals_asked(viewer: Any, *, segment: str = "", shelf: Shelf | None = None) -> int:
    """Return of how many open deals that ``viewer`` sees something is asked. At most two SQL queries."""
    asked = by_team.told(ASKED, viewer, partial(deals_asked_now, segment=segment), about=segment, shelf=shelf)
    return sum(asked.values())


def deals_asked_now(deals: DealQuerySet | None = None, *, segment: str = "") -> dict[int, int]:
    """Return the same of some deals (None: of all) by team, asked at this moment. One SQL query."""
    among = (Deal.objects.all() if deals is None else deals).open()
    rows = Agreement.objects.filter(
        deal__in=among.filter(segment=segment) if segment else among, required=True
    )
    counts = rows.order_by().values("deal__team_id").annotate(n=Count("deal", distinct=True))
    return {team or by_team.NO_TEAM: n for team, n in counts.values_list("deal__team_id", "n")}


def on_open_deals(viewer: Any, *, team: Team | None = None, shelf: Shelf | None = None) -> list[OpenDeals]:
    """Return, per agreement that open deals need, on how many it stands; the weakest first. Only of the deals of ``team`` and
    the teams below it, where one is given: these are counted at this moment. At most three SQL queries."""
    if team is None:
        counted = by_team.told(ON_OPEN, viewer, on_open_deals_now, shelf=shelf)
    else:
        counted = on_open_deals_now(Deal.objects.visible_to(viewer).filter(team__path__startswith=team.path))
    parts: dict[str, list[OpenDeals]] = defaultdict(list)
    for one in chain.from_iterable(counted.values()):
        parts[one.key].append(one)
    found = [OpenDeals(key, of[0].name, together(one.coverage for one in of)) for key, of in parts.items()]
    return sorted(found, key=lambda row: (row.coverage.there / row.coverage.needed, row.name))


def on_open_deals_now(deals: DealQuerySet | None = None) -> dict[int, list[OpenDeals]]:
    """Return the same of some deals (None: of all) by team, asked at this moment. One SQL query."""
    among = Deal.objects.all() if deals is None else deals
    named = ("deal__team_id", "type__key", "type__own_name", "type__name")
    counts = _counted(Agreement.objects.filter(deal__in=among.open()).needed(), _STANDING, by=named)
    found: dict[int, list[OpenDeals]] = defaultdict(list)
    for (team, key, own, name), coverage in counts.items():
        found[team or by_team.NO_TEAM].append(OpenDeals(key, own or name, coverage))
    return dict(found)


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
