"""The one way in for files: stage, check all, write in one transaction. Page, command and sync use it.

A killed import leaves nothing: what is staged is temporary, and the row that says DONE is written in
the transaction that writes everything else.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import polars as pl
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from hingepoint.connectors import files
from hingepoint.connectors.files.problems import ProblemList
from hingepoint.connectors.files.reading.rules import BY_KEY
from hingepoint.domain.audit.actions import record, written_last
from hingepoint.domain.deals import frames as deal_frames
from hingepoint.domain.deals.models import Deal
from hingepoint.domain.imports import directory, rows, staging
from hingepoint.domain.imports.models import ImportBatch
from hingepoint.domain.imports.write_deals import write_deals
from hingepoint.domain.imports.write_events import drop_what_is_in_doubt, write_events
from hingepoint.domain.imports.write_standings import place_standings, write_standings
from hingepoint.domain.people.models import User
from hingepoint.records.files import RowProblem
from hingepoint.records.imports import ImportState

#: Told the phase (reading, checking, writing) and how many rows it has behind it.
Progress = Callable[[str, int], None]

TABLES = ("deals", "events", "log", "agreements")

#: Rules that leave a row out because the same fact is there already, or was not wanted.
_NOT_REJECTED = {"repeated_deal", "duplicate_event", "left_out_by_mapping", "other_transition"}

#: Rows of a deals table that are staged at a time.
_SLICE = 50_000


@dataclass(frozen=True, slots=True)
class Files:
    """What is imported together: a deals table, an events table, or both; or one event log; or agreements
    as they stand, which an export makes."""

    deals: Path | None = None
    events: Path | None = None
    log: Path | None = None
    agreements: Path | None = None

    def given(self) -> dict[str, Path]:
        return {table: path for table in TABLES if (path := getattr(self, table))}


@dataclass(frozen=True, slots=True)
class Report:
    """What an import did, or in a dry run would do.

    ``rejected`` are rows that cannot be read or used; ``tables`` has the counts of each table, ``new``
    counts people, addresses of people who had none, teams, accounts and agreement types that were not known, ``rules`` counts by the keys of
    ``connectors.files.RULES``. ``batch`` is the import's number, None when nothing was changed.
    """

    created: int
    updated: int
    unchanged: int
    rejected: int
    rows: int
    tables: dict[str, dict[str, int]]
    new: dict[str, int]
    rules: dict[str, int]
    bad_rows: int = 0
    problems: tuple[RowProblem, ...] = ()
    understood: tuple[dict[str, Any], ...] = ()
    understanding: dict[str, Any] = field(default_factory=dict)
    dry_run: bool = False
    batch: int | None = None

    @property
    def bad_share(self) -> float:
        return self.bad_rows / self.rows if self.rows else 0.0

    @property
    def changes_nothing(self) -> bool:
        return not (self.created or self.updated or any(self.new.values()))


@dataclass(slots=True)
class _Staged:
    """What is known of the files once all of them are staged."""

    deal_columns: list[str] = field(default_factory=list)
    event_columns: list[str] = field(default_factory=list)
    standing_columns: list[str] = field(default_factory=list)
    deals: int = 0
    events: int = 0
    standings: int = 0
    rows: int = 0
    bad_rows: int = 0
    problems: ProblemList = field(default_factory=ProblemList)
    rules: dict[str, int] = field(default_factory=dict)
    understood: list[files.Understood] = field(default_factory=list)
    understanding: files.Understanding = field(default_factory=files.Understanding)

    def count(self, rules: dict[str, int]) -> None:
        for key, number in rules.items():
            self.rules[key] = self.rules.get(key, 0) + number


def key_of(given: Files, mapping: files.Mapping, *, skip_bad_rows: bool) -> str:
    """Return the identity of an import: its files' contents and how they are read."""
    digest = hashlib.sha256(
        json.dumps([mapping.model_dump(mode="json"), skip_bad_rows], sort_keys=True).encode()
    )
    for table, path in given.given().items():
        digest.update(f"{table}:{sha256(path)}".encode())
    return digest.hexdigest()


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def run(
    *,
    by: User | None,
    at: dt.datetime,
    given: Files,
    mapping: files.Mapping | None = None,
    skip_bad_rows: bool = False,
    dry_run: bool = False,
    batch_id: int | None = None,
    progress: Progress | None = None,
    of_a_system: bool = False,
) -> Report:
    """Import files, all or nothing; see ``actions.import_files`` for what it promises.

    ``of_a_system``: the tables come from a CRM, which says its own history and exact dates.

    Raises ``files.OpenQuestions`` where an answer of the owner would change what is kept; a dry run reports them.
    """
    mapping = mapping or files.Mapping()
    tell = progress or (lambda phase, done: None)
    with staging.room_to_sort(), staging.tables():
        so_far = files.SoFar.of_a_system() if of_a_system else files.SoFar()
        staged = _stage(given, mapping, skip_bad_rows, timezone.localdate(at), tell, so_far)
        _refuse_what_cannot_be_used(given, staged, skip_bad_rows)
        if staged.understanding.questions and not dry_run:
            raise files.OpenQuestions(staged.understanding)
        tell("writing", staged.deals + staged.events)
        with transaction.atomic(), written_last():
            staging.take_turn()
            batch = _begin(by=by, at=at, given=given, mapping=mapping, skip=skip_bad_rows, batch_id=batch_id)
            if batch.state == ImportState.DONE:
                return report_of(batch)
            report = _write(batch, at, staged, dry_run, keep_history=not of_a_system)
            if dry_run or (report.changes_nothing and batch_id is None):
                transaction.set_rollback(True)
            else:
                _finish(batch, by=by, at=at, report=report)
    return report


