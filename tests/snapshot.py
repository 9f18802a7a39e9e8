"""The cast, and companies that many tests begin with, are made once a process by the actions and then put back row by row: making them
anew is what tests would mostly spend their time with."""

from __future__ import annotations

import datetime as dt
import pickle
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, wraps
from typing import Any

from django.apps import apps
from django.db import connection
from django.utils import timezone

from cast import Cast, make_cast

#: A table, its columns, and its rows as they were.
Rows = tuple[str, tuple[str, ...], list[tuple]]
_made: list[tuple[list[Rows], bytes]] = []


def cast_again() -> Cast:
    """Return the cast, with objects of its own for each test. Where something stands already, it is made beside it."""
    if _has_rows():
        return make_cast()
    if not _made:
        found = make_cast()
        _made.append((_rows(), pickle.dumps(found)))
        return found
    rows, pickled = _made[0]
    _put_back(rows)
    _state.now_is("the cast")
    return pickle.loads(pickled)


class State:
    """What stands in the tables, by name: what was put back in this test, one after the other, as long as nothing else was written. So the
    tables need not be read to know it. Known on SQLite alone, which counts its changes."""

    def __init__(self) -> None:
        self._name, self._changes = "", -1

    @property
    def name(self) -> str:
        """The name of what stands there; empty where that is not known."""
        return self._name if self._changes == _changes_counted() >= 0 else ""

    def now_is(self, name: str) -> None:
        self._name, self._changes = name, _changes_counted()

    def forget(self) -> None:
        """Know nothing: a test begins, and what the one before wrote is taken back uncounted."""
        self._name = ""


_state = State()
forget = _state.forget


def _changes_counted() -> int:
    raw = connection.connection
    return raw.total_changes if connection.vendor == "sqlite" and raw else -1


@cache
def _tables() -> dict[str, tuple[str, ...]]:
    """Return the columns of our tables that can be written, those first at which others point."""
    models = list(apps.get_app_config("domain").get_models(include_auto_created=True))
    ordered: dict[str, tuple[str, ...]] = {}
    while models:
        waiting = {one._meta.db_table for one in models}
        ready = [one for one in models if not _points_at(one) & waiting] or models
        for one in ready:
            fields = one._meta.local_concrete_fields
            ordered[one._meta.db_table] = tuple(field.column for field in fields if not field.generated)
        models = [one for one in models if one not in ready]
    return ordered


def _points_at(model) -> set[str]:
    """Return the tables of which rows must be there before those of a model."""
    others = {field.related_model._meta.db_table for field in model._meta.fields if field.related_model}
    return others - {model._meta.db_table}


def _has_rows() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT " + " OR ".join(f'EXISTS (SELECT 1 FROM "{table}")' for table in _tables()))
        return bool(cursor.fetchone()[0])


def _rows() -> list[Rows]:
    found = []
    with connection.cursor() as cursor:
        for table, columns in _tables().items():
            cursor.execute(f'SELECT {_listed(columns)} FROM "{table}" ORDER BY 1')
            if rows := cursor.fetchall():
                found.append((table, columns, rows))
    return found


def _listed(columns: tuple[str, ...]) -> str:
    return ", ".join(f'"{name}"' for name in columns)


@dataclass(frozen=True)
class Made:
    """What was made on a day where ``before`` stood: the rows that are new or another since, and what the function returned."""

    on: dt.date
    before: list[Rows]
    rows: list[Rows]
    pickled: bytes


def made_once(make: Callable[..., Any]) -> Callable[..., Any]:
    """Let a function that fills tables do so once a process. Where the same is asked of it again, on the same day and with the same rows
    before, its rows are put back; else it is called. What it returns must bear being pickled."""
    kept: dict[str, Made] = {}
    known: dict[tuple[str, str], Made] = {}  # by what stood there, and what is asked

    @wraps(make)
    def again(*told: Any, **how: Any) -> Any:
        name, there, today = repr((told, how)), _state.name, timezone.localdate()
        made = known.get((there, name)) if there else None
        if made is None or made.on != today:
            before = _rows()
            made = kept.get(name)
            if made is None or (made.on, made.before) != (today, before):
                found = make(*told, **how)
                kept[name] = Made(today, before, _changed(before, _rows()), pickle.dumps(found))
                return found
            if there:
                known[there, name] = made
        _put_back(made.rows)
        if there:
            _state.now_is(f"{there}, {make.__module__}.{make.__qualname__}{name}")
        return pickle.loads(made.pickled)

    return again


def _changed(before: list[Rows], after: list[Rows]) -> list[Rows]:
    """Return the rows that are not as they were; an ``AssertionError`` where one is gone, for it would come back."""
    old = {table: set(rows) for table, _, rows in before}
    found = []
    for table, columns, rows in after:
        known = old.pop(table, set())
        assert {row[0] for row in known} <= {row[0] for row in rows}, f"a row of {table} is gone"
        if changed := [row for row in rows if row not in known]:
            found.append((table, columns, changed))
    assert not old, f"all rows of {[*old]} are gone"
    return found


def _put_back(found: list[Rows]) -> None:
    """Write rows with their numbers. On PostgreSQL the next number is beyond them all the same: what was counted when they were made is
    not taken back with them."""
    with connection.cursor() as cursor:
        for table, columns, rows in found:
            places = ", ".join(["%s"] * len(columns))
            anew = ", ".join(f'"{name}" = excluded."{name}"' for name in columns)
            cursor.executemany(
                f'INSERT INTO "{table}" ({_listed(columns)}) VALUES ({places}) ON CONFLICT ("{columns[0]}") DO UPDATE SET {anew}',
                rows,
            )
