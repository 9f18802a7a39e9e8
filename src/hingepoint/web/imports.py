"""Importing files and the health of the data: upload, check, confirm, done, undo."""

from __future__ import annotations

import contextlib
import csv
import io
from collections.abc import Iterator
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from hingepoint.connectors import files
from hingepoint.connectors.files.writing import guarded
from hingepoint.domain.discovery.queries import runs
from hingepoint.domain.home.queries import first_steps
from hingepoint.domain.imports import actions, health, queries
from hingepoint.domain.imports.rules import answer_field
from hingepoint.domain.sync import dates as crm_dates
from hingepoint.domain.upkeep import kept
from hingepoint.records.errors import Hidden, Refused
from hingepoint.reports.findings import whole
from hingepoint.web import drafts
from hingepoint.web.sent import once

#: Formats that the file choosers offer; what a file is, is decided by its content.
ACCEPT = ".csv,.tsv,.txt,.xlsx,.xls,.ods,.parquet,.json,.jsonl,.ndjson,.xes,.gz,.zip"

DATE_FORMATS = [
    ("iso", "Year first: 2024-03-31"),
    ("day-first", "Day first: 31/03/2024"),
    ("month-first", "Month first: 03/31/2024"),
    ("excel", "Serial days of Excel: 45382"),
    ("unix", "Seconds since 1970"),
]
TOO_LARGE = (
    "That is larger than this server takes. Import it with the command `hingepoint import`, or split it."
)
#: What an import makes besides deals and events: one, many.
NEW_WORDS = {
    "people": ("person", "people"),
    "addresses": ("address of a person", "addresses of people"),
    "teams": ("team",),
    "accounts": ("account",),
    "types": ("agreement type in the catalogue", "agreement types in the catalogue"),
}
DECIMALS = [(".", "Point: 1234.50"), (",", "Comma: 1234,50")]


def _for_importers(request) -> None:
    """Who may not import sees no such page."""
    if not queries.may_import(request.user):
        raise Hidden("no such page")


@drafts.kept(too_large=TOO_LARGE)
def imports(request):
    """Bring a file in, and everything that was brought in before."""
    _for_importers(request)
    if request.method == "POST":
        return _uploaded(request)
    mappings = queries.saved_mappings(request.user)
    context = {
        "history": queries.history(request.user),
        "mappings": mappings,
        "mapping_choices": [(saved.id, saved.name) for saved in mappings],
        "accept": ACCEPT,
        "draft": drafts.of(request),
    }
    return render(request, "imports/imports.html", context)


def _uploaded(request):
    """Keep the files, have them checked, and show the import."""
    uploads = {table: sent for table in ("deals", "events", "log") if (sent := request.FILES.get(table))}
    with _readable():
        mapping, name = _mapping_asked_for(request)
        batch = actions.bring(
            by=request.user, at=timezone.now(), uploads=uploads, mapping=mapping, read_with=name
        )
    return redirect("import", batch.pk)


@contextlib.contextmanager
def _readable(field: str = "") -> Iterator[None]:
    """Say a problem of a file or a mapping as what it is here: refused, in a field of the form if it is one."""
    try:
        yield
    except files.FileProblem as problem:
        raise Refused(str(problem), field=field) from problem


def _mapping_asked_for(request) -> tuple[files.Mapping | None, str]:
    """Return the mapping of an uploaded mapping file, else the saved one that was chosen and its name."""
    if sent := request.FILES.get("mapping_file"):
        text = sent.read(1_000_000).decode("utf-8-sig", "replace")
        return files.parse_mapping(text, file=actions.safe_name(sent.name)), ""
    chosen = request.POST.get("saved_mapping", "")
    for saved in queries.saved_mappings(request.user):
        if str(saved.id) == chosen:
            return actions.mapping_of(saved.mapping), saved.name
    return None, ""