def _begin(
    *,
    by: User | None,
    at: dt.datetime,
    given: Files,
    mapping: files.Mapping,
    skip: bool,
    batch_id: int | None,
) -> ImportBatch:
    """Return the row of this import, locked; two workers cannot both get past here with one batch."""
    if batch_id is not None:
        return ImportBatch.objects.select_for_update().get(pk=batch_id)
    kept = [{"table": table, "name": path.name[:200]} for table, path in given.given().items()]
    return ImportBatch.objects.create(
        key=key_of(given, mapping, skip_bad_rows=skip),
        files=kept,
        mapping=mapping.model_dump(mode="json", exclude_defaults=True),
        skip_bad_rows=skip,
        state=ImportState.IMPORTING,
        by=by,
        begun_at=at,
        touched_at=at,
    )


def _finish(batch: ImportBatch, *, by: User | None, at: dt.datetime, report: Report) -> None:
    batch.state, batch.finished_at, batch.phase, batch.message = ImportState.DONE, at, "", ""
    for name in ("created", "updated", "unchanged", "rejected"):
        setattr(batch, name, getattr(report, name))
    batch.report = report_as_json(report)
    batch.save()
    if not report.changes_nothing:
        names = ", ".join(kept["name"] for kept in batch.files)
        counts = {name: getattr(report, name) for name in ("created", "updated", "unchanged", "rejected")}
        changes = {"files": names, "key": batch.key, **counts, "new": report.new}
        record(by=by, at=at, action="import", subject="import", subject_id=batch.pk, changes=changes)


def report_as_json(report: Report) -> dict[str, Any]:
    return asdict(report)


def report_of(batch: ImportBatch) -> Report:
    """Return the report that an import left."""
    kept = dict(batch.report)
    kept["problems"] = tuple(RowProblem(**each) for each in kept.get("problems", ()))
    kept["understood"] = tuple(kept.get("understood", ()))
    return Report(**kept)


# ---- stage ----


def _stage(
    given: Files,
    mapping: files.Mapping,
    skip: bool,
    today: dt.date,
    tell: Progress,
    so_far: files.SoFar,
) -> _Staged:
    staged = _Staged()
    options = {
        "mapping": mapping,
        "zone": settings.TIME_ZONE,
        "skip_bad_rows": skip,
        "today": today,
        "so_far": so_far,
        "progress": _now_and_then(lambda name, done: tell("reading", done)),
    }
    told_by_steps = mapping.outcome.won or mapping.outcome.lost
    whole = given.log or (given.deals if told_by_steps else None)
    if whole:
        reading = files.read(**given.given(), **options, with_questions=True)
        _stage_reading(reading, whole, staged)
        _stage_history(reading, given.log or given.events or whole, staged)
    else:
        listed = _stage_deals_table(given.deals, staged, options) if given.deals else None
        if path := given.events or given.agreements:
            role = "events" if given.events else "agreements"
            _stage_events_table(path, role, _known_deals(listed), staged, options, tell)
    _index_staged()
    return staged


