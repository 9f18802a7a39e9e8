"""How an operation is registered: named, with the scope it asks for and every answer it can give."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ninja import Router
from ninja.decorators import decorate_view

from hingepoint.api.callers import Bearer
from hingepoint.api.once import HEADER, KEY, once
from hingepoint.api.problems import Problem
from hingepoint.records.tokens import READ, WRITE, Topic

#: Which problems each operation may answer with.
_OF_READING = (400, 401, 403, 404, 422, 429, 500, 503)
_OF_WRITING = (*_OF_READING, 409, 412, 413)
_KEY_PARAMETER = {
    "name": HEADER,
    "in": "header",
    "required": False,
    "schema": {"type": "string", "pattern": KEY.pattern},
    "description": "Sent again within a day with the same key, a request is carried out once.",
}
Operation = Callable[..., Any]


class Subject(Router):
    """The operations of one subject."""

    def __init__(self, topic: Topic | None, name: str):
        self.topic = topic
        super().__init__(tags=[name])

    def read(self, path: str, answer: Any) -> Callable[[Operation], Operation]:
        """Register a function that answers ``GET path``; its name is the operation's."""
        return lambda function: self._add("get", path, answer, function, READ, _OF_READING)

    def write(self, path: str, answer: Any, *, versioned: bool = False) -> Callable[[Operation], Operation]:
        """Register a function that answers ``POST path``, once for each key; a ``versioned`` one asks for If-Match."""
        can = (*_OF_WRITING, 428) if versioned else _OF_WRITING
        return lambda function: self._add("post", path, answer, decorate_view(once)(function), WRITE, can)

    def _add(
        self, method: str, path: str, answer: Any, function: Operation, access: str, problems: tuple[int, ...]
    ) -> Operation:
        summary, _, more = (function.__doc__ or "").strip().partition("\n\n")
        register = getattr(super(), method)
        return register(
            path,
            auth=Bearer(self.topic, access),
            response={200: answer, frozenset(problems): Problem},
            operation_id=function.__name__,
            url_name=function.__name__,
            summary=summary,
            description=" ".join(more.split()),
            openapi_extra={"parameters": [_KEY_PARAMETER]} if access == WRITE else {},
        )(function)
