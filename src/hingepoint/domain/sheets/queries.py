"""What a sheet of people would do, for whoever is to say whether it is stored."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from hingepoint.connectors import files
from hingepoint.domain.imports.models import ImportBatch
from hingepoint.domain.people.queries import keeps_people
from hingepoint.domain.sheets.reading import PEOPLE, plan_of
from hingepoint.domain.sheets.rules import Plan
from hingepoint.records.errors import Hidden
from hingepoint.records.imports import ImportState


@dataclass(frozen=True, slots=True)
class SheetPage:
    """A sheet: with its ``plan`` while it waits, with counts alone once it is stored; ``problem`` says why a kept
    one cannot be read any more."""

    id: int
    name: str
    by: str
    at: dt.datetime
    stored: bool
    created: int
    updated: int
    unchanged: int
    rejected: int
    plan: Plan | None
    problem: str = ""

    @property
    def shown(self) -> str:
        return self.plan.fingerprint() if self.plan else ""


def sheet_page(viewer: Any, batch_id: int, *, at: dt.datetime) -> SheetPage:
    """Return a sheet of people. Raises Hidden."""
    rows = ImportBatch.objects.visible_to(viewer if keeps_people(viewer) else None).select_related("by")
    batch = rows.filter(pk=batch_id).first()
    if batch is None or batch.files[0]["table"] != PEOPLE:
        raise Hidden("no such sheet")
    stored, plan, problem = batch.state == ImportState.DONE, None, ""
    if not stored:
        try:
            plan = plan_of(batch, by_id=viewer.pk, at=at)
        except files.FileProblem as found:
            problem = str(found)
    return SheetPage(
        id=batch.pk,
        name=batch.files[0]["name"],
        by=batch.by.name if batch.by else "",
        at=batch.finished_at or batch.begun_at,
        stored=stored,
        created=batch.created if plan is None else len(plan.of_kind("new")),
        updated=batch.updated if plan is None else len(plan.of_kind("changed")),
        unchanged=batch.unchanged if plan is None else len(plan.of_kind("unchanged")),
        rejected=batch.rejected if plan is None else plan.rejected,
        plan=plan,
        problem=problem,
    )
