"""What every format is turned into before anything is understood: headings and batches of cells."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import polars as pl

from hingepoint.connectors.files.opening import Limits
from hingepoint.connectors.files.problems import FileProblem, shown
from hingepoint.records.files import RowProblem

BATCH = 50_000
#: Of a file that has types, so many rows or cells at most.
TYPED_BATCH, TYPED_CELLS = 500_000, 5_000_000


@dataclass(slots=True)
class Batch:
    """Some rows: ``frame`` has columns ``0``, ``1``, ... in file order; ``rows`` their row numbers.

    Columns are text, or what a file that has types says they are. ``problems`` are rows that are not in
    ``frame``, because they could not be split into cells. ``file`` is the one that the rows are counted in,
    where a table has several.
    """

    rows: pl.Series
    frame: pl.DataFrame
    problems: list[RowProblem] = field(default_factory=list)
    file: str = ""

    def text(self, place: int) -> pl.Series:
        """Return the column at ``place`` as text, empty where there is no value."""
        return text_of(self.frame[str(place)])

    def as_text(self) -> pl.DataFrame:
        """Return all columns as text."""
        return self.frame.select(text_of(column) for column in self.frame)


class Table(Protocol):
    """A table in a file. ``exact`` says which columns (by position) the file itself typed.

    ``number`` (decimal sign a point) or ``moment`` (ISO 8601) leave nothing to guess. ``height`` is how many
    rows the file says it has, where it says that.
    """

    name: str
    format: str
    headings: list[str]
    header_row: int
    dialect: dict[str, str]
    exact: dict[int, str]

    @property
    def height(self) -> int | None: ...

    def batches(self, size: int = BATCH) -> Iterator[Batch]:
        """Yield the rows below the headings, again from the start at each call."""
        ...


def batch_of(rows: Sequence[int], cells: list[list[str]], width: int, problems: list[RowProblem]) -> Batch:
    """Return rows of equally many cells as a batch."""
    columns = list(zip(*cells, strict=True)) if cells else [()] * width
    frame = pl.DataFrame({str(i): pl.Series(column, dtype=pl.String) for i, column in enumerate(columns)})
    return Batch(pl.Series(rows, dtype=pl.UInt32), frame, problems)


def batch_size(table: Table) -> int:
    """Return how many rows of ``table`` are well read together: more where no cell becomes text."""
    if table.height is None:
        return BATCH
    return max(BATCH, min(TYPED_BATCH, TYPED_CELLS // len(table.headings)))


def text_of(column: pl.Series) -> pl.Series:
    """Return a column of any flat type as text, as its owner would write it in a table."""
    dtype = column.dtype
    if isinstance(dtype, pl.Datetime):
        pattern = "%Y-%m-%dT%H:%M:%S%.6f" + ("%:z" if dtype.time_zone else "")
        column = column.dt.cast_time_unit("us").dt.to_string(pattern)
    elif dtype.is_float():
        # keys that were whole numbers before a tool made room for missing ones: 7.0 is deal 7
        whole = column.cast(pl.Int64, strict=False).cast(pl.String)
        same = (column == column.round(0)) & (column.abs() < 1e15)
        text = pl.select(pl.when(same).then(whole).otherwise(column.cast(pl.String))).to_series()
        return text.fill_null("").alias(column.name)
    elif dtype == pl.Boolean():
        column = column.replace_strict({True: "true", False: "false"}, return_dtype=pl.String, default=None)
    return column.cast(pl.String).fill_null("")


def without_empty_rows(batch: Batch) -> Batch:
    """Return ``batch`` without rows in which every cell is empty."""
    if batch.frame.is_empty() or (batch.frame[:, 0] != "").all():
        return batch
    filled = batch.frame.select(pl.any_horizontal(pl.all() != "")).to_series()
    return Batch(batch.rows.filter(filled), batch.frame.filter(filled), batch.problems)


def without_long_cells(batch: Batch, headings: list[str], name: str, limits: Limits) -> Batch:
    """Return ``batch`` without rows that have a cell longer than ``limits.cell``, which become problems."""
    expected = f"at most {limits.cell:,} characters in a cell"
    bad = None
    for i, heading in enumerate(headings):
        if not is_text(batch.frame[str(i)]):
            continue
        column = batch.text(i)
        if (column.str.len_bytes().max() or 0) > limits.cell:  # type: ignore[operator]
            long = column.str.len_chars() > limits.cell
            bad = long if bad is None else bad | long
            for at in long.arg_true():
                batch.problems.append(RowProblem(name, batch.rows[at], heading, shown(column[at]), expected))
    if bad is None:
        return batch
    return Batch(batch.rows.filter(~bad), batch.frame.filter(~bad), batch.problems)


def is_text(column: pl.Series) -> bool:
    """Return whether the file holds this column as text, so that a cell of it can hold anything."""
    return isinstance(column.dtype, pl.String | pl.Categorical | pl.Enum)


def check_headings(headings: list[str], name: str, limits: Limits) -> None:
    """Raise ``FileProblem`` when ``headings`` cannot be those of a table."""
    if len(headings) > limits.columns:
        raise FileProblem(
            name,
            f"has {len(headings):,} columns; a table has at most {limits.columns:,}.",
            "Remove what is not needed.",
        )
    long = next((each for each in headings if len(each) > 1000), None)
    if long is not None:
        raise FileProblem(
            name, f"has a heading of {len(long):,} characters.", "The first row must be headings."
        )
    if not any(each.strip() for each in headings):
        raise FileProblem(name, "has no headings.", "The first row must say what each column holds.")
