"""Reviews: the list, the page of one before, during and after the meeting, and all that is done in it."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.text import slugify
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from hingepoint.analysis import metric_words
from hingepoint.domain.reviews import actions
from hingepoint.domain.reviews.queries import review as one_review
from hingepoint.domain.reviews.queries import reviews as all_reviews
from hingepoint.records.errors import Hidden
from hingepoint.records.principles import Place
from hingepoint.records.reviews import EVERY, Became, NoteKind, ReviewKind
from hingepoint.reports import packs, packs_slides, typesetting
from hingepoint.web import drafts, pack_pages, pdf, strategy_words
from hingepoint.web.principles import cited_at
from hingepoint.web.requests import Request, WholeNumber, wants_piece, whole_number
from hingepoint.web.sent import token_of

SLIDES = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
#: A part after all others: the close.
LAST_PART = 99
#: What can be done with the clock, as forms say it.
MOVES = {actions.PAUSE, actions.GO_ON, actions.NEXT, actions.BACK}


class PlanForm(forms.Form):
    team = WholeNumber(label="Team")
    kind = forms.ChoiceField(choices=ReviewKind.choices, label="Which review")
    on = forms.DateField(label="Day")


class DayForm(forms.Form):
    on = forms.DateField(label="Day")


class NextForm(forms.Form):
    next_on = forms.DateField(label="The next one", required=False)


class DecisionForm(forms.Form):
    """A decision with who carries it out by when, if anybody; or why there is none."""

    decision = forms.CharField(required=False, max_length=2000)
    decided_by = WholeNumber(required=False, label="Who")
    decision_on = forms.DateField(required=False, label="By")
    none = forms.BooleanField(required=False)


class CommitmentForm(forms.Form):
    commitment = forms.CharField(required=False, max_length=2000)
    owner = WholeNumber(required=False, label="Who")
    due_on = forms.DateField(required=False, label="By")
    type = WholeNumber(required=False, label="Which agreement")


class AdditionForm(forms.Form):
    words = forms.CharField(required=False, max_length=2000)


# ---- the list ----


@drafts.kept(fields={"team_id": "team"})
@require_http_methods(["GET", "HEAD", "POST"])
def reviews(request: Request) -> HttpResponse:
    """The reviews of one's teams, open commitments, and the form that plans another one."""
    if request.method == "POST":
        return _plan(request)
    context = {
        "page": all_reviews.reviews_page(request.user),
        "draft": drafts.of(request),
        "today": timezone.localdate(),
        "kinds": ReviewKind.choices,
        "BECAME": Became.choices,
    }
    return render(request, "reviews/reviews.html", context)


def _plan(request: Request) -> HttpResponse:
    all_reviews.require_reviews(request.user)  # to others there is no such form
    told = drafts.read(PlanForm(request.POST))
    row = actions.plan(
        by=request.user,
        at=timezone.now(),
        team_id=told["team"],
        kind=ReviewKind(told["kind"]),
        on=told["on"],
        token=token_of(request),
    )
    return redirect("review", row.pk)


@require_GET
def asked_before(request: Request) -> HttpResponse:
    """What is missing on the viewer's deals that are reviewed next. Home fetches it as a piece."""
    viewer = all_reviews.require_reviews(request.user)
    today = timezone.localdate()
    context = {"asked_before": all_reviews.asked_before(viewer, today=today), "today": today}
    piece = wants_piece(request, "asked-before")
    return render(request, f"reviews/{'_asked' if piece else 'asked'}.html", context)


# ---- one review ----


@require_GET
def review(request: Request, review_id: int) -> HttpResponse:
    """A review: what it will look at, the live page, or its minutes."""
    now = timezone.now()
    page = one_review.review_page(request.user, review_id, now=now)
    asked = whole_number(request.GET.get("part"))
    shown = page.place if asked is None else min(asked, len(page.seconds) - 1)
    deal = page.deal(shown)
    context = {
        "page": page,
        "shown": shown,
        "deal": deal,
        "today": timezone.localdate(now),
        "now": now,
        "BECAME": Became.choices,
        "moves": actions,
        "title": metric_words.title,
        "value": strategy_words.value,
        "next_on": timezone.localdate(now) + EVERY[page.kind],
        "choices": [(one.type_id, one.name) for one in deal.told.open] if deal else [],
    }
    context |= cited_at(request, Place.REVIEW)
    kind = "live" if page.live else "minutes" if page.ended_at else "ahead"
    return render(request, f"reviews/{kind}.html", context)


@require_GET
def review_now(request: Request, review_id: int) -> HttpResponse:
    """The same page again where something happened since it was shown; nothing where not. The live page asks for it."""
    if request.GET.get("seen") == one_review.mark(request.user, review_id):
        return HttpResponse(status=204)
    return review(request, review_id=review_id)


# ---- the pack ----


@require_GET
def pack_pdf(request: Request, review_id: int) -> HttpResponse:
    """The pack of a pipeline review as a PDF."""
    told = _pack(request, review_id)
    try:
        body = packs.pdf(told)
    except typesetting.NoTypesetter as missing:
        messages.warning(request, str(missing))
        return redirect("review", review_id)
    return pdf.answer(body, told.about)


@require_GET
def pack_slides(request: Request, review_id: int) -> HttpResponseBase:
    """The same as PowerPoint slides."""
    told = _pack(request, review_id)
    try:
        body = packs_slides.slides(told)
    except (packs_slides.NoSlides, typesetting.NoTypesetter) as missing:
        messages.warning(request, str(missing))
        return redirect("review", review_id)
    name = f"{slugify(told.about)[:80]}.pptx"
    return FileResponse(io.BytesIO(body), as_attachment=True, filename=name, content_type=SLIDES)


