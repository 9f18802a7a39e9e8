"""Temporary tables in which a file waits until all of it is known to be good, on both databases.

They belong to one connection and vanish with it, so a killed import leaves nothing behind. Filling
them takes no lock that anybody else would notice.
"""

# ruff: noqa: S608  (SQL is put together from our own names only; values are parameters)

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import polars as pl
from django.db import connection
from django.db.models import Field, JSONField, Model

from hingepoint.domain.imports.states import STATE_COLUMNS

#: Kinds of columns -> their types in SQLite (as Django makes them there) and in PostgreSQL.
_TYPES = {
    "text": ("text NOT NULL DEFAULT ''", "text NOT NULL DEFAULT ''"),
    "moment": ("datetime", "timestamptz"),
    "day": ("date", "date"),
    "money": ("decimal", "numeric(19,4)"),
    "share": ("real", "double precision"),
    "whole": ("integer", "bigint"),
    "counter": ("integer PRIMARY KEY", "bigserial PRIMARY KEY"),
}

DEAL_COLUMNS = {
    "row": "whole",
    "key": "text",
    "name": "text",
    "status": "text",
    "stage": "text",
    "created_at": "moment",
    "closed_at": "moment",
    "expected_close_on": "day",
    "amount": "money",
    "currency": "text",
    "initial_amount": "money",
    "list_price": "money",
    "net_price": "money",
    "discount": "share",
    "cost": "money",
    "margin": "share",
    "projected_amount": "money",
    "projected_margin": "share",
    "region": "text",
    "segment": "text",
    "product": "text",
    "source": "text",
    "link": "text",
    "extra": "text",
    "owner": "text",
    "owner_email": "text",
    "manager": "text",
    "manager_email": "text",
    "team": "text",
    "account": "text",
}

EVENT_COLUMNS = {
    "row": "whole",
    "deal": "text",
    "name": "text",
    "kind": "text",
    "state": "text",
    "side": "text",
    "occurred_at": "moment",
    "counterpart": "text",
    "actor": "text",
    "evidence": "whole",
    "quality": "whole",
    "value": "money",
    "currency": "text",
    "note": "text",
    "recorded_at": "moment",
    "act": "text",
    "due_on": "day",
    "fingerprint": "whole",
}

#: What a table of agreements as they stand says of each, apart from the step that brought it there.
STANDING_COLUMNS = {
    "row": "whole",
    "deal": "text",
    "name": "text",
    "side": "text",
    "state": "text",
    "occurred_at": "moment",
    "counterpart": "text",
    "evidence": "whole",
    "quality": "whole",
    "act": "text",
    "due_on": "day",
    "required": "text",
    "needed_by": "day",
    "needed_because": "text",
    "standing_since": "moment",
    "expires_on": "day",
    "reason": "text",
    "owed_in_return": "text",
}

_TABLES = {
    "staged_deal": DEAL_COLUMNS,
    "staged_event": EVENT_COLUMNS,
    "staged_standing": STANDING_COLUMNS,
    "staged_unread": {"deal": "text", "name": "text", "occurred_at": "moment"},
    "staged_person": {"named": "text", "id": "whole"},
    "staged_account": {"named": "text", "id": "whole"},
    "staged_type": {"named": "text", "id": "whole"},
    "staged_step": {"place": "counter", "deal_id": "whole", "type_id": "whole"}
    | {
        name: kind
        for name, kind in EVENT_COLUMNS.items()
        if name not in ("row", "deal", "name", "kind", "side")
    },
    "staged_state": {"agreement_id": "whole", "deal_id": "whole", "type_id": "whole"} | STATE_COLUMNS,
}

#: Made while deals and agreements are written.
_WORKING = ("changed_deal", "changed_agreement", "placed_standing", "touched_agreement")


def is_postgres() -> bool:
    return connection.vendor == "postgresql"


def run(sql: str, parameters: Sequence[Any] | None = None) -> int:
    """Execute one statement and return how many rows it touched."""
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return max(0, cursor.rowcount)


def rows(sql: str, parameters: Sequence[Any] | None = None) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchall()


def one(sql: str, parameters: Sequence[Any] | None = None) -> Any:
    """Return the single value that a statement answers."""
    return rows(sql, parameters)[0][0]


def batches(sql: str, parameters: Sequence[Any] = (), size: int = 100_000) -> Iterator[list[tuple]]:
    """Yield what a query answers, some rows at a time."""
    with connection.chunked_cursor() as cursor:
        cursor.execute(sql, parameters)
        while some := cursor.fetchmany(size):
            yield some


def differs(left: str, right: str) -> str:
    """Return the condition that two values are not the same, empty being a value."""
    return f"{left} IS DISTINCT FROM {right}" if is_postgres() else f"{left} IS NOT {right}"


def json_object(**values: str) -> str:
    """Return the SQL that builds a JSON object of named expressions."""
    pairs = ", ".join(f"'{name}', {sql}" for name, sql in values.items())
    return f"jsonb_build_object({pairs})" if is_postgres() else f"json_object({pairs})"


