"""Excel and OpenDocument workbooks, read without ever evaluating a formula."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import fastexcel
import polars as pl

from hingepoint.connectors.files.formats.delimited import HEADER_WITHIN, Judge
from hingepoint.connectors.files.formats.markup import feed, guarded_parser
from hingepoint.connectors.files.opening import Limits, zip_archive
from hingepoint.connectors.files.problems import FileProblem, shown
from hingepoint.connectors.files.tables import (
    BATCH,
    Batch,
    check_headings,
    without_empty_rows,
    without_long_cells,
)

#: What an .xls file keeps to itself.
_NOT_TOLD = (
    "not told by an .xls file, nor which cells are shown as per cent; if there are any, save it as .xlsx"
)

logging.getLogger("fastexcel").setLevel(logging.ERROR)  # it warns of each empty column; we read all as text


@dataclass(slots=True)
class WorkbookTable:
    """One sheet, held in memory as text. ``first`` is the row of the sheet that ``cells`` begins with."""

    name: str
    format: str
    headings: list[str]
    header_row: int
    dialect: dict[str, str]
    exact: dict[int, str]
    cells: pl.DataFrame
    first: int
    limits: Limits
    height: int | None = None

    def batches(self, size: int = BATCH) -> Iterator[Batch]:
        body = self.cells.slice(self.header_row - self.first + 1)
        rows = pl.int_range(
            self.header_row + 1, self.header_row + 1 + body.height, dtype=pl.UInt32, eager=True
        )
        body = body.fill_null("")
        for start in range(0, body.height, size):
            batch = without_empty_rows(Batch(rows.slice(start, size), body.slice(start, size)))
            yield without_long_cells(batch, self.headings, self.name, self.limits)


def open_workbook(
    path: Path,
    *,
    name: str,
    format: str,
    judge: Judge,
    limits: Limits,
    sheet: str = "",
    header_row: int | None = None,
) -> WorkbookTable:
    """Return the sheet ``sheet``, or the only one in which ``judge`` recognises the columns that must be there."""
    if format == "xls":
        _refuse_locked(path, name)
    if format == "ods":
        _check_ods(path, name, limits)
    reader = _guarded(lambda: fastexcel.read_excel(path), name)
    chosen = _choose(reader, path, name, format, judge, limits, sheet, header_row)
    index, first, cells, extent, row, headings = chosen
    check_headings(headings, name, limits)
    _refuse_unsaved_formulas(extent, row, name)
    cells = cells.select(cells.columns[: len(headings)])
    cells.columns = [str(i) for i in range(len(headings))]
    exact = _typed(reader, index, row - first, len(headings), name)
    cells, exact = _with_per_cent(cells, exact, extent)
    cells, filled = _with_merged(cells, extent, row)
    dialect = {"sheet": reader.sheet_names[index]}
    if filled:
        dialect["merged cells"] = f"{filled} empty cells below a merged one, filled with its value"
    if extent.unfilled:
        dialect["merged cells"] = f"{extent.unfilled}; the cells below them are read as empty"
    if format == "xls":
        dialect["merged cells"] = _NOT_TOLD
    if len(reader.sheet_names) > 1:
        dialect["sheets"] = ", ".join(reader.sheet_names[:20])
    if _counts_from_1904(path, name, format):
        dialect["days"] = "counted from 1904"
    return WorkbookTable(name, format, headings, row, dialect, exact, cells, first, limits)


def _guarded(call, name: str):  # type: ignore[no-untyped-def]
    """Return ``call()``; whatever the Excel library raises, even a panic of its core, becomes a ``FileProblem``."""
    try:
        return call()
    except FileProblem:
        raise
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt | SystemExit | GeneratorExit | MemoryError):
            raise
        text = str(error).casefold()
        if "password" in text or "encrypt" in text:
            raise FileProblem(name, "is locked with a password.", "Save it without one.") from None
        raise FileProblem(
            name, "is a damaged or foreign workbook.", "Open and save it as .xlsx, or as CSV."
        ) from None


def _refuse_locked(path: Path, name: str) -> None:
    """Raise for a compound file that is an encrypted workbook: its directory names the package in UTF-16."""
    with path.open("rb") as file:
        data = file.read(64 << 20)
    if "EncryptedPackage".encode("utf-16-le") in data:
        raise FileProblem(name, "is locked with a password.", "Save it without one.")
    if not any(each.encode("utf-16-le") in data for each in ("Workbook", "Book", "WORKBOOK", "BOOK")):
        raise FileProblem(
            name, "is an old Office file without a workbook.", "Save the table as .xlsx or CSV."
        )


def _choose(
    reader: fastexcel.ExcelReader,
    path: Path,
    name: str,
    format: str,
    judge: Judge,
    limits: Limits,
    sheet: str,
    header_row: int | None,
) -> tuple[int, int, pl.DataFrame, Extent, int, list[str]]:
    names = reader.sheet_names
    if sheet and sheet not in names:
        known = ", ".join(shown(each) for each in names[:10])
        raise FileProblem(
            name, f"has no sheet {shown(sheet)!r}, but {known}.", "Correct `sheet` in the mapping."
        )
    fitting: list[Any] = []
    others: list[Any] = []
    for index, each in enumerate(names):
        if sheet and each != sheet:
            continue
        first, cells, extent = _cells(reader, index, path, name, format, limits)
        found = _headings(cells, first, judge, header_row)
        if found is not None:
            (fitting if found[3] else others).append(
                (found[2], index, first, cells, extent, found[0], found[1])
            )
        if len(names) > 50 and fitting:
            break
    if len(fitting) > 1 and not sheet:
        which = ", ".join(shown(names[each[1]]) for each in fitting[:10])
        raise FileProblem(name, f"has several sheets that fit ({which}).", "Say the `sheet` in the mapping.")
    best = (fitting or sorted(others, key=lambda each: (-each[0], each[1])))[:1]
    if not best:
        raise FileProblem(
            name, "has no sheet with a row of headings.", "The first row must say what each column holds."
        )
    return best[0][1:]


def _cells(
    reader: fastexcel.ExcelReader, index: int, path: Path, name: str, format: str, limits: Limits
) -> tuple[int, pl.DataFrame, Extent]:
    """Return ``(first row, all cells as text, extent)`` of a sheet whose extent has been checked before."""
    extent = Extent()
    if format == "xlsx":
        extent = _xlsx_extent(path, reader.sheet_names[index], name, limits)
    elif format == "ods":
        extent.kinds, extent.unfilled = _ods_kinds(path, reader.sheet_names[index], name)
    loaded = _guarded(lambda: reader.load_sheet(index, header_row=None, dtypes="string").to_polars(), name)
    return extent.first or 1, _with_errors(loaded, extent), extent


def _with_errors(cells: pl.DataFrame, extent: Extent) -> pl.DataFrame:
    """Return ``cells`` with ``#DIV/0!`` and the like in place, which the Excel library shows as empty."""
    by_column: dict[int, dict[int, str]] = {}
    for (row, column), text in extent.errors.items():
        by_column.setdefault(column - extent.left, {})[row - extent.first] = text
    for column, found in by_column.items():
        if 0 <= column < cells.width:
            values = cells.to_series(column).to_list()
            for row, text in found.items():
                if 0 <= row < len(values):
                    values[row] = text
            cells = cells.with_columns(pl.Series(cells.columns[column], values, dtype=pl.String))
    return cells


