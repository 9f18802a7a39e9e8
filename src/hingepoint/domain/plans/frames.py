"""Plans and debriefs as files hold them, and plans of talks as signals read them: what was written before a concession, what was approved, and what
was debriefed."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator

import polars as pl

from hingepoint.analysis import frames
from hingepoint.domain.agreements.models import AgreementType
from hingepoint.domain.deals.frames import FILE_MOMENT, Rows, parts, read, table
from hingepoint.domain.deals.models import DealQuerySet, that_count
from hingepoint.domain.plans.models import Debrief, Plan, PlanReview
from hingepoint.domain.plans.parts import lacking
from hingepoint.domain.plans.rules import DEBRIEF_WITHIN, before_concessions
from hingepoint.records.plans import Verdict
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


# ---- what became of talks ----

_PLANNED = {
    "deal_id": "deal__key",
    "agreement": "agreement_id",
    "number": "number",
    "talk_on": "talk_on",
    "written_at": "written_at",
}
_DEBRIEFED = {"agreement": "agreement_id", "held_at": "held_at", "written_at": "written_at"}
_APPROVED = {"deal_id": "plan__deal__key", "at": "at", "parts": "plan__parts", "talk_on": "plan__talk_on"}
_TALK_TYPES = (
    {"deal_id": pl.String(), "parts": pl.String(), "talk_on": pl.Date()}
    | dict.fromkeys(("agreement", "number"), pl.Int64())
    | dict.fromkeys(("at", "written_at", "held_at"), frames.MOMENT)
)


def talks_frame(as_of: dt.date) -> pl.DataFrame:
    """Return the talks that were held and the plans that were approved (``analysis.frames.TALKS``), as it was on record at the end
    of ``as_of``; for the system. A talk that may still be debriefed is not there yet."""
    found = pl.concat([_held(as_of), *_approved(as_of)])
    return found.select(list(frames.TALKS))


def _held(as_of: dt.date) -> pl.DataFrame:
    plans = Plan.objects.of_talks().filter(that_count("deal"))
    planned = _by(read(plans.order_by("number"), _PLANNED, _TALK_TYPES), "written_at", as_of)
    told = _by(read(Debrief.objects.order_by("id"), _DEBRIEFED, _TALK_TYPES), "written_at", as_of)
    last = told.group_by("agreement").agg(held_on=pl.col("held_at").dt.date().max())
    newest = planned.unique("agreement", keep="last", maintain_order=True)
    newest = newest.filter(pl.col("talk_on") <= as_of)  # a talk that was put off was not held
    talks = newest.join(last, on="agreement", how="left", maintain_order="left").select(
        "deal_id",
        at=pl.col("talk_on").cast(frames.MOMENT),
        what=pl.lit("held"),
        done=(pl.col("held_on") >= pl.col("talk_on")).fill_null(False),
    )
    return talks.filter(pl.col("done") | (pl.col("at").dt.date() <= as_of - DEBRIEF_WITHIN))


def _approved(as_of: dt.date) -> Iterator[pl.DataFrame]:
    """Yield the approved plans of talks and whether each was complete, a part after the other: what plans say is long."""
    rows = PlanReview.objects.filter(
        that_count("plan__deal"), verdict=Verdict.APPROVED, plan__agreement__isnull=False
    )
    for some in parts(rows.order_by("id"), _APPROVED, _TALK_TYPES):
        known = _by(some, "at", as_of)
        whole = [
            not lacking(json.loads(said), on) for said, on in known.select("parts", "talk_on").iter_rows()
        ]
        yield known.select("deal_id", "at", what=pl.lit("approved"), done=pl.Series(whole, dtype=pl.Boolean))


def _by(rows: pl.DataFrame, moment: str, as_of: dt.date) -> pl.DataFrame:
    return rows.filter(pl.col(moment).dt.date() <= as_of)


# ---- as files hold them ----

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
    """Return each writing of the plans of ``deals``, without what it says. The first frame is empty and holds the columns."""
    return table(plans_rows(deals), _WRITING_TYPES)


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
    """Return the debriefs of talks on ``deals``. The first frame is empty and holds the columns."""
    return table(debriefs_rows(deals), _DEBRIEF_TYPES)


def debriefs_rows(deals: DealQuerySet) -> list[Rows]:
    """Return what ``debriefs_table`` reads."""
    return [(Debrief.objects.filter(agreement__deal__in=deals.order_by()), _DEBRIEFS)]