def moment(value: dt.datetime | str) -> str:
    """Return a moment as the database holds it: SQLite answers texts to hand-written SQL."""
    if isinstance(value, str):
        return value
    utc = value.astimezone(dt.UTC).replace(tzinfo=None)
    return f"{utc}+00:00" if is_postgres() else str(utc)


def insert_select(model: type[Model], values: dict[str, str], rest: str, parameters: Sequence[Any]) -> int:
    """Insert rows by a query: ``values`` maps columns to SQL, ``rest`` is all from FROM on.

    Columns that are not named get the default of their model, so that a subject may add some.
    """
    values = values | {
        each.column: _literal(each)
        for each in model._meta.concrete_fields
        if each.column is not None
        and each.column not in values
        and not (each.primary_key or each.generated or _may_be_empty(each))
    }
    names = ", ".join(f'"{name}"' for name in values)
    table = model._meta.db_table
    return run(f"INSERT INTO {table} ({names}) SELECT {', '.join(values.values())} {rest}", parameters)


def _may_be_empty(field: Field) -> bool:
    return field.null and not field.has_default()


def _literal(field: Field) -> str:
    value = field.get_db_prep_save(field.get_default(), connection)
    if isinstance(value, bool):
        value = value if is_postgres() else int(value)
    if isinstance(value, int | float):
        return str(value)
    text = json.dumps(field.get_default()) if isinstance(field, JSONField) else str(value or "")
    return "'{}'".format(text.replace("'", "''").replace("%", "%%"))


@contextmanager
def tables() -> Iterator[None]:
    """Hold empty staging tables for as long as the block lasts."""
    _drop()
    kind = 1 if is_postgres() else 0
    for table, columns in _TABLES.items():
        parts = ", ".join(f"{name} {_TYPES[each][kind]}" for name, each in columns.items())
        run(f"CREATE TEMPORARY TABLE {table} ({parts})")
    try:
        yield
    finally:
        if not connection.needs_rollback:
            _drop()


@contextmanager
def room_to_sort(megabytes: int = 64) -> Iterator[None]:
    """Let SQLite sort in so much memory: by default it sorts millions of rows two megabytes at a time."""
    if is_postgres():
        yield
        return
    before = one("PRAGMA cache_size")
    run(f"PRAGMA cache_size = -{megabytes * 1000}")
    try:
        yield
    finally:
        run(f"PRAGMA cache_size = {before}")


def _drop() -> None:
    for table in (*_TABLES, *_WORKING):
        run(f"DROP TABLE IF EXISTS {_temporary(table)}")


def _temporary(table: str) -> str:
    return f"pg_temp.{table}" if is_postgres() else f"temp.{table}"


@contextmanager
def filling() -> Iterator[None]:
    """Group the writes to temporary tables; without the write lock that ``transaction.atomic`` takes."""
    if is_postgres() or connection.in_atomic_block:
        yield
        return
    run("BEGIN DEFERRED")
    try:
        yield
    except BaseException:
        run("ROLLBACK")
        raise
    run("COMMIT")


def add(table: str, frame: pl.DataFrame) -> None:
    """Append ``frame``, whose columns are some of ``table``'s, as fast as the database allows."""
    copy(table, frame.columns, frame)


def copy(table: str, columns: Sequence[str], frame: pl.DataFrame) -> None:
    """Insert ``frame`` into the ``columns`` of any table, in its order: COPY, or one executemany."""
    if frame.is_empty():
        return
    names = ", ".join(columns)
    with connection.cursor() as cursor:
        if is_postgres():
            with cursor.copy(f"COPY {table} ({names}) FROM STDIN WITH (FORMAT csv)") as copying:
                copying.write(_csv(frame))
        else:
            marks = ", ".join(["?"] * len(columns))
            cursor.connection.executemany(
                f"INSERT INTO {table} ({names}) VALUES ({marks})",
                frame.iter_rows(),
            )


def _csv(frame: pl.DataFrame) -> str:
    """Return ``frame`` for COPY, which tells an empty text (quoted) from no value (not quoted)."""
    return frame.write_csv(include_header=False, quote_style="non_numeric", null_value="")


def insert(table: str, columns: Sequence[str], values: Iterable[Sequence[Any]]) -> None:
    """Insert a few thousand rows at most."""
    names, marks = ", ".join(columns), ", ".join(["%s"] * len(columns))
    with connection.cursor() as cursor:
        cursor.executemany(f"INSERT INTO {table} ({names}) VALUES ({marks})", list(values))


def index(table: str, *columns: str) -> None:
    """Index a staged table once it is full, so that joins are quick, and let the planner know its size."""
    name = f"{table}_{'_'.join(columns)}"
    run(f"DROP INDEX IF EXISTS {_temporary(name)}")
    if is_postgres():
        run(f"CREATE INDEX {name} ON {table} ({', '.join(columns)})")
        run(f"ANALYZE {table}")
    else:
        run(f"CREATE INDEX temp.{name} ON {table} ({', '.join(columns)})")


def take_turn() -> None:
    """Let other imports wait until this transaction ends: two of one file at once would each add what is new.

    Whoever reads, and whoever changes something by hand, is not kept waiting by it. On SQLite the transaction
    itself is the turn.
    """
    if is_postgres():
        run("LOCK TABLE domain_importchange IN SHARE ROW EXCLUSIVE MODE")