def _headings(
    cells: pl.DataFrame, first: int, judge: Judge, header_row: int | None
) -> tuple[int, list[str], int, bool] | None:
    best = None
    top = cells.head(HEADER_WITHIN if header_row is None else header_row).fill_null("")
    for offset, record in enumerate(top.rows()):
        row = first + offset
        if not any(cell.strip() for cell in record) or header_row not in (None, row):
            continue
        known, complete = judge(list(record))
        if best is None or (complete, known) > (best[3], best[2]):
            best = (row, _trimmed(record), known, complete)
        if complete:
            break
    return best


def _trimmed(record: tuple[str, ...]) -> list[str]:
    cells = [cell.strip() for cell in record]
    while cells and not cells[-1]:
        cells.pop()
    return cells


def _typed(reader: fastexcel.ExcelReader, index: int, header: int, width: int, name: str) -> dict[int, str]:
    """Return the columns that hold only numbers or only dates below the headings."""
    sheet = _guarded(lambda: reader.load_sheet(index, header_row=header, schema_sample_rows=None), name)
    kinds = {"float": "number", "int": "number", "datetime": "moment", "date": "moment"}
    columns = _guarded(lambda: sheet.available_columns(), name)[:width]
    return {i: kinds[column.dtype] for i, column in enumerate(columns) if column.dtype in kinds}


