"""What an analyst looks after: data, runs, the catalogue."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from hingepoint.domain.discovery.queries import readiness as readiness_page
from hingepoint.domain.discovery.queries import runs
from hingepoint.domain.home.queries import effort
from hingepoint.domain.home.queries.runs import lately, unsigned
from hingepoint.domain.imports import queries as imports
from hingepoint.domain.strategy.queries import still_holds
from hingepoint.domain.upkeep.kept import Shelf


@dataclass(frozen=True, slots=True)
class AnalystDay:
    """What an analyst looks after."""

    readiness: tuple[Any, ...]
    imports: tuple[imports.ImportLine, ...]
    last_run: runs.RunLine | None
    running: runs.RunLine | None
    unsigned: int
    still: tuple[still_holds.StillHolds, ...]
    questions: tuple[effort.WeekOfQuestions, ...]
    counted_at: dt.datetime | None = None  # since when readiness stands; None: counted at this moment


def analyst_day(viewer: Any, *, now: dt.datetime) -> AnalystDay:
    """Return the state of data, analysis and catalogue."""
    found = lately(viewer, at=now)
    shelf = Shelf(readiness_page.READY)
    return AnalystDay(
        readiness=(readiness_page.readiness(viewer, shelf=shelf),),
        imports=tuple(imports.history(viewer, most=4)),
        last_run=found.done,
        running=found.running,
        unsigned=unsigned(found.done),
        still=tuple(still_holds.still_holds(viewer, at=now)),
        questions=tuple(effort.questions(viewer, now=now)),
        counted_at=shelf.counted_at,
    )
