"""How long an answer took, told to the operator where a setting asks for it."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.exceptions import MiddlewareNotUsed
from django.db import connection
from django.http import HttpRequest
from django.http.response import HttpResponseBase

log = logging.getLogger(__name__)


class Statements:
    """Counts the SQL statements of one answer and adds up their time; keeps those slower than ``slow_ms``, if any."""

    def __init__(self, slow_ms: int):
        self.number, self.ms = 0, 0.0
        self.slow: list[tuple[float, str]] = []
        self._slow_ms = slow_ms

    def __call__(
        self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]
    ) -> Any:
        began = time.perf_counter()
        try:
            return execute(sql, params, many, context)
        finally:
            took = (time.perf_counter() - began) * 1000
            self.number, self.ms = self.number + 1, self.ms + took
            if self._slow_ms and took >= self._slow_ms:
                self.slow.append((took, sql))


def timing(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Say in ``Server-Timing`` how long an answer took and how much of that the database; log slow statements.

    Values of statements and what stands in addresses are not logged: both can be confidential.
    """
    if not (settings.SERVER_TIMING or settings.SLOW_QUERY_MS):
        raise MiddlewareNotUsed

    def respond(request: HttpRequest) -> HttpResponseBase:
        began, statements = time.perf_counter(), Statements(settings.SLOW_QUERY_MS)
        with connection.execute_wrapper(statements):
            response = get_response(request)
        if settings.SERVER_TIMING:
            took = (time.perf_counter() - began) * 1000
            database = f'db;dur={statements.ms:.1f};desc="{statements.number} statements"'
            response.headers["Server-Timing"] = f"app;dur={took:.1f}, {database}"
        for ms, sql in statements.slow:
            log.warning("%.0f ms on %s: %s", ms, _page(request), sql)
        return response

    return respond


def _page(request: HttpRequest) -> str:
    """Return the pattern of the address, without what it was filled with."""
    return f"/{request.resolver_match.route}" if request.resolver_match else "an unknown page"
