"""What every answer carries, and who has to sign in first."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any, cast

from django.conf import settings
from django.contrib.auth import logout
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.http import FileResponse, HttpRequest, HttpResponseForbidden, HttpResponseNotAllowed
from django.http.response import HttpResponseBase
from django.utils import timezone

from hingepoint.domain.people.queries import User
from hingepoint.domain.sessions import actions, rules
from hingepoint.domain.trail import actions as trail
from hingepoint.web import answers

CONTENT_POLICY = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)


METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
#: What programs ask, with a token. It may have been read on its way when it came by http.
FOR_PROGRAMS = re.compile(r"/(api|scim|mcp)(/|$)")
BY_HTTPS = "Ask by https. This came by http, where others can read the token on its way: revoke it, and make a new one."


def known_methods(get_response):
    """Refuse methods that nothing here answers to, such as TRACE, which would send back what came in."""

    def respond(request):
        return get_response(request) if request.method in METHODS else HttpResponseNotAllowed(METHODS)

    return respond


def programs_by_https(get_response):
    """Refuse programs that ask by http where the installation is reached by https: led on silently, they would go on sending
    their token for everybody to read."""

    def respond(request):
        plain = settings.SECURE_SSL_REDIRECT and not request.is_secure()
        if plain and FOR_PROGRAMS.match(request.path):
            return HttpResponseForbidden(f"{BY_HTTPS}\n", content_type="text/plain; charset=utf-8")
        return get_response(request)

    return respond


def content_policy(get_response):
    """Allow only what this server itself serves: no inline script, no foreign host."""

    def respond(request):
        response = get_response(request)
        response.headers.setdefault("Content-Security-Policy", CONTENT_POLICY)
        return response

    return respond


def not_kept(get_response):
    """Let nobody between us and the reader keep an answer, and no browser show it once its person has signed out;
    pages of a company's prices and plans least of all. Our own static files never come here."""

    def respond(request):
        response = get_response(request)
        response.headers.setdefault("Cache-Control", "private, no-store")
        return response

    return respond


def still_there(get_response):
    """Sign somebody out in a browser in which nothing happened for long, or in which they signed in too long ago; note now and
    then that something happened."""

    def respond(request):
        if settings.SESSION_COOKIE_NAME in request.COOKIES and request.user.is_authenticated:
            _look_at_the_clock(request, timezone.now())
        return get_response(request)

    return respond


def _look_at_the_clock(request: HttpRequest, at: dt.datetime) -> None:
    seen, began = request.session.get(rules.SEEN), request.session.get(rules.BEGAN)
    if rules.longer_ago(seen, at=at, most=settings.IDLE_TIME):
        actions.note_rest(by=cast(User, request.user), at=at)
        logout(request)
    elif rules.longer_ago(began, at=at, most=dt.timedelta(seconds=settings.SESSION_COOKIE_AGE)):
        actions.note_end(by=cast(User, request.user), at=at)
        logout(request)
    elif rules.to_be_noted(seen, at=at):
        request.session[rules.SEEN] = at.isoformat()


def taken_away(get_response):
    """Put on record who takes a file away, whichever page hands it out."""

    def respond(request):
        response = get_response(request)
        told = response.headers.get("Content-Disposition", "")
        if told.startswith("attachment") and request.user.is_authenticated:
            name = (
                response.filename
                if isinstance(response, FileResponse)
                else told.partition("filename=")[2].strip('"')
            )
            trail.note_taken_away(
                by=request.user, at=timezone.now(), page=request.resolver_match.view_name, name=name
            )
        return response

    return respond


class SignInFirst(LoginRequiredMiddleware):
    """Everybody signs in first. What somebody typed who was signed out meanwhile waits for them."""

    def handle_no_permission(  # type: ignore[override]  # a draft or a piece is answered where it stands
        self, request: HttpRequest, view_func: Any
    ) -> HttpResponseBase:
        waits = request.method == "POST" and answers.from_us(request) and answers.typed(request)
        if waits or getattr(request, "htmx", False):
            return answers.signed_out(request)
        return super().handle_no_permission(request, view_func)
