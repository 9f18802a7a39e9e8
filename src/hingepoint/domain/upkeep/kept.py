"""Answers that read everything, kept for the pages of a large company with the moment they were made.

A small company keeps none: there every page counts at once. Who makes them anew, and when, is in ``home.actions``.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Generic, TypeVar

from hingepoint.domain.upkeep.models import KeptAnswer
from hingepoint.domain.upkeep.shapes import Shape

T = TypeVar("T")


@dataclass(frozen=True)
class Question(Generic[T]):
    """A question whose answers, of the type ``kind``, are kept under its ``name``."""

    name: str
    kind: Any

    @cached_property
    def _shape(self) -> Shape[T]:
        return Shape(self.kind)

    def told(self, ask: Callable[[], T], *, about: str = "", shelf: Shelf | None = None) -> T:
        """Return the kept answer, or what ``ask`` returns where none is kept, or it was kept by a version that told
        it otherwise. One SQL query, none where ``shelf`` was read before, and those of ``ask``."""
        kept = self.kept(about=about, shelf=shelf)
        return ask() if kept is None else kept

    def kept(self, *, about: str = "", shelf: Shelf | None = None) -> T | None:
        """Return the kept answer, None where none is kept."""
        row = (shelf or Shelf(self)).row(self.name, about)
        return None if row is None else self.opened(row)

    def opened(self, row: KeptAnswer) -> T | None:
        """Return the answer that is kept in ``row``, None where another version kept it."""
        return self._shape.opened(row.told)

    def plain(self, answer: T) -> Any:
        """Return an answer as it is kept."""
        return self._shape.stored(answer)


class Shelf:
    """The kept answers to the questions of one page, read in one SQL query when the first is looked for; in none
    where it is known that none is ``kept``."""

    def __init__(self, *questions: Question[Any], kept: bool = True):
        self._names = [one.name for one in questions if kept]

    @cached_property
    def _rows(self) -> dict[tuple[str, str], KeptAnswer]:
        return {(row.name, row.about): row for row in KeptAnswer.objects.filter(name__in=self._names)}

    def row(self, name: str, about: str) -> KeptAnswer | None:
        return self._rows.get((name, about))

    @property
    def counted_at(self) -> dt.datetime | None:
        """Since when the oldest of these answers stands; None where they are asked at once."""
        return min((row.made_at for row in self._rows.values()), default=None)
