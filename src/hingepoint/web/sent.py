"""Forms that are sent twice, and facts that are on record already: kept once, or asked about.

A form that notes a fact carries a one-time token (``form_token()`` in its template), which the action gets with
what was typed. An action that finds the same on record asks (``AlreadyNoted``); the page that asks holds all
that was typed, and both answers send it again.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from hingepoint.domain.turns import actions as turns
from hingepoint.records.errors import AlreadyNoted
from hingepoint.records.languages import say
from hingepoint.web import formats

TOKEN, SECOND = "form_token", "second"
_OURS = ("csrfmiddlewaretoken", SECOND)


def form_token() -> SafeString:
    """Return the hidden field that tells this form from any other."""
    return format_html('<input type="hidden" name="{}" value="{}">', TOKEN, secrets.token_hex(16))


def token_of(request: HttpRequest) -> str:
    return request.POST.get(TOKEN, "")[:64]


def sent(request: HttpRequest) -> dict[str, Any]:
    """Return what an action that notes a fact wants to know of its form: the token, and the answer if it asked."""
    return {
        "token": token_of(request),
        "second": {"yes": True, "no": False}.get(request.POST.get(SECOND, "")),
    }


def once(page: str = "") -> Callable:
    """Let a form with a token do what it does once: sent again, also in the same moment, it leads where it led the first time. What
    was refused did nothing and may be sent again. ``page`` is where it leads again if it showed something instead of leading on."""

    def decorate(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        @wraps(view)
        def respond(request: HttpRequest, **where: Any) -> HttpResponse:
            if request.method != "POST" or not token_of(request):
                return view(request, **where)
            form = turns.form(request.user, token_of(request), request.path, *_said(request))
            with transaction.atomic():
                if known := form.sent_before(at=timezone.now()):
                    return redirect(known.led_to)
                return _first(form, view(request, **where), page)

        return respond

    return decorate


def _said(request: HttpRequest) -> list[str]:
    return turns.plain_facts((name, values) for name, values in request.POST.lists() if name not in _OURS)


def _first(form: turns.Form, answer: HttpResponse, page: str) -> HttpResponse:
    """Remember where a form led; what led nowhere, such as a preview, may come again."""
    led_to = answer.headers.get("Location") or (resolve_url(page) if page else "")
    if answer.status_code >= 400:
        transaction.set_rollback(True)
    else:
        form.answered(led_to)
    return answer


def ask_whether_second(request: HttpRequest, error: AlreadyNoted) -> HttpResponse:
    """Ask whether this is a second one. Nothing was written; what was typed goes along with either answer."""
    typed = [(name, value) for name, values in request.POST.lists() if name not in _OURS for value in values]
    context = {"known": _in_words(request, error.known), "typed": typed}
    return render(request, "errors/already_noted.html", context, status=409)


def _in_words(request: HttpRequest, known: Any) -> str:
    """Return who put the same on record, and when."""
    names = (
        ("recorded_by", "recorded_at"),
        ("written_by", "written_at"),
        ("asked_by", "asked_at"),
        ("by", "at"),
    )
    who, when = next(pair for pair in names if hasattr(known, pair[1]))
    person, day = getattr(known, who), timezone.localdate(getattr(known, when))
    name = say("You") if person == request.user else person.name if person else say("A file")
    return say("{name} noted the same {day}.", name=name, day=_day(day))


def _day(day: Any) -> str:
    days = (timezone.localdate() - day).days
    return {0: say("today"), 1: say("yesterday")}.get(days, say("on {day}", day=formats.day(day)))
