"""What first pages draw: the course of the strategy's result, and how far its pivotal agreements are gained in time."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hingepoint.analysis.coverage import Coverage, together
from hingepoint.domain.home.queries import pages
from hingepoint.domain.home.queries.sponsor import pivotal_in_time
from hingepoint.domain.strategy import results
from hingepoint.domain.strategy.models import PivotalAgreement, Strategy
from hingepoint.domain.strategy.queries import coverage
from hingepoint.records.errors import Hidden
from hingepoint.records.people import Role

DRAWN_FOR = ("seller", "manager", "sponsor")
NOBODY = "Nobody"


@dataclass(frozen=True, slots=True)
class Part:
    """A bar: a team, a seller or an agreement, with the coverage of its part. ``key`` of an agreement only."""

    name: str
    coverage: Coverage
    key: str = ""


@dataclass(frozen=True, slots=True)
class Pictures:
    """The first strategy in force: the course of its metric, and its coverage ``by`` team, seller or agreement."""

    strategy_id: int
    strategy: str
    course: results.Course
    by: str
    parts: tuple[Part, ...]


def pictures(viewer: Any, *, today: dt.date) -> Pictures | None:
    """Return what the first page of a seller, manager or sponsor draws; None without a strategy in force. Five SQL
    queries; reads the closed deals of the strategy's time and of the year before. Raises Hidden for others."""
    if pages.page_for(viewer) not in DRAWN_FOR:
        raise Hidden("nothing is drawn for them")
    strategy = Strategy.objects.visible_to(viewer).in_force().first()
    if strategy is None:
        return None
    by, parts = _parts(viewer, strategy, today)
    course = results.course(viewer, strategy, today=today)
    return Pictures(strategy.pk, strategy.name, course, by, tuple(parts))


def _parts(viewer: Any, strategy: Strategy, today: dt.date) -> tuple[str, list[Part]]:
    """Return by what it is split and the parts: a seller's by agreement; of one team by seller, without a rank;
    of several by team, the weakest first."""
    if viewer.role == Role.SELLER:
        _, pivotal = pivotal_in_time(viewer, strategy, today=today)
        return "agreement", [Part(one.name, one.in_time, one.key) for one in pivotal]
    counts = coverage.in_time_by_people(viewer, today=today, segment=strategy.segment, types=_types(strategy))
    teams = _grouped(counts, 0)
    if viewer.role == Role.MANAGER and len(teams) < 2:
        return "seller", sorted(_grouped(counts, 1), key=lambda part: part.name)
    return "team", sorted(teams, key=lambda part: (part.coverage.share.value, part.name))


def _types(strategy: Strategy) -> list[int]:
    book = strategy.playbooks.published()[:1]
    return list(PivotalAgreement.objects.filter(playbook__in=book).values_list("type_id", flat=True))


def _grouped(counts: Mapping[tuple[str, str], Coverage], place: int) -> list[Part]:
    """Return the coverage by one of the two names, team or seller."""
    groups: dict[str, list[Coverage]] = defaultdict(list)
    for names, found in counts.items():
        groups[names[place] or NOBODY].append(found)
    return [Part(name, together(found)) for name, found in groups.items()]
