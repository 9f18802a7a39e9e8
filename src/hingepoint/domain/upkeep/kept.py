"""Answers that read everything, kept for the pages of a large company with the moment they were made.

A small company keeps none: there every page counts at once. Who makes them anew, and when, is in ``home.actions``.
"""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Generic, TypeVar

from django.db.models import Min
from pydantic import TypeAdapter, ValidationError

from hingepoint.domain.upkeep.models import KeptAnswer

T = TypeVar("T")


@dataclass(frozen=True)
class Question(Generic[T]):
    """A question whose answers, of the type ``kind``, are kept under its ``name``."""

    name: str
    kind: Any

    @cached_property
    def _shape(self) -> TypeAdapter[T]:
        return TypeAdapter(self.kind)

    def kept(self, *, about: str = "") -> T | None:
        """Return the kept answer; None where none is kept, or it was kept by a version that told it otherwise.
        One SQL query."""
        rows = KeptAnswer.objects.filter(name=self.name, about=about)
        for told in rows.values_list("told", flat=True):
            with contextlib.suppress(ValidationError):
                return self._shape.validate_python(told)
        return None

    def told(self, ask: Callable[[], T], *, about: str = "") -> T:
        """Return the kept answer, or what ``ask`` returns where none is kept. One SQL query, and those of ``ask``."""
        kept = self.kept(about=about)
        return ask() if kept is None else kept

    def plain(self, answer: T) -> Any:
        """Return an answer as it is kept."""
        return self._shape.dump_python(answer, mode="json")


def as_of(*questions: Question[Any]) -> dt.datetime | None:
    """Return since when the oldest answer to these questions stands; None where they are asked at once. One SQL
    query."""
    rows = KeptAnswer.objects.filter(name__in=[one.name for one in questions])
    return rows.aggregate(least=Min("made_at"))["least"]
