"""Specifications as Markdown: text, then cases of named pipe tables, of which the last says what comes out.

### A plan written afterwards does not count

events

| deal_id | kind | ... |

counted

| deal_id | value |
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from hingepoint.analysis import frames

FOLDER = Path(__file__).parent / "spec"
#: Column -> type, of all tables together.
#: Columns of what is counted that hold several names, in the order of their letters.
LISTS = ("had", "waived")
TYPES = frames.schema(frames.PULSES | frames.ROUTINES | frames.DEALS | frames.EVENTS)


@dataclass(frozen=True)
class Case:
    """``tables`` by their name, as they are written: lists of rows of texts."""

    words: str
    tables: dict[str, list[dict[str, str]]]

    def frame(self, name: str) -> pl.DataFrame | None:
        """Return a table in the types of its columns; what has none is a number."""
        if name not in self.tables:
            return None
        rows = self.tables[name]
        headings = self.headings[name]
        texts = pl.DataFrame(rows, schema=dict.fromkeys(headings, pl.String))
        return texts.select(_typed(heading) for heading in headings)

    headings: dict[str, list[str]]


@dataclass(frozen=True)
class Spec:
    """``text`` says in words what ``cases`` say in tables; ``source`` is the whole file."""

    name: str
    text: str
    source: str
    cases: tuple[Case, ...]


def _typed(name: str) -> pl.Expr:
    text = pl.col(name).replace({"": None})
    if name in LISTS:
        return text.str.split(", ").fill_null(pl.lit([], dtype=pl.List(pl.String)))
    kind = TYPES.get(name, pl.String() if name in ("hard",) else pl.Float64())
    if kind == frames.MOMENT:
        return text.str.replace(r"^(\d{4}-\d{2}-\d{2})$", "${1}T00:00:00").str.to_datetime(
            "%Y-%m-%dT%H:%M:%S", time_unit="us"
        )
    return text.cast(kind)


def read(path: Path) -> Spec:
    """Return the specification in a file."""
    source = path.read_text("utf-8")
    text, *parts = re.split(r"^### ", source, flags=re.MULTILINE)
    cases = tuple(_case(part) for part in parts)
    return Spec(path.stem.partition("-")[2], text.strip(), source, cases)


def _case(part: str) -> Case:
    words, _, rest = part.partition("\n")
    found = re.findall(r"^(\w+)\n\n((?:\|.*\n?)+)", rest, flags=re.MULTILINE)
    rows, headings = {}, {}
    for name, table in found:
        heading, _, *lines = (_cells(line) for line in table.strip().splitlines())
        headings[name] = heading
        rows[name] = [dict(zip(heading, line, strict=True)) for line in lines]
    return Case(words.strip(), rows, headings)


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def signals() -> list[Spec]:
    """Return the specifications of the ten signals, in their order."""
    return [read(path) for path in sorted((FOLDER / "signals").glob("*.md"))]


def no_deals() -> pl.DataFrame:
    return pl.DataFrame(schema=frames.schema(frames.DEALS))