def import_(request, batch_id: int):
    """One import: what the file seems to hold, what would change, what cannot be read."""
    shown = queries.import_shown(request.user, batch_id)
    if shown.tables == ("people",):
        return redirect("sheet", batch_id)
    context = {
        "batch": shown,
        "steps": ["Files", "Columns", "Understanding", "Import", "Done"],
        "step": {"uploaded": 2, "checking": 2, "refused": 2, "checked": 3, "importing": 4}.get(
            shown.state, 5
        ),
        "answer_field": answer_field,
        "phase_words": queries.PHASES,
        "fields": {table: queries.fields_of(table) for table in ("deals", "events")},
        "date_formats": DATE_FORMATS,
        "decimals": DECIMALS,
        "new_words": NEW_WORDS,
        "draft": getattr(request, "draft", drafts.NOTHING),
        "begin": first_steps.first_steps(request.user, at=timezone.now()) if shown.state == "done" else None,
    }
    return render(request, "imports/import.html", context)


def progress(request, batch_id: int):
    """The piece of the page that shows how far the work is; tells htmx to reload when it has ended."""
    shown = queries.import_shown(request.user, batch_id)
    if not shown.at_work:
        return HttpResponse(headers={"HX-Refresh": "true"})
    return render(request, "imports/_progress.html", {"batch": shown, "phase_words": queries.PHASES})


