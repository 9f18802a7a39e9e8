"""Tables -> what the ten signals read (``analysis.signals.shape.Facts``)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Literal

import polars as pl
from django.db.models.functions import Coalesce

from hingepoint.analysis import frames
from hingepoint.analysis.signals.engine.facts import from_kinds, known_deals, pulses
from hingepoint.analysis.signals.shape import Facts
from hingepoint.domain.agreements.models import AgreementEvent, AgreementType
from hingepoint.domain.deals.frames import DEAL_ROW, read, with_places
from hingepoint.domain.deals.kept_rows import KeptRows, Shelf
from hingepoint.domain.deals.models import Deal, DealEvent, that_count
from hingepoint.domain.escalations.frames import policies_frame, pulses_frame, steps_frame
from hingepoint.domain.involvement.frames import roles_frame
from hingepoint.domain.negotiation.frames import concessions_frame, corridors_frame, demands_frame
from hingepoint.domain.negotiation.models import CorridorWriting, Reason
from hingepoint.domain.plans.frames import plans_frame, talks_frame
from hingepoint.domain.routines.frames import routines_frame
from hingepoint.domain.signals.models import SignalLimits
from hingepoint.records.deals import DealStatus, EventKind
from hingepoint.records.signals import TraceKind

_TYPES = frames.schema(frames.EVENTS)
_NUMBERS = {name: pl.Int64() for name in ("version", "owner", "team", "account", "deal", "undoes", "event")}
#: What no signal reads of a deal.
UNREAD = ("discount", "stage", "expected_close")
_DEALS = KeptRows(
    "deals",
    Deal.objects.all,
    {name: column for name, column in DEAL_ROW.items() if name not in UNREAD},
    frames.schema(frames.DEALS) | _NUMBERS,
    marks=("version", "owner", "team", "account"),
)
_EVENT = {
    "deal": "deal_id",
    "agreement": "name",
    "at": "occurred_at",
    "recorded_at": "recorded_at",
    "undoes": "undoes_id",
}
#: Kind of event -> what is read of it beside.
_READ_OF = {
    EventKind.QUOTE: ("value",),
    EventKind.EXECUTIVE: ("state", "actor"),
    EventKind.CONCESSION: ("value", "note"),
    EventKind.DEMAND: (),
    EventKind.ESCALATION: ("state", "actor", "value", "currency", "note"),
}
#: Kind -> its rows: a kind after the other is read, so that never all of them are in memory.
_EVENTS = {
    kind: KeptRows(
        f"events-{kind}",
        partial(DealEvent.objects.filter, kind=kind),
        _EVENT | {name: name for name in more},
        _TYPES | _NUMBERS,
    )
    for kind, more in _READ_OF.items()
}
#: The steps of agreements on the deals of which signal 10 tells: those won that name what was projected.
_STEPS = KeptRows(
    "agreement-steps",
    partial(
        AgreementEvent.objects.filter,
        that_count("agreement__deal"),
        agreement__deal__status=DealStatus.WON,
        agreement__deal__projected_amount__isnull=False,
    ),
    {
        "deal": "agreement__deal_id",
        "type": "agreement__type_id",
        "at": "occurred_at",
        "recorded_at": "recorded_at",
        "undoes": "undoes_id",
        "state": "state",
        "evidence": "evidence",
    },
    _TYPES | _NUMBERS | {"type": pl.Int64()},
)
_REASONS = KeptRows(
    "reasons",
    Reason.objects.all,
    {"event": "event_id", "note": "text", "written_at": "written_at", "writer": "written_by_id"},
    _TYPES | _NUMBERS | {"written_at": frames.MOMENT, "writer": pl.Int64()},
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
    deals, keys = _deals(as_of, shelf)
    of_kind = partial(events, as_of=as_of, keys=keys, shelf=shelf)
    known = from_kinds(deals, of_kind, routines_frame(), talks_frame(as_of), as_of=as_of, period=period)
    return replace(known, limits=limits_frame(as_of))


def limits_frame(as_of: dt.date) -> pl.DataFrame:
    """Return from when on people set which limits anew, as it was on record at the end of ``as_of`` and not taken back by then."""
    rows = SignalLimits.objects.on(as_of).order_by("since", "id")
    columns = {"at": "since", "signal": "signal", "reason": "reason"}
    found = read(rows, columns, frames.schema(frames.LIMITS) | {"at": pl.Date()})
    return found.with_columns(pl.col("at").cast(frames.MOMENT))


def _deals(as_of: dt.date, shelf: Shelf | None) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the deals known by then, and of all deals what they are called by their numbers."""
    every = with_places(_DEALS.read(shelf))
    return known_deals(every, as_of).drop("id", "version"), every.select("deal_id", deal="id")


def events(kind: str, *, as_of: dt.date, keys: pl.DataFrame, shelf: Shelf | None = None) -> pl.DataFrame:
    """Return what the signals read of what happened of a kind until ``as_of``, on the deals of ``keys``, with ``recorded_at``: what
    was taken back by then is left out. Kinds and states are those that ``docs/reference/formats.md`` names."""

    def told(of: EventKind) -> pl.DataFrame:
        return _of_deals(_standing(_EVENTS[of].read(shelf), as_of), keys)

    def reasons() -> pl.DataFrame:
        return _known(_REASONS.read(shelf), as_of, "written_at")

    parts: dict[str, Callable[[], list[pl.DataFrame]]] = {
        EventKind.AGREEMENT: lambda: [_named(_of_deals(_standing(_STEPS.read(shelf), as_of), keys))],
        EventKind.QUOTE: lambda: [told(EventKind.QUOTE)],
        EventKind.EXECUTIVE: lambda: [told(EventKind.EXECUTIVE), roles_frame()],
        EventKind.CONCESSION: lambda: [concessions_frame(told(EventKind.CONCESSION))],
        EventKind.DEMAND: lambda: [demands_frame(told(EventKind.DEMAND), reasons())],
        EventKind.ESCALATION: lambda: [steps_frame(told(EventKind.ESCALATION))],
        TraceKind.PLAN: lambda: [corridors_frame(_of_deals(_CORRIDORS.read(shelf), keys)), plans_frame()],
        TraceKind.PULSE: lambda: [pulses(pulses_frame())],
        TraceKind.POLICY: lambda: [policies_frame()],
    }
    return pl.concat(parts[kind](), how="diagonal")


def _named(steps: pl.DataFrame) -> pl.DataFrame:
    """Return ``steps`` with the key of each one's agreement; a word of the company's files says that of the type it is tied to."""
    types = AgreementType.objects.annotate(meant=Coalesce("tied_to__key", "key"))
    names = read(types, {"type": "id", "agreement": "meant"}, {"type": pl.Int64(), "agreement": pl.String()})
    return steps.join(names, on="type", how="left", maintain_order="left")


def _of_deals(rows: pl.DataFrame, keys: pl.DataFrame) -> pl.DataFrame:
    """Return the rows of deals that count, with the keys of these."""
    return rows.join(keys, on="deal", maintain_order="left")


def _known(rows: pl.DataFrame, as_of: dt.date, *moments: str) -> pl.DataFrame:
    return rows.filter(pl.all_horizontal(pl.col(name).dt.date() <= as_of for name in moments))


def _standing(events: pl.DataFrame, as_of: dt.date) -> pl.DataFrame:
    """Return what was on record by the end of ``as_of`` and not taken back by then. What takes back is of the kind of what it
    takes back."""
    known = _known(events, as_of, "at", "recorded_at")
    gone = known["undoes"].drop_nulls()
    return known.filter(pl.col("undoes").is_null() & ~pl.col("id").is_in(gone.implode()))
