"""What every answer carries, and who has to sign in first."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from hingepoint.web import answers

CONTENT_POLICY = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)


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


class SignInFirst(LoginRequiredMiddleware):
    """Everybody signs in first. What somebody typed who was signed out meanwhile waits for them."""

    def handle_no_permission(  # type: ignore[override]  # a draft or a piece is answered where it stands
        self, request: HttpRequest, view_func: Any
    ) -> HttpResponseBase:
        waits = request.method == "POST" and answers.from_us(request) and answers.typed(request)
        if waits or getattr(request, "htmx", False):
            return answers.signed_out(request)
        return super().handle_no_permission(request, view_func)
