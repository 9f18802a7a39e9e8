"""Plans and debriefs as files hold them, and plans of talks as signals read them: what was written before a concession."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from hingepoint.analysis import frames
from hingepoint.domain.agreements.models import AgreementType
from hingepoint.domain.deals.frames import FILE_MOMENT, Rows, parts, read
from hingepoint.domain.deals.models import DealQuerySet, that_count
from hingepoint.domain.plans.models import Debrief, Plan
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


_WRITINGS = {
    "deal_id": "deal__key",
    "agreement": "agreement__type__key",
    "number": "number",
    "talk_on": "talk_on",
    "written_by": "written_by__key",
    "written_at": "written_at",
}
_WRITING_TYPES = dict.fromkeys(_WRITINGS, pl.String()) | {
    "number": pl.Int64(),
    "talk_on": pl.Date(),
    "written_at": FILE_MOMENT,
}


def plans_table(deals: DealQuerySet) -> Iterator[pl.DataFrame]:
    """Yield each writing of the plans of ``deals``, without what it says. The first frame is empty and holds the columns."""
    yield pl.DataFrame(schema=_WRITING_TYPES)
    for rows, columns in plans_rows(deals):
        yield from parts(rows.order_by("id"), columns, _WRITING_TYPES)


def plans_rows(deals: DealQuerySet) -> list[Rows]:
    """Return what ``plans_table`` reads."""
    return [(Plan.objects.filter(deal__in=deals.order_by()), _WRITINGS)]


_DEBRIEFS = {
    "deal_id": "agreement__deal__key",
    "agreement": "agreement__type__key",
    "outcome": "outcome",
    "learned": "learned",
    "written_by": "written_by__key",
    "held_at": "held_at",
    "written_at": "written_at",
}
_DEBRIEF_TYPES: dict[str, pl.DataType] = dict.fromkeys(_DEBRIEFS, pl.String()) | {
    "held_at": FILE_MOMENT,
    "written_at": FILE_MOMENT,
}


def debriefs_table(deals: DealQuerySet) -> Iterator[pl.DataFrame]:
    """Yield the debriefs of talks on ``deals``. The first frame is empty and holds the columns."""
    yield pl.DataFrame(schema=_DEBRIEF_TYPES)
    for rows, columns in debriefs_rows(deals):
        yield from parts(rows.order_by("id"), columns, _DEBRIEF_TYPES)


def debriefs_rows(deals: DealQuerySet) -> list[Rows]:
    """Return what ``debriefs_table`` reads."""
    return [(Debrief.objects.filter(agreement__deal__in=deals.order_by()), _DEBRIEFS)]
