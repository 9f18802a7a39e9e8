"""Writing tables that are safe to open in a spreadsheet and read back to the same values."""

from __future__ import annotations

import contextlib
import datetime
import decimal
import io
import itertools
import json
import math
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO, Any

import polars as pl
import xlsxwriter

FORMATS = ("csv", "xlsx", "json")

#: What a spreadsheet may take for a formula (OWASP, CSV injection), also behind our own apostrophe; and digits
#: behind an apostrophe, which reading would take for Excel's mark of text.
_FORMULA = re.compile(r"'*[=+\-@\t\r\n|%＝＋－＠]|'+[0-9][0-9.,:/\- ]*$")

#: What would not be read back as it is without quotes.
_QUOTED = re.compile("[,;\t|\"'\r\n]|^\\s|\\s$")

#: The same two in the words of Rust, by which columns are searched: its ``$`` does not look past a last line feed, and its
#: ``\s`` does not know the separators of ASCII.
_RUST_FORMULA = r"^(?:'*[=+\-@\t\r\n|%＝＋－＠]|'+[0-9][0-9.,:/\- ]*\n?$)"
_RUST_QUOTED = "[,;\t|\"'\r\n]|^[\\s\x1c-\x1f]|[\\s\x1c-\x1f]$"

#: Control characters that XML cannot hold, and the two that Excel reads as something else.
_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]|[\ud800-\udfff]")

#: A number that may also be written so with a separator of thousands.
_LIKE_THOUSANDS = re.compile(r"-?[1-9][0-9]{0,2}\.[0-9]{3}")

#: Decimals that Python writes without an exponent, however small a number is.
LONGEST_PLAIN = 6

LONGEST_EXCEL_CELL = 32_767
MOST_EXCEL_ROWS = 1_048_576

Rows = (
    pl.DataFrame
    | Sequence[pl.DataFrame]
    | Iterator[pl.DataFrame]
    | tuple[Sequence[str], Iterable[Sequence[Any]]]
)


def write_table(rows: Rows, to: Path | IO[bytes], format: str) -> None:
    """Write ``rows``, a frame, frames with the same columns one after the other, or ``(headings, rows)``, as csv, xlsx or
    json to a path or a binary stream.

    Texts never become formulas: in CSV those that begin like one get an apostrophe in front, which reading
    takes away again; in Excel every text is typed as text. Numbers stay numbers, negative ones too. Raises
    ``ValueError`` for another format, ``OverflowError`` for more rows than a sheet holds.
    """
    if format not in FORMATS:
        raise ValueError(f"{format!r} is not one of {', '.join(FORMATS)}")
    if isinstance(to, Path):
        with to.open("wb") as stream:
            _write(rows, stream, format)
    else:
        _write(rows, to, format)


def _write(rows: Rows, stream: IO[bytes], format: str) -> None:
    if isinstance(rows, tuple):
        headings, body = rows
        _WRITERS[format](headings, body, stream)
        return
    parts = iter([rows] if isinstance(rows, pl.DataFrame) else rows)
    first = next(parts)
    every = itertools.chain([first], parts)
    if format == "csv":
        _csv_of_frames(first.columns, every, stream)
    else:
        _WRITERS[format](first.columns, (row for part in every for row in part.iter_rows()), stream)


def guarded(text: str) -> str:
    """Return ``text`` so that no spreadsheet takes it for a formula; ``survey.cleaned`` undoes it."""
    return f"'{text}" if _FORMULA.match(text) else text


def _plain(value: Any) -> Any:
    """Return ``value`` as a text, number, truth value or None; what is not a finite number is None."""
    if isinstance(value, bool | int | str) or value is None:
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, decimal.Decimal):
        return value if value.is_finite() else None
    if isinstance(value, datetime.datetime):
        return value.isoformat(sep=" ")
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    return str(value)


def _csv(headings: Sequence[str], rows: Iterable[Sequence[Any]], stream: IO[bytes]) -> None:
    with _csv_text(headings, stream) as text:
        for row in rows:
            text.write(_csv_row(row))


def _csv_of_frames(headings: Sequence[str], parts: Iterable[pl.DataFrame], stream: IO[bytes]) -> None:
    """Write what ``_csv`` writes of the rows of ``parts``, a column at a time: in a sixth of its time."""
    with _csv_text(headings, stream) as text:
        for part in parts:
            if part.height and part.width:
                cells = [_csv_column(part.to_series(place)) for place in range(part.width)]
                table = pl.DataFrame([cell.alias(str(place)) for place, cell in enumerate(cells)])
                lines = table.select(pl.concat_str(pl.all(), separator=",")).to_series()
                text.write("\r\n".join(lines) + "\r\n")


@contextlib.contextmanager
def _csv_text(headings: Sequence[str], stream: IO[bytes]) -> Iterator[io.TextIOWrapper]:
    text = io.TextIOWrapper(stream, encoding="utf-8-sig", newline="", write_through=True, errors="replace")
    text.write(_csv_row(headings))
    yield text
    text.detach()


