"""Which language a request is answered in."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.utils.cache import patch_vary_headers
from django.utils.translation.trans_real import parse_accept_lang_header

from hingepoint.records import languages

#: What a language calls itself, so that whoever speaks no other finds it.
OWN_NAMES = {"en": "English", "de": "Deutsch"}


def speaks(answer: Callable[[HttpRequest], HttpResponseBase]) -> Callable[[HttpRequest], HttpResponseBase]:
    """Middleware: answer in the language that the reader chose, else in the one that their browser asks for."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        with languages.speaking(spoken_to(request)):
            response = answer(request)
        if len(settings.OFFERED_LANGUAGES) > 1:
            patch_vary_headers(response, ["Accept-Language"])
        return response

    return middleware


def spoken_to(request: HttpRequest) -> str:
    """Return the language of whoever asks. Who is signed in is read only where there is a choice."""
    if len(settings.OFFERED_LANGUAGES) == 1:
        return languages.ENGLISH
    chosen = getattr(request.user, "language", "")
    return (
        chosen
        if chosen in settings.OFFERED_LANGUAGES
        else asked_for(request.headers.get("Accept-Language", ""))
    )


def offered() -> list[tuple[str, str]]:
    """Return the languages of a form: code, and its name in itself."""
    return [(code, OWN_NAMES.get(code, code)) for code in settings.OFFERED_LANGUAGES]


def asked_for(header: str) -> str:
    """Return the first offered language of an Accept-Language header: ``de-AT`` is served by ``de``."""
    asked = [tag.partition("-")[0] for tag, _ in parse_accept_lang_header(header.lower()[:500])]
    return next((one for one in asked if one in settings.OFFERED_LANGUAGES), languages.ENGLISH)
