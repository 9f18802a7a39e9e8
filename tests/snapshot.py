"""The cast is made once a process by the actions, and then put back row by row: making it anew is what tests would
mostly spend their time with."""

from __future__ import annotations

import pickle
from functools import cache

from django.apps import apps
from django.db import connection

from cast import Cast, make_cast

#: A table, its columns, and its rows as they were.
Rows = tuple[str, tuple[str, ...], list[tuple]]
_made: list[tuple[list[Rows], bytes]] = []


def cast_again() -> Cast:
    """Return the cast, with objects of its own for each test. Where something stands already, it is made beside it; so
    it is on PostgreSQL, which is tried less often."""
    if connection.vendor != "sqlite" or any(_has_rows(table) for table in _tables()):
        return make_cast()
    if not _made:
        found = make_cast()
        _made.append((_rows(), pickle.dumps(found)))
        return found
    rows, pickled = _made[0]
    _put_back(rows)
    return pickle.loads(pickled)


@cache
def _tables() -> tuple[str, ...]:
    """Return our tables, those that others point at first."""
    models = apps.get_app_config("domain").get_models(include_auto_created=True)
    ordered: list[str] = []
    waiting = {
        one._meta.db_table: {f.related_model._meta.db_table for f in one._meta.fields if f.related_model}
        for one in models
    }
    while waiting:
        ready = [name for name, needs in waiting.items() if not (needs - {name}) & waiting.keys()] or list(
            waiting
        )
        ordered += ready
        for name in ready:
            del waiting[name]
    return tuple(ordered)


def _has_rows(table: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(f'SELECT 1 FROM "{table}" LIMIT 1')
        return cursor.fetchone() is not None


def _rows() -> list[Rows]:
    found = []
    with connection.cursor() as cursor:
        for table in _tables():
            cursor.execute(f'SELECT * FROM "{table}"')
            if rows := cursor.fetchall():
                found.append((table, tuple(column[0] for column in cursor.description), rows))
    return found


def _put_back(found: list[Rows]) -> None:
    with connection.cursor() as cursor:
        for table, columns, rows in found:
            names = ", ".join(f'"{name}"' for name in columns)
            places = ", ".join(["%s"] * len(columns))
            cursor.executemany(f'INSERT INTO "{table}" ({names}) VALUES ({places})', rows)
