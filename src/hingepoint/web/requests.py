"""A request as views get it: behind ``SignInFirst`` and htmx's middleware."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.utils.html import strip_tags
from django_htmx.middleware import HtmxDetails

from hingepoint.domain.people import queries

#: The largest number that an address or a form may name. No key and no page of a list comes near it, and a database can
#: still multiply with it.
MOST = 10**15


def whole_number(text: str | None) -> int | None:
    """Return the number that digits say; None for anything else, also for signs that only look like digits, such
    as ``²``, and for more than ``MOST``."""
    if not text or not text.isdecimal() or len(text) > 100:
        return None
    found = int(text)
    return found if found <= MOST else None


class WholeNumber(forms.IntegerField):
    """A whole number of a form that no database fails at: between minus and plus ``MOST``, where the form says no less."""

    def __init__(self, *, max_value: int = MOST, min_value: int = -MOST, **more: Any):
        super().__init__(max_value=max_value, min_value=min_value, **more)


class Request(HttpRequest):
    """Only for annotations: somebody of the company is signed in, and ``htmx`` says which piece is asked for."""

    user: queries.User
    htmx: HtmxDetails


def wants_piece(request: HttpRequest, piece: str) -> bool:
    """Return whether a page is asked for as a piece of another: by htmx, or together with other pieces (``as_pieces``)."""
    return getattr(request, "as_pieces", False) or request.htmx.target == piece  # type: ignore[attr-defined]


def as_pieces(request: HttpRequest, views: Iterable[Callable[..., HttpResponse]]) -> list[str]:
    """Return the pieces that pages show of themselves on another, those that say something."""
    request.as_pieces = True  # type: ignore[attr-defined]
    shown = (view(request).content.decode().strip() for view in views)
    return [piece for piece in shown if strip_tags(piece).strip()]
