"""Tables -> frame of events: agreements' steps and everything else that happened (``analysis.frames``)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import polars as pl
from django.db.models import Case, Max, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce

from hingepoint.analysis import frames
from hingepoint.domain.agreements.models import Agreement, AgreementEvent
from hingepoint.domain.agreements.queries.lines import last_steps
from hingepoint.domain.deals.frames import (
    EVENT_COLUMNS,
    FILE_MOMENT,
    Rows,
    deal_events_frame,
    deals_table,
    events_read,
    parts,
)
from hingepoint.domain.deals.models import Deal, DealEvent, DealQuerySet, that_count
from hingepoint.domain.deals.queries.looking_back import AsOf
from hingepoint.records.deals import EventKind

_COLUMNS = {
    "deal_id": "agreement__deal__key",
    "agreement": "agreement__type__key",
    "at": "occurred_at",
    "state": "state",
    "side": "agreement__type__side",
    "counterpart": "counterpart",
    "actor": "actor",
    "evidence": "evidence",
    "quality": "quality",
    "value": "value",
    "currency": "currency",
    "note": "note",
    "recorded_at": "recorded_at",
}


def agreement_events_frame(viewer: Any, *, without: QuerySet | None = None) -> pl.DataFrame:
    """Return every step of visible agreements (None: the system, all), but those that were taken back and
    those ``without`` names by id."""
    steps = AgreementEvent.objects.standing().filter(that_count("agreement__deal"))
    if without is not None:
        steps = steps.exclude(pk__in=without)
    if viewer is not None:
        steps = steps.filter(agreement__deal__in=Deal.objects.visible_to(viewer))
    frame = events_read(steps, _COLUMNS)
    kind = pl.lit(EventKind.AGREEMENT.value).alias("kind")
    return frame.with_columns(kind).select(*frames.EVENTS)


def events_frame(viewer: Any, *, without: QuerySet | None = None) -> pl.DataFrame:
    """Return the whole history of visible deals as a frame of ``frames.EVENTS``, by deal and time;
    ``without`` as in ``agreement_events_frame``."""
    parts = [agreement_events_frame(viewer, without=without), deal_events_frame(viewer)]
    return pl.concat(parts).sort("deal_id", "at", "kind", "agreement", maintain_order=True)


# ---- as files hold them ----

_FILE_TYPES = frames.schema(frames.EVENTS) | {
    "at": FILE_MOMENT,
    "recorded_at": FILE_MOMENT,
    "act": pl.String(),
    "due_on": pl.Date(),
    "required": pl.String(),
    "needed_because": pl.String(),
    "standing_since": FILE_MOMENT,
    "needed_by": pl.Date(),
    "expires_on": pl.Date(),
    "reason": pl.String(),
    "owed_in_return": pl.String(),
}
_STEPS = _COLUMNS | {"act": "act", "due_on": "due_on"}
_STANDINGS = {
    "deal_id": "deal__key",
    "agreement": "type__key",
    "at": "reached_at",
    "state": "state",
    "side": "type__side",
    "counterpart": "shown_name",
    "evidence": "evidence",
    "quality": "quality",
    "act": "act",
    "due_on": "due_on",
    "required": "yes_or_no",
    "needed_by": "needed_by",
    "needed_because": "needed_because",
    "standing_since": "gained_at",
    "expires_on": "expires_on",
    "reason": "reason",
    "owed_in_return": "owed_in_return",
}
_FILE_COLUMNS = [*frames.EVENTS, "act", "due_on"]


def events_table(deals: DealQuerySet, *, as_of: AsOf | None = None) -> Iterator[pl.DataFrame]:
    """Yield the history of ``deals`` as a file holds it: ``frames.EVENTS``, when each was recorded, and
    act and date of agreements. Reads back through an import to the same history. With ``as_of``: what was
    known by then."""
    yield pl.DataFrame(schema={name: _FILE_TYPES[name] for name in _FILE_COLUMNS})
    for rows, columns in events_rows(deals, as_of=as_of):
        for part in parts(rows.order_by("id"), columns, _FILE_TYPES):
            yield _complete(part)


def events_rows(deals: DealQuerySet, *, as_of: AsOf | None = None) -> list[Rows]:
    """Return what ``events_table`` reads."""
    steps = _standing(AgreementEvent.objects.filter(agreement__deal__in=deals), as_of)
    others = _standing(DealEvent.objects.filter(deal__in=deals), as_of)
    return [
        (steps.annotate(kind=Value(EventKind.AGREEMENT.value)), _STEPS | {"kind": "kind"}),
        (others, EVENT_COLUMNS),
    ]


def _standing(traces: Any, as_of: AsOf | None) -> Any:
    return as_of.standing(traces) if as_of else traces.standing()


def _complete(part: pl.DataFrame) -> pl.DataFrame:
    absent = [
        pl.lit(None, dtype=_FILE_TYPES[name]).alias(name)
        for name in _FILE_COLUMNS
        if name not in part.columns
    ]
    return part.with_columns(absent).select(_FILE_COLUMNS)


def agreements_table(deals: DealQuerySet, *, as_of: AsOf | None = None) -> Iterator[pl.DataFrame]:
    """Yield how each agreement of ``deals`` stands, dated by the step that brought it there.

    Reads back to the same agreements, without the way there. With ``as_of``: as the last
    step of then said it, without the columns that steps do not say.
    """
    told = [name for name in _STANDINGS if name in _STEPS or not as_of]
    yield pl.DataFrame(schema={name: _FILE_TYPES[name] for name in told})
    if as_of:
        yield from _last_steps(deals, as_of)
        return
    for rows, columns in agreements_rows(deals):
        yield from parts(rows.order_by("id"), columns, _FILE_TYPES)


def agreements_rows(deals: DealQuerySet) -> list[Rows]:
    """Return what ``agreements_table`` reads."""
    steps = Q(events__in=AgreementEvent.objects.standing())
    standing = Agreement.objects.filter(deal__in=deals)
    standing = standing.annotate(
        reached_at=Max("events__occurred_at", filter=steps),
        shown_name=Coalesce("person__name", "asked_of__name", "person_name"),
        yes_or_no=Case(When(required=True, then=Value("yes")), default=Value("no")),
    )
    return [(standing, _STANDINGS)]


def _last_steps(deals: DealQuerySet, as_of: AsOf) -> Iterator[pl.DataFrame]:
    ids = Agreement.objects.filter(deal__in=deals).values(last=Subquery(last_steps(as_of).values("pk")[:1]))
    told = {name: _STEPS[name] for name in _STANDINGS if name in _STEPS}
    yield from parts(AgreementEvent.objects.filter(pk__in=ids).order_by("agreement_id"), told, _FILE_TYPES)


TABLES = {"deals": deals_table, "agreements": agreements_table, "events": events_table}
