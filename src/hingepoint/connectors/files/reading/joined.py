"""A table with columns looked up in a second file, and without the rows that the mapping leaves out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import polars as pl

from hingepoint.connectors.files.mapping import Join, TableMapping
from hingepoint.connectors.files.problems import FileProblem, shown
from hingepoint.connectors.files.reading.recognise import place_of
from hingepoint.connectors.files.reading.rules import Counts, count
from hingepoint.connectors.files.tables import BATCH, Batch, Table

LARGEST_LOOKUP = 2_000_000


@dataclass(slots=True)
class Lookup:
    """The second file of a join: ``values`` has the key as ``_key`` and the columns to add, in order."""

    join: Join
    values: pl.DataFrame


def lookup_of(table: Table, join: Join) -> Lookup:
    """Return the lookup that ``join`` describes from its opened second file."""
    why = f"the join of {shown(join.file)} names it"
    key = place_of(join.equals or join.on, table.headings, table.name, why)
    taken = [place_of(each, table.headings, table.name, why) for each in join.take]
    parts = [
        batch.as_text().select(
            pl.col(str(key)).str.strip_chars().alias("_key"), *(pl.col(str(i)).alias(f"_{i}") for i in taken)
        )
        for batch in table.batches()
    ]
    values = pl.concat(parts) if parts else pl.DataFrame({"_key": []}, schema={"_key": pl.String})
    if values.height > LARGEST_LOOKUP:
        raise FileProblem(
            table.name, f"has more than {LARGEST_LOOKUP:,} rows for a lookup.", "Join it beforehand."
        )
    twice = values.filter(values["_key"].is_duplicated())["_key"]
    if len(twice):
        what = f"has {shown(twice[0])!r} more than once in column {shown(table.headings[key])!r}."
        raise FileProblem(table.name, what, "A join needs one row for each value.")
    return Lookup(join, values)


@dataclass(slots=True)
class JoinedTable:
    """``inner`` with the columns of ``lookups`` at the end."""

    inner: Table
    lookups: list[Lookup]
    leave_out: dict[str, list[str]]
    rules: Counts
    name: str
    format: str
    headings: list[str]
    header_row: int
    dialect: dict[str, str]
    exact: dict[int, str]
    height: int | None = None
    passes: int = 0

    def batches(self, size: int = BATCH) -> Iterator[Batch]:
        rules: Counts = {}
        for batch in self.inner.batches(size):
            yield self._joined(self._kept(batch, rules), rules)
        if self.passes == 0:
            for key, number in rules.items():
                count(self.rules, key, number)
        self.passes += 1

    def _kept(self, batch: Batch, rules: Counts) -> Batch:
        out = pl.repeat(False, len(batch.rows), dtype=pl.Boolean, eager=True)
        for heading, values in self.leave_out.items():
            place = place_of(heading, self.inner.headings, self.name, "the mapping leaves out rows by it")
            text = batch.text(place).str.strip_chars().str.to_lowercase()
            out = out | text.is_in([each.casefold() for each in values])
        count(rules, "left_out_by_mapping", out.sum())
        return replace(batch, rows=batch.rows.filter(~out), frame=batch.frame.filter(~out))

    def _joined(self, batch: Batch, rules: Counts) -> Batch:
        frame = batch.frame
        for lookup in self.lookups:
            why = "the mapping joins by it"
            on = batch.text(place_of(lookup.join.on, self.inner.headings, self.name, why)).str.strip_chars()
            on = on.replace(lookup.join.replace)
            found = pl.DataFrame({"_key": on}).join(
                lookup.values, on="_key", how="left", maintain_order="left"
            )
            known = on.is_in(lookup.values["_key"].implode()) | (on == "")
            count(rules, "no_join", (~known).sum())
            added = found.drop("_key").fill_null("")
            added.columns = [str(frame.width + i) for i in range(added.width)]
            frame = frame.hstack(added)
        return replace(batch, frame=frame)


def joined(table: Table, lookups: list[Lookup], mapping: TableMapping, rules: Counts) -> Table:
    """Return ``table``, wrapped when the mapping joins or leaves out anything."""
    if not lookups and not mapping.leave_out:
        return table
    for lookup in lookups:
        place_of(lookup.join.on, table.headings, table.name, "the mapping joins by it")
    added = [heading for lookup in lookups for heading in lookup.join.take]
    return JoinedTable(
        table,
        lookups,
        dict(mapping.leave_out),
        rules,
        table.name,
        table.format,
        [*table.headings, *added],
        table.header_row,
        dict(table.dialect),
        table.exact,
    )
