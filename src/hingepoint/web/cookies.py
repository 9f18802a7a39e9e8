"""Cookies of ours beside those of session and forms: sent by https alone where the installation is reached by it, and named so."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpResponse


def named(name: str) -> str:
    """Return what a cookie is called: behind https a browser takes one that begins so from https alone."""
    return f"__Secure-{name}" if settings.SESSION_COOKIE_SECURE else name


def how(*, path: str = "/", days: float) -> dict[str, Any]:
    """Return how each of them is set: read by no script, sent along to pages below ``path`` and with links from elsewhere."""
    return {
        "path": path,
        "max_age": round(days * 86_400),
        "httponly": True,
        "samesite": "Lax",
        "secure": settings.SESSION_COOKIE_SECURE,
    }


def keep(response: HttpResponse, name: str, value: str, **told: Any) -> None:
    """Let the browser keep a cookie; ``told`` as for ``how``."""
    response.set_cookie(named(name), value, **how(**told))
