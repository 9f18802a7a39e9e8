"""Parquet files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from hingepoint.connectors.files.opening import Limits
from hingepoint.connectors.files.problems import FileProblem, shown
from hingepoint.connectors.files.tables import BATCH, Batch, check_headings, without_long_cells


@dataclass(slots=True)
class ParquetTable:
    """A Parquet file, read a slice of rows at a time."""

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
        return part.select(_as_text(part[name]).alias(str(i)) for i, name in enumerate(part.columns))


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


def _as_text(column: pl.Series) -> pl.Series:
    dtype = column.dtype
    if isinstance(dtype, pl.Datetime):
        pattern = "%Y-%m-%dT%H:%M:%S%.6f" + ("%:z" if dtype.time_zone else "")
        column = column.dt.cast_time_unit("us").dt.to_string(pattern)
    elif dtype.is_float():
        # keys that were whole numbers before a tool made room for missing ones: 7.0 is deal 7
        whole = column.cast(pl.Int64, strict=False).cast(pl.String)
        same = (column == column.round(0)) & (column.abs() < 1e15)
        return (
            pl.select(pl.when(same).then(whole).otherwise(column.cast(pl.String))).to_series().fill_null("")
        )
    elif dtype == pl.Boolean():
        column = column.replace_strict({True: "true", False: "false"}, return_dtype=pl.String, default=None)
    return column.cast(pl.String).fill_null("")


def guarded(call, name: str):  # type: ignore[no-untyped-def]
    """Return ``call()``; whatever the library raises, even a panic of its core, becomes a ``FileProblem``."""
    try:
        return call()
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt | SystemExit | GeneratorExit | MemoryError):
            raise
        raise FileProblem(name, "is a damaged or foreign Parquet file.", "Write it again.") from None
