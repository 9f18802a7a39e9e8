"""Tokens for programs: one's own and, for those who keep people, those of services."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from hingepoint.domain.people.queries import keeps_people
from hingepoint.domain.tokens import actions, queries, rules
from hingepoint.records.languages import say
from hingepoint.records.people import Role
from hingepoint.records.tokens import SCOPES
from hingepoint.web import drafts
from hingepoint.web.requests import Request, WholeNumber
from hingepoint.web.sent import once

MINE, SERVICE = "mine", "service"


class TokenForm(forms.Form):
    """What a token may do, for whom and how long."""

    name = forms.CharField(max_length=100, required=False)
    scopes = forms.MultipleChoiceField(choices=list(SCOPES.items()), required=False)
    days = WholeNumber(min_value=1, max_value=rules.MOST_DAYS)
    whose = forms.ChoiceField(choices=[(MINE, MINE), (SERVICE, SERVICE)], required=False)
    role = forms.ChoiceField(choices=Role.choices, required=False)


def tokens(request: Request) -> HttpResponse:
    """The tokens of one's own programs, and a form for a new one."""
    return _page(request)


@drafts.kept("tokens")
@require_POST
@once("tokens")
def make_token(request: Request) -> HttpResponse:
    """Make a token, and show it this once."""
    said = drafts.read(TokenForm(request.POST))
    told = {
        "by": request.user,
        "at": timezone.now(),
        **{one: said[one] for one in ("name", "scopes", "days")},
    }
    if said["whose"] == SERVICE:
        token, secret = actions.make_for_service(role=Role(said["role"] or Role.ANALYST), **told)
    else:
        token, secret = actions.make(**told)
    return _page(request, made=token.name, secret=secret)


@drafts.flashed("tokens")
@require_POST
def revoke_token(request: Request, token_id: int) -> HttpResponse:
    """Let a token open nothing any more."""
    token = actions.revoke(by=request.user, at=timezone.now(), token_id=token_id)
    messages.info(request, say("{token} is locked out from its next request on.", token=token.name))
    return redirect("tokens")


def _page(request: Request, **more: Any) -> HttpResponse:
    context = {
        "draft": drafts.of(request, reverse("make-token")),
        "tokens": queries.tokens(request.user, at=timezone.now()),
        "scopes": list(SCOPES.items()),
        "days": rules.USUAL_DAYS,
        "most_days": rules.MOST_DAYS,
        "keeper": keeps_people(request.user),
        "roles": Role.choices,
        "made": "",
        "secret": "",
    }
    return render(request, "tokens/tokens.html", context | more)
