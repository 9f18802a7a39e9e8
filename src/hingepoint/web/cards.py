"""The card of a deal, framed in the page of a CRM: without signing in, read only, at an address that opens nothing else."""

from __future__ import annotations

from collections.abc import Sequence

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.http import require_safe

from hingepoint.domain.sync import queries
from hingepoint.records.errors import Hidden, TooOften
from hingepoint.web import clients
from hingepoint.web.limits import Turnstile

#: A whole company may come from one address, so that only wrong tokens are counted by it; a card is asked for by its readers.
WRONG = Turnstile(most=20, seconds=900)
ASKED = Turnstile(most=60, seconds=60)


@xframe_options_exempt
@login_not_required
@require_safe
def card(request: HttpRequest, token: str) -> HttpResponse:
    """Coverage, the next agreement and the others of one deal, for whoever reads its record in the CRM."""
    found = _found(clients.counted_address(request), token)
    response = render(request, "connections/card.html", {"card": found}, status=410 if found.over else 200)
    response.headers["Content-Security-Policy"] = _policy(found.hosts)
    response.headers["Referrer-Policy"] = "no-referrer"
    if not found.hosts:
        response.headers["X-Frame-Options"] = "DENY"
    return response


def _found(address: str, token: str) -> queries.Card:
    if WRONG.wait(address) or ASKED.wait(token):
        raise TooOften("Asked too often from here. Wait a quarter of an hour, then try again.")
    try:
        found = queries.card(token, today=timezone.localdate())
    except Hidden:
        WRONG.count(address)
        raise
    ASKED.count(token)
    return found


def _policy(hosts: Sequence[str]) -> str:
    """Allow only our own looks, nothing that runs, and as frames only pages of these hosts."""
    ancestors = " ".join(hosts) or "'none'"
    return (
        "default-src 'none'; style-src 'self'; font-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; "
        f"frame-ancestors {ancestors}"
    )
