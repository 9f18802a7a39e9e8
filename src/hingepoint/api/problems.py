"""Errors as problem details (RFC 9457), from the same table of answers as the pages."""

from __future__ import annotations

import logging
from typing import Any

from django.core.exceptions import ObjectDoesNotExist
from django.http import HttpRequest, HttpResponse, JsonResponse
from ninja import Schema
from ninja.errors import HttpError, ValidationError

from hingepoint.api.callers import AsksTooOften
from hingepoint.domain.tokens.actions import AtWork
from hingepoint.records.errors import AlreadyNoted, Hidden, Stale
from hingepoint.web import answers, security_log

logger = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
WITHOUT = "Send a token that works: Authorization: Bearer YOUR-TOKEN."
NOT_ALLOWED = "This token may not be used for this. Make one that may, on the page of your account."
UNREADABLE = "What was sent could not be read as JSON. Nothing was saved."
INVALID = "Some of what was sent is not as documented. Nothing was saved."
OUR_FAULT = "The fault is ours, and the log says why. Nothing was half saved."
SECOND = (
    'The same is on record already; nothing was saved. Send it with "second": true to note another one, '
    'with "second": false to get the one on record.'
)
VERSION = (
    "Say on which version this was decided: read it first, and send its ETag as If-Match. Nothing was saved."
)
METHOD = "This address takes another method."
#: What each status is called by programs.
KINDS = {
    400: "unreadable",
    401: "no-token",
    403: "not-allowed",
    404: "nothing-here",
    405: "other-method",
    409: "not-as-it-was",
    412: "changed-meanwhile",
    413: "too-large",
    422: "refused",
    428: "version-needed",
    429: "too-often",
    500: "our-fault",
    503: "busy",
}
TITLES = {
    429: "Too often",
    **answers.TITLES,
    401: "No token",
    403: "Not allowed",
    405: "Not this way",
    412: answers.TITLES[409],
    428: "Say which version",
}


class Problem(Schema):
    """What went wrong. ``errors`` has words for each field of what was sent; an empty name stands for the whole."""

    type: str
    title: str
    status: int
    detail: str
    errors: dict[str, str]


def problem(status: int, words: str, by_field: dict[str, str] | None = None) -> HttpResponse:
    """Return the answer to what went wrong."""
    told = {
        "type": f"urn:hingepoint:problem:{KINDS[status]}",
        "title": TITLES[status],
        "status": status,
        "detail": words,
        "errors": by_field or {},
    }
    response = JsonResponse(told, status=status, content_type=MEDIA_TYPE)
    if status == 401:
        response.headers["WWW-Authenticate"] = 'Bearer realm="hingepoint"'
    return _in(1, response) if status == 503 else response


def _in(seconds: int, response: HttpResponse) -> HttpResponse:
    """Let a program try again after so long."""
    response.headers["Retry-After"] = str(seconds)
    return response


def answer(request: HttpRequest, error: Exception) -> HttpResponse:
    """Return the problem of an error; who is refused is noted in the server's log."""
    if isinstance(error, Hidden) or (isinstance(error, HttpError) and error.status_code in (401, 403)):
        caller = getattr(request, "auth", None)
        security_log.refused(request, who=caller.user.pk if caller else None)
    match error:
        case AsksTooOften():
            security_log.too_often(request, who=error.who)
            return _in(error.seconds, problem(429, error.words))
        case ValidationError():
            return problem(422, INVALID, _by_field(error.errors))
        case HttpError():
            return _of_the_request(error)
        case AlreadyNoted():
            return problem(409, SECOND)
        case AtWork():
            return _in(1, problem(409, str(error)))
        case Stale() if "If-Match" in request.headers:
            return problem(412, str(error))
        case ObjectDoesNotExist():
            return problem(404, answers.NOTHING_HERE)
    found = answers.answer_to(error)
    if found is None:
        logger.error("A request of the API failed", exc_info=error)
        return problem(500, OUR_FAULT)
    fields = dict(found.by_field) if any(found.by_field) else {}
    return problem(found.status, found.words, fields)


def _of_the_request(error: HttpError) -> HttpResponse:
    words = {401: WITHOUT, 403: NOT_ALLOWED, 428: VERSION}.get(error.status_code, UNREADABLE)
    return problem(error.status_code, words)


def _by_field(errors: list[dict[str, Any]]) -> dict[str, str]:
    """Return what is wrong by the place in what was sent: ``body.events.3.deal_id``."""
    return {".".join(str(part) for part in one["loc"]): one["msg"] for one in errors}
