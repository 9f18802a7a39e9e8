"""The numbers of a chart as a table, for readers who cannot or would rather not see the picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Column:
    """A column's head; numeric columns are set flush right."""

    label: str
    numeric: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """Columns, and rows of text ready to show, one text a column."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]


def build(columns: Sequence[tuple[str, bool]], rows: Sequence[tuple[str, ...]]) -> Table:
    """Return a table from (label, numeric) pairs and rows of text."""
    return Table(tuple(Column(*column) for column in columns), tuple(tuple(row) for row in rows))
