"""Delimited text (CSV, TSV and their many dialects)."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import polars as pl

from hingepoint.connectors.files.formats import quotes, unquoted
from hingepoint.connectors.files.formats.text import encoding_of
from hingepoint.connectors.files.opening import CHUNK, Limits
from hingepoint.connectors.files.problems import FileProblem, shown
from hingepoint.connectors.files.tables import (
    BATCH,
    Batch,
    batch_of,
    check_headings,
    without_empty_rows,
    without_long_cells,
)
from hingepoint.records.files import RowProblem

DELIMITERS = {
    ",": "comma",
    ";": "semicolon",
    "\t": "tab",
    "|": "bar",
    "^": "caret",
    "~": "tilde",
    "\x1f": "unit separator",
}

#: How many rows from the top the row of headings is looked for.
HEADER_WITHIN = 30

#: A row of more cells is no row of headings, and judging it would take long.
MOST_JUDGED = 5_000

#: Judges a row as headings: how many of our columns it holds, and whether all that must be there are.
Judge = Callable[[list[str]], tuple[int, bool]]


@dataclass(frozen=True, slots=True)
class Dialect:
    delimiter: str
    quote: str
    backslash: bool = False

    def options(self) -> dict[str, Any]:
        return {
            "delimiter": self.delimiter,
            "quotechar": self.quote or None,
            "quoting": csv.QUOTE_MINIMAL if self.quote else csv.QUOTE_NONE,
            "doublequote": not self.backslash,
            "escapechar": "\\" if self.backslash else None,
            "strict": True,
        }


@dataclass(slots=True)
class DelimitedTable:
    """A delimited text file whose dialect is known."""

    name: str
    path: Path
    encoding: str
    parts: Dialect
    header_row: int
    headings: list[str]
    dialect: dict[str, str]
    limits: Limits
    unquoted: bool = False
    format: str = "csv"
    height: int | None = None
    exact: dict[int, str] = field(default_factory=dict)

    def batches(self, size: int = BATCH) -> Iterator[Batch]:
        return self._of_blocks(size) if self.unquoted else self._of_records(size)

    def _of_blocks(self, size: int) -> Iterator[Batch]:
        width, sign = len(self.headings), self.parts.delimiter
        for first, block in unquoted.blocks(self.path):
            above = max(0, self.header_row - first + 1)
            if above >= block.count(b"\n"):
                continue
            first, block = first + above, unquoted.below(block, above)
            cells = unquoted.split(block, sign, width)
            if cells is None:
                yield self._batch(first, self._careful(first, block))
                continue
            rows = pl.int_range(first, first + cells.height, dtype=pl.UInt32, eager=True)
            for start in range(0, cells.height, size):
                yield self._checked(Batch(rows.slice(start, size), cells.slice(start, size)))

    def _careful(self, first: int, block: bytes) -> list[list[str]]:
        """Return the records of a block, some of which may not be as they should be."""
        reader = csv.reader(io.StringIO(block.decode(), newline=""), **self.parts.options())
        records: list[list[str]] = []
        try:
            records.extend(reader)
        except csv.Error as error:
            row = first + len(records)
            raise FileProblem(self.name, *_csv_words(error, row, row)) from None
        return records

    def _of_records(self, size: int) -> Iterator[Batch]:
        for first, chunk in _chunks(self.path, self.encoding, self.parts, self.name, self.limits, size):
            if first + len(chunk) - 1 > self.header_row:
                below = max(0, self.header_row - first + 1)
                yield self._batch(first + below, chunk[below:])

    def _batch(self, first: int, records: list[list[str]]) -> Batch:
        width = len(self.headings)
        problems: list[RowProblem] = []
        rows = range(first, first + len(records))
        if set(map(len, records)) != {width}:
            rows, records = self._even(rows, records, width, problems)  # type: ignore[assignment]
        return self._checked(batch_of(rows, records, width, problems))

    def _checked(self, batch: Batch) -> Batch:
        return without_long_cells(without_empty_rows(batch), self.headings, self.name, self.limits)

    def _even(
        self, rows: range, records: list[list[str]], width: int, problems: list[RowProblem]
    ) -> tuple[list[int], list[list[str]]]:
        """Return the rows that have ``width`` cells, counting empty ones at the end as none."""
        kept_rows, kept = [], []
        for row, record in zip(rows, records, strict=True):
            if len(record) > width and not any(record[width:]):
                record = record[:width]
            if len(record) == width:
                kept_rows.append(row)
                kept.append(record)
            elif any(record):
                problems.append(self._ragged(record, row, width))
        return kept_rows, kept

    def _ragged(self, record: list[str], row: int, width: int) -> RowProblem:
        found = self.parts.delimiter.join(record)
        sign = self.dialect["delimiter"]
        return RowProblem(
            self.name, row, "", shown(found), f"{width} cells separated by {sign}, not {len(record)}"
        )


def open_delimited(
    path: Path,
    *,
    name: str,
    judge: Judge,
    limits: Limits,
    encoding: str = "",
    delimiter: str = "",
    quote: str = "",
    header_row: int | None = None,
) -> DelimitedTable:
    """Return the table in the text file ``path``, its dialect decided.

    The delimiter and the row of headings are those under which ``judge`` recognises most columns; when it
    recognises none, those that split the first rows most evenly.
    """
    found, how = encoding_of(path, name=name, wanted=encoding, limits=limits)
    hint = _hinted(path, found)
    given = delimiter or hint
    signs = "\"'" if not quote else [quote.replace("none", "")]
    choices = [Dialect(each, sign) for sign in signs for each in ([given] if given else DELIMITERS)]
    skip = 1 if hint else 0
    parts, row, headings = _best(path, found, choices, name, judge, limits, header_row, skip)
    if not quote:
        parts = _quoted(path, found, parts, name, limits, row)
        parts, row, headings = _best(path, found, [parts], name, judge, limits, header_row, skip)
    check_headings(headings, name, limits)
    parts = _with_escapes(path, found, parts, name, limits)
    dialect = {
        "encoding": f"{found} ({how})",
        "delimiter": DELIMITERS.get(parts.delimiter, repr(parts.delimiter)),
        "quote": (parts.quote or "none") + (" escaped by a backslash" if parts.backslash else ""),
    }
    plain = (
        bool(parts.quote)
        and not parts.backslash
        and unquoted.is_unquoted(path, found, parts.delimiter, parts.quote)
    )
    return DelimitedTable(name, path, found, parts, row, headings, dialect, limits, plain)


def _hinted(path: Path, encoding: str) -> str:
    """Return the delimiter that a first line ``sep=;`` (Excel's hint) names, else an empty text."""
    with path.open(encoding=encoding, newline="") as file:
        line = file.readline(64).strip().strip('"')
    return (
        line[4] if line.casefold().startswith("sep=") and len(line) == 5 else "\t" if line == "sep=" else ""
    )


def _best(
    path: Path,
    encoding: str,
    choices: list[Dialect],
    name: str,
    judge: Judge,
    limits: Limits,
    header_row: int | None,
    skip: int,
) -> tuple[Dialect, int, list[str]]:
    """Return the dialect, row and headings that are understood best; refuses a tie between delimiters."""
    scored = []
    for order, dialect in enumerate(choices):
        rows = _first_rows(path, encoding, dialect, name, limits)
        found = _header(rows, judge, header_row, skip)
        if found is None:
            continue
        row, headings, known, complete = found
        even = _evenness(rows, row, len(headings))
        scored.append(((complete, known, even), -order, dialect, row, headings))
    if not scored:
        for _ in islice(_records(path, encoding, choices[0], name, limits), HEADER_WITHIN):
            pass  # a file that breaks in its first rows says so here
        raise FileProblem(name, "has no row of headings.", "The first row must say what each column holds.")
    scored.sort(key=lambda each: (each[0], each[1]), reverse=True)
    best = scored[0]
    rivals = [each for each in scored[1:] if each[0] == best[0] and each[2].delimiter != best[2].delimiter]
    if rivals and best[0][1] and len(best[4]) > 1:
        signs = " or ".join(
            DELIMITERS.get(each[2].delimiter, each[2].delimiter) for each in (best, *rivals[:2])
        )
        raise FileProblem(name, f"can be split by {signs}.", "Say the `delimiter` in the mapping.")
    return best[2], best[3], best[4]


def _quoted(path: Path, encoding: str, parts: Dialect, name: str, limits: Limits, header_row: int) -> Dialect:
    """Return ``parts`` with the quote that all of the file proves; ``header_row`` is the line of the headings."""
    plain = Dialect(parts.delimiter, quotes.NONE)
    line = next(
        (cells for row, cells in _first_rows(path, encoding, plain, name, limits) if row == header_row), []
    )
    headings = _trimmed(line)

    def shape_of(quote: str) -> quotes.Shape:
        dialect = _with_escapes(path, encoding, Dialect(parts.delimiter, quote), name, limits)
        return _shape(path, encoding, dialect, name, limits, header_row, len(headings))

    quote = quotes.proved(path, encoding, name, parts.delimiter, headings, shape_of)
    return Dialect(parts.delimiter, quote)


def _shape(
    path: Path, encoding: str, dialect: Dialect, name: str, limits: Limits, header_row: int, width: int
) -> quotes.Shape:
    """Return how the rows below the headings read in ``dialect``; a file that breaks is not even. Reads no further
    than to the first uneven row, after which nothing else counts."""
    rows, exact, broken = 0, True, False
    try:
        for row, record in _records(path, encoding, dialect, name, limits):
            if row <= header_row or not any(record):
                continue
            if len(record) < width or any(record[width:]):
                return quotes.Shape(False, False, rows, broken)
            rows += 1
            exact = exact and len(record) == width
            broken = broken or any("\n" in cell for cell in record)
    except FileProblem:
        return quotes.Shape(False, False, rows, broken)
    return quotes.Shape(True, exact, rows, broken)


def _first_rows(
    path: Path, encoding: str, dialect: Dialect, name: str, limits: Limits
) -> list[tuple[int, list[str]]]:
    rows: list[tuple[int, list[str]]] = []
    try:
        rows.extend(islice(_records(path, encoding, dialect, name, limits), 1000))
    except FileProblem:
        # A wrong dialect breaks somewhere: what was read before still counts for little.
        return rows[:HEADER_WITHIN]
    return rows


def _header(
    rows: list[tuple[int, list[str]]], judge: Judge, header_row: int | None, skip: int
) -> tuple[int, list[str], int, bool] | None:
    best = None
    for number, record in rows[:HEADER_WITHIN] if header_row is None else rows:
        if number <= skip or not any(cell.strip() for cell in record) or header_row not in (None, number):
            continue
        known, complete = judge(record) if len(record) <= MOST_JUDGED else (0, False)
        if best is None or (complete, known) > (best[3], best[2]):
            best = (number, record, known, complete)
        if complete:
            break
    if best is None:
        return None
    return best[0], _trimmed(best[1]), best[2], best[3]


def _trimmed(record: list[str]) -> list[str]:
    """Return headings without the empty ones at the end, stripped."""
    cells = [cell.strip().strip("\N{ZERO WIDTH NO-BREAK SPACE}") for cell in record]
    while cells and not cells[-1]:
        cells.pop()
    return cells


def _evenness(rows: list[tuple[int, list[str]]], header: int, width: int) -> float:
    """Return the share of rows below ``header`` that have ``width`` cells; little for a single column."""
    below = [record for number, record in rows if number > header and any(record)]
    fit = sum(len(record) == width for record in below) / len(below) if below else 0.0
    return fit if width > 1 else fit / 100


def _with_escapes(path: Path, encoding: str, parts: Dialect, name: str, limits: Limits) -> Dialect:
    """Return ``parts`` with backslash escapes when only they let the whole file be read."""
    if not parts.quote or not _mentions(path, encoding, "\\" + parts.quote):
        return parts
    escaped = Dialect(parts.delimiter, parts.quote, backslash=True)
    plain_widths, escaped_widths = (_widths(path, encoding, each, name, limits) for each in (parts, escaped))
    if plain_widths is None or (escaped_widths is not None and len(escaped_widths) < len(plain_widths)):
        return escaped if escaped_widths is not None else parts
    return parts


def _mentions(path: Path, encoding: str, text: str) -> bool:
    end = ""
    with path.open(encoding=encoding, newline="") as file:
        while chunk := file.read(CHUNK):
            if text in end + chunk:
                return True
            end = chunk[-len(text) :]
    return False


def _widths(path: Path, encoding: str, parts: Dialect, name: str, limits: Limits) -> set[int] | None:
    """Return the different numbers of cells of all rows, None when the file cannot be read so."""
    try:
        return {len(record) for _, record in _records(path, encoding, parts, name, limits) if record}
    except FileProblem:
        return None


def _records(
    path: Path, encoding: str, dialect: Dialect, name: str, limits: Limits, size: int = 1000
) -> Iterator[tuple[int, list[str]]]:
    """Yield ``(row, cells)`` of every record; the row is the one a spreadsheet shows."""
    for first, chunk in _chunks(path, encoding, dialect, name, limits, size):
        yield from enumerate(chunk, start=first)


def _chunks(
    path: Path, encoding: str, dialect: Dialect, name: str, limits: Limits, size: int
) -> Iterator[tuple[int, list[list[str]]]]:
    """Yield ``(row of the first, records)``; a broken record raises after the sound ones before it."""
    first = 1
    with path.open(encoding=encoding, newline="") as file:
        reader = csv.reader(file, **dialect.options())
        while True:
            chunk: list[list[str]] = []
            problem = None
            try:
                chunk.extend(islice(reader, size))
            except csv.Error as error:
                problem = FileProblem(name, *_csv_words(error, first + len(chunk), reader.line_num))
            if chunk:
                yield first, chunk
            if problem:
                raise problem
            if len(chunk) < size:
                return
            first += len(chunk)


def _csv_words(error: csv.Error, row: int, line: int) -> tuple[str, str]:
    text = str(error)
    where = f"row {row}" + (f" (up to line {line})" if line != row else "")
    if "field limit" in text:
        what = f"has a cell of more than {csv.field_size_limit():,} characters at {where}."
        return what, "A quote that is never closed is the usual cause."
    if "unexpected end" in text:
        return (
            f"ends inside a quoted cell that begins at {where}.",
            "Close the quote, or export the table again.",
        )
    if "expected after" in text:
        return f"has text after a closing quote at {where}.", "Double the quotes inside a quoted cell."
    return f"cannot be split into cells at {where}: {text}.", "Export the table again."
