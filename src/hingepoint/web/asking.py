"""Which questions forms ask: none that the company retired."""

from __future__ import annotations

from django.http import HttpRequest

from hingepoint.domain.questions.rules import retired

_KEPT = "_retired_questions"


def asks(request: HttpRequest, key: str) -> bool:
    """Return whether a question is asked. The first of a page reads which are retired: one SQL query."""
    if _KEPT not in request.__dict__:
        request.__dict__[_KEPT] = retired()
    return key not in request.__dict__[_KEPT]
