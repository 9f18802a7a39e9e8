"""A sheet of people: who works here, in which team, from when to when."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hingepoint.connectors.files.cells.convert import Converter
from hingepoint.connectors.files.fields import PEOPLE_FIELDS
from hingepoint.connectors.files.formats import TABLES
from hingepoint.connectors.files.mapping import TableMapping
from hingepoint.connectors.files.opening import Limits, opened
from hingepoint.connectors.files.problems import FileProblem, ProblemList
from hingepoint.connectors.files.reading.recognise import ColumnPlan, judge_for, missing, recognise
from hingepoint.connectors.files.reading.survey import settle, survey
from hingepoint.connectors.files.tables import Table
from hingepoint.records.files import RowProblem
from hingepoint.records.people import SheetLine

#: Rows of one sheet at most.
MOST_PEOPLE = 20_000


@dataclass(frozen=True, slots=True)
class PeopleSheet:
    """What a sheet of people says: ``lines`` in its order, ``problems`` the first of ``bad_rows`` rows that cannot
    be read, ``columns`` which of our columns is read from which heading."""

    name: str
    lines: tuple[SheetLine, ...]
    problems: tuple[RowProblem, ...]
    bad_rows: int
    columns: dict[str, str]

    @property
    def headings(self) -> dict[str, str]:
        """Return the heading of each of our columns, our own name where the sheet has none."""
        return {field.name: self.columns.get(field.name, field.name) for field in PEOPLE_FIELDS}


def read_people(path: Path, *, date_format: str = "", limits: Limits | None = None) -> PeopleSheet:
    """Return what a table of people holds, in any format of tables.

    ``date_format`` is one of ``mapping.DATE_WORDS``, needed where dates can be read in two ways. Raises FileProblem.
    """
    limits, part = limits or Limits(), TableMapping(date_format=date_format)
    with opened(path, limits=limits) as plain:
        if plain.format not in TABLES:
            raise FileProblem(plain.name, "is an event log, not a table of people.", "Give CSV or Excel.")
        table = TABLES[plain.format](plain, part, judge_for("people", part), limits)
        plans = recognise(table.headings, "people", part, table.name)
        _require_readable(table, plans, part)
        return _read(table, plans, part)


def _require_readable(table: Table, plans: list[ColumnPlan], part: TableMapping) -> None:
    """Decide how dates are read. Raises FileProblem where a column is missing or two readings are left."""
    if lacking := missing(plans, "people", part, log=False, outcome=False):
        there = ", ".join(repr(heading) for heading in table.headings[:10])
        raise FileProblem(table.name, f"has no column {lacking[0]!r}.", f"It has: {there}.")
    found = survey(table, plans, set(), None)
    if found.rows > MOST_PEOPLE:
        raise FileProblem(table.name, f"has more than {MOST_PEOPLE:,} rows.", "Split it.")
    if settle(table, plans, found, part):
        raise FileProblem(
            table.name, "has dates such as 01/02 that may be day/month or month/day.", "Say which."
        )


def _read(table: Table, plans: list[ColumnPlan], part: TableMapping) -> PeopleSheet:
    problems, lines = ProblemList(), []
    converter = Converter(table, "people", plans, part, "UTC")
    for batch in table.batches():
        frame = converter.convert(batch, problems)
        lines += [_line(row) for row in frame.iter_rows(named=True)]
    columns = {plan.field.name: plan.heading for plan in plans if plan.field}
    return PeopleSheet(table.name, tuple(lines), problems.listed(), problems.bad_rows, columns)


def _line(row: dict[str, Any]) -> SheetLine:
    said: dict[str, Any] = {
        name: row.get(name) or "" for name in ("name", "email", "role", "title", "key", "manager", "team")
    }
    said |= {name: _day(row.get(name)) for name in ("since", "until")}
    return SheetLine(row=row["_row"], **said)


def _day(moment: dt.datetime | None) -> dt.date | None:
    return moment.date() if moment else None