def _refuse_unsaved_formulas(extent: Extent, header_row: int, name: str) -> None:
    below = [place for place in extent.unsaved if place[0] > header_row]
    if below:
        row, column = below[0]
        raise FileProblem(
            name,
            f"has {len(below):,} formulas without a value, the first in row {row}, column {column}.",
            "Open it in Excel and save it, so that their results are kept.",
        )


def _with_per_cent(
    cells: pl.DataFrame, exact: dict[int, str], extent: Extent
) -> tuple[pl.DataFrame, dict[int, str]]:
    """Return which columns hold only shares shown as per cent; single such cells among others get their sign."""
    exact = dict(exact)
    for column in range(cells.width):
        kinds = extent.kinds.get(column + extent.left, set())
        if "per cent" not in kinds:
            continue
        if kinds == {"per cent"}:
            exact[column] = "share"
        else:
            exact.pop(column, None)
            rows = [row - extent.first for row, at in extent.per_cent if at == column + extent.left]
            values = cells.to_series(column).to_list()
            for row in rows:
                values[row] = _in_per_cent(values[row])
            cells = cells.with_columns(pl.Series(str(column), values, dtype=pl.String))
    return cells, exact


def _in_per_cent(text: str | None) -> str | None:
    """Return the text of a share as it is shown: 0.15 is 15%."""
    try:
        return f"{Decimal(text or '') * 100:f}%"
    except InvalidOperation:
        return text


def _with_merged(cells: pl.DataFrame, extent: Extent, header_row: int) -> tuple[pl.DataFrame, int]:
    """Return ``cells`` with merged ones below the headings filled down, and how many were filled."""
    filled = 0
    for column, top, bottom in extent.merged:
        place, start = column - extent.left, top - extent.first
        if top <= header_row or not 0 <= place < cells.width or start >= cells.height:
            continue
        values = cells.to_series(place).to_list()
        if values[start]:
            for row in range(start + 1, min(bottom - extent.first + 1, len(values))):
                values[row] = values[start]
                filled += 1
            cells = cells.with_columns(pl.Series(cells.columns[place], values, dtype=pl.String))
    return cells, filled


@dataclass(slots=True)
class Extent:
    """Where the cells of a sheet are, and which are not what they seem.

    ``kinds``: per column ``number`` and ``per cent``, of the cells that hold numbers; ``per_cent`` are the cells
    of the latter, ``unsaved`` those with a formula and no value, by (row, column); ``merged`` are
    (column, first row, last row) of merged cells, ``unfilled`` counts those whose place is not known.
    """

    first: int = 0
    last: int = 0
    left: int = 0
    right: int = 0
    errors: dict[tuple[int, int], str] = field(default_factory=dict)
    kinds: dict[int, set[str]] = field(default_factory=dict)
    per_cent: list[tuple[int, int]] = field(default_factory=list)
    unsaved: list[tuple[int, int]] = field(default_factory=list)
    merged: list[tuple[int, int, int]] = field(default_factory=list)
    unfilled: int = 0

    def see(self, row: int, column: int) -> None:
        self.first = min(self.first or row, row)
        self.last = max(self.last, row)
        self.left = min(self.left, column) if self.right else column
        self.right = max(self.right, column + 1)

    @property
    def area(self) -> int:
        return (self.last - self.first + 1) * (self.right - self.left)


def _xlsx_extent(path: Path, sheet: str, name: str, limits: Limits) -> Extent:
    """Return the extent of a sheet; raises when a few far cells span more than memory holds."""
    extent = Extent()
    part = _sheet_part(path, sheet, name)
    if not part:
        return extent
    reader = _CellReader(extent, _per_cent_styles(path, name))
    with zip_archive(path, name) as archive, archive.open(part) as file:
        feed(reader.parser, file, name)
    _check_area(extent.area, name, limits)
    return extent


