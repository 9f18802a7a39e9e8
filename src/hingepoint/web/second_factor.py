"""A code of an authenticator app beside the password: set up, asked for at sign-in, taken away."""

from __future__ import annotations

import datetime as dt
from typing import Any

import segno
from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import mark_safe
from django.views.decorators.http import require_http_methods, require_POST

from hingepoint.domain.people import queries as people
from hingepoint.domain.second_factors import actions, queries, rules
from hingepoint.domain.sessions import actions as sessions
from hingepoint.records.errors import Hidden
from hingepoint.records.languages import say
from hingepoint.web import drafts, sign_in
from hingepoint.web.let_in import private
from hingepoint.web.requests import Request

#: How long the page of the code waits after the password.
WAITS = dt.timedelta(minutes=10)
#: Pages that somebody opens who must set up a second factor first.
_OPEN = {"second-factor", "begin-second-factor", "confirm-second-factor", "sign-out"}


class CodeForm(forms.Form):
    code = forms.CharField(max_length=40)


# ---- signing in ----


@drafts.kept()
@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in_code(request: HttpRequest) -> HttpResponse:
    """The second step of signing in: the code that the app shows, or a recovery code."""
    user, told = _who_waits(request)
    if user is None:
        return redirect("sign-in")
    if request.method == "POST":
        _require_right(user, request)
        return sign_in.let_in(request, user, told["to"], by_code=True, ending=told.get("ending"))
    return private(
        render(
            request,
            "second_factor/sign_in.html",
            {"draft": drafts.of(request), "who": user.email, "company": told.get("ending") is not None},
        )
    )


def _who_waits(request: HttpRequest) -> tuple[people.User | None, dict[str, Any]]:
    """Return who gave the right password in this browser a moment ago or came with the company's account, and what waits with
    them: where they want to go."""
    told = request.session.get(sign_in.WAITING, {})
    if not told or timezone.now() - dt.datetime.fromisoformat(told["at"]) > WAITS:
        return None, told
    user = people.by_number(told["user"])
    same = user is not None and user.get_session_auth_hash() == told["hash"]
    return (user if same else None), told


def _require_right(user: people.User, request: HttpRequest) -> None:
    code = drafts.read(CodeForm(request.POST))["code"]
    if not actions.try_code(user=user, at=timezone.now(), code=code):
        raise actions.WrongCode(
            "This is not the code that the app shows now, or it was used. Wait for the next one."
        )


class SecondFactorFirst:
    """Whose role asks for a second factor (setting HINGEPOINT_SECOND_FACTOR_FOR) sets it up before anything else."""

    def __init__(self, get_response: Any) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, *_: Any) -> HttpResponse | None:
        roles = settings.ENVIRONMENT.second_factor_for
        if not roles or not getattr(view, "login_required", True) or not request.user.is_authenticated:
            return None
        done = request.user.role not in roles or request.session.get(sign_in.BY_CODE)
        named = request.resolver_match.view_name if request.resolver_match else ""
        return None if done or named in _OPEN else redirect("second-factor")


# ---- one's own ----


@drafts.kept()
@require_http_methods(["GET", "HEAD"])
def second_factor(request: Request) -> HttpResponse:
    """One's own second factor: set up, in force, or not yet."""
    own = queries.own(request.user)
    address = rules.address_for_apps(
        own.secret,
        account=request.user.email or request.user.name,
        issuer=settings.ENVIRONMENT.company or "Hingepoint",
    )
    context = {
        "own": own,
        "qr": _picture(address) if own.secret else "",
        "confirming": drafts.of(request, reverse("confirm-second-factor")),
        "changing": drafts.of(request, reverse("change-second-factor")),
        "required": request.user.role in settings.ENVIRONMENT.second_factor_for,
        "here": bool(request.session.get(sign_in.BY_CODE)),
    }
    return private(render(request, "second_factor/own.html", context))


def _picture(address: str) -> str:
    """Return the QR code as SVG, dark on white whatever the theme: cameras want it so."""
    drawn = segno.make(address, error="m", micro=False)
    return mark_safe(drawn.svg_inline(scale=5, border=4, dark="#000", light="#fff", title=say("QR code")))  # noqa: S308  (ours)


@drafts.flashed("second-factor")
@require_POST
def begin(request: Request) -> HttpResponse:
    """Make a secret for the app."""
    actions.begin(by=request.user, at=timezone.now())
    return redirect("second-factor")


@drafts.kept("second-factor")
@require_POST
def confirm(request: Request) -> HttpResponse:
    """Let the second factor count from now on; other browsers sign in again. The recovery codes are shown, once."""
    by, at, code = request.user, timezone.now(), drafts.read(CodeForm(request.POST))["code"]
    codes = actions.confirm(by=by, at=at, code=code)
    sessions.end_others(by=by, at=at, key=request.session.session_key)
    request.session[sign_in.BY_CODE] = True
    return _shown_once(request, codes)


@drafts.kept("second-factor")
@require_POST
def change(request: Request) -> HttpResponse:
    """Take one's second factor away, or make recovery codes anew; either asks for a code."""
    _require_right(request.user, request)
    by, at = request.user, timezone.now()
    if request.POST.get("what") == "codes":
        return _shown_once(request, actions.renew_codes(by=by, at=at))
    actions.take_away(by=by, at=at, user=by)
    request.session.pop(sign_in.BY_CODE, None)
    messages.info(request, "From now on you sign in by your password alone.")
    return redirect("account")


def _shown_once(request: Request, codes: list[str]) -> HttpResponse:
    return private(render(request, "second_factor/codes.html", {"codes": codes}))


# ---- who looks after people ----


@drafts.flashed("person", "user_id")
@require_POST
def take_away(request: Request, user_id: int) -> HttpResponse:
    """Take the second factor of somebody away who lost their phone and their recovery codes."""
    user = people.user_to_change(request.user, user_id)
    if not queries.has_one_seen_by(request.user, user.pk):
        raise Hidden("no second factor")
    actions.take_away(by=request.user, at=timezone.now(), user=user)
    messages.info(
        request, say("{user} signs in by password alone until they set up a new one.", user=user.name)
    )
    return redirect("person", user.pk)
