"""One place where an answer that no source can read becomes a sentence: a CRM must never end a run by what it sends."""

from __future__ import annotations

import functools
import inspect
import logging
from collections.abc import Callable
from typing import Any, cast

from hingepoint.connectors.exchange import NotUnderstood
from hingepoint.connectors.source import Source

log = logging.getLogger(__name__)

#: What reading an answer raises where it lacks something, or has something else in its place.
UNREADABLE = (ArithmeticError, AssertionError, AttributeError, LookupError, TypeError, ValueError)


class Understood:
    """A source whose methods raise NotUnderstood where they could not read what the CRM sent."""

    def __init__(self, source: Source) -> None:
        self._source = source

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._source, name)
        return _understood(found) if callable(found) else found


def understood(source: Source) -> Source:
    """Return the source, guarded: of its own errors only those of ``exchange`` come out."""
    return cast("Source", Understood(source))


def _understood(ask: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(ask)
    def asked(*given: Any, **more: Any) -> Any:
        try:
            answer = ask(*given, **more)
            return tuple(answer) if inspect.isgenerator(answer) else answer
        except UNREADABLE as problem:
            log.exception("An answer of a CRM could not be read.")
            raise NotUnderstood(
                f"The CRM sent something that is not as its maker describes it ({type(problem).__name__}: {problem})."
            ) from problem

    return asked
