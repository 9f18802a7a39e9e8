"""Every answer about imports, and how healthy the data on record is."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import polars as pl
import yaml
from django.utils import timezone

from hingepoint.analysis.health import Health
from hingepoint.analysis.health import health as health_of
from hingepoint.connectors import files
from hingepoint.connectors.files.fields import FIELDS
from hingepoint.connectors.files.reading.rules import BY_KEY
from hingepoint.domain.deals.models import Deal
from hingepoint.domain.imports import health, tables
from hingepoint.domain.imports.models import AT_WORK, ImportBatch, SavedMapping
from hingepoint.domain.imports.rules import SILENT, questions_of, seconds_held, understanding_of
from hingepoint.domain.imports.staging import is_postgres
from hingepoint.domain.people.models import sees_all
from hingepoint.domain.upkeep.kept import Shelf
from hingepoint.records.errors import Hidden
from hingepoint.records.files import RowProblem
from hingepoint.records.imports import ImportState

PHASES = {
    "waiting": "Waiting for its turn",
    "reading": "Reading the file",
    "checking": "Checking every row",
    "writing": "Writing",
}


_SIGNS = {".": "point", ",": "comma"}


@dataclass(frozen=True, slots=True)
class ImportLine:
    """One import in the history."""

    id: int
    files: str
    by: str
    at: dt.datetime
    state: str
    state_words: str
    created: int
    updated: int
    unchanged: int
    rejected: int


@dataclass(frozen=True, slots=True)
class RuleCount:
    """How often a named rule was met, and what was done about it."""

    key: str
    sentence: str
    does: str
    count: int


@dataclass(frozen=True, slots=True)
class ColumnShown:
    """A column of a file with sample values; ``field`` is ours, empty when it is kept as it is."""

    index: int
    heading: str
    field: str
    how: str
    read_as: str
    samples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FileShown:
    """What was understood of a file."""

    table: str
    name: str
    format: str
    facts: tuple[tuple[str, str], ...]
    rows: int
    columns: tuple[ColumnShown, ...]
    missing: tuple[str, ...]
    undecided: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ImportShown:
    """One import, in whatever state it is. ``stuck`` says that its worker has gone silent, ``told`` what its files
    were understood to say, ``read_with`` names the kept mapping that they were read with."""

    id: int
    state: str
    state_words: str
    names: str
    tables: tuple[str, ...]
    by: str
    begun_at: dt.datetime
    finished_at: dt.datetime | None
    phase: str
    rows_done: int
    rows: int
    at_work: bool
    stuck: bool
    skip_bad_rows: bool
    message: str
    created: int
    updated: int
    unchanged: int
    rejected: int
    bad_rows: int
    tables_done: tuple[tuple[str, dict[str, int]], ...]
    new: tuple[tuple[str, int], ...]
    rules: tuple[RuleCount, ...]
    problems: tuple[RowProblem, ...]
    understood: tuple[FileShown, ...]
    told: files.Told
    read_with: str
    mapping: dict[str, Any]
    mapping_text: str
    before: ImportLine | None

    @property
    def seconds_held(self) -> int:
        """For how long nobody else can save while it is written; 0 where nobody notices."""
        return 0 if is_postgres() else seconds_held(self.created + self.updated)

    @property
    def asks(self) -> bool:
        """Whether something must be answered before anything is kept."""
        return self.state == ImportState.CHECKED and bool(self.told.questions)

    @property
    def counts(self) -> tuple[tuple[str, int], ...]:
        """How many rows are what, in words."""
        return (
            ("New", self.created),
            ("Changed", self.updated),
            ("Unchanged", self.unchanged),
            ("Left out", self.rejected),
        )

    @property
    def share_done(self) -> float | None:
        known = self.rows and self.phase in ("reading", "checking")
        return min(1.0, self.rows_done / self.rows) if known else None


@dataclass(frozen=True, slots=True)
class MappingLine:
    id: int
    name: str
    saved_at: dt.datetime
    mapping: dict[str, Any]


def may_import(viewer: Any) -> bool:
    return sees_all(viewer)


def history(viewer: Any, *, most: int = 50) -> list[ImportLine]:
    """Return the newest imports."""
    rows = ImportBatch.objects.visible_to(viewer).select_related("by").order_by("-id")[:most]
    return [_line(row) for row in rows]


def _line(row: ImportBatch) -> ImportLine:
    return ImportLine(
        id=row.pk,
        files=names_of(row),
        by=row.by.name if row.by else "command line",
        at=row.finished_at or row.begun_at,
        state=row.state,
        state_words=_state_words(row),
        created=row.created,
        updated=row.updated,
        unchanged=row.unchanged,
        rejected=row.rejected,
    )


def _state_words(row: ImportBatch) -> str:
    asks = row.state == ImportState.CHECKED and questions_of(row.report)
    return "Checked, asks you first" if asks else row.get_state_display()


def names_of(row: ImportBatch) -> str:
    return " and ".join(kept["name"] for kept in row.files)


def import_shown(viewer: Any, batch_id: int) -> ImportShown:
    """Return one import. Raises Hidden for an absent one and for who may not see it."""
    row = ImportBatch.objects.visible_to(viewer).select_related("by").filter(pk=batch_id).first()
    if row is None:
        raise Hidden("no such import")
    report = row.report
    rules = rule_counts(report.get("rules", {}))
    return ImportShown(
        id=row.pk,
        state=row.state,
        state_words=_state_words(row),
        names=names_of(row),
        tables=tuple(kept["table"] for kept in row.files),
        by=row.by.name if row.by else "command line",
        begun_at=row.begun_at,
        finished_at=row.finished_at,
        phase=row.phase,
        rows_done=row.rows_done,
        rows=report.get("rows", 0),
        at_work=row.state in AT_WORK,
        stuck=row.state in AT_WORK and row.touched_at < timezone.now() - SILENT,
        skip_bad_rows=row.skip_bad_rows,
        message=row.message,
        created=row.created,
        updated=row.updated,
        unchanged=row.unchanged,
        rejected=row.rejected,
        bad_rows=report.get("bad_rows", 0),
        tables_done=tuple(report.get("tables", {}).items()),
        new=tuple((what, number) for what, number in report.get("new", {}).items() if number),
        rules=tuple(rules),
        problems=tuple(RowProblem(**each) for each in report.get("problems", ())),
        understood=tuple(_file(each) for each in report.get("understood", ())),
        told=files.told(understanding_of(report)),
        read_with=row.files[0].get("read_with", "") if row.files else "",
        mapping=row.mapping,
        mapping_text=mapping_text(row.mapping),
        before=_done_before(row),
    )


def _done_before(row: ImportBatch) -> ImportLine | None:
    """Return the finished import of the same files, read the same way."""
    same = ImportBatch.objects.filter(key=row.key, state=ImportState.DONE, pk__lt=row.pk)
    found = same.select_related("by").order_by("-id").first()
    return _line(found) if found else None


def mapping_text(mapping: dict[str, Any]) -> str:
    """Return a mapping as the file that ``--mapping`` takes."""
    return yaml.safe_dump(mapping, allow_unicode=True, sort_keys=False) if mapping else ""


def _file(kept: dict[str, Any]) -> FileShown:
    packed = f", packed with {kept['packed']}" if kept["packed"] else ""
    facts = [
        (key.capitalize(), str(value)) for key, value in kept["dialect"].items() if value and key != "quote"
    ]
    columns = tuple(
        ColumnShown(
            index=place,
            heading=column["heading"],
            field=column["field"],
            how=column["how"],
            read_as=column["read_as"],
            samples=tuple(
                value for sample in kept["samples"] if (value := sample.get(column["heading"], ""))
            )[:3],
        )
        for place, column in enumerate(kept["columns"])
    )
    return FileShown(
        table=kept["role"],
        name=kept["file"],
        format=kept["format"] + packed,
        facts=(
            *facts,
            ("Dates", kept["dates"]),
            ("Decimal sign", _SIGNS.get(kept["decimal"], kept["decimal"])),
        ),
        rows=kept["rows"],
        columns=columns,
        missing=tuple(kept["missing"]),
        undecided=tuple(kept["undecided"]),
    )


def fields_of(table: str) -> list[tuple[str, str]]:
    """Return the columns a heading of a deals or events table can mean, as (name, words)."""
    return [
        (field.name, field.name.replace("_", " ") + (" (needed)" if field.must else ""))
        for field in FIELDS[table]
    ]


def saved_mappings(viewer: Any) -> list[MappingLine]:
    rows = SavedMapping.objects.visible_to(viewer).order_by("name")
    return [MappingLine(row.pk, row.name, row.saved_at, row.mapping) for row in rows]


def data_health(viewer: Any, *, shelf: Shelf | None = None) -> Health:
    """Return how healthy the data on record is. Raises Hidden for who may not see all of it.

    Counts every row, which is kept in a large company: about half a second per million events.
    """
    if not may_import(viewer):
        raise Hidden("no such page")
    return health_of(health.ON_RECORD.told(health.facts, shelf=shelf))


def rule_counts(rules: dict[str, int]) -> list[RuleCount]:
    """Return rules in words."""
    return [RuleCount(key, BY_KEY[key].sentence, BY_KEY[key].does, count) for key, count in rules.items()]


def exported(table: str) -> Iterator[pl.DataFrame]:
    """Yield a table of ``imports.tables.TABLES``, as the system: all of it. The first frame is empty."""
    return tables.table(table, Deal.every.all())
