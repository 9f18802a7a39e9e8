"""Demands with their newest reason, and concessions with what they answer, as files hold them; and when reasons and
corridors were written, as signals read it.

The corridor is in no file.
"""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl
from django.db.models import OuterRef, QuerySet, Subquery

from hingepoint.analysis import frames
from hingepoint.domain.deals.frames import FILE_MOMENT, Rows, read, table
from hingepoint.domain.deals.models import DealEvent, DealQuerySet
from hingepoint.domain.negotiation.models import Reason, Trade
from hingepoint.records.deals import EventKind
from hingepoint.records.signals import StepState, TraceKind

_DEMANDS = {
    "deal_id": "deal__key",
    "demand": "name",
    "at": "occurred_at",
    "recorded_at": "recorded_at",
    "words": "note",
    "asked_by": "counterpart",
    "value": "value",
    "currency": "currency",
    "reason": "newest_text",
    "reason_state": "newest_state",
    "said_by": "newest_said_by",
    "confirmed_by": "newest_confirmed_by",
    "reason_written_at": "newest_written_at",
}
_CONCESSIONS = {
    "deal_id": "deal__key",
    "concession": "name",
    "topic": "trade__topic",
    "at": "occurred_at",
    "recorded_at": "recorded_at",
    "value": "value",
    "currency": "currency",
    "given_by": "actor",
    "in_return": "note",
    "answers": "trade__demand__name",
    "answers_at": "trade__demand__occurred_at",
    "worth_to_them": "trade__worth",
    "last_word": "trade__final",
}
_TYPES = dict.fromkeys((*_DEMANDS, *_CONCESSIONS), pl.String()) | {
    "at": FILE_MOMENT,
    "recorded_at": FILE_MOMENT,
    "reason_written_at": FILE_MOMENT,
    "answers_at": FILE_MOMENT,
    "value": pl.Float64(),
    "worth_to_them": pl.Int64(),
    "last_word": pl.Boolean(),
}


def demands_table(deals: DealQuerySet) -> Iterator[pl.DataFrame]:
    """Return what was asked of us on ``deals``, each demand with its newest reason. The first frame is empty
    and holds the columns."""
    return table(demands_rows(deals), {name: _TYPES[name] for name in _DEMANDS})


def demands_rows(deals: DealQuerySet) -> list[Rows]:
    """Return what ``demands_table`` reads."""
    newest = Reason.objects.filter(event=OuterRef("pk")).order_by("-written_at", "-id")
    told = ("text", "state", "said_by", "confirmed_by", "written_at")
    rows = _events(deals, EventKind.DEMAND)
    return [
        (rows.annotate(**{f"newest_{name}": Subquery(newest.values(name)[:1]) for name in told}), _DEMANDS)
    ]


def concessions_table(deals: DealQuerySet) -> Iterator[pl.DataFrame]:
    """Return what we gave on ``deals``. The first frame is empty and holds the columns."""
    return table(concessions_rows(deals), {name: _TYPES[name] for name in _CONCESSIONS})


def concessions_rows(deals: DealQuerySet) -> list[Rows]:
    """Return what ``concessions_table`` reads."""
    return [(_events(deals, EventKind.CONCESSION), _CONCESSIONS)]


def _events(deals: DealQuerySet, kind: EventKind) -> QuerySet[DealEvent]:
    return DealEvent.objects.standing().filter(deal__in=deals, kind=kind).order_by("id")


# ---- as signals read them ----

_TRADES = {"id": "event_id", "topic": "topic", "final": "final"}
_LOG_TYPES = frames.schema(frames.EVENTS) | {"id": pl.Int64(), "topic": pl.String(), "final": pl.Boolean()}


def demands_frame(asked: pl.DataFrame, reasons: pl.DataFrame) -> pl.DataFrame:
    """Return what was asked of us, each with the newest of its ``reasons`` as its note, and with the newest that somebody else
    wrote as ``other_reason``."""
    in_order = reasons.sort("written_at", "id")
    newest = in_order.unique("event", keep="last").select("note", "writer", id="event")
    others = in_order.join(newest.select(event="id", last="writer"), on="event").filter(
        pl.col("writer") != pl.col("last")
    )
    other = others.unique("event", keep="last", maintain_order=True).select(id="event", other_reason="note")
    told = asked.join(newest.drop("writer"), on="id", how="left", maintain_order="left")
    return told.join(other, on="id", how="left", maintain_order="left")


def concessions_frame(given: pl.DataFrame) -> pl.DataFrame:
    """Return what we gave by topic, with what came back as its note; what was called our last has the state final."""
    trades = read(Trade.objects.order_by("id"), _TRADES, _LOG_TYPES)
    known = given.join(trades, on="id", how="left", maintain_order="left")
    return known.with_columns(
        agreement=pl.coalesce("topic", "agreement"),
        state=pl.when("final").then(pl.lit(StepState.FINAL.value)),
    ).drop("topic", "final")


def corridors_frame(written: pl.DataFrame) -> pl.DataFrame:
    """Return each writing of a corridor (deal_id, at) as a plan, at the time it was really written."""
    return written.select(
        "deal_id", "at", recorded_at="at", kind=pl.lit(TraceKind.PLAN.value), agreement=pl.lit("corridor")
    )
