"""Tables -> what the pressures are read from (``analysis.pressures.shape.Facts``), and tags as files hold them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import polars as pl
from django.db.models import Case, F, Min, When
from django.utils import timezone

from hingepoint.analysis import frames
from hingepoint.analysis.detection import Trace
from hingepoint.analysis.frames import MOMENT
from hingepoint.analysis.pressures.shape import ALSO_OF_DEALS, GAINED, TAGS, Facts
from hingepoint.domain.agreements.models import AgreementEvent
from hingepoint.domain.deals.frames import FILE_MOMENT, Rows, deals_frame, parts, read
from hingepoint.domain.deals.models import Deal, DealEvent, DealQuerySet, that_count
from hingepoint.domain.detection.frames import traces
from hingepoint.domain.pressures.models import PressureTag
from hingepoint.domain.strategy.models import PivotalAgreement
from hingepoint.records.agreements import STANDING
from hingepoint.records.deals import EventKind
from hingepoint.records.strategy import Status

#: What the pressures read of a deal -> what files call it: the first that a deal says counts.
COLUMNS = {
    "competitor": ("competitor", "main_competitor", "competitors"),
    "loss_reason": ("loss_reason", "lost_reason", "closed_lost_reason", "reason_lost"),
    "requested_date": ("requested_date", "requested_delivery_date", "customer_deadline", "go_live_date"),
    "countries": ("countries", "countries_in_scope", "delivery_countries"),
    "competitor_price": ("competitor_price", "competing_price"),
}


def facts(as_of: dt.date) -> Facts:
    """Return all that the pressures are read from, for the system. Reads every deal: about a second per 100,000."""
    end = timezone.make_aware(dt.datetime.combine(as_of, dt.time.max))
    pivotal = pivotal_keys()
    return Facts(
        as_of=as_of,
        deals=_deals(),
        tags=_tags(end),
        gained=_gained(pivotal, end),
        demands=_happened(EventKind.DEMAND, end).rename({"agreement": "topic"}),
        concessions=_happened(EventKind.CONCESSION, end).rename({"agreement": "topic"}),
        roles=traces(None, [Trace.ROLE]).select("deal_id", "at", role="name"),
        pivotal=pivotal,
    )


def pivotal_keys() -> tuple[str, ...]:
    """Return the keys of the pivotal agreements of the strategies in force, each once, in their order. One SQL query."""
    rows = PivotalAgreement.objects.filter(
        playbook__strategy__status=Status.IN_FORCE, playbook__published_at__isnull=False
    ).order_by("playbook__strategy__rank", "playbook__strategy_id", "-playbook__number", "position")
    newest: dict[int, int] = {}
    found: dict[str, None] = {}
    for strategy, book, key in rows.values_list("playbook__strategy_id", "playbook_id", "type__key"):
        if newest.setdefault(strategy, book) == book:
            found[key] = None
    return tuple(found)


def _deals() -> pl.DataFrame:
    table = deals_frame(None, extra=[name for names in COLUMNS.values() for name in names])
    country = {key: code or None for key, code in Deal.objects.values_list("key", "account__country")}
    return table.with_columns(
        pl.col("deal_id").replace_strict(country, default=None, return_dtype=pl.String).alias("country"),
        *(pl.coalesce(names).alias(name) for name, names in COLUMNS.items()),
    ).select(*frames.DEALS, *ALSO_OF_DEALS)


def _tags(end: dt.datetime) -> pl.DataFrame:
    """Return the standing tags of what was seen until ``end``. What a rule read counts from the day of its trace, what a
    person said from when they wrote it, whatever day they name: who tags afterwards knows how the deal ended."""
    written = Case(When(rule__isnull=True, then=F("noted_at")), default=F("seen_at"))
    rows = (
        PressureTag.objects.standing()
        .annotate(counts_from=written)
        .filter(that_count("deal"), counts_from__lte=end)
    )
    columns = {"deal_id": "deal__key", "pressure": "pressure", "seen": "counts_from"}
    return read(rows, columns, frames.schema(TAGS))


def _gained(pivotal: tuple[str, ...], end: dt.datetime) -> pl.DataFrame:
    steps = AgreementEvent.objects.standing().filter(
        that_count("agreement__deal"),
        agreement__type__key__in=pivotal,
        state__in=sorted(STANDING),
        occurred_at__lte=end,
    )
    first = steps.values("agreement__deal__key", "agreement__type__key").annotate(first=Min("occurred_at"))
    rows = [
        (one["agreement__deal__key"], one["agreement__type__key"], timezone.make_naive(one["first"]))
        for one in first.order_by().iterator(chunk_size=10_000)
    ]
    return pl.DataFrame(rows, schema=frames.schema(GAINED), orient="row")


def _happened(kind: EventKind, end: dt.datetime) -> pl.DataFrame:
    rows = DealEvent.objects.standing().filter(that_count("deal"), kind=kind, occurred_at__lte=end)
    columns = {"deal_id": "deal__key", "agreement": "name", "at": "occurred_at", "value": "value"}
    return read(rows, columns, frames.schema(frames.EVENTS))


def by_hand(pressure: str) -> pl.DataFrame:
    """Return what people tagged themselves of a pressure: deal_id, at."""
    rows = PressureTag.objects.standing().filter(that_count("deal"), pressure=pressure, rule__isnull=True)
    return read(rows, {"deal_id": "deal__key", "at": "seen_at"}, {"deal_id": pl.String(), "at": MOMENT})


# ---- as files hold them ----

_COLUMNS = {
    "deal_id": "deal__key",
    "pressure": "pressure",
    "seen_at": "seen_at",
    "words": "words",
    "rule": "rule__key",
    "noted_by": "noted_by__name",
    "noted_at": "noted_at",
    "taken_back_at": "taken_back_at",
    "taken_back_by": "taken_back_by__name",
}
_TYPES: dict[str, Any] = dict.fromkeys(_COLUMNS, pl.String()) | {
    "seen_at": FILE_MOMENT,
    "noted_at": FILE_MOMENT,
    "taken_back_at": FILE_MOMENT,
}


def pressures_table(deals: DealQuerySet) -> Iterator[pl.DataFrame]:
    """Yield the tags of ``deals``, those that were taken back too. The first frame is empty and holds the columns."""
    yield pl.DataFrame(schema=_TYPES)
    for rows, columns in pressures_rows(deals):
        yield from parts(rows.order_by("deal__key", "id"), columns, _TYPES)


def pressures_rows(deals: DealQuerySet) -> list[Rows]:
    """Return what ``pressures_table`` reads."""
    return [(PressureTag.objects.filter(deal__in=deals.order_by()), _COLUMNS)]
