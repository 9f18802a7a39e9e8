"""Delimited text without any quote: its rows are its lines, and whole blocks of them are split at once."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import polars as pl

from hingepoint.connectors.files.opening import CHUNK

#: Bytes that are split together.
BLOCK = 4 << 20


def is_unquoted(path: Path, encoding: str, delimiter: str, quote: str) -> bool:
    """Return whether rows are lines and cells lie between delimiters throughout; reads the whole file."""
    if encoding not in ("utf-8", "utf-8-sig") or not (delimiter + quote).isascii():
        return False
    mark, ended = quote.encode(), True
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            if mark in chunk or not (ended or chunk.startswith(b"\n")):
                return False
            ended = not chunk.endswith(b"\r")
            if chunk.count(b"\r") - (not ended) != chunk.count(b"\r\n"):
                return False
    return ended


def blocks(path: Path) -> Iterator[tuple[int, bytes]]:
    """Yield ``(row of the first, lines)``, every line with a newline at its end and nothing else there."""
    first, rest = 1, b""
    with path.open("rb") as file:
        while chunk := file.read(BLOCK):
            whole, newline, rest = (rest + chunk).rpartition(b"\n")
            if newline:
                yield first, (whole + newline).replace(b"\r\n", b"\n")
                first += whole.count(b"\n") + 1
    if rest:
        yield first, rest + b"\n"


def below(block: bytes, lines: int) -> bytes:
    """Return ``block`` without its first ``lines``."""
    start = 0
    for _ in range(lines):
        start = block.index(b"\n", start) + 1
    return block[start:]


def split(block: bytes, delimiter: str, width: int) -> pl.DataFrame | None:
    """Return the cells of lines that all have ``width`` of them; None when any has not, or one is too long."""
    lines = block.count(b"\n")
    if width < 2 or block.count(delimiter.encode()) != lines * (width - 1):
        return None
    names = [str(i) for i in range(width)]
    try:
        cells = pl.read_csv(
            block,
            has_header=False,
            separator=delimiter,
            quote_char=None,
            schema=dict.fromkeys(names, pl.String),
        ).fill_null("")
    except pl.exceptions.PolarsError:
        return None
    longest = cells.select(pl.max_horizontal(pl.all().str.len_bytes().max())).item() if lines else 0
    return cells if cells.height == lines and longest <= csv.field_size_limit() else None