def _pack(request: Request, review_id: int) -> packs.Pack:
    """Return the pack as the viewer may see it; only a pipeline review that was opened has one."""
    now = timezone.now()
    page = one_review.review_page(request.user, review_id, now=now)
    if page.kind is not ReviewKind.PIPELINE or page.opened_at is None:
        raise Hidden("no pack")
    told = pack_pages.found(request.user, page, today=timezone.localdate(now))
    return pack_pages.pack(
        told,
        company=settings.ENVIRONMENT.company,
        manual=lambda name: request.build_absolute_uri(reverse("manual", args=[name])),
        made_at=timezone.localtime(now),
    )


# ---- before and while it is held ----


@drafts.kept("review", "review_id")
@require_POST
def move_review(request: Request, review_id: int) -> HttpResponse:
    """Hold a planned review on another day."""
    one_review.require_lead(request.user, review_id)  # to others there is no such form
    told = drafts.read(DayForm(request.POST))
    actions.move(by=request.user, at=timezone.now(), review_id=review_id, on=told["on"])
    return redirect("review", review_id)


@drafts.flashed("review", "review_id")
@require_POST
def open_review(request: Request, review_id: int) -> HttpResponse:
    """Open a review: the clock runs from here."""
    actions.open_review(by=request.user, at=timezone.now(), review_id=review_id)
    return redirect("review", review_id)


@drafts.flashed("review", "review_id")
@require_POST
def turn_clock(request: Request, review_id: int) -> HttpResponse:
    """Let the clock stand or run, or go on to the next part."""
    move = request.POST.get("move", "")
    if move not in MOVES:
        raise Hidden("no such move")
    place = whole_number(request.POST.get("place"))
    actions.turn_clock(by=request.user, at=timezone.now(), review_id=review_id, move=move, place=place)
    return redirect("review", review_id)


@drafts.flashed("review", "review_id")
@require_POST
def sit(request: Request, review_id: int) -> HttpResponse:
    """Say that somebody is there: oneself, or who leads it somebody else."""
    person = whole_number(request.POST.get("person"))
    actions.sit(by=request.user, at=timezone.now(), review_id=review_id, person_id=person)
    return _back(request, review_id)


def _part(request: HttpRequest, where: Mapping[str, Any]) -> str:
    return _place(where["review_id"], where["place"])


def _place(review_id: int, place: int) -> str:
    return f"{reverse('review', args=[review_id])}?part={place}"


def _back(request: Request, review_id: int) -> HttpResponse:
    place = whole_number(request.POST.get("place"))
    return redirect("review", review_id) if place is None else redirect(_place(review_id, place))


_DECISION_FIELDS = {"words": "decision", "owner_id": "decided_by", "due_on": "decision_on"}


@drafts.kept(_part, fields=_DECISION_FIELDS)
@require_POST
def decide(request: Request, review_id: int, place: int) -> HttpResponse:
    """Write down the one decision about a deal, or why there is none; about the whole at place 0."""
    told = drafts.read(DecisionForm(request.POST))
    actions.write(
        by=request.user,
        at=timezone.now(),
        review_id=review_id,
        kind=NoteKind.NO_DECISION if told["none"] else NoteKind.DECISION,
        words=told["decision"],
        place=place,
        owner_id=told["decided_by"],
        due_on=told["decision_on"],
        token=token_of(request),
    )
    return redirect(_place(review_id, place))


@drafts.kept(_part, fields={"words": "commitment", "owner_id": "owner", "type_id": "type"})
@require_POST
def commit(request: Request, review_id: int, place: int) -> HttpResponse:
    """Write down who does what by when."""
    told = drafts.read(CommitmentForm(request.POST))
    actions.write(
        by=request.user,
        at=timezone.now(),
        review_id=review_id,
        kind=NoteKind.COMMITMENT,
        words=told["commitment"],
        place=place,
        owner_id=told["owner"],
        due_on=told["due_on"],
        type_id=told["type"],
        token=token_of(request),
    )
    return redirect(_place(review_id, place))


@drafts.kept("review", "review_id")
@require_POST
def add(request: Request, review_id: int) -> HttpResponse:
    """Add to the minutes of a review that is over."""
    told = drafts.read(AdditionForm(request.POST))
    actions.write(
        by=request.user,
        at=timezone.now(),
        review_id=review_id,
        kind=NoteKind.ADDITION,
        words=told["words"],
        token=token_of(request),
    )
    return redirect("review", review_id)


@require_POST
def settle(request: Request, note_id: int) -> HttpResponse:
    """Say what became of a commitment."""
    said = request.POST.get("became", "")
    if said not in Became.values:
        raise Hidden("no such end")
    actions.settle(by=request.user, at=timezone.now(), note_id=note_id, became=Became(said))
    named = drafts.ours(request, request.POST.get("next", ""))
    return redirect(named or "reviews")


def _close(request: HttpRequest, where: Mapping[str, Any]) -> str:
    return _place(where["review_id"], LAST_PART)


@drafts.kept(_close)
@require_POST
def end_review(request: Request, review_id: int) -> HttpResponse:
    """End a review: what was written down are its minutes."""
    told = drafts.read(NextForm(request.POST))
    actions.end(by=request.user, at=timezone.now(), review_id=review_id, next_on=told["next_on"])
    return redirect("review", review_id)