def problems(request, batch_id: int):
    """The rows that cannot be read, as a file for whoever has to mend them."""
    shown = queries.import_shown(request.user, batch_id)
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL)
    writer.writerow(["file", "row", "column", "found", "expected"])
    for each in shown.problems:
        writer.writerow(
            [
                guarded(str(cell))
                for cell in (each.file, each.row or "", each.column, each.value, each.expected)
            ]
        )
    response = HttpResponse(text.getvalue(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="import-{shown.id}-problems.csv"'
    return response


@drafts.kept("import", "batch_id")
@require_POST
def read_as(request, batch_id: int):
    """Take what the page says about columns, dates and status, and check again."""
    shown = queries.import_shown(request.user, batch_id)
    skip, now = request.POST.get("skip_bad_rows") == "on", timezone.now()
    with _readable():
        mapping = _mapping_said(request.POST, shown)
        actions.read_as(by=request.user, at=now, batch_id=batch_id, mapping=mapping, skip_bad_rows=skip)
    return redirect("import", batch_id)


def _mapping_said(said: Any, shown: queries.ImportShown) -> files.Mapping:
    """Return the mapping of the form: the text where it was edited, else its fields."""
    text = said.get("mapping_text", "").replace("\r\n", "\n")
    if text.strip() != shown.mapping_text.strip():
        with _readable("mapping_text"):
            return files.parse_mapping(text)
    kept = {**shown.mapping}
    for file in shown.understood:
        part = dict(kept.get(file.table, {}))
        part["columns"] = _columns_said(said, file, part.get("columns", {}))
        for name in ("date_format", "decimal"):
            part[name] = said.get(f"{file.table}-{name}", "")
        if file.table == "deals":
            part["status"] = _values_said(said, "deals-status", part.get("status", {}))
        kept[file.table] = {name: value for name, value in part.items() if value}
    outcome = _values_said(said, "outcome", kept.get("outcome", {}))
    kept["outcome"] = outcome
    return actions.mapping_of({name: value for name, value in kept.items() if value})


def _columns_said(said: Any, file: queries.FileShown, before: dict[str, str]) -> dict[str, str]:
    """Return our columns by heading, as far as they differ from what was recognised by itself."""
    columns: dict[str, str] = {}
    for column in file.columns:
        field = said.get(f"{file.table}-column-{column.index}", "")
        if field and (field != column.field or column.how == "mapping"):
            if field in columns:
                raise actions.CannotImport(
                    f"{columns[field]!r} and {column.heading!r} cannot both be the {field.replace('_', ' ')}."
                )
            columns[field] = column.heading
    return columns


def _values_said(said: Any, prefix: str, before: dict[str, Any]) -> dict[str, Any]:
    """Return won, lost, open and left out with the words given for each, separated by commas or lines.

    A field that says what it said before keeps its words as they are: a word may have a comma, or be empty.
    """
    found = {}
    for status in ("won", "lost", "open", "left_out"):
        if (text := said.get(f"{prefix}-{status}")) in (None, ", ".join(before.get(status, []))):
            if before.get(status):
                found[status] = before[status]
            continue
        words = [word.strip() for line in text.splitlines() for word in line.split(",")]
        if any(words):
            found[status] = [word for word in words if word]
    return found


class AnswersForm(forms.Form):
    keep_as = forms.CharField(max_length=100, required=False, label="The name of the mapping")


@drafts.kept("import", "batch_id")
@require_POST
def answer(request, batch_id: int):
    """Take the answers to what is asked about the files, and check them again, read so."""
    queries.import_shown(request.user, batch_id)
    keep_as = drafts.read(AnswersForm(request.POST))["keep_as"]
    given = {
        name.removeprefix("answer-"): value
        for name, value in request.POST.items()
        if name.startswith("answer-")
    }
    actions.answer(by=request.user, at=timezone.now(), batch_id=batch_id, answers=given, keep_as=keep_as)
    return redirect("import", batch_id)


@drafts.kept("import", "batch_id")
@require_POST
def confirm(request, batch_id: int):
    """Write a checked file, all of it."""
    queries.import_shown(request.user, batch_id)
    actions.confirm(by=request.user, at=timezone.now(), batch_id=batch_id)
    return redirect("import", batch_id)


@drafts.kept("import", "batch_id")
@require_POST
def discard(request, batch_id: int):
    """Forget an uploaded file."""
    queries.import_shown(request.user, batch_id)
    actions.discard(by=request.user, at=timezone.now(), batch_id=batch_id)
    messages.info(request, "The upload is forgotten. Nothing was imported.")
    return redirect("imports")


@drafts.kept("import", "batch_id")
def undo(request, batch_id: int):
    """Take an import back, unless later work stands on it."""
    shown = queries.import_shown(request.user, batch_id)
    if request.method != "POST":
        return render(request, "imports/undo.html", {"batch": shown})
    counts = actions.undo_import(by=request.user, at=timezone.now(), batch_id=batch_id)
    gone = counts["deals"] + counts["agreements"] + counts["events"]
    messages.info(
        request, f"Taken back: {gone:,} rows removed, {counts['put_back']:,} put back as they were."
    )
    return redirect("import", batch_id)


class MappingForm(forms.Form):
    name = forms.CharField(max_length=100, error_messages={"required": "Give the mapping a name."})


@drafts.kept("import", "batch_id")
@require_POST
@once()
def save_mapping(request, batch_id: int):
    """Keep how a file is read, for the next one like it."""
    shown = queries.import_shown(request.user, batch_id)
    name = drafts.read(MappingForm(request.POST))["name"]
    mapping = actions.mapping_of(shown.mapping)
    actions.save_mapping(by=request.user, at=timezone.now(), name=name, mapping=mapping)
    messages.info(request, f"Kept as “{name}”. Choose it at the next upload.")
    return redirect("import", batch_id)


@require_POST
def drop_mapping(request, mapping_id: int):
    """Forget a saved way of reading files."""
    _for_importers(request)
    if mapping_id not in {saved.id for saved in queries.saved_mappings(request.user)}:
        raise Hidden("no such mapping")
    actions.drop_mapping(by=request.user, at=timezone.now(), mapping_id=mapping_id)
    return redirect("imports")


def data_health(request):
    """How healthy the data is: what is missing, late or odd, and what it costs."""
    shelf = kept.Shelf(health.ON_RECORD, crm_dates.DATES)
    found = queries.data_health(request.user, shelf=shelf)
    audit_run, audit = runs.last_audit(request.user)
    context = {
        "health": found,
        "audit": whole.checked(audit),
        "audit_run": audit_run,
        "rules": queries.rule_counts(found.facts.rules),
        "dates": crm_dates.dates(shelf=shelf),
        "counted_at": shelf.counted_at,
    }
    return render(request, "imports/data_health.html", context)
