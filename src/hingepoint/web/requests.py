"""A request as views get it: behind ``SignInFirst`` and htmx's middleware."""

from __future__ import annotations

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from hingepoint.domain.people import queries


def whole_number(text: str | None) -> int | None:
    """Return the number that digits say; None for anything else, also for signs that only look like digits, such
    as ``²``."""
    return int(text) if text and text.isdecimal() else None


class Request(HttpRequest):
    """Only for annotations: somebody of the company is signed in, and ``htmx`` says which piece is asked for."""

    user: queries.User
    htmx: HtmxDetails
