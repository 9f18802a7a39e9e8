"""Tables -> what principles are tested on (``analysis.principles.shape.Log``)."""

from __future__ import annotations

import polars as pl
from django.db.models import QuerySet

from hingepoint.analysis.principles.shape import WRITTEN, Log
from hingepoint.domain.agreements.frames import events_frame
from hingepoint.domain.deals.frames import deals_frame, read
from hingepoint.domain.deals.models import that_count
from hingepoint.domain.detection import sureness
from hingepoint.domain.negotiation.models import CorridorWriting, Reason
from hingepoint.domain.plans.models import Plan


def log() -> Log:
    """Return all that principles are tested on, for the system: what a run of discovery reads, and what was written when."""
    return Log(
        deals=deals_frame(None),
        events=events_frame(None, without=sureness.unproven_steps()),
        plans=_written(Plan.objects.filter(agreement__isnull=False), at="written_at"),
        reasons=_written(Reason.objects.all(), deal_id="event__deal__key", at="written_at"),
        corridors=_written(CorridorWriting.objects.all(), at="set_at"),
    )


def _written(rows: QuerySet, *, at: str, deal_id: str = "deal__key") -> pl.DataFrame:
    rows = rows.filter(that_count(deal_id.removesuffix("__key")))
    return read(rows.order_by("id"), {"deal_id": deal_id, "at": at}, WRITTEN)
