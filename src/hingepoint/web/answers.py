"""The one table from errors to answers, for pages now and for the API; and the page of each answer.

What a person typed is never lost with an error: every page here shows it, and where it can be sent
again as it is, offers that.
"""

from __future__ import annotations

import contextlib
import logging
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import (
    BadRequest,
    DisallowedHost,
    PermissionDenied,
    RequestDataTooBig,
    TooManyFieldsSent,
    TooManyFilesSent,
)
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.http import url_has_allowed_host_and_scheme

from hingepoint.records.errors import AlreadyNoted, Hidden, OutOfDate, Refused, Stale, TooOften, finds_no_room
from hingepoint.records.languages import told_again, words_of
from hingepoint.web import security_log
from hingepoint.web.sent import SECOND, TOKEN, ask_whether_second

logger = logging.getLogger(__name__)

NOTHING_HERE = words_of("There is no such page, or it is not yours to see.")
TOO_LARGE = words_of(
    "That is more than this server takes at once. Nothing was saved: send less, or a smaller file."
)
UNREADABLE = words_of(
    "What your browser sent could not be read. Nothing was saved: go back and send it again."
)
KEY_OVER = words_of("This page was open for so long that its key is over. Nothing was saved: send it again.")
ELSEWHERE = words_of(
    "This was not sent from one of our pages. Nothing was saved: open the page here, and send it from there."
)
SIGNED_OUT = words_of("You were signed out meanwhile. Nothing was saved.")
BUSY = words_of("The database is busy with other work. Nothing was saved: send it again in a minute.")
FULL = words_of(
    "The disk of this server is full. Nothing was saved: tell whoever runs it to make room, then send it again."
)
DISK_FAILS = words_of(
    "The disk of this server fails or is full. Nothing was saved: tell whoever runs it, then send it again."
)
READ_ONLY = words_of(
    "This server may not write to its database. Nothing was saved: tell whoever runs it, then send it again."
)
AWAY = words_of(
    "The database does not answer. Nothing was saved: try again in a minute; if it goes on, tell whoever runs "
    "this server."
)
ONLY_A_FORM = words_of("This address only takes what a form sends; it shows nothing by itself.")
OUR_FAULT = words_of(
    "The fault is ours. Nothing you entered before was lost, and nothing was half saved. Try again; if it "
    "happens again, tell your administrator the time: the log says why."
)

#: Which status an error has, and what is said in place of its own words. The first that fits counts.
TABLE: tuple[tuple[type[Exception], int, str], ...] = (
    (Hidden, 404, NOTHING_HERE),
    (OutOfDate, 422, ""),
    (Stale, 409, ""),
    (TooOften, 429, ""),
    (Refused, 422, ""),
    (Http404, 404, NOTHING_HERE),
    (PermissionDenied, 404, NOTHING_HERE),
    (RequestDataTooBig, 413, TOO_LARGE),
    (TooManyFieldsSent, 413, TOO_LARGE),
    (TooManyFilesSent, 413, TOO_LARGE),
    (BadRequest, 400, UNREADABLE),
)
TITLES = words_of(
    {
        400: "That could not be read",
        403: "Not saved yet",
        404: "Nothing here",
        405: "Nothing to see here",
        409: "Somebody else was faster",
        413: "Too large",
        422: "Not saved yet",
        429: "Too often",
        500: "That went wrong",
        503: "Not at the moment",
    }
)
#: Fields of a form that nobody typed, or that are shown to nobody.
_NOT_SHOWN = ("csrfmiddlewaretoken", "next", "version", "number", "offered", "password", TOKEN)


@dataclass(frozen=True, slots=True)
class Answer:
    """What is said to an error: the HTTP status, the words, and the words for each field of what was sent;
    words for the whole stand under an empty name."""

    status: int
    words: str
    by_field: Mapping[str, str]


#: How databases say that a statement waited or took too long, and what else no program can mend -> what we say of it.
_OF_DATABASES = {
    BUSY: ("database is locked", "lock timeout", "statement timeout"),
    FULL: ("disk is full", "No space left"),
    DISK_FAILS: ("disk I/O error",),
    READ_ONLY: ("readonly database", "read-only transaction"),
    AWAY: (
        "unable to open database",
        "connection failed",
        "connection refused",
        "Connection refused",
        "connection is lost",
        "connection is closed",
        "closed the connection",
        "terminating connection",
    ),
}


def answer_to(error: Exception) -> Answer | None:
    """Return the answer to an error; None for one that is a fault of ours."""
    if words := _beyond_us(error):
        return Answer(503, words, {"": words})
    for kind, status, words in TABLE:
        if isinstance(error, kind):
            said = told_again(words or (error.args[0] if error.args else ""))
            by_field = error.by_field if isinstance(error, Refused) else {"": said}
            return Answer(status, said, {name: told_again(text) for name, text in by_field.items()})
    return None


def _beyond_us(error: Exception) -> str:
    """Return what is said where the database or the disk stands in the way; nothing for any other error."""
    if finds_no_room(error):
        return FULL
    if not isinstance(error, (OperationalError, InterfaceError)):
        return ""
    said = str(error)
    return next((ours for ours, theirs in _OF_DATABASES.items() if any(one in said for one in theirs)), "")


