"""Which language a request is answered in."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.utils.cache import patch_vary_headers
from django.utils.translation.trans_real import parse_accept_lang_header

from hingepoint.records import languages


def speaks(answer: Callable[[HttpRequest], HttpResponseBase]) -> Callable[[HttpRequest], HttpResponseBase]:
    """Middleware: answer in the language that the reader's browser asks for, where it is offered."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        with languages.speaking(asked_for(request.headers.get("Accept-Language", ""))):
            response = answer(request)
        if len(settings.OFFERED_LANGUAGES) > 1:
            patch_vary_headers(response, ["Accept-Language"])
        return response

    return middleware


def asked_for(header: str) -> str:
    """Return the first offered language of an Accept-Language header: ``de-AT`` is served by ``de``."""
    asked = [tag.partition("-")[0] for tag, _ in parse_accept_lang_header(header.lower()[:500])]
    return next((one for one in asked if one in settings.OFFERED_LANGUAGES), languages.ENGLISH)
