"""Pre-mortems: three blind answers to what will have gone wrong, then how often such deals are lost."""

from __future__ import annotations

import datetime as dt

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from hingepoint.analysis import matched
from hingepoint.domain.premortems import actions
from hingepoint.domain.premortems.queries import page
from hingepoint.records.errors import Hidden
from hingepoint.records.premortems import Place
from hingepoint.web import drafts
from hingepoint.web.deals import for_sellers_and_leaders
from hingepoint.web.requests import Request
from hingepoint.web.sent import once

#: Where no landmark is ahead, answers are asked for within so many days.
USUAL = dt.timedelta(days=7)


class AnswerForm(forms.Form):
    words = forms.CharField(max_length=4000, label="What happened")


@drafts.kept()
@for_sellers_and_leaders
@once()
def premortem(request: Request, deal_id: int) -> HttpResponse:
    """It is later and the deal was lost: what happened? Three answer without reading each other; then how often such deals are."""
    found = page.premortem_page(request.user, deal_id, now=timezone.now())
    if request.method != "POST":
        return _page(request, found)
    if found.running is None:
        raise Hidden("none runs")
    words = drafts.read(AnswerForm(request.POST))["words"]
    actions.answer(by=request.user, at=timezone.now(), premortem_id=found.running.id, words=words)
    messages.info(request, "Kept. Nobody reads it before all three have answered or the day has passed.")
    return redirect("premortem", deal_id)


def _page(request: Request, found: page.PreMortemPage) -> HttpResponse:
    today = timezone.localdate()
    context = {
        "page": found,
        "draft": drafts.of(request),
        "beginning": drafts.of(request, reverse("begin-premortem", args=[found.deal_id])),
        "usual": (found.next or today + USUAL).isoformat(),
        "places": list(Place),
        "least": matched.LEAST,
    }
    return render(request, "premortems/premortem.html", context)


class BeginForm(forms.Form):
    until = forms.DateField(label="The day")


@drafts.kept("premortem", "deal_id")
@require_POST
@once()
def begin(request: Request, deal_id: int) -> HttpResponse:
    """Ask seller, manager and one more for their answers until the end of a day."""
    if not page.premortem_page(request.user, deal_id, now=timezone.now()).may_begin:
        raise Hidden("not theirs to begin, or not now")
    until = drafts.read(BeginForm(request.POST))["until"]
    actions.begin(by=request.user, at=timezone.now(), deal_id=deal_id, until=until)
    return redirect("premortem", deal_id)
