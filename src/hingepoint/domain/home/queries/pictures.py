"""What first pages draw: the course of the strategy's result, and how far its pivotal agreements are gained in time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from hingepoint.analysis.coverage import Coverage, together
from hingepoint.domain.deals.queries import by_team
from hingepoint.domain.home.queries import pages
from hingepoint.domain.home.queries.sponsor import pivotal_in_time
from hingepoint.domain.people.models import Team
from hingepoint.domain.strategy import results
from hingepoint.domain.strategy.models import PivotalAgreement, Strategy
from hingepoint.domain.strategy.queries import coverage
from hingepoint.domain.upkeep.kept import Shelf
from hingepoint.records.errors import Hidden
from hingepoint.records.languages import words_of
from hingepoint.records.people import Role

DRAWN_FOR = ("seller", "manager", "sponsor")
NOBODY = words_of("Nobody")


@dataclass(frozen=True, slots=True)
class Part:
    """A bar: a team, a seller or an agreement, with the coverage of its part. ``key`` of an agreement only."""

    name: str
    coverage: Coverage
    key: str = ""


@dataclass(frozen=True, slots=True)
class Pictures:
    """The first strategy in force: the course of its metric, and its coverage ``by`` team, seller or
    agreement."""

    strategy_id: int
    strategy: str
    course: results.Course
    by: str
    parts: tuple[Part, ...]
    counted_at: dt.datetime | None = None  # since when the counts stand; None: made at this moment


def pictures(viewer: Any, *, today: dt.date) -> Pictures | None:
    """Return what the first page of a seller, manager or sponsor draws; None without a strategy in force. Seven SQL
    queries at most; reads the closed deals of the strategy's time and of the year before where that is not kept. Raises
    Hidden for others."""
    if pages.page_for(viewer) not in DRAWN_FOR:
        raise Hidden("nothing is drawn for them")
    return of_company(viewer, today=today)


def of_company(viewer: Any, *, today: dt.date) -> Pictures | None:
    """Return the same, whatever the first page of the viewer is."""
    strategy = Strategy.objects.visible_to(viewer).in_force().first()
    if strategy is None:
        return None
    shelf = Shelf(results.COURSE, coverage.IN_TIME, kept=by_team.reads_kept(viewer))
    by, parts = _parts(viewer, strategy, today, shelf)
    course = results.course(viewer, strategy, today=today, shelf=shelf)
    return Pictures(strategy.pk, strategy.name, course, by, tuple(parts), shelf.counted_at)


def _parts(viewer: Any, strategy: Strategy, today: dt.date, shelf: Shelf) -> tuple[str, list[Part]]:
    """Return by what it is split and the parts: a seller's by agreement; of one team by seller, without a rank;
    of several by team, the weakest first."""
    if viewer.role == Role.SELLER:
        _, pivotal = pivotal_in_time(viewer, strategy, today=today, shelf=shelf)
        return "agreement", [Part(one.name, one.in_time, one.key) for one in pivotal]
    segment = strategy.segment
    types = _types(strategy)
    teams = _by_team(coverage.in_time_by_team(viewer, today=today, segment=segment, shelf=shelf), types)
    if viewer.role == Role.MANAGER and len(teams) == 1:
        sellers = coverage.in_time_by_seller(viewer, today=today, segment=segment, types=types)
        return "seller", [Part(name or NOBODY, found) for name, found in sorted(sellers.items())]
    return "team", sorted(teams, key=lambda part: (part.coverage.share.value, part.name))


def _types(strategy: Strategy) -> set[int]:
    book = strategy.playbooks.published()[:1]
    return set(PivotalAgreement.objects.filter(playbook__in=book).values_list("type_id", flat=True))


def _by_team(counts: Mapping[int, Mapping[int, Coverage]], types: Collection[int]) -> list[Part]:
    """Return the coverage of some agreement types together, by team: of teams in which any was needed. One SQL query."""
    found = {
        team: together(one for kind, one in of.items() if kind in types)
        for team, of in counts.items()
        if of.keys() & types
    }
    names = dict(Team.objects.filter(pk__in=found).values_list("pk", "name"))
    return [Part(names.get(team, NOBODY), one) for team, one in found.items()]