def _stage_deals_table(path: Path, staged: _Staged, options: dict[str, Any]) -> pl.DataFrame:
    """Stage a deals table; return what events are judged by: deal, created, closed."""
    reading = files.read_deals(path, **options, with_questions=True)
    _stage_reading(reading, path, staged)
    _stage_history(reading, path, staged)
    return _dates(reading.deals)


def _dates(deals: pl.DataFrame) -> pl.DataFrame:
    never = pl.lit(None, dtype=pl.Datetime("us"))
    return deals.select(
        "deal_id", "created", pl.col("closed") if "closed" in deals.columns else never.alias("closed")
    )


def _stage_reading(reading: files.Reading, path: Path, staged: _Staged) -> None:
    staged.deal_columns = rows.deal_columns(reading.deals)
    for start in range(0, reading.deals.height, _SLICE):
        frame, problems = rows.staged_deals(
            reading.deals.slice(start, _SLICE), file=path.name, zone=settings.TIME_ZONE, first_row=start
        )
        _add("staged_deal", frame, problems, staged)
        staged.deals += frame.height
    staged.count(reading.rules)
    staged.understood.extend(reading.understood)
    staged.understanding = reading.understanding
    staged.rows += reading.rows
    staged.bad_rows += reading.bad_rows
    staged.problems.kept.extend(reading.problems)
    staged.problems.total += reading.total_problems


def _stage_history(reading: files.Reading, path: Path, staged: _Staged) -> None:
    """Stage the events that came with deals: of a log, or made of dates in a deals table."""
    told = [each for each in reading.understood if each.role == "events"]
    said = {column.field for each in told for column in each.columns} | {"deal_id", "agreement", "at", "kind"}
    staged.event_columns = rows.event_columns(said)
    for start in range(0, reading.events.height, _SLICE):
        _stage_events(reading.events.slice(start, _SLICE), path, staged)


def _stage_events_table(
    path: Path, role: str, known: pl.DataFrame, staged: _Staged, options: dict[str, Any], tell: Progress
) -> None:
    with files.open_events(path, role=role, deals=known, **options) as stream:
        said = {column.field for column in stream.understood.columns}
        staged.event_columns = sorted({*staged.event_columns, *rows.event_columns(said)})
        if role == "agreements":
            staged.standing_columns = rows.standing_columns(said)
        for frame in stream:
            if role == "agreements":
                frame = _stage_standings(frame, path, staged)
            _stage_events(frame, path, staged)
            tell("checking", max(staged.events, staged.standings))
        if stream.unread is not None:
            staging.add("staged_unread", rows.staged_unread(stream.unread, zone=settings.TIME_ZONE))
            staged.count({"beside_unreadable_row": drop_what_is_in_doubt()})
    staged.understood.append(stream.understood)
    staged.understanding = stream.understanding
    staged.rows += stream.understood.rows
    staged.bad_rows += stream.bad_rows
    staged.problems.kept.extend(stream.problems)
    staged.count(stream.rules)


def _stage_standings(frame: pl.DataFrame, path: Path, staged: _Staged) -> pl.DataFrame:
    """Stage what a table says of agreements; return those of its rows that have a date: they may be steps."""
    first = staged.standings
    ready, problems = rows.staged_standings(frame, file=path.name, zone=settings.TIME_ZONE, first_row=first)
    _add("staged_standing", ready, problems, staged)
    staged.standings += frame.height
    return frame[ready["row"] - first].filter(pl.col("at").is_not_null())


def _stage_events(frame: pl.DataFrame, path: Path, staged: _Staged) -> None:
    ready, problems = rows.staged_events(
        frame, file=path.name, zone=settings.TIME_ZONE, first_row=staged.events
    )
    _add("staged_event", ready, problems, staged)
    staged.events += ready.height


def _add(table: str, frame: pl.DataFrame, problems: list[RowProblem], staged: _Staged) -> None:
    staged.problems.extend(problems)
    staged.bad_rows += len(problems)
    with staging.filling():
        staging.add(table, frame)


def _index_staged() -> None:
    with staging.filling():
        staging.index("staged_deal", "key")
        staging.index("staged_event", "kind")


