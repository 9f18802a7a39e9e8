"""Small files for tests: a table of deals in a few words, in whatever shape a company may send it."""

from __future__ import annotations

import gzip
import zipfile
from collections.abc import Sequence
from pathlib import Path

HEADINGS = ("deal_id", "created", "closed", "status", "amount", "owner")
DEALS = (
    ("D-1", "2024-01-15", "2024-03-20", "won", "1250.50", "Ann"),
    ("D-2", "2024-02-01", "", "open", "80", "Bèn; Ltd"),
    ("D-3", "2024-02-28", "2024-04-30", "lost", "12000.25", 'Cy "the" Lee'),
)
EVENTS = "deal_id,agreement,at\nD-1,pilot,2024-01-20\nD-2,budget,2024-02-03\nD-3,pilot,2024-03-03\n"


def file(folder: Path, content: str | bytes, name: str = "deals.csv") -> Path:
    """Return a new file that holds ``content``."""
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def deals(
    folder: Path, *rows: str, headings: str = "deal_id,created,closed,status", name: str = "deals.csv"
) -> Path:
    """Return a CSV file of deals with these rows."""
    return file(folder, "\n".join([headings, *rows]) + "\n", name)


def delimited(
    rows: Sequence[Sequence[str]],
    *,
    delimiter: str = ",",
    quote: str = '"',
    quote_all: bool = False,
    backslash: bool = False,
    line: str = "\n",
) -> str:
    """Return ``rows`` as text of one dialect, written without the csv module that the reader uses."""

    def cell(value: str) -> str:
        if not quote_all and not any(each in value for each in (delimiter, quote, "\n", "\r", "\\")):
            return value
        escape = "\\" if backslash else quote
        inner = value.replace("\\", "\\\\") if backslash else value
        return quote + inner.replace(quote, escape + quote) + quote

    return "".join(delimiter.join(cell(value) for value in row) + line for row in rows)


def gzipped(path: Path) -> Path:
    out = path.with_name(path.name + ".gz")
    out.write_bytes(gzip.compress(path.read_bytes()))
    return out


def zipped(path: Path, *others: Path) -> Path:
    out = path.with_name(path.name + ".zip")
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for each in (path, *others):
            archive.write(each, each.name)
    return out
