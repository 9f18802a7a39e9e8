"""Tables -> frames of deals and of their events that are no agreements (``analysis.frames``)."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import polars as pl
from django.conf import settings
from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import F, FloatField, OuterRef, QuerySet, Subquery, TextField
from django.db.models.functions import Cast

from hingepoint.analysis import frames
from hingepoint.domain.deals.models import Account, Deal, DealEvent, that_count
from hingepoint.domain.deals.queries.looking_back import AsOf, column_then
from hingepoint.domain.people.models import Membership, Team, User

BATCH = 20_000

#: Rows of a table, and column of a file -> what it is read from.
Rows = tuple[QuerySet, dict[str, str]]

#: A moment in a file: local time with its offset, so that no hour of the year is ambiguous.
FILE_MOMENT = pl.Datetime("us", settings.TIME_ZONE)

#: column of the frame -> column of the table
_DEAL_COLUMNS = {
    "deal_id": "key",
    "created": "created_at",
    "status": "status",
    "closed": "closed_at",
    "amount": "amount",
    "currency": "currency",
    "initial_amount": "initial_amount",
    "list_price": "list_price",
    "net_price": "net_price",
    "discount": "discount",
    "cost": "cost",
    "margin": "margin",
    "owner": "owner__key",
    "team": "team__name",
    "region": "region",
    "segment": "segment",
    "product": "product",
    "source": "source",
    "account": "account__key",
    "stage": "stage",
    "expected_close": "expected_close_on",
    "projected_amount": "projected_amount",
    "projected_margin": "projected_margin",
}
#: What only files hold besides.
_OWN = {"name": "name", "link": "link"}
#: The same of the row alone, whose owner, team and account are numbers: see ``with_places``.
DEAL_ROW = _DEAL_COLUMNS | {
    "owner": "owner_id",
    "team": "team_id",
    "account": "account_id",
    "version": "version",
}
_ACCOUNT: dict[str, pl.DataType] = {"account": pl.Int64(), "called": pl.String()}
EVENT_COLUMNS = {
    "deal_id": "deal__key",
    "agreement": "name",
    "at": "occurred_at",
    "state": "state",
    "kind": "kind",
    "side": "side",
    "counterpart": "counterpart",
    "actor": "actor",
    "evidence": "evidence",
    "quality": "quality",
    "value": "value",
    "currency": "currency",
    "note": "note",
    "recorded_at": "recorded_at",
}


def deals_frame(viewer: Any, *, extra: Sequence[str] = (), since: dt.datetime | None = None) -> pl.DataFrame:
    """Return the deals that ``viewer`` may see (None: the system, all) as a frame of ``frames.DEALS``,
    in the order of their keys.

    ``extra`` names columns kept from files, added as text; ``since`` leaves out deals created before it.
    Amounts are in each deal's own currency.
    Reads the whole selection: about a second per 100,000 deals.
    """
    deals = Deal.objects.all() if viewer is None else Deal.objects.visible_to(viewer)
    deals = deals.filter(created_at__gte=since) if since else deals
    types = frames.schema(frames.DEALS) | {name: pl.String() for name in extra}
    parts = list(_deal_parts(deals, _DEAL_COLUMNS, extra))
    return pl.concat(parts).select(*frames.DEALS, *extra) if parts else pl.DataFrame(schema=types)


def deals_table(deals: QuerySet, *, as_of: AsOf | None = None) -> Iterator[pl.DataFrame]:
    """Yield deals as a file holds them: ``frames.DEALS``, name, link, and every column kept from files.

    The first frame is empty and holds the columns. What is yielded reads back through an import to the
    same deals. With ``as_of`` (and deals selected as of the same day): as they were.
    """
    extra = sorted(
        {name for kept in deals.exclude(extra={}).values_list("extra", flat=True).iterator() for name in kept}
    )
    columns = [
        *frames.DEALS,
        *_OWN,
        *(name for name in extra if name not in frames.DEALS and name not in _OWN),
    ]
    yield pl.DataFrame(schema=dict.fromkeys(columns, pl.String()))
    types: dict[str, pl.DataType] = {
        "created": FILE_MOMENT,
        "closed": FILE_MOMENT,
        "expected_close": pl.Date(),
    }
    read_from = {name: column_then(source, as_of) for name, source in _DEAL_COLUMNS.items()}
    for part in _deal_parts(deals, read_from | _OWN, columns[len(frames.DEALS) + len(_OWN) :], types):
        yield part.select(columns)


def deals_rows(deals: QuerySet) -> list[Rows]:
    """Return what ``deals_table`` reads, without the columns kept from files."""
    managers = _managing().filter(team=OuterRef("team")).reverse().values("user__key")
    rows = deals.annotate(manager_now=Subquery(managers[:1]))
    return [(rows, _DEAL_COLUMNS | _OWN | {"manager": "manager_now"})]


def _deal_parts(
    deals: QuerySet,
    columns: dict[str, str],
    extra: Sequence[str],
    types: dict[str, pl.DataType] | None = None,
) -> Iterator[pl.DataFrame]:
    managers = _managers()
    more = {"name": pl.String(), "link": pl.String(), "extra": pl.String(), "manager": pl.Int64()}
    types = frames.schema(frames.DEALS) | more | (types or {})
    read_too = {"manager": "team_id"} | ({"extra": "extra"} if extra else {})
    for part in parts(deals.order_by("key"), columns | read_too, types):
        part = part.with_columns(manager=called(pl.col("manager"), managers))
        yield part.drop("extra").hstack(unpacked(part["extra"], extra)) if extra else part


def unpacked(texts: pl.Series, names: Sequence[str]) -> list[pl.Series]:
    """Return the named entries of JSON objects, as text, one series each."""
    rows = [json.loads(text) if isinstance(text, str) else text or {} for text in texts]
    return [
        pl.Series(
            name, [None if (value := row.get(name)) in (None, "") else str(value) for row in rows], pl.String
        )
        for name in names
    ]


def _managers() -> dict[int, str]:
    """Return ``{team id: key of its manager}``, whoever manages it now."""
    return dict(_managing().values_list("team_id", "user__key"))


def _managing() -> QuerySet[Membership]:
    """Return who manages now; of two in one team the last counts."""
    return Membership.objects.filter(manages=True, until__isnull=True).order_by("since", "id")


def with_places(deals: pl.DataFrame) -> pl.DataFrame:
    """Return ``deals``, whose owner, team and account are numbers, with what these are called, and their manager."""
    owners = dict(User.objects.values_list("pk", "key"))
    teams = dict(Team.objects.values_list("pk", "name"))
    accounts = read(Account.objects.order_by("id"), {"account": "id", "called": "key"}, _ACCOUNT)
    of = deals.select("account").join(accounts, on="account", how="left", maintain_order="left")
    return deals.with_columns(
        owner=called(pl.col("owner"), owners),
        team=called(pl.col("team"), teams),
        manager=called(pl.col("team"), _managers()),
        account=of["called"],
    )


def called(number: pl.Expr, names: dict[int, str]) -> pl.Expr:
    """Return what the numbers of rows are called."""
    return number.replace_strict(names, default=None, return_dtype=pl.String)


def deal_events_frame(viewer: Any) -> pl.DataFrame:
    """Return everything that happened on visible deals and is no agreement, as a frame of ``frames.EVENTS``."""
    events = DealEvent.objects.standing().filter(that_count("deal"))
    if viewer is not None:
        events = events.filter(deal__in=Deal.objects.visible_to(viewer))
    return events_read(events, EVENT_COLUMNS)


def events_read(traces: QuerySet, columns: dict[str, str]) -> pl.DataFrame:
    """Return traces as a frame of ``frames.EVENTS``, ``recorded_at`` only where somebody said it.

    What a file brought without a time of writing was dated to the end of its import: the latest moment of it.
    """
    types = frames.schema(frames.EVENTS) | {"batch": pl.Int64()}
    frame = read(traces, columns | {"batch": "batch"}, types)
    imported = pl.col("batch").is_not_null()
    dated_by_us = imported & (pl.col("recorded_at") == pl.col("recorded_at").max().over("batch"))
    said = pl.when(dated_by_us).then(None).otherwise("recorded_at")
    return frame.with_columns(recorded_at=said).drop("batch")


def read(rows: QuerySet, columns: dict[str, str], types: dict[str, pl.DataType]) -> pl.DataFrame:
    """Return ``rows`` as one frame with the columns that ``columns`` names; see ``parts``."""
    found = list(parts(rows, columns, types))
    return pl.concat(found) if found else pl.DataFrame(schema={name: types[name] for name in columns})


def table(read: Sequence[Rows], types: dict[str, pl.DataType]) -> Iterator[pl.DataFrame]:
    """Yield what is ``read`` for a file or a view, in the order of its numbers. The first frame is empty and holds the columns."""
    yield pl.DataFrame(schema=types)
    for rows, columns in read:
        yield from parts(rows.order_by("id"), columns, types)


def parts(rows: QuerySet, columns: dict[str, str], types: dict[str, pl.DataType]) -> Iterator[pl.DataFrame]:
    """Yield ``rows`` as frames of at most ``BATCH`` rows: column of the frame -> column of the table.

    Goes around model objects and Django's conversions: a million rows take a few seconds.
    """
    types = {name: types[name] for name in columns}
    try:
        sql, parameters = statement(rows, columns, types)
    except EmptyResultSet:  # Django sees that nothing can match: a viewer who may see nothing
        return
    with connection.chunked_cursor() as cursor:
        cursor.execute(sql, parameters)
        while batch := cursor.fetchmany(BATCH):
            yield _part(batch, types)


def statement(
    rows: QuerySet, columns: dict[str, str], types: Mapping[str, pl.DataType]
) -> tuple[str, tuple[Any, ...]]:
    """Return the SQL that reads ``rows`` with ``columns``, which are called c0, c1, and so on; and its parameters."""
    sources = {f"c{n}": _source(source, types[name]) for n, (name, source) in enumerate(columns.items())}
    return rows.annotate(**sources).values_list(*sources).query.sql_with_params()


def _source(column: str, dtype: pl.DataType) -> Any:
    if dtype == pl.Float64():
        return Cast(F(column), FloatField())
    if dtype.is_temporal() and connection.vendor == "sqlite":
        return Cast(F(column), TextField())  # else Django parses every moment, in Python
    return F(column)


def _part(batch: list[tuple], types: dict[str, pl.DataType]) -> pl.DataFrame:
    columns = zip(*batch, strict=True)
    return pl.DataFrame(
        {
            name: _series(list(values), dtype)
            for (name, dtype), values in zip(types.items(), columns, strict=True)
        }
    )


def _series(values: list, dtype: pl.DataType) -> pl.Series:
    if isinstance(dtype, pl.Datetime):
        return _moments(values, in_file=dtype.time_zone is not None)
    if dtype == pl.Date():
        return _days(values)
    series = pl.Series(values, dtype=dtype, strict=False)
    return series.replace("", None) if dtype == pl.String() else series


def _days(values: list) -> pl.Series:
    is_text = any(isinstance(value, str) for value in values)
    return pl.Series(values, dtype=pl.String).str.to_date() if is_text else pl.Series(values, dtype=pl.Date)


def _moments(values: list, *, in_file: bool) -> pl.Series:
    """Return moments in the company's time zone, with the offset for files and without for the analysis.

    SQLite gives texts in UTC, PostgreSQL objects with an offset; a day becomes its midnight.
    """
    known = next((value for value in values if value is not None), None)
    if known is None or len(str(known)) == 10:
        midnights = _days(values).cast(frames.MOMENT)
        return midnights.dt.replace_time_zone(settings.TIME_ZONE) if in_file else midnights
    if isinstance(known, str):
        series = pl.Series(values, dtype=pl.String)
        series = series.str.to_datetime("%Y-%m-%d %H:%M:%S%.f", time_unit="us", time_zone="UTC")
    else:
        series = pl.Series(values).cast(pl.Datetime("us", "UTC"))
    local = series.dt.convert_time_zone(settings.TIME_ZONE)
    return local if in_file else local.dt.replace_time_zone(None)