class Answers:
    """Middleware that turns the errors of the table into pages, and an empty 405 into one that says why."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.status_code != 405 or response.content:
            return response
        shown = page(request, 405, ONLY_A_FORM)
        shown.headers["Allow"] = response.headers.get("Allow", "POST")
        return shown

    def process_view(
        self, request: HttpRequest, view: Any, args: Any, named: Mapping[str, Any]
    ) -> HttpResponse | None:
        """Refuse what holds a NUL anywhere: no person types one, and PostgreSQL keeps none. Programs have their own guard."""
        if request.path_info.startswith("/api/"):
            return None
        try:
            if not _holds_nul(request):
                return None
        except Exception as error:  # a form is taken apart only once: what is wrong with it is answered here
            if (shown := self.process_exception(request, error)) is None:
                raise
            return shown
        from hingepoint.web import drafts

        return drafts.come_back(request, UNREADABLE, status=400) or page(request, 400, UNREADABLE)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if isinstance(error, AlreadyNoted):
            return ask_whether_second(request, error)
        if isinstance(error, (Hidden, PermissionDenied)) and request.user.is_authenticated:
            security_log.refused(request, who=request.user.pk)
        found = answer_to(error)
        if found and found.status == 503:
            logger.error("Answered 503: %s", error)
        return page(request, found.status, found.words) if found else None


def _holds_nul(request: HttpRequest) -> bool:
    named = (*request.GET.lists(), *request.POST.lists())
    return any(
        "\0" in text
        for text in (request.path_info, *(text for name, all_ in named for text in (name, *all_)))
    )


def page(request: HttpRequest, status: int, words: str, **more: object) -> HttpResponse:
    """Return the page of an answer, with what was typed. A piece that was asked for by a script is told in
    a notice beside it, so that the form stays as it is."""
    told = {"title": TITLES[status], "words": words, "typed": typed(request), "back": came_from(request)}
    context: dict[str, object] = {**told, "again": (), **more}
    if not getattr(request, "htmx", False):
        return render(request, "errors/answer.html", context, status=status)
    piece = render(request, "errors/_notice.html", context, status=status)
    in_dialog = request.method == "POST" and request.htmx.target == "agreement-dialog"  # type: ignore[attr-defined]
    piece.headers["HX-Retarget"] = "#agreement-dialog .notice" if in_dialog else "#toasts"
    piece.headers["HX-Reswap"] = "innerHTML" if in_dialog else "beforeend"
    return piece


def typed(request: HttpRequest) -> list[tuple[str, str]]:
    """Return label and text of what a person typed into the form that was sent."""
    return [
        (name.replace("_", " ").replace("-", " ").capitalize(), value)
        for name, value in sent(request)
        if value.strip()
        and not value.isdigit()
        and not name.startswith(_NOT_SHOWN)
        and "password" not in name
        and name != SECOND
    ]


def sent(request: HttpRequest) -> list[tuple[str, str]]:
    """Return all that a form sent, but its key; nothing where it could not be read."""
    with contextlib.suppress(Exception):
        return [
            (name, value)
            for name, values in request.POST.lists()
            for value in values
            if name != "csrfmiddlewaretoken"
        ]
    return []


def from_us(request: HttpRequest) -> bool:
    """Return whether a form was sent from one of our own pages, as far as the browser says."""
    said = request.headers.get("Origin") or request.headers.get("Referer") or ""
    return bool(said) and urlsplit(said).netloc == request.get_host()


def came_from(request: HttpRequest) -> str:
    """Return the page that somebody came from, if it is one of ours; else nothing."""
    page = request.headers.get("Referer", "")
    with contextlib.suppress(DisallowedHost):
        if url_has_allowed_host_and_scheme(page, {request.get_host()}, require_https=request.is_secure()):
            return page
    return ""


# ---- what Django asks for by name ----


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """A foreign object and an absent one look the same."""
    return page(request, 404, NOTHING_HERE)


def unreadable(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """What was sent is too large, or no request at all."""
    found = answer_to(exception) if exception else None
    return page(request, found.status, found.words) if found else page(request, 400, UNREADABLE)


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return page(request, 404, NOTHING_HERE)


def broken(request: HttpRequest) -> HttpResponse:
    """The page of a fault of ours, or of what is beyond us. What is broken may be what every page is made with (who looks, the
    session, the database): then the same words come without it."""
    error = sys.exception()
    found = answer_to(error) if isinstance(error, Exception) else None
    status, words = (503, found.words) if found and found.status == 503 else (500, OUR_FAULT)
    try:
        return page(request, status, words)
    except Exception:
        logger.exception("The page of the fault could not be made as usual either")
        context = {
            "title": TITLES[status],
            "words": words,
            "typed": (),
            "again": (),
            "back": "",
            "theme": "auto",
        }
        return HttpResponse(render_to_string("errors/answer.html", context), status=status)


def key_over(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form without a valid key: from one of our own pages it may be sent again, from elsewhere not."""
    from hingepoint.web import drafts

    if not from_us(request):
        return page(request, 403, ELSEWHERE, typed=())
    if request.user.is_authenticated and (shown := drafts.come_back(request, KEY_OVER, status=403)):
        return shown
    return page(request, 403, KEY_OVER, again=_again(request))


def signed_out(request: HttpRequest) -> HttpResponse:
    """What somebody sends who was signed out meanwhile waits until they are back."""
    return page(request, 403, SIGNED_OUT, sign_in=True, again=_again(request))


def too_often(request: HttpRequest, words: str, seconds: int) -> HttpResponse:
    """Somebody has to wait; what they sent may be sent again then."""
    shown = page(request, 429, words, again=_again(request))
    shown.headers["Retry-After"] = str(seconds)
    return shown


def _again(request: HttpRequest) -> list[tuple[str, str]]:
    return [(name, value) for name, value in sent(request) if "password" not in name]
