"""SQL views of the tables that are handed out, for tools that ask the database itself.

They read what the files are made of (``tables.ROWS``), in the same shape (``connectors.files.parquet``), of deals that
count. A migration cannot change a table below a view: they go before it and come again after it.
"""

# ruff: noqa: S608  (SQL is put together from our own names only; values are quoted by the database)

from __future__ import annotations

import hashlib

import polars as pl
from django.db import connection, transaction

from hingepoint.connectors.files import parquet
from hingepoint.domain.deals.frames import Rows, statement
from hingepoint.domain.deals.models import Deal
from hingepoint.domain.imports import tables

#: On PostgreSQL the views have a schema of their own, which stays with the rights that were given to it.
SCHEMA = "hingepoint_bi"
#: On SQLite, which has none, their names begin so.
PREFIX = "bi_"

#: Type in Parquet -> type on SQLite and PostgreSQL. SQLite keeps days and moments, in UTC, as texts.
TYPES: dict[pl.DataType, dict[str, str]] = {
    pl.String(): {"sqlite": "text", "postgresql": "text"},
    pl.Float64(): {"sqlite": "real", "postgresql": "double precision"},
    pl.Int64(): {"sqlite": "integer", "postgresql": "bigint"},
    pl.Boolean(): {"sqlite": "integer", "postgresql": "boolean"},
    pl.Date(): {"sqlite": "text", "postgresql": "date"},
    pl.Datetime("us", "UTC"): {"sqlite": "text", "postgresql": "timestamp with time zone"},
}

_HELD = {
    "sqlite": f"SELECT name, sql FROM sqlite_master WHERE type = 'view' AND substr(name, 1, 3) = '{PREFIX}'",
    "postgresql": "SELECT relname, obj_description(pg_class.oid) FROM pg_class "
    f"JOIN pg_namespace ON pg_namespace.oid = relnamespace WHERE nspname = '{SCHEMA}' AND relkind = 'v'",
}
_MAY = f"""SELECT CASE WHEN to_regnamespace('{SCHEMA}') IS NULL THEN has_database_privilege(current_database(), 'CREATE')
ELSE has_schema_privilege('{SCHEMA}', 'CREATE') END"""


def name_of(table: str) -> str:
    """Return what a table's view is called in SQL."""
    return f"{SCHEMA}.{table}" if _on_postgres() else PREFIX + table


def make() -> None:
    """Make the views, unless this version's are there. On PostgreSQL they need the right to make a schema, or ours:
    without it there are none."""
    views = {name_of(table): _view(table) for table in tables.ROWS}
    marks = {name: _mark(sql) for name, sql in views.items()}
    if _held() == marks or not _may():
        return
    with transaction.atomic(), connection.cursor() as cursor:
        drop()
        if _on_postgres():
            cursor.execute(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}")
        for name, sql in views.items():
            cursor.execute(sql)
            if _on_postgres():
                cursor.execute(f"COMMENT ON VIEW {name} IS '{marks[name]}'")


def drop() -> None:
    """Take away every view of ours, of whatever version, and on PostgreSQL what others built on them."""
    with connection.cursor() as cursor:
        for name in _held():
            cursor.execute(f"DROP VIEW {name} CASCADE" if _on_postgres() else f"DROP VIEW {name}")


def _on_postgres() -> bool:
    return connection.vendor == "postgresql"


def _may() -> bool:
    return not _on_postgres() or _rows(_MAY) == [(True,)]


def _held() -> dict[str, str]:
    """Return the views that are there, and of what each was made."""
    found = _rows(_HELD[connection.vendor])
    if _on_postgres():
        return {f"{SCHEMA}.{name}": mark or "" for name, mark in found}
    return {name: _mark(sql) for name, sql in found}


def _mark(sql: str) -> str:
    return f"Made by Hingepoint {hashlib.sha256(sql.encode()).hexdigest()[:16]}"


def _rows(sql: str) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall()


def _view(table: str) -> str:
    selects = (_select(table, rows) for rows in tables.ROWS[table](Deal.objects.order_by()))
    return f"CREATE VIEW {name_of(table)} AS {' UNION ALL '.join(selects)}"


def _select(table: str, rows: Rows) -> str:
    """Return the SQL for one source of a table: what it does not have is empty, and so are empty texts."""
    found, sources = rows
    types = parquet.view_columns(table)
    told = {name: sources[name] for name in types if name in sources}
    sql, parameters = statement(found.order_by(), told, types)
    quote = connection.schema_editor().quote_value
    place = {name: f"c{number}" for number, name in enumerate(told)}
    columns = ", ".join(_column(name, kind, place.get(name, "NULL")) for name, kind in types.items())
    return f"SELECT {columns} FROM ({sql % tuple(map(quote, parameters))}) AS told"


def _column(name: str, kind: pl.DataType, source: str) -> str:
    typed = f"CAST({source} AS {TYPES[kind][connection.vendor]})"
    return f"NULLIF({typed}, '') AS {name}" if kind == pl.String() else f"{typed} AS {name}"
