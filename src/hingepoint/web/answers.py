"""What a person sees when there is nothing to see, or when we failed: the one table from errors to answers."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from hingepoint.records.errors import AlreadyNoted, Hidden
from hingepoint.web.sent import ask_whether_second


class Answers:
    """Middleware that turns the errors of ``records.errors`` into answers, for every view."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if isinstance(error, AlreadyNoted):
            return ask_whether_second(request, error)
        return not_found(request) if isinstance(error, Hidden) else None


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """A foreign object and an absent one look the same."""
    return render(request, "errors/not_found.html", status=404)


def broken(request: HttpRequest) -> HttpResponse:
    return render(request, "errors/broken.html", status=500)
