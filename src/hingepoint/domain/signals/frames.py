"""Tables -> what the ten signals read (``analysis.signals.shape.Facts``)."""

from __future__ import annotations

import datetime as dt
from typing import Literal

import polars as pl

from hingepoint.analysis import frames
from hingepoint.analysis.signals.engine.facts import from_log, pulses
from hingepoint.analysis.signals.shape import Facts
from hingepoint.domain.deals.frames import EVENT_COLUMNS, deals_frame, read
from hingepoint.domain.deals.models import DealEvent, that_count
from hingepoint.domain.deals.queries.looking_back import AsOf
from hingepoint.domain.escalations.frames import policies_frame, pulses_frame, steps_frame
from hingepoint.domain.involvement.frames import roles_frame
from hingepoint.domain.negotiation.frames import concessions_frame, corridors_frame, demands_frame
from hingepoint.domain.plans.frames import plans_frame
from hingepoint.domain.routines.frames import routines_frame
from hingepoint.records.deals import EventKind

_TYPES = frames.schema(frames.EVENTS)


def facts(as_of: dt.date, period: Literal["month", "week"] = "month") -> Facts:
    """Return all that the signals read as it was known at the end of ``as_of``, for the system: who shows it asks
    who may see it.

    What happened, was written down or was imported later is not there. Amounts of deals are as they are now, in each
    deal's own currency. Reads every deal and all that was asked, given, planned and quoted: about a second per
    100,000 rows.
    """
    return from_log(deals_frame(None), log(as_of), routines_frame(), as_of=as_of, period=period)


def log(as_of: dt.date) -> pl.DataFrame:
    """Return what the signals read of what happened until ``as_of``, with ``recorded_at``: what was taken back by then is
    left out. Kinds and states are those that ``docs/reference/formats.md`` names."""
    known = AsOf(as_of)
    parts = (
        _quotes_and_visits(known),
        concessions_frame(known),
        demands_frame(known),
        corridors_frame(),
        plans_frame(),
        steps_frame(known),
        roles_frame(),
        pulses(pulses_frame()),
        policies_frame(),
    )
    return pl.concat(parts, how="diagonal").select(*_TYPES)


def _quotes_and_visits(as_of: AsOf) -> pl.DataFrame:
    happened = DealEvent.objects.filter(that_count("deal"), kind__in=[EventKind.QUOTE, EventKind.EXECUTIVE])
    return read(as_of.standing(happened).order_by("id"), EVENT_COLUMNS, _TYPES)
