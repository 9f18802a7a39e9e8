"""A corpus of hostile and careless files: what each is, and what its refusal must say."""

from __future__ import annotations

import gzip
import io
import os
import zipfile
from collections.abc import Callable
from pathlib import Path

import xlsxwriter

GOOD = b"deal_id,created,closed,status\nA,2024-01-01,,open\n"
_HEAD = b"deal_id,created,closed,status\n"


def _bytes(content: bytes, name: str = "deals.csv") -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        (folder / name).write_bytes(content)
        return folder / name

    return make


def _zip(*members: tuple[str, bytes], name: str = "deals.zip") -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        with zipfile.ZipFile(folder / name, "w", zipfile.ZIP_DEFLATED) as archive:
            for member, content in members:
                archive.writestr(member, content)
        return folder / name

    return make


def workbook(*sheets: tuple[str, list[list[object]]]) -> bytes:
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False})
    for name, rows in sheets:
        sheet = book.add_worksheet(name)
        for row, cells in enumerate(rows):
            for column, value in enumerate(cells):
                sheet.write(row, column, value)
    book.close()
    return out.getvalue()


def _far_cell(folder: Path) -> Path:
    """A sheet of two cells that span seventeen thousand million."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    sheet = book.add_worksheet()
    sheet.write(0, 0, "deal_id")
    sheet.write(1_048_575, 16_383, "x")
    book.close()
    (folder / "far.xlsx").write_bytes(out.getvalue())
    return folder / "far.xlsx"


def _encrypted(folder: Path) -> Path:
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 504
    (folder / "locked.xlsx").write_bytes(head + "EncryptedPackage".encode("utf-16-le") + b"\0" * 2000)
    return folder / "locked.xlsx"


def _locked_zip(folder: Path) -> Path:
    path = _zip(("deals.csv", GOOD))(folder)
    content = bytearray(path.read_bytes())
    for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(mark) + at] |= 1
    path.write_bytes(bytes(content))
    return path


def _loop(folder: Path) -> Path:
    (folder / "one.csv").symlink_to(folder / "two.csv")
    (folder / "two.csv").symlink_to(folder / "one.csv")
    return folder / "one.csv"


def _pipe(folder: Path) -> Path:
    os.mkfifo(folder / "deals.csv")
    return folder / "deals.csv"


def _amounts(*amounts: str) -> Callable[[Path], Path]:
    rows = [f"D{n};2024-01-01;open;{amount}" for n, amount in enumerate(amounts)]
    return _bytes("\n".join(["deal_id;created;status;amount", *rows, ""]).encode())


def open_document(rows: str) -> Callable[[Path], Path]:
    """An .ods workbook of one table with these ``<table:table-row>``."""
    content = (
        '<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"'
        ' xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"'
        ' xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:body><office:spreadsheet>'
        f'<table:table table:name="T">{rows}</table:table></office:spreadsheet></office:body></office:document-content>'
    )
    kind = b"application/vnd.oasis.opendocument.spreadsheet"
    manifest = b'<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>'
    return _zip(
        ("mimetype", kind),
        ("content.xml", content.encode()),
        ("META-INF/manifest.xml", manifest),
        name="deals.ods",
    )


_LAUGHS = b"""<?xml version="1.0"?><!DOCTYPE log [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>
<log><trace><string key="concept:name" value="&b;"/></trace></log>"""
_OUTSIDE = (
    b"""<?xml version="1.0"?><!DOCTYPE log [<!ENTITY a SYSTEM "file:///etc/hostname">]><log>&a;</log>"""
)
_ODS_BOMB = (
    '<table:table-row table:number-rows-repeated="1048576"><table:table-cell table:number-columns-repeated="16384"'
    ' office:value-type="string"><text:p>x</text:p></table:table-cell></table:table-row>'
)

#: name -> (how it is made, what the refusal says)
FILES: dict[str, tuple[Callable[[Path], Path], str]] = {
    "an empty file": (_bytes(b""), "is empty"),
    "only line ends": (_bytes(b"\n\n\r\n"), "no row of headings"),
    "only a byte order mark": (_bytes(b"\xef\xbb\xbf"), "no row of headings"),
    "only headings": (_bytes(_HEAD), "headings but no rows"),
    "no headings": (_bytes(b"A,2024-01-01,,open\nB,2024-01-02,,open\n"), "no column for `deal_id`"),
    "a folder": (lambda folder: folder, "is a folder"),
    "a file that is not there": (lambda folder: folder / "gone.csv", "does not exist"),
    "a name that is too long": (lambda folder: folder / ("x" * 5000), "cannot be opened"),
    "a name with a NUL": (lambda folder: folder / "a\0b", "cannot be opened"),
    "a symlink loop": (_loop, "cannot be opened"),
    "a pipe": (_pipe, "not an ordinary file"),
    "a device": (lambda folder: Path("/dev/zero"), "not an ordinary file"),
    "NUL bytes": (_bytes(_HEAD + b"A,2024\0-01-01,,open\n"), "NUL bytes (line 2)"),
    "bytes that are no text": (_bytes(bytes(range(256)) * 40), ""),
    "UTF-8 broken in the middle, said to be UTF-8": (
        _bytes(b"\xef\xbb\xbf" + _HEAD + b"A\xff,2024-01-01,,open\n"),
        "is not utf-8-sig text (row 2)",
    ),
    "a quote that is never closed": (
        _bytes(_HEAD + b'"A, and more,2024-01-01,,open\nB,2024-01-01,,open\n'),
        "quoted cell that begins at row 2",
    ),
    "text after a quote": (
        _bytes(_HEAD + b'"A,B"x,2024-01-01,,open\n'),
        "text after a closing quote at row 2",
    ),
    "a cell of 10 MB": (_bytes(_HEAD + b"A" * 10_000_000 + b",2024-01-01,,open\n"), "characters"),
    "a quoted cell of 10 MB": (
        _bytes(_HEAD + b'"' + b"A\n" * 5_000_000 + b'",2024-01-01,,open\n'),
        "characters",
    ),
    "a heading of 10 MB": (_bytes(b"deal_id," + b"A" * 10_000_000 + b",status\n"), "characters"),
    "a line without end": (_bytes(_HEAD + b"A" * 40_000_000), "line of more than"),
    "a hundred thousand columns": (
        _bytes(b",".join(b"c%d" % i for i in range(100_000)) + b"\n1\n"),
        "columns",
    ),
    "mixed delimiters": (
        _bytes(_HEAD + b"A,2024-01-01,,open\nB;2024-01-01;;open\n"),
        "4 cells separated by comma, not 1",
    ),
    "a row too short": (_bytes(_HEAD + b"A,2024-01-01\n"), "4 cells separated by comma, not 2"),
    "a row too long": (_bytes(_HEAD + b"A,2024-01-01,,open,,x\n"), "4 cells separated by comma, not 6"),
    "one id twice": (
        _bytes(_HEAD + b"A,2024-01-01,,open\nA,2024-02-01,,open\n"),
        "an id that no other row has",
    ),
    "two columns of one name": (
        _bytes(b"status,created,deal_id,status\nopen,2024-01-01,A,won\n"),
        "several columns for `status`",
    ),
    "two encodings": (
        _bytes(
            "deal_id,created,status,account\nA,2024-01-01,open,Müller\n".encode("latin-1")
            + "B,2024-01-01,open,Müller\n".encode()
        ),
        "mixes two encodings",
    ),
    **{
        f"an amount of {amount}": (_amounts(amount), "expected a number")
        for amount in ("NaN", "inf", "-Infinity", "1e400", "=1+1", "#DIV/0!", "12 apples", "1,2,3")
    },
    "decimal points and decimal commas": (_amounts("1.234,50", "2,345.50"), "both decimal points and commas"),
    "a thousand that may be one": (_amounts("1.234", "2.345"), "a thousand times another number"),
    "signs of two currencies": (_amounts("$100.50", "€90.20"), "in several currencies"),
    "days that may be months": (_bytes(_HEAD + b"A,01/02/2024,,open\n"), "day/month or month/day"),
    "a day of February that never was": (_bytes(_HEAD + b"A,31/02/2024,,open\n"), "expected a date"),
    "a day of the year 9998": (_bytes(_HEAD + b"A,9998-05-31,,open\n"), "of a year from 1900"),
    "a discount of 15 without a percent sign": (
        _bytes(b"deal_id,created,status,discount\nA,2024-01-01,open,15\n"),
        "a share from -1 to 1",
    ),
    "zero dates": (_bytes(_HEAD + b"A,0000-00-00,,open\n"), "expected a date"),
    "a status nobody knows": (
        _bytes(_HEAD + b"A,2024-01-01,2024-02-01,maybe\n"),
        "won, lost, open or left out",
    ),
    "no id": (_bytes(_HEAD + b",2024-01-01,,open\n"), "a value, not an empty cell"),
    "a gzip that ends early": (
        _bytes(gzip.compress(GOOD * 100)[:-20], "d.csv.gz"),
        "damaged or incomplete gzip",
    ),
    "a gzip of a gzip": (_bytes(gzip.compress(gzip.compress(GOOD)), "d.csv.gz"), "packed more than once"),
    "a gzip of nothing": (_bytes(gzip.compress(b""), "d.csv.gz"), "is empty"),
    "a gzip bomb": (_bytes(gzip.compress(b"a,b\n" * 20_000_000, 9), "d.csv.gz"), "200 times its size"),
    "a zip bomb": (_zip(("deals.csv", b"0" * 80_000_000)), "200 times its size"),
    "a zip of nothing": (_zip(), "without a table"),
    "a zip of two tables": (_zip(("a.csv", GOOD), ("b.csv", GOOD)), "holds 2 files"),
    "a zip in a zip": (_zip(("a.zip", b"PK\x05\x06" + b"\0" * 18)), "packed more than once"),
    "a zip that climbs out": (_zip(("../../etc/deals.csv", b"x\n1\n")), "no column for"),
    "a zip cut short": (_bytes(b"PK\x03\x04" + b"\0" * 100, "d.zip"), "damaged zip"),
    "a zip with a password": (_locked_zip, "locked with a password"),
    "a workbook with a password": (_encrypted, "locked with a password"),
    "a workbook cut short": (_bytes(workbook(("T", [["deal_id"], ["A"]]))[:2000], "d.xlsx"), "damaged zip"),
    "a compound file that is no workbook": (
        _bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 2000, "d.xls"),
        "without a workbook",
    ),
    "an old workbook that is damaged": (
        _bytes(
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 504 + "Workbook".encode("utf-16-le") + b"\0" * 999,
            "d.xls",
        ),
        "damaged or foreign workbook",
    ),
    "a workbook of before compound files": (
        _bytes(b"\x09\x08\x10\x00\x00\x06\x05\x00" + b"\0" * 99, "d.xls"),
        "without its container",
    ),
    "a workbook of an empty sheet": (
        _bytes(workbook(("T", [])), "d.xlsx"),
        "no sheet with a row of headings",
    ),
    "a workbook of other things": (
        _bytes(workbook(("Costs", [["a", "b"], [1, 2]])), "d.xlsx"),
        "no column for",
    ),
    "a workbook with two tables of deals": (
        _bytes(
            workbook(
                *(
                    (name, [["deal_id", "created", "status"], ["A", "2024-01-01", "open"]])
                    for name in ("X", "Y")
                )
            ),
            "d.xlsx",
        ),
        "several sheets that fit (X, Y)",
    ),
    "a sheet of two far cells": (_far_cell, "a sheet may span"),
    "a document of one repeated cell": (open_document(_ODS_BOMB), "a sheet may span"),
    "a document with entities": (open_document('</table:table><!DOCTYPE a [<!ENTITY b "c">]>'), "XML"),
    "a workbook in a document's clothes": (
        _zip(("[Content_Types].xml", b"<a/>"), ("word/document.xml", b"<a/>"), name="d.docx"),
        "another Office file",
    ),
    "a picture": (_bytes(b"\x89PNG\r\n\x1a\n" + b"\0" * 99, "d.csv"), "is a picture"),
    "a PDF": (_bytes(b"%PDF-1.7\n", "d.csv"), "is a PDF"),
    "a database": (_bytes(b"SQLite format 3\0", "d.csv"), "is a database"),
    "a web page": (
        _bytes(b"<!DOCTYPE html><html><table><tr><td>deal_id</td></tr></table></html>", "d.xls"),
        "web page",
    ),
    "entities that laugh": (_bytes(_LAUGHS, "log.xes"), "XML entities"),
    "an entity of another file": (_bytes(_OUTSIDE, "log.xes"), "XML entities"),
    "XML that ends early": (_bytes(b"<log><trace>", "log.xes"), "not sound XML"),
    "XML of something else": (_bytes(b"<rss></rss>", "log.xes"), "not an XES log"),
    "XML without end": (_bytes(b"<log>" + b"<a>" * 200_000, "log.xes"), "deeper than"),
    "an attribute of 40 MB": (
        _bytes(b"<log><trace a='" + b"x" * 40_000_000 + b"'/></log>", "log.xes"),
        "endless tag",
    ),
    "a log without traces": (_bytes(b"<log></log>", "log.xes"), "no traces"),
    "JSON that ends early": (_bytes(b'[{"deal_id": "A"}, {"deal', "d.json"), "not sound JSON at item 2"),
    "JSON nested without end": (_bytes(b"[" * 200_000, "d.json"), "JSON"),
    "JSON lines nested without end": (_bytes(b'{"a":' * 200_000, "d.json"), "JSON object"),
    "JSON that is no object": (_bytes(b'["a", "b"]', "d.json"), "not an object"),
    "JSON with NaN": (
        _bytes(b'{"deal_id": "A", "created": "2024-01-01", "status": "open", "amount": NaN}', "d.json"),
        "NaN is not a value of JSON",
    ),
    "JSON with a key twice": (_bytes(b'{"deal_id": "A", "deal_id": "B"}', "d.json"), "a key is given twice"),
    "JSON with half a character": (
        _bytes(b'{"deal_id": "\\ud800", "created": "2024-01-01", "status": "open"}', "d.json"),
        "half a character",
    ),
    "JSON with an escaped NUL": (
        _bytes(b'{"deal_id": "A\\u0000", "created": "2024-01-01", "status": "open"}', "d.json"),
        "without NUL",
    ),
    "Parquet cut short": (_bytes(b"PAR1" + b"\0" * 50 + b"PAR1", "d.parquet"), "damaged or foreign Parquet"),
    "Parquet of a lie": (
        _bytes(b"PAR1" + b"\xff" * 50 + b"\xff\xff\xff\x7fPAR1", "d.parquet"),
        "damaged or foreign Parquet",
    ),
}
