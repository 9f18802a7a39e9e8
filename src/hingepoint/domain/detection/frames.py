"""Tables -> frame of traces (``analysis.detection.TRACES``), and of what people recorded themselves."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from typing import Any

import polars as pl
from django.db.models import CharField, DateTimeField, F, Value
from django.db.models.functions import Cast
from django.utils import timezone

from hingepoint.analysis import frames
from hingepoint.analysis.detection import KINDS, TRACES, Trace
from hingepoint.domain.agreements.models import AgreementEvent, AgreementType
from hingepoint.domain.deals.frames import read
from hingepoint.domain.deals.models import Deal, DealContact, DealEvent, that_count
from hingepoint.records.agreements import STANDING

_EVENTS = {
    "deal_id": "deal__key",
    "kind": "kind",
    "name": "name",
    "value": "state",
    "note": "note",
    "who": "counterpart",
    "at": "occurred_at",
    "batch": "batch",
}
_ROLES = {
    "deal_id": "deal__key",
    "kind": "a_role",
    "name": "role",
    "who": "contact__name",
    "at": "since_at",
    "batch": "deal__batch",
}


def traces(viewer: Any, wanted: Collection[str], *, among: Collection[int] | None = None) -> pl.DataFrame:
    """Return the traces of the ``wanted`` kinds (``Trace``) of visible deals (None: the system, all); only
    those of the deals ``among``, if they are given by their numbers."""
    types = {name: dtype for name, (dtype, _) in TRACES.items()}
    kinds = [kind for trace in wanted for kind in KINDS[trace]]
    events = _visible(_among(DealEvent.objects.filter(that_count("deal"), kind__in=kinds), among), viewer)
    found = read(events, _EVENTS, types)
    if Trace.ROLE not in wanted:
        return found
    people = _visible(_among(DealContact.objects.filter(that_count("deal")), among), viewer).annotate(
        a_role=Value("role", CharField()), since_at=Cast(F("since"), DateTimeField())
    )
    return pl.concat([found, read(people, _ROLES, types)], how="diagonal").select(*TRACES)


#: Columns of the table that say something of a deal as those kept from files do.
_FACTS = ("source", "segment", "product", "region")


def facts(columns: Collection[str], *, among: Collection[int] | None = None) -> pl.DataFrame:
    """Return what stands in these columns of deals, for the system, as traces of the day on which they were created; the
    case of names does not count. With ``among`` only of those deals. One SQL query."""
    wanted = {name.strip().lower() for name in columns}
    rows = Deal.objects.all() if among is None else Deal.objects.filter(pk__in=among)
    told = rows.order_by("pk").values_list("key", "created_at", "batch", "extra", *_FACTS)
    found = [
        (key, name, str(value), created, batch)
        for key, created, batch, extra, *own in told.iterator(chunk_size=10_000)
        for name, value in {**extra, **dict(zip(_FACTS, own, strict=True))}.items()
        if name.strip().lower() in wanted and value not in (None, "")
    ]
    return _as_traces(found)


def _as_traces(found: Sequence[tuple[str, str, str, dt.datetime, int | None]]) -> pl.DataFrame:
    types = {name: dtype for name, (dtype, _) in TRACES.items()}
    keys, names, values, moments, batches = zip(*found, strict=True) if found else ((),) * 5
    local = [timezone.make_naive(one) for one in moments]
    columns = {"deal_id": keys, "name": names, "value": values, "at": local, "batch": batches}
    table = pl.DataFrame({name: pl.Series(told, dtype=types[name]) for name, told in columns.items()})
    return table.with_columns(kind=pl.lit(Trace.FACT.value)).select(
        pl.col(name) if name in (*columns, "kind") else pl.lit(None, dtype).alias(name)
        for name, dtype in types.items()
    )


def lived(among: Collection[int]) -> pl.DataFrame:
    """Return from when to when deals lived, which is what a rule looks at of them: columns of ``frames.DEALS``."""
    columns = {"deal_id": "key", "created": "created_at", "closed": "closed_at", "status": "status"}
    return read(Deal.objects.filter(pk__in=among), columns, frames.schema(frames.DEALS))


def _among(rows: Any, among: Collection[int] | None) -> Any:
    return rows if among is None else rows.filter(deal__in=among)


def _visible(rows: Any, viewer: Any) -> Any:
    return rows if viewer is None else rows.filter(deal__in=Deal.objects.visible_to(viewer))


def recorded(viewer: Any, type: AgreementType) -> pl.DataFrame:
    """Return when people and files, not rules, recorded agreements of a type as standing: deal_id, at."""
    steps = AgreementEvent.objects.standing().filter(
        that_count("agreement__deal"), agreement__type=type, state__in=sorted(STANDING)
    )
    steps = steps.said().exclude(agreement__events__detection__isnull=False)
    if viewer is not None:
        steps = steps.filter(agreement__deal__in=Deal.objects.visible_to(viewer))
    columns = {"deal_id": "agreement__deal__key", "at": "occurred_at"}
    return read(steps, columns, frames.schema(frames.EVENTS))
