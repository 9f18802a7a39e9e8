"""What would have had to be true: deals that ended, the facts of the register, and the two views."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from hingepoint.analysis import matched
from hingepoint.domain.hindsight import actions, rules
from hingepoint.domain.hindsight.queries import lists, page
from hingepoint.records.errors import Hidden
from hingepoint.records.hindsight import Ended, Side, Why
from hingepoint.records.languages import say
from hingepoint.web import drafts
from hingepoint.web.deals import for_sellers_and_leaders
from hingepoint.web.requests import Request
from hingepoint.web.sent import once

#: The piece of the first page.
PIECE = "to-look-back-on"


@for_sellers_and_leaders
def hindsights(request: Request) -> HttpResponse:
    """Deals that ended and wait for a view of what would have had to be true, and what the views written name. Home fetches
    those of the viewer as a piece."""
    found = lists.hindsights(request.user, now=timezone.now())
    context = {"page": found, "days": rules.ASKED_FOR.days, "draft": drafts.of(request, SET_LIMIT)}
    piece = request.htmx.target == PIECE
    return render(request, f"hindsight/{'_mine' if piece else 'hindsights'}.html", context)


class LimitForm(forms.Form):
    least_amount = forms.DecimalField(label="The value", min_value=0, max_digits=15, decimal_places=2)


#: Where the form of the value is sent to.
SET_LIMIT = "/hindsight/limit/"


@drafts.kept("hindsights")
@require_POST
@once()
def set_limit(request: Request) -> HttpResponse:
    """Say from which value on deals that ended are looked back on."""
    if not request.user.sees_everything:
        raise Hidden("sponsors and analysts say it")
    said = drafts.read(LimitForm(request.POST))
    actions.set_limit(by=request.user, at=timezone.now(), **said)
    return redirect("hindsights")


class ViewForm(forms.Form):
    why = forms.ChoiceField(choices=Why.choices, label="What decided it")
    type_key = forms.CharField(required=False, max_length=200, label="The agreement")
    words = forms.CharField(max_length=4000, label="What would have had to be true")


@drafts.kept()
@for_sellers_and_leaders
def hindsight(request: Request, deal_id: int) -> HttpResponse:
    """What would have had to be true of a deal that ended: facts first, then the views of seller and manager."""
    if request.method != "POST":
        return _page(request, deal_id)
    said = drafts.read(ViewForm(request.POST))
    number = drafts.version_of(request.POST, "number")
    view = actions.View(why=Why(said["why"]), words=said["words"], type_key=said["type_key"])
    actions.write_view(by=request.user, at=timezone.now(), deal_id=deal_id, view=view, expected_number=number)
    messages.info(request, "Kept. Who sees the deal reads it; the version before stays.")
    return redirect("hindsight", deal_id)


def _page(request: Request, deal_id: int) -> HttpResponse:
    found = page.hindsight_page(request.user, deal_id, now=timezone.now())
    draft, mine = drafts.of(request), found.view(found.mine)
    known = {name: getattr(mine, name) for name in ("why", "type_key", "words", "number")} if mine else {}
    context = {
        "page": found,
        "draft": draft,
        "problems": draft.problems,
        "said": draft.over({"why": "", "type_key": "", "words": "", "number": 0} | known),
        "both": draft.both(known, {"words": say("What would have had to be true")}),
        "reasons": Why.choices,
        "sides": list(Side),
        "lost": found.ended is not Ended.DISCOUNTED and found.status == "lost",
        "least": matched.LEAST,
    }
    return render(request, "hindsight/hindsight.html", context)
