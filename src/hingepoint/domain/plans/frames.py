"""Plans of talks as signals read them: what was written before a concession."""

from __future__ import annotations

import polars as pl

from hingepoint.analysis import frames
from hingepoint.domain.agreements.models import AgreementType
from hingepoint.domain.deals.frames import read
from hingepoint.domain.deals.models import that_count
from hingepoint.domain.plans.models import Plan
from hingepoint.domain.plans.rules import before_concessions
from hingepoint.records.signals import PLANS_BEFORE, TraceKind

_COLUMNS = {
    "deal_id": "deal__key",
    "agreement": "agreement__type__key",
    "at": "written_at",
    "recorded_at": "written_at",
}
_TYPES = frames.schema(frames.EVENTS)


def plans_frame() -> pl.DataFrame:
    """Return each writing of a plan that prepares a concession, as an event at the time it was really written; for
    the system."""
    meant = AgreementType.objects.meanings()
    about = {meant.get(key, key): plan for key, plan in PLANS_BEFORE.items()}
    written = read(
        before_concessions(Plan.objects.filter(that_count("deal")).order_by("id")), _COLUMNS, _TYPES
    )
    return written.with_columns(
        pl.col("agreement").replace(PLANS_BEFORE | about), kind=pl.lit(TraceKind.PLAN.value)
    )
