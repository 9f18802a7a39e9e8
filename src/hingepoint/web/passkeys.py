"""Passkeys: one's own, and signing in by one. A page asks here what to ask the device, and sends its answer in a form."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from hingepoint.domain.passkeys import actions, queries, rules
from hingepoint.domain.people import queries as people
from hingepoint.domain.sign_on import rules as ways_in
from hingepoint.records.errors import Refused
from hingepoint.records.languages import say, words_of
from hingepoint.web import drafts, sign_in
from hingepoint.web.requests import Request

#: Keys of a session: what a device was asked, for a new key and for signing in.
ADDING, SIGNING_IN = "passkey_adding", "passkey_signing_in"


NOTHING_SENT = words_of("The browser sent no passkey.")


class AnswerForm(forms.Form):
    """What the device answered, as the browser writes it."""

    answer = forms.CharField(max_length=20_000, error_messages={"required": NOTHING_SENT})

    def clean_answer(self) -> dict[str, Any]:
        try:
            said = json.loads(self.cleaned_data["answer"])
        except (ValueError, RecursionError):
            said = None
        if not isinstance(said, dict):
            raise forms.ValidationError(NOTHING_SENT)
        return said


class NewForm(AnswerForm):
    name = forms.CharField(max_length=100, label="Name")


def _place(request: HttpRequest) -> rules.Place:
    host = request.get_host()
    name = settings.ENVIRONMENT.company or "Hingepoint"
    bare = host if host.startswith("[") else host.partition(":")[0]
    return rules.Place(bare, f"{request.scheme}://{host}", name)


def _remember(request: HttpRequest, key: str, state: dict[str, Any]) -> None:
    request.session[key] = {"at": timezone.now().isoformat(), "state": state}


def _asked(request: HttpRequest, key: str) -> dict[str, Any]:
    """Return what was asked, this once. Raises Refused where nothing was, or too long ago."""
    told = request.session.pop(key, None)
    if told is None or timezone.now() - dt.datetime.fromisoformat(told["at"]) > rules.WAITS:
        raise Refused("That took too long. Begin again.")
    return told["state"]


# ---- one's own ----


@drafts.kept()
def passkeys(request: Request) -> HttpResponse:
    """One's own passkeys, and adding one."""
    adding = drafts.of(request, reverse("add-passkey"))
    return render(request, "passkeys/own.html", {"passkeys": queries.own(request.user), "adding": adding})


@require_POST
def begin_passkey(request: Request) -> HttpResponse:
    """Say what the browser asks a device to make."""
    user = request.user
    asked, state = rules.question_for_new(
        _place(request),
        number=user.pk,
        account=user.email or user.name,
        name=user.name,
        known=queries.known_credentials(user),
    )
    _remember(request, ADDING, state)
    return JsonResponse(asked["publicKey"])


@drafts.kept("passkeys")
@require_POST
def add_passkey(request: Request) -> HttpResponse:
    """Keep the key that a device made."""
    said = drafts.read(NewForm(request.POST))
    told = {"place": _place(request), "state": _asked(request, ADDING), **said}
    passkey = actions.add(by=request.user, at=timezone.now(), **told)
    messages.info(request, say("{passkey} is kept. Next time sign in by it.", passkey=passkey.name))
    return redirect("passkeys")


@drafts.flashed("passkeys")
@require_POST
def remove_passkey(request: Request, passkey_id: int) -> HttpResponse:
    """Take a passkey away."""
    name = actions.remove(by=request.user, at=timezone.now(), passkey_id=passkey_id)
    messages.info(request, say("{name} opens Hingepoint no more. Delete it on the device too.", name=name))
    return redirect("passkeys")


# ---- signing in ----


@login_not_required
@require_POST
def begin_passkey_sign_in(request: HttpRequest) -> HttpResponse:
    """Say what the browser asks a device when somebody signs in: the same for everybody."""
    asked, state = rules.question(_place(request))
    _remember(request, SIGNING_IN, state)
    return JsonResponse(asked["publicKey"])


def whose(request: HttpRequest, answer: str) -> people.User:
    """Return whose passkey gave the ``answer`` to what was asked in this browser. Raises Refused."""
    said = drafts.read(AnswerForm({"answer": answer}))
    told = {"place": _place(request), "state": _asked(request, SIGNING_IN), **said}
    return actions.prove(at=timezone.now(), **told)


@drafts.flashed("sign-in")
@login_not_required
@require_POST
def sign_in_by_passkey(request: HttpRequest) -> HttpResponse:
    """Let in whose passkey answers; no code is asked for besides."""
    user = whose(request, request.POST.get("answer", ""))
    if not ways_in.may_use_password(user):
        raise Refused(sign_in.BY_COMPANY)
    to = drafts.ours(request, request.POST.get("next", "")) or "home"
    return sign_in.let_in(request, user, to, by_code=True)
