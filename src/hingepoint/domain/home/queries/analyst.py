"""What an analyst looks after: data, runs, the catalogue."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db.models import Count

from hingepoint.domain.agreements.models import AgreementType
from hingepoint.domain.discovery.queries import readiness as readiness_page
from hingepoint.domain.discovery.queries import runs
from hingepoint.domain.home.queries import effort
from hingepoint.domain.home.queries.runs import last_run, unsigned
from hingepoint.domain.imports import queries as imports
from hingepoint.domain.strategy.queries import still_holds
from hingepoint.domain.upkeep.kept import Shelf
from hingepoint.records.agreements import Origin


@dataclass(frozen=True, slots=True)
class AnalystDay:
    """What an analyst looks after. ``unknown`` types came with files and are in no catalogue yet."""

    readiness: tuple[Any, ...]
    imports: tuple[imports.ImportLine, ...]
    last_run: runs.RunLine | None
    unsigned: int
    unknown: tuple[tuple[str, str, int], ...]  # key, name, on how many deals
    still: tuple[still_holds.StillHolds, ...]
    questions: tuple[effort.WeekOfQuestions, ...]
    counted_at: dt.datetime | None = None  # since when readiness stands; None: counted at this moment


def analyst_day(viewer: Any, *, now: dt.datetime) -> AnalystDay:
    """Return the state of data, analysis and catalogue."""
    run = last_run(viewer, at=now)
    shelf = Shelf(readiness_page.READY)
    unknown = (
        AgreementType.objects.filter(origin=Origin.IMPORTED, own_name__isnull=True, hidden=False)
        .annotate(used=Count("agreements"))
        .order_by("-used", "key")
    )
    return AnalystDay(
        readiness=(readiness_page.readiness(viewer, shelf=shelf),),
        imports=tuple(imports.history(viewer, most=4)),
        last_run=run,
        unsigned=unsigned(run),
        unknown=tuple((row.key, str(row), row.used) for row in unknown[:6]),
        still=tuple(still_holds.still_holds(viewer, at=now)),
        questions=tuple(effort.questions(viewer, now=now)),
        counted_at=shelf.counted_at,
    )
