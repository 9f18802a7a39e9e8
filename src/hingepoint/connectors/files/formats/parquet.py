"""Parquet files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

from hingepoint.connectors.files.opening import Limits
from hingepoint.connectors.files.problems import FileProblem, shown
from hingepoint.connectors.files.tables import BATCH, Batch, check_headings, text_of, without_long_cells


@dataclass(slots=True)
class ParquetTable:
    """A Parquet file, read a slice of rows at a time, its columns in their own types."""

    name: str
    path: Path
    headings: list[str]
    height: int
    dialect: dict[str, str]
    exact: dict[int, str]
    limits: Limits
    format: str = "parquet"
    header_row: int = 0

    def batches(self, size: int = BATCH) -> Iterator[Batch]:
        for start in range(0, self.height, size):
            part = guarded(lambda start=start: self._slice(start, size), self.name)  # type: ignore[misc]
            rows = pl.int_range(start + 1, start + 1 + part.height, dtype=pl.UInt32, eager=True)
            yield without_long_cells(Batch(rows, part), self.headings, self.name, self.limits)

    def _slice(self, start: int, size: int) -> pl.DataFrame:
        part = pl.scan_parquet(self.path).select(self.headings).slice(start, size).collect()
        part.columns = [str(i) for i in range(part.width)]
        for column in part:
            text_of(_outermost(column))  # what cannot be said in a message is refused here
        return part


def open_parquet(path: Path, *, name: str, limits: Limits) -> ParquetTable:
    """Return the flat columns of ``path``; nested ones are left out and named in the dialect."""
    schema = guarded(lambda: pl.scan_parquet(path).collect_schema(), name)
    height = guarded(lambda: pl.scan_parquet(path).select(pl.len()).collect().item(), name)
    flat = [column for column, dtype in schema.items() if not dtype.is_nested() and dtype != pl.Binary()]
    check_headings(list(schema), name, limits)
    dialect = {}
    if len(flat) < len(schema):
        dialect["left out"] = ", ".join(shown(each) for each in schema if each not in flat) + " (nested)"
    exact = {}
    for i, column in enumerate(flat):
        if schema[column].is_numeric():
            exact[i] = "number"
        elif schema[column].is_temporal() and schema[column] != pl.Time():
            exact[i] = "moment"
    return ParquetTable(name, path, flat, height, dialect, exact, limits)


@dataclass(slots=True)
class ParquetParts:
    """Parquet files of one table, read one after another."""

    name: str
    parts: list[ParquetTable]
    headings: list[str]
    height: int
    dialect: dict[str, str]
    exact: dict[int, str]
    format: str = "parquet"
    header_row: int = 0

    def batches(self, size: int = BATCH) -> Iterator[Batch]:
        for part in self.parts:
            for batch in part.batches(size):
                yield replace(batch, file=part.name)


def parts_of(folder: Path) -> list[Path]:
    """Return the Parquet files of a folder in the order of their names; raises ``FileProblem`` without any."""
    found = sorted(folder.glob("*.parquet"))
    if not found:
        name = shown(folder.name) or "the folder"
        raise FileProblem(
            name, "is a folder without Parquet files.", "Give a file, or a folder of *.parquet."
        )
    return found


def parts_together(parts: list[ParquetTable], name: str) -> ParquetParts:
    """Return the files as one table; raises ``FileProblem`` when their columns differ."""
    first = parts[0]
    for part in parts:
        if part.headings != first.headings or part.exact != first.exact:
            what = f"has other columns, or columns of another type, than {first.name}."
            raise FileProblem(part.name, what, "Give files of one table.")
    height = sum(part.height for part in parts)
    dialect = first.dialect | {"files": str(len(parts))}
    return ParquetParts(name, parts, first.headings, height, dialect, first.exact)


def _outermost(column: pl.Series) -> pl.Series:
    """Return the values that are hardest to write as text: the first and the last moments, or any other."""
    if not column.dtype.is_temporal() or column.null_count() == len(column):
        return column.head(1)
    return column.gather(pl.Series([column.arg_min(), column.arg_max()]))


def guarded(call, name: str):  # type: ignore[no-untyped-def]
    """Return ``call()``; whatever the library raises, even a panic of its core, becomes a ``FileProblem``."""
    try:
        return call()
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt | SystemExit | GeneratorExit | MemoryError):
            raise
        raise FileProblem(name, "is a damaged or foreign Parquet file.", "Write it again.") from None
