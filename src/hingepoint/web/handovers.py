"""The handover letter of a deal: on a page that prints on one or two sheets, as a PDF, and confirmed by the new owner."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from hingepoint.domain.handovers import actions
from hingepoint.domain.handovers.queries import letters
from hingepoint.reports import handovers as sheets
from hingepoint.reports.plan_sheets import NoTypst
from hingepoint.web import drafts, pdf
from hingepoint.web.deals import for_sellers_and_leaders
from hingepoint.web.requests import Request, wants_piece, whole_number


@for_sellers_and_leaders
def my_handovers(request: Request) -> HttpResponse:
    """The deals that came to the viewer and whose letter is not read yet. Home fetches it as a piece."""
    piece = wants_piece(request, "my-handovers")
    context = {"waiting": letters.waiting(request.user)}
    return render(request, f"handovers/{'_mine' if piece else 'mine'}.html", context)


@for_sellers_and_leaders
def handover(request: Request, deal_id: int) -> HttpResponse:
    """The letter about a deal for whoever takes it over: open promises of both sides, who said what, the next landmark."""
    found = letters.letter(request.user, deal_id, today=timezone.localdate())
    return render(request, "handovers/letter.html", {"letter": found, "today": timezone.localdate()})


@for_sellers_and_leaders
def handover_pdf(request: Request, deal_id: int) -> HttpResponse:
    """The same as a PDF."""
    found = letters.letter(request.user, deal_id, today=timezone.localdate())
    try:
        body = sheets.letter_pdf(found, at=timezone.localtime())
    except NoTypst as missing:
        messages.warning(request, str(missing))
        return redirect("handover", deal_id)
    return pdf.answer(body, f"handover {found.facts.title}")


@drafts.flashed("handover", "deal_id")
@require_POST
def confirm_handover(request: Request, deal_id: int) -> HttpResponse:
    """Say that the letter is read: it leaves the first page, and the deal's trail says so."""
    event_id = whole_number(request.POST.get("event", "")) or 0
    actions.confirm(by=request.user, at=timezone.now(), deal_id=deal_id, event_id=event_id)
    return redirect("deal", deal_id)
