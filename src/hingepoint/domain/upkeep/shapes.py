"""How a value of a type is kept as plain JSON and read back, for everything that a night or a week keeps whole."""

from __future__ import annotations

import contextlib
from functools import cached_property
from typing import Any, Generic, TypeVar

from pydantic import TypeAdapter, ValidationError

T = TypeVar("T")


class Shape(Generic[T]):
    """The shape of ``kind``. To work it out takes a while, so that is done when it is first asked for."""

    def __init__(self, kind: Any):
        self._kind = kind

    @cached_property
    def _adapter(self) -> TypeAdapter[T]:
        return TypeAdapter(self._kind)

    def stored(self, value: T) -> Any:
        """Return a value as plain JSON."""
        return self._adapter.dump_python(value, mode="json")

    def opened(self, kept: Any) -> T | None:
        """Return the value again; None where a version of another shape stored it: whoever keeps it next stores one anew."""
        with contextlib.suppress(ValidationError):
            return self._adapter.validate_python(kept)
        return None
