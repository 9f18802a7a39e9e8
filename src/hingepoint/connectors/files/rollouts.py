"""Small tables of a rollout: which teams, who starts when, and which orders the lot could have drawn."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from pathlib import Path

import polars as pl

from hingepoint.connectors.files.cells.moments import (
    is_typed,
    read_moments,
    stands_for_no_date,
    typed_moments,
)
from hingepoint.connectors.files.formats import TABLES
from hingepoint.connectors.files.mapping import TableMapping
from hingepoint.connectors.files.opening import Limits, opened
from hingepoint.connectors.files.problems import BadRows, FileProblem, ProblemList, shown
from hingepoint.connectors.files.reading.survey import cleaned
from hingepoint.connectors.files.tables import Batch, Table
from hingepoint.records.names import key_of, normal

Wanted = dict[str, tuple[str, ...]]

#: Our columns -> the headings under which each is recognised.
TEAM: Wanted = {"team": ("team", "teamname", "salesteam", "name")}
STARTS: Wanted = {"starts": ("starts", "start", "startson", "startdate", "rollouton", "starton")}
ORDER: Wanted = {"order": ("order", "draw", "number", "no")}

Starts = dict[str, dt.date | None]


def read_teams(path: Path) -> tuple[str, ...]:
    """Return the teams of a table with a column ``team``, in order. Raises FileProblem."""
    rows, problems = _read(path, TEAM)
    return tuple(_once(rows["team"].to_list(), rows, problems, path.name))


def read_rollout(path: Path) -> Starts:
    """Return the day on which each team starts, None where ``starts`` is empty: never.

    Raises FileProblem, of its kind BadRows for a day that cannot be read or a team that comes twice.
    """
    rows, problems = _read(path, TEAM | STARTS)
    teams = _once(rows["team"].to_list(), rows, problems, path.name)
    return dict(zip(teams, rows["starts"].to_list(), strict=True))


def read_orders(path: Path) -> tuple[Starts, ...]:
    """Return every order of a table ``order``, ``team``, ``starts``. Raises FileProblem as ``read_rollout``."""
    rows, problems = _read(path, ORDER | TEAM | STARTS)
    found: list[Starts] = []
    for part in rows.partition_by("order", maintain_order=True):
        teams = _once(part["team"].to_list(), part, problems, path.name)
        found.append(dict(zip(teams, part["starts"].to_list(), strict=True)))
    return tuple(found)


def _read(path: Path, wanted: Wanted) -> tuple[pl.DataFrame, ProblemList]:
    """Return the wanted columns with ``row``, the line in the file; ``starts`` are days."""
    with opened(path, limits=Limits()) as plain:
        if plain.format == "xes":
            raise FileProblem(plain.name, "is an event log, not a table.", f"Give {_named(wanted)}.")
        table = TABLES[plain.format](plain, TableMapping(), _judge(wanted), Limits())
        place = _places(table, wanted)
        problems = ProblemList()
        parts = [_batch(batch, place, problems, table) for batch in table.batches()]
        rows = pl.concat(parts) if parts else pl.DataFrame()
        if problems.total:
            raise BadRows(plain.name, problems, rows.height)
        if rows.is_empty():
            raise FileProblem(plain.name, "has no rows.", f"Give {_named(wanted)}.")
        return rows, problems


def _named(wanted: Wanted) -> str:
    return "a table with the column" + ("s " if len(wanted) > 1 else " ") + ", ".join(wanted)


def _judge(wanted: Wanted):  # type: ignore[no-untyped-def]
    def judge(record: list[str]) -> tuple[int, bool]:
        there = {normal(cell) for cell in record}
        known = sum(not there.isdisjoint(words) for words in wanted.values())
        return known, known == len(wanted)

    return judge


def _places(table: Table, wanted: Wanted) -> dict[str, int]:
    """Return where each wanted column stands."""
    headings = [normal(heading) for heading in table.headings]
    found = {}
    for name, words in wanted.items():
        there = [headings.index(word) for word in words if word in headings]
        if not there:
            has = ", ".join(shown(each) for each in table.headings[:20])
            raise FileProblem(table.name, f"has no column {name}; it has: {has}.", f"Give {_named(wanted)}.")
        found[name] = there[0]
    return found


def _batch(batch: Batch, place: Mapping[str, int], problems: ProblemList, table: Table) -> pl.DataFrame:
    """Return the wanted columns of a batch without empty rows, and add what cannot be read to ``problems``."""
    problems.extend(batch.problems)
    file, guarded = table.name, table.format == "csv"
    columns = {name: cleaned(batch.text(at), guarded=guarded) for name, at in place.items()}
    frame = pl.DataFrame({"row": batch.rows, **columns})
    if "starts" in place:
        days, bad = _days(batch.frame[str(place["starts"])], columns["starts"])
        for at in bad.arg_true():
            expected = "a day such as 2026-01-31, or nothing for never"
            problems.add(file, batch.rows[at], "starts", columns["starts"][at], expected)
        frame = frame.with_columns(days.alias("starts"))
    said = pl.any_horizontal(pl.col(name) != "" for name in place if name != "starts")
    frame = frame.filter(said | (pl.col("starts").is_not_null() if "starts" in place else False))
    for name in ("team", "order"):
        for row in frame.filter(pl.col(name) == "")["row"] if name in place else ():
            problems.add(file, row, name, "", "a name" if name == "team" else "a number")
    return frame


def _days(column: pl.Series, text: pl.Series) -> tuple[pl.Series, pl.Series]:
    """Return the days of a column and which of its cells are none."""
    if is_typed(column):
        moments, bad = typed_moments(column, file_zone="UTC", zone="UTC")
    else:
        moments, bad = read_moments(text, style="iso", day_first=True, file_zone="UTC", zone="UTC")
    never = stands_for_no_date(moments)
    days = pl.DataFrame({"day": moments.dt.date(), "never": never})
    return days.select(pl.when(~pl.col("never")).then("day")).to_series(), bad


def _once(teams: list[str], rows: pl.DataFrame, problems: ProblemList, file: str) -> list[str]:
    """Return the teams; raises BadRows where one comes twice, in whatever spelling."""
    seen: set[str] = set()
    for row, team in zip(rows["row"].to_list(), teams, strict=True):
        if key_of(team) in seen:
            problems.add(file, row, "team", team, "each team once")
        seen.add(key_of(team))
    if problems.total:
        raise BadRows(file, problems, rows.height)
    return teams