def _check_area(area: int, name: str, limits: Limits) -> None:
    if area > limits.workbook_cells:
        raise FileProblem(
            name,
            f"spans {area:,} cells; a sheet may span {limits.workbook_cells:,}.",
            "Save the table as CSV.",
        )


class _CellReader:
    """Sees the reference and kind of every cell of a sheet, the text of those with an error, and merged cells."""

    def __init__(self, extent: Extent, per_cent: set[str]):
        self.extent, self.place, self.text, self.row, self.column = extent, (0, 0), "", 0, 0
        self.per_cent, self.kind, self.formula, self.value = per_cent, "", False, False
        self.parser = guarded_parser()
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.end
        self.parser.buffer_text = True

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        tag = tag.rpartition(":")[2]
        if tag == "row":
            given = attributes.get("r", "")
            self.row, self.column = int(given) if given.isdigit() and len(given) < 9 else self.row + 1, 0
        elif tag == "c":
            self._cell(attributes)
        elif tag == "v" or tag == "is":
            self.value = True
        elif tag == "f":
            self.formula = True
        elif tag == "mergeCell":
            self._merged(attributes.get("ref", ""))

    def _merged(self, reference: str) -> None:
        first, _, last = reference.partition(":")
        (column, top), (_, bottom) = _place(first), _place(last)
        if column and bottom > top and len(self.extent.merged) < 100_000:
            self.extent.merged.append((column, top, bottom))

    def _cell(self, attributes: dict[str, str]) -> None:
        column, row = _place(attributes.get("r", ""))
        self.row, self.column = row or self.row, column or self.column + 1
        self.extent.see(self.row, self.column)
        self.formula = self.value = False
        number = attributes.get("t", "n") == "n"
        self.kind = ("per cent" if attributes.get("s") in self.per_cent else "number") if number else ""
        if attributes.get("t") == "e" and len(self.extent.errors) < 10_000:
            self.place, self.text = (self.row, self.column), ""
            self.parser.CharacterDataHandler = self.characters

    def characters(self, text: str) -> None:
        if text.startswith("#"):
            self.text = text[:20]

    def end(self, tag: str) -> None:
        if tag.rpartition(":")[2] != "c":
            return
        if self.value and self.kind:
            self.extent.kinds.setdefault(self.column, set()).add(self.kind)
            if self.kind == "per cent":
                self.extent.per_cent.append((self.row, self.column))
        elif self.formula and not self.value:
            self.extent.unsaved.append((self.row, self.column))
        if self.parser.CharacterDataHandler is not None:
            self.extent.errors[self.place] = self.text or "#ERROR"
            self.parser.CharacterDataHandler = None


def _per_cent_styles(path: Path, name: str) -> set[str]:
    """Return the numbers of the cell styles that show shares as per cent."""
    formats, styles, within = {"9", "10"}, [], [False]

    def start(tag: str, attributes: dict[str, str]) -> None:
        tag = tag.rpartition(":")[2]
        if tag == "numFmt" and "%" in re.sub(r'"[^"]*"|\\.', "", attributes.get("formatCode", "")):
            formats.add(attributes.get("numFmtId", ""))
        elif tag == "cellXfs":
            within[0] = True
        elif tag == "xf" and within[0]:
            styles.append(attributes.get("numFmtId", ""))

    def end(tag: str) -> None:
        if tag.rpartition(":")[2] == "cellXfs":
            within[0] = False

    with zip_archive(path, name) as archive:
        if "xl/styles.xml" not in archive.namelist():
            return set()
        parser = guarded_parser()
        parser.StartElementHandler, parser.EndElementHandler = start, end
        with archive.open("xl/styles.xml") as file:
            feed(parser, file, name)
    return {str(number) for number, style in enumerate(styles) if style in formats}


