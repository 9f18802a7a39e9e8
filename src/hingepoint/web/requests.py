"""A request as views get it: behind ``SignInFirst`` and htmx's middleware."""

from __future__ import annotations

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from hingepoint.domain.people import queries


class Request(HttpRequest):
    """Only for annotations: somebody of the company is signed in, and ``htmx`` says which piece is asked for."""

    user: queries.User
    htmx: HtmxDetails
