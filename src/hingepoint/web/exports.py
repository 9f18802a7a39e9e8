"""Tables as files, with the viewer's own rights: deals, agreements, events, and what was negotiated."""

from __future__ import annotations

import tempfile

from django.http import FileResponse
from django.shortcuts import render
from django.utils import timezone

from hingepoint.connectors import files
from hingepoint.domain.agreements.queries import lists
from hingepoint.domain.imports import tables
from hingepoint.records.errors import Hidden
from hingepoint.web.deals import ANY_STATUS, asked
from hingepoint.web.requests import Request

TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "json": "application/json",
}


def export(request: Request, table: str, format: str):
    """Hand out what the viewer may see of a table; the filters of the deals list narrow it.

    The file is made on disk first: a failure half-way is an error page, never half a file.
    """
    if table not in tables.TABLES or format not in TYPES:
        raise Hidden("no such table")
    wanted, _, _ = asked(request, usual_status=ANY_STATUS)
    as_of, today = wanted.as_of, timezone.localdate()
    if as_of and table not in tables.LOOK_BACK:
        raise Hidden("no such table of a day in the past")
    parts = tables.table(table, lists.selection(request.user, wanted, today), as_of=as_of)
    file = tempfile.TemporaryFile()  # noqa: SIM115  (FileResponse closes it)
    try:
        files.write_table(parts, file, format)
    except OverflowError as too_large:
        file.close()
        return render(request, "deals/too_large.html", {"words": str(too_large), "table": table}, status=422)
    file.seek(0)
    day = f"as-of-{as_of.day.isoformat()}" if as_of else today.isoformat()
    name = f"{table}-{day}.{format}"
    return FileResponse(file, as_attachment=True, filename=name, content_type=TYPES[format])