def _known_deals(listed: pl.DataFrame | None) -> pl.DataFrame:
    """Return deal, created and closed of every deal on record, those of the file as the file says."""
    columns = {"deal_id": "key", "created": "created_at", "closed": "closed_at"}
    types = {"deal_id": pl.String(), "created": pl.Datetime("us"), "closed": pl.Datetime("us")}
    known = deal_frames.read(Deal.every.all(), columns, types)
    if listed is None:
        return known
    return pl.concat([listed, known.filter(~pl.col("deal_id").is_in(listed["deal_id"].implode()))])


def _now_and_then(tell: Callable[[str, int], None], seconds: float = 0.2) -> Callable[[str, int], None]:
    """Return ``tell`` as a function that passes on a call at most every so many seconds."""
    last = 0.0

    def tell_sometimes(name: str, done: int) -> None:
        nonlocal last
        if time.monotonic() - last >= seconds:
            last = time.monotonic()
            tell(name, done)

    return tell_sometimes


# ---- check and write ----


def _refuse_what_cannot_be_used(given: Files, staged: _Staged, skip: bool) -> None:
    names = " and ".join(path.name for path in given.given().values())
    if staged.problems.kept and not skip:
        staged.problems.bad_rows = max(staged.bad_rows, 1)
        raise files.BadRows(names, staged.problems, staged.rows)
    unknown = staged.rules.get("event_of_unknown_deal", 0)
    if not (staged.deals or staged.events or staged.standings or staged.understanding.questions):
        if unknown:
            notes = staged.understanding.notes
            raise files.FileProblem(
                names,
                f"has {unknown:,} events and none is of a deal we know.",
                " ".join(notes) or "Import the deals first.",
            )
        raise files.FileProblem(names, "has no row that can be used.")


def _write(
    batch: ImportBatch, at: dt.datetime, staged: _Staged, dry_run: bool, *, keep_history: bool
) -> Report:
    tables: dict[str, dict[str, int]] = {}
    new = {"people": 0, "addresses": 0, "teams": 0, "accounts": 0, "types": 0}
    if staged.deals:
        new |= directory.know_people_and_teams(batch)
        new["accounts"] = directory.know_accounts(batch)
        tables["deals"] = write_deals(
            batch_id=batch.pk, at=at, present=staged.deal_columns, keep_history=keep_history
        )
    if staged.events or staged.standings:
        new["types"] = directory.know_types(batch)
    if staged.standings:
        tables |= _write_agreements(batch, at, staged)
    elif staged.events:
        tables["events"] = write_events(batch_id=batch.pk, at=at, present=staged.event_columns)
    totals = {
        name: sum(each.get(name, 0) for each in tables.values())
        for name in ("created", "updated", "unchanged")
    }
    same = sum(staged.rules.get(key, 0) for key in ("repeated_deal", "duplicate_event"))
    totals["unchanged"] += same
    return Report(
        **totals,
        rejected=staged.bad_rows + sum(_left_out(staged.rules)),
        rows=staged.rows,
        tables=tables,
        new=new,
        rules=dict(sorted(staged.rules.items())),
        bad_rows=staged.bad_rows,
        problems=staged.problems.listed(),
        understood=tuple(asdict(each) for each in staged.understood),
        understanding=staged.understanding.as_record(),
        dry_run=dry_run,
        batch=None if dry_run else batch.pk,
    )


def _write_agreements(batch: ImportBatch, at: dt.datetime, staged: _Staged) -> dict[str, dict[str, int]]:
    """Write a table of agreements: the steps that are new, then what it says of each; return the counts of both."""
    told = place_standings(staged.standing_columns)
    steps = write_events(batch_id=batch.pk, at=at, present=staged.event_columns)
    stood = write_standings(batch_id=batch.pk, at=at, present=staged.standing_columns)
    if stood.undated:
        staged.count({"undated_state": stood.undated})
    unchanged = told - steps["created"] - stood.made - stood.changed - stood.undated
    counts = {"created": stood.made, "updated": stood.changed, "unchanged": unchanged}
    return {"events": steps | {"unchanged": 0}, "agreements": counts}


def _left_out(rules: dict[str, int]) -> Iterator[int]:
    for key, number in rules.items():
        if BY_KEY[key].does == "left out" and key not in _NOT_REJECTED:
            yield number
