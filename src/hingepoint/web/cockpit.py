"""One deal: its cockpit, its history, how it was on another day, what is prepared for it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from hingepoint.domain.agreements.queries import catalogue, deal_page
from hingepoint.domain.coaching.queries import notes as coaching
from hingepoint.domain.cockpit import queries
from hingepoint.domain.deals.queries.looking_back import AsOf
from hingepoint.domain.home.queries.rooms import rooms
from hingepoint.domain.negotiation.queries import corridor
from hingepoint.domain.plans.queries import lines as plan_lines
from hingepoint.domain.proposals import queries as proposals
from hingepoint.domain.sync import queries as sync
from hingepoint.records.deals import EventKind
from hingepoint.web import deal_pictures, looks
from hingepoint.web.deals import looking_back
from hingepoint.web.requests import Request, WholeNumber


class LookBackForm(forms.Form):
    as_of = forms.DateField(required=False)
    known = forms.ChoiceField(required=False, choices=[("then", "then"), ("now", "now")])
    kind = forms.ChoiceField(required=False, choices=[(kind.value, kind.value) for kind in EventKind])
    page = WholeNumber(required=False, min_value=1, max_value=500)


def looked_back(request: Request) -> tuple[AsOf | None, LookBackForm]:
    """Return the day an address asks to look back to, None for today; and the form it was read with."""
    form = LookBackForm(request.GET)
    form.is_valid()
    told = form.cleaned_data
    return looking_back(told.get("as_of"), only_known=told.get("known") != "now"), form


def deal(request: Request, deal_id: int) -> HttpResponse:
    """One deal: what to do next, the deal in one picture, its agreements, people, what was asked and given."""
    as_of, form = looked_back(request)
    address = reverse("deal", args=[deal_id])
    today = timezone.localdate()
    context: dict[str, Any] = {"address": address, "today": today, "unread": list(form.errors), "proposed": 0}
    if as_of:
        then = deal_page.deal_picture(request.user, deal_id, today=today, as_of=as_of)
        return render(request, "deals/then.html", context | _of(then, as_of.day))
    shown = queries.cockpit(request.user, deal_id, today=today)
    context |= {
        "pictures": deal_pictures.pictures(shown, walk_away=looks.is_open(request, deal_id)),
        "counts": deal_pictures.counts(shown, today),
    }
    if rooms(request.user, today=today).proposals:
        context["proposed"] = proposals.waiting_on(request.user, deal_id, at=timezone.now())
    context["in_the_crm"] = sync.in_the_crm(request.user, deal_id) if shown.facts.link else None
    return render(request, "deals/deal.html", context | _of(shown, today))


def _of(picture: queries.Cockpit | deal_page.DealPicture, day: Any) -> dict[str, Any]:
    return {"picture": picture, "facts": picture.facts, "day": day}


def deal_history(request: Request, deal_id: int) -> HttpResponse:
    """What happened on a deal, newest first, narrowed by kind. The deal's page fetches it as a piece; by itself it
    is a page."""
    as_of, form = looked_back(request)
    told = form.cleaned_data
    kind, number = told.get("kind", ""), told.get("page") or 1
    context = {
        "history": deal_page.history(request.user, deal_id, kind=kind, page=number, as_of=as_of),
        "kind": kind,
        "page": number,
        "kinds": [one.value for one in EventKind],
        "address": reverse("deal-history", args=[deal_id]),
    }
    piece = request.htmx.target == "history"
    return render(request, "deals/_history.html" if piece else "deals/history.html", context)


def record_agreement(request: Request, deal_id: int) -> HttpResponse:
    """Choose which further agreement of a deal to record. The deal's page fetches it as a piece; by itself it is a
    page."""
    picture = deal_page.deal_picture(request.user, deal_id, today=timezone.localdate())
    known = {line.type_id for line in picture.agreements}
    types = [kind for kind in catalogue.type_choices(request.user) if kind.id not in known]
    context = {"facts": picture.facts, "types": types}
    piece = request.htmx.target == "record-agreement"
    return render(request, "deals/_record.html" if piece else "deals/record.html", context)


def deal_work(request: Request, deal_id: int) -> HttpResponse:
    """What is prepared for a deal: corridor, conversation plans, coaching. The deal's page fetches it as
    a piece; by itself it is a page."""
    other = coaching.other_of_the_two(request.user, deal_id)
    picture = deal_page.deal_picture(request.user, deal_id, today=timezone.localdate())
    context = {
        "facts": picture.facts,
        "corridor": corridor.corridor(request.user, deal_id),
        "plans": plan_lines.plans(request.user, deal_id),
        "plan_for": [(line.type_id, line.name) for line in picture.agreements if not line.standing],
        "notes": coaching.notes(request.user, deal_id),
        "coach_to": other.name if other else None,
    }
    piece = request.htmx.target == "deal-work"
    return render(request, "deals/_work.html" if piece else "deals/work.html", context)
