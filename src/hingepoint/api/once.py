"""Requests that are sent twice with the same key are carried out once (IETF draft "The Idempotency-Key HTTP Header Field")."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from hingepoint.api import callers, problems
from hingepoint.domain.tokens import actions
from hingepoint.domain.tokens.queries import Caller

HEADER, AGAIN = "Idempotency-Key", "Idempotent-Replayed"
KEY = re.compile(r"^[!-~]{1,64}$")
NO_KEY = "A key has 1 to 64 characters: letters, digits and signs without spaces."
#: What an answer says besides its body.
_KEPT = ("Content-Type", "ETag")
Run = Callable[..., HttpResponse]


def once(run: Run) -> Run:
    """Let ``run`` answer a request that comes again with its key as it did the first time. What failed changed nothing,
    and may be sent again with the same key."""

    @wraps(run)
    def acted(request: HttpRequest, **named: Any) -> HttpResponse:
        key = request.headers.get(HEADER)
        caller = callers.who(request) if key is not None else None
        if key is None or caller is None:
            return run(request, **named)
        if not KEY.match(key):
            return problems.problem(422, NO_KEY, {HEADER: NO_KEY})
        try:
            with transaction.atomic():
                sent = actions.begin_request(
                    by=caller.user, at=timezone.now(), key=key, said=_said(request, caller)
                )
                return _given_again(sent) if sent.status else _first(run(request, **named), sent)
        except Exception as error:
            return problems.answer(request, error)

    return acted


def _said(request: HttpRequest, caller: Caller) -> str:
    """Return the digest of what is asked, and by which token: one that may do less is not given the answer of another."""
    asked = f"{caller.token.pk} {request.method} {request.get_full_path()} {request.headers.get('If-Match', '')}\n"
    return hashlib.sha256(asked.encode() + request.body).hexdigest()


def _first(response: HttpResponse, sent: Any) -> HttpResponse:
    if response.status_code >= 400:
        transaction.set_rollback(True)
        return response
    headers = {name: response.headers[name] for name in _KEPT if name in response.headers}
    body = response.content.decode()
    actions.keep_answer(sent=sent, status=response.status_code, headers=headers, body=body)
    return response


def _given_again(sent: Any) -> HttpResponse:
    return HttpResponse(sent.body, status=sent.status, headers={**sent.headers, AGAIN: "true"})
