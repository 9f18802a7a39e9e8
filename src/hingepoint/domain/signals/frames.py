"""Tables -> what the ten signals read (``analysis.signals.shape.Facts``)."""

from __future__ import annotations

import datetime as dt
from typing import Literal

import polars as pl

from hingepoint.analysis import frames
from hingepoint.analysis.signals.engine.facts import from_log, pulses
from hingepoint.analysis.signals.shape import Facts
from hingepoint.domain.deals.frames import DEAL_ROW, with_places
from hingepoint.domain.deals.kept_rows import KeptRows, Shelf
from hingepoint.domain.deals.models import Deal, DealEvent
from hingepoint.domain.escalations.frames import policies_frame, pulses_frame, steps_frame
from hingepoint.domain.involvement.frames import roles_frame
from hingepoint.domain.negotiation.frames import concessions_frame, corridors_frame, demands_frame
from hingepoint.domain.negotiation.models import CorridorWriting, Reason
from hingepoint.domain.plans.frames import plans_frame
from hingepoint.domain.routines.frames import routines_frame
from hingepoint.records.deals import EventKind

_TYPES = frames.schema(frames.EVENTS)
_NUMBERS = {name: pl.Int64() for name in ("version", "owner", "team", "account", "deal", "undoes", "event")}
_DEALS = KeptRows(
    "deals",
    Deal.objects.all,
    DEAL_ROW,
    frames.schema(frames.DEALS) | _NUMBERS,
    marks=("version", "owner", "team", "account"),
)
_KINDS = (
    EventKind.QUOTE,
    EventKind.EXECUTIVE,
    EventKind.CONCESSION,
    EventKind.DEMAND,
    EventKind.ESCALATION,
)
_EVENTS = KeptRows(
    "events",
    lambda: DealEvent.objects.filter(kind__in=_KINDS),
    {
        "deal": "deal_id",
        "kind": "kind",
        "agreement": "name",
        "at": "occurred_at",
        "recorded_at": "recorded_at",
        "undoes": "undoes_id",
        **{name: name for name in ("state", "actor", "value", "currency", "note")},
    },
    _TYPES | _NUMBERS,
)
_REASONS = KeptRows(
    "reasons",
    Reason.objects.all,
    {"event": "event_id", "note": "text", "written_at": "written_at"},
    _TYPES | _NUMBERS | {"written_at": frames.MOMENT},
)
_CORRIDORS = KeptRows(
    "corridors",
    CorridorWriting.objects.all,
    {"deal": "deal_id", "at": "set_at"},
    _TYPES | _NUMBERS,
)


def facts(as_of: dt.date, period: Literal["month", "week"] = "month", *, shelf: Shelf | None = None) -> Facts:
    """Return all that the signals read as it was known at the end of ``as_of``, for the system: who shows it asks
    who may see it.

    What happened, was written down or was imported later is not there. Amounts of deals are as they are now, in each
    deal's own currency. Reads every deal and all that was asked, given, planned and quoted: about a second per
    100,000 rows; with a ``shelf`` of kept rows those of deals, of their events, reasons and corridors that changed.
    """
    deals = _DEALS.read(shelf)
    return from_log(
        with_places(deals), log(as_of, deals, shelf), routines_frame(), as_of=as_of, period=period
    )


def log(as_of: dt.date, deals: pl.DataFrame, shelf: Shelf | None = None) -> pl.DataFrame:
    """Return what the signals read of what happened on ``deals`` until ``as_of``, with ``recorded_at``: what was taken back
    by then is left out. Kinds and states are those that ``docs/reference/formats.md`` names."""
    keys = deals.select("deal_id", deal="id")
    of = _by_kind(_EVENTS.read(shelf), as_of, keys)
    parts = (
        of[EventKind.QUOTE],
        of[EventKind.EXECUTIVE],
        concessions_frame(of[EventKind.CONCESSION]),
        demands_frame(of[EventKind.DEMAND], _known(_REASONS.read(shelf), as_of, "written_at")),
        corridors_frame(_of_deals(_CORRIDORS.read(shelf), keys)),
        plans_frame(),
        steps_frame(of[EventKind.ESCALATION]),
        roles_frame(),
        pulses(pulses_frame()),
        policies_frame(),
    )
    every = pl.concat(parts, how="diagonal")
    return every.select(pl.col(name) for name in _TYPES if name in every.columns)


def _of_deals(rows: pl.DataFrame, keys: pl.DataFrame) -> pl.DataFrame:
    """Return the rows of deals that count, with the keys of these."""
    return rows.join(keys, on="deal", maintain_order="left")


def _known(rows: pl.DataFrame, as_of: dt.date, *moments: str) -> pl.DataFrame:
    return rows.filter(pl.all_horizontal(pl.col(name).dt.date() <= as_of for name in moments))


def _by_kind(events: pl.DataFrame, as_of: dt.date, keys: pl.DataFrame) -> dict[EventKind, pl.DataFrame]:
    """Return what was on record by the end of ``as_of`` and not taken back by then. One kind after the other: never are all of
    them there twice."""
    undoing = events.filter(pl.col("undoes").is_not_null())
    gone = _known(undoing, as_of, "at", "recorded_at")["undoes"]
    stands = pl.col("undoes").is_null() & ~pl.col("id").is_in(gone.implode())

    def of(kind: EventKind) -> pl.DataFrame:
        rows = events.filter((pl.col("kind") == kind.value) & stands)
        return _of_deals(_known(rows, as_of, "at", "recorded_at"), keys)

    return {kind: of(kind) for kind in _KINDS}