def _ods_kinds(path: Path, sheet: str, name: str) -> tuple[dict[int, set[str]], int]:
    """Return, per column of a sheet, whether its cells hold numbers or shares shown as per cent, and how many
    cells are merged with those below."""
    at = {"here": 0, "column": 0, "merged": 0}
    kinds: dict[int, set[str]] = {}
    meaning = {"percentage": "per cent", "float": "number", "currency": "number"}

    def start(tag: str, attributes: dict[str, str]) -> None:
        tag = tag.rpartition(":")[2]
        if tag == "table":
            at["here"] = int(attributes.get("table:name") == sheet)
        elif tag == "table-row":
            at["column"] = 0
        elif tag in {"table-cell", "covered-table-cell"}:
            kind = meaning.get(attributes.get("office:value-type", ""))
            if at["here"] and kind:
                kinds.setdefault(at["column"], set()).add(kind)
            at["merged"] += at["here"] * (_repeat(attributes, "table:number-rows-spanned") > 1)
            at["column"] += _repeat(attributes, "table:number-columns-repeated")

    parser = guarded_parser()
    parser.StartElementHandler = start
    with zip_archive(path, name) as archive, archive.open("content.xml") as file:
        feed(parser, file, name)
    return kinds, at["merged"]


def _place(reference: str) -> tuple[int, int]:
    """Return ``(column, row)`` of ``B3`` as (2, 3); zeros when it is none."""
    match = re.fullmatch(r"([A-Z]{1,3})([0-9]{1,8})", reference)
    if not match:
        return 0, 0
    column = 0
    for letter in match[1]:
        column = 26 * column + ord(letter) - 64
    return column, int(match[2])


def _sheet_part(path: Path, sheet: str, name: str) -> str:
    """Return the part of the package that holds ``sheet``, by way of its relationship."""
    ids: dict[str, str] = {}
    targets: dict[str, str] = {}

    def see(tag: str, attributes: dict[str, str]) -> None:
        tag = tag.rpartition(":")[2]
        if tag == "sheet":
            number = next((value for key, value in attributes.items() if key.rpartition(":")[2] == "id"), "")
            ids[attributes.get("name", "")] = number
        elif tag == "Relationship":
            targets[attributes.get("Id", "")] = attributes.get("Target", "")

    with zip_archive(path, name) as archive:
        for part in ("xl/workbook.xml", "xl/_rels/workbook.xml.rels"):
            if part in archive.namelist():
                parser = guarded_parser()
                parser.StartElementHandler = see
                with archive.open(part) as file:
                    feed(parser, file, name)
        target = targets.get(ids.get(sheet, ""), "")
        part = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
        return part if part in archive.namelist() else ""


def _check_ods(path: Path, name: str, limits: Limits) -> None:
    """Raise when repeated cells with content would fill more than memory holds."""
    counted = {"cells": 0, "rows": 1, "width": 0, "widest": 0, "filled": 0, "high": 0}

    def start(tag: str, attributes: dict[str, str]) -> None:
        tag = tag.rpartition(":")[2]
        if tag == "table-row":
            counted["rows"] = _repeat(attributes, "table:number-rows-repeated")
            counted["width"] = counted["filled"] = 0
        elif tag in {"table-cell", "covered-table-cell"}:
            counted["width"] += _repeat(attributes, "table:number-columns-repeated")
            if any(key.endswith(":value-type") for key in attributes):
                counted["filled"] = 1
                counted["widest"] = max(counted["widest"], counted["width"])

    def end(tag: str) -> None:
        if tag.rpartition(":")[2] == "table-row":
            counted["cells"] += counted["rows"]
            if counted["filled"]:
                counted["high"] = counted["cells"]
        elif tag.rpartition(":")[2] == "table":
            _check_area(counted["high"] * counted["widest"], name, limits)
            counted.update(cells=0, high=0, widest=0)

    parser = guarded_parser()
    parser.StartElementHandler, parser.EndElementHandler = start, end
    with zip_archive(path, name) as archive, archive.open("content.xml") as file:
        feed(parser, file, name)


def _repeat(attributes: dict[str, str], key: str) -> int:
    text = attributes.get(key, "1")
    return int(text) if text.isdigit() and len(text) < 12 else 1


def _counts_from_1904(path: Path, name: str, format: str) -> bool:
    if format != "xlsx":
        return False
    with zip_archive(path, name) as archive:
        part = next((each for each in archive.namelist() if each.casefold() == "xl/workbook.xml"), None)
        text = archive.read(part) if part else b""
    return re.search(rb"date1904\s*=\s*[\"'](1|true)", text) is not None
