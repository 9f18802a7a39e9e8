"""Our own files of style, script and picture: their addresses, and how long a browser may keep them.

An address that a page names carries a hash of the file's content, so a browser keeps it for a year and never asks
again; after an upgrade the pages name another address.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import cache
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles import finders
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware
from django.templatetags.static import static

KEPT_FOR_GOOD = "public, max-age=31536000, immutable"


@cache
def address(name: str) -> str:
    """Return the address of the file ``name`` of ours, with a hash of its content."""
    return f"{static(name)}?v={_version(name)}"


@cache
def _version(name: str) -> str:
    """Return a hash of the file's content; empty where there is no such file."""
    found = finders.find(name)
    return hashlib.sha256(Path(found).read_bytes()).hexdigest()[:10] if isinstance(found, str) else ""


def kept_for_good(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Let browsers keep a file of ours that was asked for by the hash of its content."""

    def respond(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        if request.path.startswith(settings.STATIC_URL) and response.status_code == 200:
            asked = request.GET.get("v")
            if asked and asked == _version(request.path.removeprefix(settings.STATIC_URL)):
                response.headers["Cache-Control"] = KEPT_FOR_GOOD
        return response

    return respond


class Compressed(GZipMiddleware):
    """Compress what is text. Files that people download are left as they are: most are compressed already.

    Django adds to each page some random bytes, so that its length tells nothing of what is secret in it (BREACH).
    """

    TEXTS = (
        "text/html",
        "text/css",
        "text/javascript",
        "application/javascript",
        "image/svg+xml",
        "application/json",
    )

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        kind = response.headers.get("Content-Type", "").partition(";")[0]
        return super().process_response(request, response) if kind in self.TEXTS else response
