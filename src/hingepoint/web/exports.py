"""Tables as files, with the viewer's own rights: deals, agreements, events, and what was negotiated."""

from __future__ import annotations

import tempfile

from django.http import FileResponse, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from hingepoint.connectors import files
from hingepoint.domain.agreements.queries import lists
from hingepoint.domain.deals.queries.lists import DealFilter
from hingepoint.domain.imports import tables
from hingepoint.domain.made_files import actions
from hingepoint.domain.made_files.queries import made
from hingepoint.domain.made_files.rules import file_name
from hingepoint.records.errors import Hidden
from hingepoint.web.deals import ANY_STATUS, asked
from hingepoint.web.requests import Request

TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "json": "application/json",
}
#: A table of more rows than this is made in the background: it takes longer than somebody waits at a page. Rows are guessed
#: from the deals: each has some ten agreements and events. A cell of a workbook takes five times as long as one of a text.
ROWS_AT_ONCE = {"csv": 100_000, "json": 100_000, "xlsx": 20_000}
ROWS_A_DEAL = {"deals": 1}
USUAL_ROWS_A_DEAL = 10


def export(request: Request, table: str, format: str) -> HttpResponse | FileResponse:
    """Hand out what the viewer may see of a table; the filters of the deals list narrow it.

    The file is made on disk first: a failure half-way is an error page, never half a file. A large one is offered to be
    made in the background.
    """
    wanted = _asked(request, table, format)
    deals = lists.selection(request.user, wanted, timezone.localdate())
    number = deals.count()
    if number * ROWS_A_DEAL.get(table, USUAL_ROWS_A_DEAL) > ROWS_AT_ONCE[format]:
        context = {"table": table, "format": format, "number": number}
        return render(request, "deals/large_file.html", context)
    parts = tables.table(table, deals, as_of=wanted.as_of)
    file = tempfile.TemporaryFile()  # noqa: SIM115  (FileResponse closes it)
    try:
        files.write_table(parts, file, format)
    except OverflowError as too_large:
        file.close()
        return render(request, "deals/too_large.html", {"words": str(too_large), "table": table}, status=422)
    file.seek(0)
    as_of = wanted.as_of.day if wanted.as_of else None
    return _handed_out(file, file_name(table, format, asked_on=timezone.localdate(), as_of=as_of), format)


def _asked(request: Request, table: str, format: str) -> DealFilter:
    """Return what the address asks for. Raises Hidden."""
    if table not in tables.OF_DEALS or format not in TYPES:
        raise Hidden("no such table")
    wanted, _, _ = asked(request, usual_status=ANY_STATUS)
    if wanted.as_of and table not in tables.LOOK_BACK:
        raise Hidden("no such table of a day in the past")
    return wanted


def _handed_out(file, name: str, format: str) -> FileResponse:
    return FileResponse(file, as_attachment=True, filename=name, content_type=TYPES[format])


@require_POST
def make_file(request: Request, table: str, format: str) -> HttpResponse:
    """Have the file made in the background."""
    wanted = _asked(request, table, format)
    row = actions.ask(by=request.user, at=timezone.now(), table=table, format=format, wanted=wanted)
    return redirect("made-file", row.pk)


def made_file(request: Request, number: int) -> HttpResponse:
    """Whether a file that is made in the background is ready. The page asks for its piece until it is."""
    found = made(request.user, number)
    return render(request, f"deals/{'_made_file' if request.htmx else 'made_file'}.html", {"made": found})


def take_made_file(request: Request, number: int) -> FileResponse:
    """Hand out a file that was made in the background, to whoever asked for it."""
    found = made(request.user, number)
    if found.path is None:
        raise Hidden("not there")
    return _handed_out(found.path.open("rb"), found.name, found.format)
