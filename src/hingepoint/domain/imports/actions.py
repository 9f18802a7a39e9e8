"""Every change by import: files in, an import taken back, mappings kept.

A person uploads files (``upload``), sees what is understood, may say otherwise (``remap``), has them
checked in the background, confirms, and may take it back (``undo``). A command calls ``import_files``.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import logging
import re
import shutil
import time
import unicodedata
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from functools import partial
from pathlib import Path, PurePath
from typing import Any, Protocol

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone
from pydantic import ValidationError

from hingepoint.connectors import files
from hingepoint.domain.audit.actions import record
from hingepoint.domain.deals.actions import deals_in_turn
from hingepoint.domain.detection import actions as detection
from hingepoint.domain.imports import engine, rules, touched, undo
from hingepoint.domain.imports.engine import Files, Progress, Report
from hingepoint.domain.imports.models import AT_WORK, ImportBatch, SavedMapping
from hingepoint.domain.people.models import User, sees_all
from hingepoint.domain.pressures import actions as pressures
from hingepoint.domain.strategy import actions as strategy
from hingepoint.domain.turns.actions import action, turn
from hingepoint.domain.upkeep import actions as upkeep
from hingepoint.records.errors import Hidden, Refused
from hingepoint.records.files import RowProblem
from hingepoint.records.imports import ImportState

log = logging.getLogger(__name__)

#: From so many new or changed rows on the database's statistics of its tables are made anew.
MANY_ROWS = 1_000


class NotAllowed(Hidden):
    """Only analysts and sponsors import."""


class CannotImport(Refused):
    """The files, the mapping or the moment do not allow it; ``problems`` lists rows, where rows are the cause."""

    def __init__(
        self, message: str, problems: Iterable[RowProblem] = (), *, total: int = 0, bad_rows: int = 0
    ):
        self.problems, self.total, self.bad_rows = tuple(problems), total, bad_rows
        super().__init__(message)


class NotAnswered(Refused):
    """A question about the files is still open; ``by_field`` has words for each, by ``rules.answer_field``."""


class CannotUndo(Refused):
    """Later changes stand on the import; the message says which."""


def import_files(
    *,
    by: User | None,
    at: dt.datetime,
    given: Files,
    mapping: files.Mapping | None = None,
    skip_bad_rows: bool = False,
    dry_run: bool = False,
    progress: Progress | None = None,
) -> Report:
    """Import files, all or nothing, and return what was done.

    Deals are known by their id and brought up to the file; events by everything that is said of them,
    so that the same file again changes nothing. ``skip_bad_rows`` leaves out rows that cannot be read,
    and says how many. A dry run returns the same report and changes nothing. Raises CannotImport.
    """
    _require_importer(by)
    report = _run(
        by=by,
        at=at,
        given=given,
        mapping=mapping,
        skip_bad_rows=skip_bad_rows,
        dry_run=dry_run,
        progress=progress,
    )
    if not dry_run:
        follow_up(at, rows=report.created + report.updated)
    return report


def import_page(*, at: dt.datetime, given: Files, mapping: files.Mapping, dry_run: bool = False) -> Report:
    """Import one page of a CRM's records, all or nothing, and return what was done.

    What cannot be read is left out and told. Whoever calls this calls ``follow_up`` when the last page is in.
    Raises CannotImport.
    """
    return _run(
        by=None, at=at, given=given, mapping=mapping, skip_bad_rows=True, dry_run=dry_run, of_a_system=True
    )


def follow_up(at: dt.datetime, *, rows: int) -> None:
    """Read agreements from the traces that came, and ask the deals for what the strategies in force want.
    After many rows the database counts its tables first."""
    if rows >= MANY_ROWS:
        upkeep.refresh_statistics()
    detection.read_touched(at=at, deals_of_import=touched.deals_with_news_of_import)
    strategy.ask_touched_deals(at=at, deals_of_import=touched.deals_of_import)


def _run(**options: Any) -> Report:
    try:
        return engine.run(**options)
    except files.BadRows as error:
        said = f"{error.file}: {error.what}"  # page and command each know their own way to leave rows out
        raise CannotImport(said, error.problems, total=error.total, bad_rows=error.bad_rows) from None
    except files.OpenQuestions as error:
        raise CannotImport(error.in_words()) from None
    except files.FileProblem as error:
        raise CannotImport(str(error)) from None


def _require_importer(by: User | None) -> None:
    if by is not None and not sees_all(by):
        raise NotAllowed("Only an analyst or a sponsor imports.")


# ---- from the page ----


class Uploaded(Protocol):
    """A file as the web hands it over."""

    @property
    def name(self) -> str | None: ...

    @property
    def size(self) -> int | None: ...

    def chunks(self) -> Iterable[bytes]: ...


def safe_name(name: str) -> str:
    """Return a bare file name that can be shown and stored, whatever the sender called the file."""
    bare = PurePath(unicodedata.normalize("NFC", name).replace("\\", "/")).name
    kept = re.sub(r"[^\w.\- ()]", "_", bare).strip(" .")
    return kept[-100:].lstrip(" .") or "file"


def folder_of(batch: ImportBatch) -> Path:
    return settings.MEDIA_ROOT / "imports" / batch.files[0]["folder"]


def files_of(batch: ImportBatch) -> Files:
    """Return the stored files of an import. Raises CannotImport when they are gone."""
    found = Files(**{kept["table"]: folder_of(batch) / kept["table"] / kept["name"] for kept in batch.files})
    if not all(path.is_file() for path in found.given().values()):
        raise CannotImport("The uploaded file is not here any more. Upload it again.")
    return found


def bring(
    *,
    by: User,
    at: dt.datetime,
    uploads: Mapping[str, Uploaded],
    mapping: files.Mapping | None = None,
    read_with: str = "",
) -> ImportBatch:
    """Keep uploaded files (by table: deals, events, log) and have them checked. ``read_with`` names the kept
    mapping that was chosen. Raises CannotImport; no file is kept then."""
    _require_importer(by)
    _require_usable(uploads)
    folder = settings.MEDIA_ROOT / "imports" / uuid.uuid4().hex
    try:
        facts = {"folder": folder.name, "read_with": read_with}
        kept = [store_upload(table, each, folder) | facts for table, each in uploads.items()]
        return _keep_and_check(by=by, at=at, kept=kept, mapping=mapping or files.Mapping())
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _require_usable(uploads: Mapping[str, Uploaded]) -> None:
    if not uploads:
        raise CannotImport("Choose a file first.")
    if "log" in uploads and len(uploads) > 1:
        raise CannotImport("An event log holds deals and events: give it alone.")
    limit = settings.ENVIRONMENT.upload_limit_mb
    if any((each.size or 0) > limit * 1_000_000 for each in uploads.values()):
        raise CannotImport(
            f"The file is larger than {limit} MB. Import it with the command `hingepoint import`, or split it."
        )


@action
def _keep_and_check(*, by: User, at: dt.datetime, kept: list[dict], mapping: files.Mapping) -> ImportBatch:
    batch = ImportBatch(files=kept, by=by, begun_at=at, touched_at=at)
    _set_mapping(batch, mapping)
    batch.save()
    return _enqueue(batch, by=by, at=at, state=ImportState.CHECKING)


def store_upload(table: str, sent: Uploaded, folder: Path) -> dict[str, Any]:
    """Write an uploaded file into a folder of its own; return what an import keeps of it."""
    path = folder / table / safe_name(sent.name or "")
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        for chunk in sent.chunks():
            file.write(chunk)
    return {"table": table, "name": path.name, "bytes": path.stat().st_size}


def _set_mapping(batch: ImportBatch, mapping: files.Mapping) -> None:
    batch.mapping = mapping.model_dump(mode="json", exclude_defaults=True)
    batch.key = engine.key_of(files_of(batch), mapping, skip_bad_rows=batch.skip_bad_rows)


def mapping_of(kept: dict[str, Any]) -> files.Mapping:
    """Return a mapping as it is kept. Raises CannotImport when it is none."""
    try:
        return files.Mapping.model_validate(kept)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise CannotImport(f"The mapping is wrong at {place}: {first['msg']}.") from None


@action
def read_as(
    *, by: User, at: dt.datetime, batch_id: int, mapping: files.Mapping, skip_bad_rows: bool = False
) -> ImportBatch:
    """Say how the files are to be read, and have them checked again. Raises CannotImport."""
    _require_importer(by)
    batch = _free(batch_id)
    batch.skip_bad_rows, batch.report = skip_bad_rows, {}
    _set_mapping(batch, mapping)
    return _enqueue(batch, by=by, at=at, state=ImportState.CHECKING)


@action
def answer(
    *, by: User, at: dt.datetime, batch_id: int, answers: Mapping[str, str], keep_as: str = ""
) -> ImportBatch:
    """Answer what was asked about the files, and have them checked again, read so.

    ``answers`` has the place of an option by the key of its question. The answers go into the mapping of the
    import, which is also kept for the next files under the name ``keep_as``. Raises CannotImport, NotAnswered.
    """
    _require_importer(by)
    batch = _free(batch_id)
    mapping = _answered(mapping_of(batch.mapping), rules.questions_of(batch.report), answers)
    batch.report = {}
    if keep_as:
        _keep_mapping(by=by, at=at, name=keep_as, mapping=mapping)
        batch.files = [kept | {"read_with": keep_as[:100]} for kept in batch.files]
    _set_mapping(batch, mapping)
    return _enqueue(batch, by=by, at=at, state=ImportState.CHECKING)


def _answered(
    mapping: files.Mapping, questions: Iterable[files.Question], answers: Mapping[str, str]
) -> files.Mapping:
    """Return ``mapping`` with the answers to ``questions``; those that it alone can answer stay open."""
    lacking = {}
    for each in questions:
        given = {str(place): option.mapping for place, option in enumerate(each.answers) if option.mapping}
        if (chosen := given.get(answers.get(each.key, ""))) is not None:
            mapping = files.with_answer(mapping, chosen)
        elif given:
            what = f"column “{each.column}” means" if each.word is None else f"“{each.word or '(empty)'}” is"
            lacking[rules.answer_field(each)] = f"Say what {what}."
    if lacking:
        raise NotAnswered(next(iter(lacking.values())), by_field=lacking)
    return mapping


def _free(batch_id: int) -> ImportBatch:
    """Return an import that is neither finished nor being worked on, locked. Raises CannotImport."""
    batch = turn(ImportBatch.objects.all(), pk=batch_id)
    if batch is None or _is_of_people(batch):
        raise CannotImport("This import was forgotten. Upload the file again.")
    if batch.state in (ImportState.DONE, ImportState.UNDONE):
        raise CannotImport("This import is finished. Upload the file again to import it anew.")
    if batch.state in AT_WORK and batch.touched_at > timezone.now() - rules.SILENT:
        raise CannotImport("This import is being worked on. Wait until that is done.")
    return batch


@action
def confirm(*, by: User, at: dt.datetime, batch_id: int) -> ImportBatch:
    """Have the checked files imported in the background. Raises CannotImport unless they were checked."""
    _require_importer(by)
    batch = _free(batch_id)
    if batch.state not in (ImportState.CHECKED, ImportState.IMPORTING):
        raise CannotImport("Look at what the check says first.")
    if rules.questions_of(batch.report):
        raise CannotImport("Answer what is asked first: it changes what would be kept.")
    return _enqueue(batch, by=by, at=at, state=ImportState.IMPORTING)


def _is_of_people(batch: ImportBatch) -> bool:
    """Sheets of people are kept as imports, and stored and shown in their own way (``domain/sheets``)."""
    return any(kept["table"] == "people" for kept in batch.files)


def _enqueue(batch: ImportBatch, *, by: User, at: dt.datetime, state: ImportState) -> ImportBatch:
    from hingepoint.domain.imports.tasks import work_on_import  # it calls back

    batch.state, batch.phase, batch.rows_done, batch.message, batch.touched_at = state, "waiting", 0, "", at
    batch.save()
    transaction.on_commit(lambda: work_on_import.enqueue(batch_id=batch.pk, by_id=by.pk))
    return batch


def work(*, by: User, at: dt.datetime, batch_id: int) -> None:
    """Do what an import waits for: its check, or the import itself. Called by the background task."""
    batch = ImportBatch.objects.get(pk=batch_id)
    if batch.state not in AT_WORK:
        return
    dry_run = batch.state == ImportState.CHECKING
    try:
        report = _run(
            by=by,
            at=at,
            given=files_of(batch),
            mapping=mapping_of(batch.mapping),
            skip_bad_rows=batch.skip_bad_rows,
            dry_run=dry_run,
            batch_id=batch_id,
            progress=_teller(batch_id),
        )
    except CannotImport as error:
        _refuse(batch_id, error, _understood(batch))
    except Exception:
        log.exception("import %s failed", batch_id)
        _refuse(batch_id, CannotImport("Something in this file stopped us. Nothing was imported."))
    else:
        if dry_run:
            _keep_check(batch_id, report)
        else:
            shutil.rmtree(folder_of(batch), ignore_errors=True)
            follow_up(at, rows=report.created + report.updated)


def _teller(batch_id: int, seconds: float = 1.0) -> Progress:
    """Return a progress that writes to the row of the import, not more than once in so many seconds."""
    told_at, told = 0.0, ""

    def tell(phase: str, done: int) -> None:
        nonlocal told_at, told
        if phase != told or time.monotonic() - told_at > seconds:
            told_at, told = time.monotonic(), phase
            ImportBatch.objects.filter(pk=batch_id).update(
                phase=phase, rows_done=done, touched_at=timezone.now()
            )

    return tell


def _understood(batch: ImportBatch) -> list[files.Understood]:
    """Return what can be understood of files that were refused, so that their owner can say the rest."""
    found = []
    with contextlib.suppress(CannotImport, files.FileProblem):
        for table, path in files_of(batch).given().items():
            for role in ("events", "deals") if table == "log" else (table,):
                mapping = mapping_of(batch.mapping)
                found.append(files.understand(path, role, mapping=mapping, zone=settings.TIME_ZONE))
    return found


def _refuse(batch_id: int, error: CannotImport, understood: Iterable[files.Understood] = ()) -> None:
    report = {
        "problems": [asdict(each) for each in error.problems],
        "total_problems": error.total,
        "bad_rows": error.bad_rows,
        "understood": [asdict(each) for each in understood],
    }
    ImportBatch.objects.filter(pk=batch_id).update(
        state=ImportState.REFUSED, phase="", message=str(error), report=report, touched_at=timezone.now()
    )


def _keep_check(batch_id: int, report: Report) -> None:
    ImportBatch.objects.filter(pk=batch_id, state=ImportState.CHECKING).update(
        state=ImportState.CHECKED,
        phase="",
        report=engine.report_as_json(report),
        touched_at=timezone.now(),
        **{name: getattr(report, name) for name in ("created", "updated", "unchanged", "rejected")},
    )


@action
def discard(*, by: User, at: dt.datetime, batch_id: int) -> None:
    """Forget an upload that was not imported."""
    _require_importer(by)
    batch = _free(batch_id)
    transaction.on_commit(partial(shutil.rmtree, folder_of(batch), ignore_errors=True))
    batch.delete()


# ---- undo ----


def undo_import(*, by: User | None, at: dt.datetime, batch_id: int, reason: str = "") -> dict[str, int]:
    """Take a finished import back; return how many rows went or were put back.

    People, teams, accounts and agreement types that something else needs by now stay. Raises CannotUndo
    when rows of the import were changed since, or other records stand on them.
    """
    _require_importer(by)
    try:
        return _undo(by=by, at=at, batch_id=batch_id, reason=reason)
    except IntegrityError:
        raise CannotUndo("It cannot be taken back: somebody is adding to it at this moment.") from None


@action
def _undo(*, by: User | None, at: dt.datetime, batch_id: int, reason: str) -> dict[str, int]:
    batch = turn(ImportBatch.objects.all(), pk=batch_id)
    if batch is None or batch.state != ImportState.DONE:
        raise CannotUndo("There is nothing to take back: this import was not finished.")
    if _is_of_people(batch):
        raise CannotUndo("A sheet of people is not taken back: each person's page says what it changed.")
    deals_in_turn(touched.deals_with_news_of_import(batch.pk))
    detection.forget_import(batch.pk)
    pressures.forget_import(batch.pk)
    if later := undo.later_changes(batch):
        raise CannotUndo(f"It cannot be taken back: {', '.join(later)}. Undo those first.")
    counts = undo.take_back(batch)
    batch.state, batch.touched_at = ImportState.UNDONE, at
    batch.save(update_fields=["state", "touched_at"])
    record(
        by=by,
        at=at,
        action="undo import",
        subject="import",
        subject_id=batch.pk,
        changes=counts,
        reason=reason,
    )
    return counts


# ---- mappings ----


@action
def save_mapping(*, by: User, at: dt.datetime, name: str, mapping: files.Mapping) -> SavedMapping:
    """Keep a mapping under a name; the same name again replaces it."""
    _require_importer(by)
    return _keep_mapping(by=by, at=at, name=name, mapping=mapping)


def _keep_mapping(*, by: User, at: dt.datetime, name: str, mapping: files.Mapping) -> SavedMapping:
    facts = {"mapping": mapping.model_dump(mode="json", exclude_defaults=True), "by": by, "saved_at": at}
    saved, _ = SavedMapping.objects.update_or_create(name=name[:100], defaults=facts)
    record(by=by, at=at, action="save", subject="mapping", subject_id=saved.pk, changes={"name": name[:100]})
    return saved


@action
def drop_mapping(*, by: User, at: dt.datetime, mapping_id: int) -> None:
    _require_importer(by)
    saved = turn(SavedMapping.objects.all(), pk=mapping_id)
    if saved is None:
        raise SavedMapping.DoesNotExist(mapping_id)
    record(by=by, at=at, action="drop", subject="mapping", subject_id=saved.pk, changes={"name": saved.name})
    saved.delete()
