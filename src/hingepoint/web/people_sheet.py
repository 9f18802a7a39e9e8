"""A sheet of people: uploaded, shown with what it would change, stored as a whole."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from hingepoint.domain.people.queries import keeps_people
from hingepoint.domain.sheets import actions, queries
from hingepoint.records.errors import Hidden, Refused
from hingepoint.records.languages import say, words_of
from hingepoint.reports.charts.numbers import plural
from hingepoint.web import drafts
from hingepoint.web.requests import Request

ACCEPT = ".csv,.tsv,.txt,.xlsx,.xls,.ods"
#: How dates in a sheet are written, where it does not say so itself.
DATES = words_of(
    [
        ("day-first", "Day first: 31/03/2026"),
        ("month-first", "Month first: 03/31/2026"),
        ("iso", "Year first: 2026-03-31"),
    ]
)


@drafts.kept()
def people_sheet(request: Request) -> HttpResponse:
    """Upload a sheet of people, to see what it would change."""
    if not keeps_people(request.user):
        raise Hidden
    if request.method != "POST":
        context = {"draft": drafts.of(request), "accept": ACCEPT, "dates": DATES}
        return render(request, "people/bring_sheet.html", context)
    sent, dates = request.FILES.get("sheet"), request.POST.get("dates", "")
    if sent is None:
        raise Refused("Choose a file first.", field="sheet")
    known = dates if dates in dict(DATES) else ""
    batch = actions.bring_sheet(by=request.user, at=timezone.now(), sent=sent, date_format=known)
    return redirect("sheet", batch.pk)


def sheet(request: Request, batch_id: int) -> HttpResponse:
    """What a sheet would change, person by person; once it is stored, what it changed in numbers."""
    page = queries.sheet_page(request.user, batch_id, at=timezone.now())
    return render(
        request, "people/sheet.html", {"page": page, "draft": getattr(request, "draft", drafts.NOTHING)}
    )


@drafts.kept("sheet", "batch_id")
@require_POST
def store_sheet(request: Request, batch_id: int) -> HttpResponse:
    """Store a sheet as it was shown, or forget it."""
    queries.sheet_page(request.user, batch_id, at=timezone.now())
    if request.POST.get("do") == "forget":
        actions.discard_sheet(by=request.user, at=timezone.now(), batch_id=batch_id)
        messages.info(request, "The sheet is forgotten. Nothing was stored.")
        return redirect("people-sheet")
    shown, leave_out = request.POST.get("shown", ""), request.POST.get("leave_out") == "on"
    done = actions.store_sheet(
        by=request.user, at=timezone.now(), batch_id=batch_id, shown=shown, leave_out=leave_out
    )
    new = plural(done["new"], "person", "people")
    told = say("{new} new, {n} changed. Invite those who cannot sign in yet.", new=new, n=done["changed"])
    messages.info(request, told)
    return redirect("let-in")
