"""Whether the strategy is executed, for its sponsor."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from hingepoint.analysis.coverage import Coverage
from hingepoint.domain.discovery.queries import runs
from hingepoint.domain.home.queries.runs import lately, unsigned
from hingepoint.domain.home.queries.worklist import WEEK, changes_counted
from hingepoint.domain.strategy import results
from hingepoint.domain.strategy.models import PivotalAgreement, Strategy
from hingepoint.domain.strategy.queries import coverage
from hingepoint.domain.strategy.results import Progress
from hingepoint.domain.upkeep.kept import Question, Shelf


@dataclass(frozen=True, slots=True)
class InTime:
    """One pivotal agreement, and on how many of the deals that needed it by today it was gained in time."""

    key: str
    name: str
    in_time: Coverage


@dataclass(frozen=True, slots=True)
class SponsorWeek:
    """The first strategy in force (None: none holds), whether it is executed, and what changed lately.

    ``unsigned`` findings of the last run wait for the analyst.
    """

    strategy_id: int | None
    strategy: str
    statement: str
    results: tuple[Progress, ...]
    pivotal: tuple[InTime, ...]
    playbook: int | None
    last_run: runs.RunLine | None
    running: runs.RunLine | None
    unsigned: int
    changes: dict[str, int]
    counted_at: dt.datetime | None = None  # since when its counts stand; None: made at this moment


#: How often which state was reached in the last week, of all that deals need: kept in a large company.
CHANGES = Question[dict[str, int]]("changes of a week", dict[str, int])


def sponsor_week(viewer: Any, *, today: dt.date, now: dt.datetime) -> SponsorWeek:
    """Return whether the strategy is executed. Eight SQL queries; where no answers are kept, reads the
    closed deals of the strategy's time and of the year before."""
    strategy = Strategy.objects.visible_to(viewer).in_force().first()
    found = lately(viewer, at=now)
    shelf = Shelf(results.WENT, coverage.IN_TIME, CHANGES)
    playbook, pivotal = (
        pivotal_in_time(viewer, strategy, today=today, shelf=shelf) if strategy else (None, [])
    )
    return SponsorWeek(
        strategy_id=strategy.pk if strategy else None,
        strategy=strategy.name if strategy else "",
        statement=strategy.statement if strategy else "",
        results=tuple(results.progress(viewer, strategy, today=today, shelf=shelf)) if strategy else (),
        pivotal=tuple(pivotal),
        playbook=playbook,
        last_run=found.done,
        running=found.running,
        unsigned=unsigned(found.done),
        changes=CHANGES.told(lambda: changes_counted(viewer, since=now - WEEK), shelf=shelf),
        counted_at=shelf.counted_at,
    )


def pivotal_in_time(
    viewer: Any, strategy: Strategy, *, today: dt.date, shelf: Shelf | None = None
) -> tuple[int | None, list[InTime]]:
    """Return the number of the published playbook, and its agreements with how many were gained in time. Two SQL
    queries."""
    newest = strategy.playbooks.published()[:1]
    chosen = list(PivotalAgreement.objects.filter(playbook=newest).select_related("type", "playbook"))
    if not chosen:
        return None, []
    counts = coverage.in_time(viewer, today=today, segment=strategy.segment, shelf=shelf)
    return chosen[0].playbook.number, [
        InTime(one.type.key, str(one.type), counts.get(one.type_id, Coverage())) for one in chosen
    ]