def _csv_column(column: pl.Series) -> pl.Series:
    """Return what ``_csv_cell`` makes of each value of a column."""
    found, kind = pl.col(column.name), column.dtype
    if kind in (pl.String, pl.Categorical, pl.Enum):
        told = _csv_texts(found.cast(pl.String))
    elif kind.is_integer() or kind == pl.Boolean:
        told = found.cast(pl.String)
    elif isinstance(kind, pl.Decimal) and kind.scale <= LONGEST_PLAIN:
        told = _csv_numbers(found.cast(pl.String))
    elif kind.is_float():
        plain = [None if one is None or not math.isfinite(one) else str(one) for one in column.to_list()]
        column = pl.Series(column.name, plain, dtype=pl.String)
        told = _csv_numbers(found)
    elif kind == pl.Date:
        told = found.dt.to_string("%Y-%m-%d")
    elif isinstance(kind, pl.Datetime):
        told = _csv_moments(found, zone="%:z" if kind.time_zone else "")
    else:
        return pl.Series(column.name, [_csv_cell(_plain(value)) for value in column], dtype=pl.String)
    return column.to_frame().select(told.fill_null("")).to_series()


def _csv_texts(texts: pl.Expr) -> pl.Expr:
    guarded = pl.when(texts.str.contains(_RUST_FORMULA)).then("'" + texts).otherwise(texts)
    quoted = '"' + guarded.str.replace_all('"', '""', literal=True) + '"'
    return pl.when(guarded.str.contains(_RUST_QUOTED)).then(quoted).otherwise(guarded)


def _csv_numbers(texts: pl.Expr) -> pl.Expr:
    return pl.when(texts.str.contains(f"^(?:{_LIKE_THOUSANDS.pattern})$")).then(texts + "0").otherwise(texts)


def _csv_moments(moments: pl.Expr, *, zone: str) -> pl.Expr:
    whole, parted = (moments.dt.to_string(f"%Y-%m-%d %H:%M:%S{part}{zone}") for part in ("", "%.6f"))
    return pl.when(moments.dt.nanosecond() // 1000 == 0).then(whole).otherwise(parted)


def _csv_row(row: Sequence[Any]) -> str:
    # not csv.writer, which before Python 3.13 leaves a bare carriage return unquoted
    return ",".join(_csv_cell(_plain(value)) for value in row) + "\r\n"


def _csv_cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str):
        return _number(str(value))
    text = guarded(value)
    quoted = '"' + text.replace('"', '""') + '"'
    return quoted if _QUOTED.search(text) else text


def _number(text: str) -> str:
    """Return a number that nobody takes for thousands: 54.917 gets one more decimal."""
    return f"{text}0" if _LIKE_THOUSANDS.fullmatch(text) else text


def _xlsx(headings: Sequence[str], rows: Iterable[Sequence[Any]], stream: IO[bytes]) -> None:
    options = {
        "constant_memory": True,
        "in_memory": False,
        "strings_to_formulas": False,
        "strings_to_urls": False,
    }
    book = xlsxwriter.Workbook(stream, options)
    sheet = book.add_worksheet("Table")
    bold = book.add_format({"bold": True})
    for column, heading in enumerate(headings):
        sheet.write_string(0, column, _xml_text(heading), bold)
    sheet.freeze_panes(1, 0)
    for number, row in enumerate(rows, start=1):
        if number >= MOST_EXCEL_ROWS:
            raise OverflowError(f"a sheet holds {MOST_EXCEL_ROWS:,} rows; write CSV instead")
        for column, value in enumerate(row):
            _xlsx_cell(sheet, number, column, _plain(value))
    book.close()


def _xlsx_cell(sheet: Any, row: int, column: int, value: Any) -> None:
    if value is None or value == "":
        return
    if isinstance(value, bool):
        sheet.write_boolean(row, column, value)
    elif isinstance(value, str):
        sheet.write_string(row, column, _xml_text(value))
    elif isinstance(value, int) and abs(value) > 10**15:
        sheet.write_string(row, column, str(value))  # Excel keeps fifteen digits
    else:
        sheet.write_number(row, column, value)


def _xml_text(text: str) -> str:
    return _NOT_IN_XML.sub("\N{REPLACEMENT CHARACTER}", text)[:LONGEST_EXCEL_CELL]


def _json(headings: Sequence[str], rows: Iterable[Sequence[Any]], stream: IO[bytes]) -> None:
    stream.write(b"[")
    for number, row in enumerate(rows):
        item = dict(zip(headings, (_json_value(_plain(value)) for value in row), strict=True))
        text = ("," if number else "") + "\n" + json.dumps(item, ensure_ascii=False, allow_nan=False)
        stream.write(text.encode("utf-8", "replace"))
    stream.write(b"\n]\n")


def _json_value(value: Any) -> Any:
    return float(value) if isinstance(value, decimal.Decimal) else value


_WRITERS = {"csv": _csv, "xlsx": _xlsx, "json": _json}
