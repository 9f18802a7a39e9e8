"""A query that Django composes once, and that is asked again and again with other values: composing a statement of many parts takes
longer than all the rest of a small page."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, Generic, TypeVar

from django.db import connection, models

Row = TypeVar("Row", bound=models.Model)


class Given(models.Expression):
    """Stands in a query for a value that is named when it is asked."""

    def __init__(self, name: str, output_field: models.Field) -> None:
        super().__init__(output_field=output_field)
        self.name = name

    def as_sql(  # type: ignore[override]  # that the place of a value holds no value yet is the point
        self, compiler: Any, connection: Any
    ) -> tuple[str, tuple[Given]]:
        return "%s", (self,)

    def prepared(self, given: dict[str, Any]) -> Any:
        """Return the value as the database takes it; a ``KeyError`` where it was not named."""
        return self.output_field.get_db_prep_value(given[self.name], connection)


class Composed(Generic[Row]):
    """What ``rows`` returns, with ``Given`` in the places of values; composed when first asked, once for each kind of database. All else in
    it must be the same at any time."""

    def __init__(self, rows: Callable[[], models.QuerySet[Row]]) -> None:
        self._composed = lru_cache(lambda vendor: _compose(rows()))

    def first(self, **given: Any) -> Row | None:
        """Return the first row for the values given, with what was annotated; None where there is none. One SQL query."""
        rows, statement, places = self._composed(connection.vendor)
        values = [place.prepared(given) if isinstance(place, Given) else place for place in places]
        for row in rows.model._default_manager.raw(statement, values):
            return _read(row, rows.query.annotation_select)
        return None


def _compose(rows: models.QuerySet[Row]) -> tuple[models.QuerySet[Row], str, tuple[Any, ...]]:
    return (rows, *rows.query.sql_with_params())


def _read(row: Row, annotated: dict[str, Any]) -> Row:
    """Let columns that are no fields mean what they mean in Django: a raw row holds 1 for true on SQLite."""
    for name, part in annotated.items():
        for converter in connection.ops.get_db_converters(part) + part.get_db_converters(connection):
            setattr(row, name, converter(getattr(row, name), part, connection))
    return row
