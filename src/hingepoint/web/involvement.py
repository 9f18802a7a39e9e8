"""Executives on deals: the role agreed before, the brief they take along, what they did."""

from __future__ import annotations

import datetime as dt

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from hingepoint.domain.deals.queries import deal_page
from hingepoint.domain.involvement import actions, queries
from hingepoint.domain.people import queries as people
from hingepoint.records.errors import Hidden
from hingepoint.records.involvement import Purpose
from hingepoint.records.languages import say
from hingepoint.records.people import Role
from hingepoint.reports import executive_briefs, plan_sheets
from hingepoint.web import drafts
from hingepoint.web.pdf import answer
from hingepoint.web.requests import Request, WholeNumber, wants_piece
from hingepoint.web.sent import sent, token_of


class RoleForm(forms.Form):
    executive = WholeNumber()
    purpose = forms.ChoiceField(choices=Purpose.choices)
    aim = forms.CharField(required=False, max_length=2000)
    not_to_say = forms.CharField(required=False, max_length=2000)
    may_discuss_price = forms.BooleanField(required=False)


@drafts.kept()
def agree_role(request: Request, deal_id: int):
    """Agree an executive's part in a deal before they take it: purpose, what we ask, what to leave alone."""
    facts = deal_page.deal_facts(request.user, deal_id)
    if request.method != "POST":
        return _role_form(request, facts)
    entered = drafts.read(RoleForm(request.POST))
    role = actions.agree_role(
        by=request.user,
        at=timezone.now(),
        deal_id=deal_id,
        executive=people.colleague(request.user, entered["executive"]),
        purpose=Purpose(entered["purpose"]),
        **{name: entered[name] for name in ("aim", "not_to_say", "may_discuss_price")},
        token=token_of(request),
    )
    return redirect("brief", role.pk)


def _role_form(request: Request, facts: deal_page.DealFacts) -> HttpResponse:
    draft = drafts.of(request)
    begin = drafts.blank(RoleForm) | {"purpose": Purpose.VALUE.value, "may_discuss_price": False}
    begin["executive"] = request.user.pk if request.user.role == Role.SPONSOR else ""
    context = {
        "facts": facts,
        "draft": draft,
        "said": draft.over(begin),
        "problems": draft.problems,
        "executives": queries.executives(request.user),
        "purposes": Purpose.choices,
    }
    return render(request, "involvement/agree.html", context)


def brief(request: Request, involvement_id: int):
    """One page for the executive, to print or read on a phone: what we ask, what to leave alone, who, how
    we came here."""
    return render(request, "involvement/brief.html", {"brief": queries.brief(request.user, involvement_id)})


def brief_pdf(request: Request, involvement_id: int):
    """The executive's brief as a PDF of one page."""
    found = queries.brief(request.user, involvement_id)
    try:
        body = executive_briefs.brief_pdf(found, at=timezone.localtime())
    except plan_sheets.NoTypst as missing:
        messages.warning(request, str(missing))
        return redirect("brief", involvement_id)
    return answer(body, f"brief {found.role.executive} {found.deal_title}")


def my_roles(request: Request):
    """Your part in deals: the roles agreed with you, each with its brief. Home fetches it as a piece."""
    context = {"roles": queries.mine(request.user)}
    piece = wants_piece(request, "my-roles")
    return render(request, "involvement/_mine.html" if piece else "involvement/mine.html", context)


@require_POST
def accept_role(request: Request, involvement_id: int) -> HttpResponse:
    """Say yes, as the deal's owner, to a role that somebody else wrote."""
    role = actions.accept_role(by=request.user, at=timezone.now(), involvement_id=involvement_id)
    messages.info(
        request,
        say("Agreed. {executive} finds the brief on their first page.", executive=role.executive.name),
    )
    return redirect("deal-help", role.deal_id)


@require_POST
def end_role(request: Request, involvement_id: int):
    """End an executive's role on a deal; what was agreed stays on record."""
    role = actions.end_role(by=request.user, at=timezone.now(), involvement_id=involvement_id)
    return redirect("deal-help", role.deal_id)


class ActivityForm(forms.Form):
    executive = WholeNumber()
    what = forms.CharField(required=False, max_length=200)
    words = forms.CharField(required=False, max_length=2000)
    price_came_up = forms.BooleanField(required=False)
    happened_on = forms.DateField(required=False)


@drafts.kept("deal-help", "deal_id")
@require_POST
def note_activity(request: Request, deal_id: int):
    """Note that an executive was there, and whether price came up."""
    deal_page.deal_facts(request.user, deal_id)
    entered, at = drafts.read(ActivityForm(request.POST)), timezone.now()
    day = entered["happened_on"]
    actions.note_activity(
        by=request.user,
        at=at,
        deal_id=deal_id,
        executive=people.colleague(request.user, entered["executive"]),
        occurred_at=at if day in (None, timezone.localdate(at)) else _noon(day),
        **{name: entered[name] for name in ("what", "words", "price_came_up")},
        **sent(request),
    )
    return redirect("deal-help", deal_id)


def _noon(day: dt.date) -> dt.datetime:
    return timezone.make_aware(dt.datetime.combine(day, dt.time(12)))


@drafts.flashed("deal-help", "deal_id")
@require_POST
def take_back_activity(request: Request, deal_id: int, event_id: int):
    """Take back an executive's activity that was noted in error."""
    part = queries.of_deal(request.user, deal_id, now=timezone.now())
    if event_id not in {activity.id for activity in part.activities}:
        raise Hidden("no such activity")
    actions.take_back(by=request.user, at=timezone.now(), event_id=event_id)
    return redirect("deal-help", deal_id)
