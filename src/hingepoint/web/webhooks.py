"""Webhooks: which programs are told what changes, what they answered, and what is sent again."""

from __future__ import annotations

from functools import partial
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from hingepoint.domain.webhooks import actions, queries, rules
from hingepoint.records.errors import Hidden
from hingepoint.web import drafts
from hingepoint.web.requests import Request

#: What is said with the switch of a webhook: what is done, and what the page says then.
_SWITCHES: dict[str, tuple[Any, str]] = {
    "on": (actions.switch_on, "It is told again, and sent what it missed."),
    "now": (partial(actions.switch_on, missed=False), "It is told from now on."),
    "off": (actions.switch_off, "It is told nothing any more."),
}
KINDS = [(kind.value, kind.label) for kind in rules.KINDS]


def _for_keepers(request: Request) -> None:
    if not queries.may_keep(request.user):
        raise Hidden("no such page")


class HookForm(forms.Form):
    """What is told to whom. Without a kind: everything."""

    name = forms.CharField(max_length=100, required=False)
    url = forms.CharField(max_length=500, required=False)
    kinds = forms.MultipleChoiceField(choices=KINDS, required=False)


def webhooks(request: Request) -> HttpResponse:
    """Every webhook, and a form for a new one."""
    context = {
        "hooks": queries.webhooks(request.user),
        "kinds": KINDS,
        "draft": drafts.of(request, reverse("add-webhook")),
    }
    return render(request, "webhooks/webhooks.html", context)


@drafts.kept("webhooks")
@require_POST
def add_webhook(request: Request) -> HttpResponse:
    """Let a program be told, and show its secret this once."""
    _for_keepers(request)
    said = drafts.read(HookForm(request.POST))
    row, secret = actions.add(by=request.user, at=timezone.now(), **said)
    return _page(request, row.pk, secret=secret)


def webhook(request: Request, webhook_id: int) -> HttpResponse:
    """One webhook: what it is told, and what became of the last messages."""
    return _page(request, webhook_id)


def _page(request: Request, webhook_id: int, *, secret: str = "") -> HttpResponse:
    context = {
        "page": queries.webhook_page(request.user, webhook_id),
        "kinds": KINDS,
        "draft": drafts.of(request, reverse("change-webhook", args=[webhook_id])),
        "secret": secret,
        "patience": rules.PATIENCE.days,
    }
    return render(request, "webhooks/webhook.html", context)


@drafts.kept("webhook", "webhook_id")
@require_POST
def change_webhook(request: Request, webhook_id: int) -> HttpResponse:
    """Another address, another name, other kinds."""
    _for_keepers(request)
    said = drafts.read(HookForm(request.POST))
    version = drafts.version_of(request.POST)
    actions.change(
        by=request.user, at=timezone.now(), webhook_id=webhook_id, expected_version=version, **said
    )
    messages.info(request, "Kept. What is told from now on goes by this.")
    return redirect("webhook", webhook_id)


@drafts.flashed("webhook", "webhook_id")
@require_POST
def renew_webhook_secret(request: Request, webhook_id: int) -> HttpResponse:
    """A new secret, shown this once; the one before signs too for a day."""
    secret = actions.renew_secret(by=request.user, at=timezone.now(), webhook_id=webhook_id)
    return _page(request, webhook_id, secret=secret)


@drafts.flashed("webhook", "webhook_id")
@require_POST
def switch_webhook(request: Request, webhook_id: int) -> HttpResponse:
    """Tell it again, with what it missed or from now on, or nothing any more."""
    switch, words = _SWITCHES.get(request.POST.get("state", ""), (None, ""))
    if switch is None:
        raise Hidden
    switch(by=request.user, at=timezone.now(), webhook_id=webhook_id)
    messages.info(request, words)
    return redirect("webhook", webhook_id)


@drafts.flashed("webhook", "webhook_id")
@require_POST
def test_webhook(request: Request, webhook_id: int) -> HttpResponse:
    """Send a test now and say what was answered."""
    answered = actions.send_test(by=request.user, at=timezone.now(), webhook_id=webhook_id)
    if answered is not None and rules.taken(answered.status):
        messages.info(request, f"The test was taken: it answered {answered.status}.")
    else:
        said = f"it answered {answered.status}" if answered and answered.status else "nobody answered"
        messages.error(request, f"The test was not taken: {said}. The list below says more.")
    return redirect("webhook", webhook_id)


@drafts.flashed("webhooks")
@require_POST
def drop_webhook(request: Request, webhook_id: int) -> HttpResponse:
    """Forget a webhook with its messages."""
    name = actions.drop(by=request.user, at=timezone.now(), webhook_id=webhook_id)
    messages.info(request, f"{name} is told nothing any more, and its messages are gone.")
    return redirect("webhooks")


@drafts.flashed("webhooks")
@require_POST
def send_webhook_again(request: Request, delivery_id: int) -> HttpResponse:
    """Send a message anew, with the same id."""
    row = actions.send_again(by=request.user, at=timezone.now(), delivery_id=delivery_id)
    messages.info(request, "It goes out again within seconds, with the same id.")
    return redirect("webhook", row.webhook_id)
