"""Answers that read everything, kept for the pages of a large company with the moment they were made; and what pages told of
past days, kept in every company.

A small company keeps no answers: there every page counts at once. Who makes them anew, and when, is in ``home.actions``.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Generic, TypeVar

from hingepoint.domain.upkeep.models import KeptAnswer, KeptDay
from hingepoint.domain.upkeep.shapes import Shape

T = TypeVar("T")
#: What was asked anew so far, by question and what it is about; None: kept answers are believed.
_ANEW: ContextVar[dict[tuple[str, str], Any] | None] = ContextVar("asked anew", default=None)


@contextmanager
def asked_anew() -> Iterator[None]:
    """Have every question asked at once that is asked within, and only once, as if no answer to it were kept."""
    before = _ANEW.set({})
    try:
        yield
    finally:
        _ANEW.reset(before)


@dataclass(frozen=True, slots=True)
class Told(Generic[T]):
    """What a page told of ``day``, as it was kept at ``made_at``."""

    day: dt.date
    made_at: dt.datetime
    answer: T


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
        if (anew := _ANEW.get()) is not None:
            if (self.name, about) not in anew:
                anew[self.name, about] = ask()
            return anew[self.name, about]
        kept = self.kept(about=about, shelf=shelf)
        return ask() if kept is None else kept

    def kept(self, *, about: str = "", shelf: Shelf | None = None) -> T | None:
        """Return the kept answer, None where none is kept."""
        row = (shelf or Shelf(self)).row(self.name, about)
        return None if row is None else self.opened(row)

    def opened(self, row: KeptAnswer) -> T | None:
        """Return the answer that is kept in ``row``, None where another version kept it."""
        return self._shape.opened(row.told)

    def on(self, day: dt.date, *, about: str = "") -> Told[T] | None:
        """Return what was told of ``day``, or of the last day before it that was kept; None where none was, or another version
        kept it. One SQL query."""
        row = KeptDay.objects.of(self.name, about).until(day).first()
        answer = None if row is None else self._shape.opened(row.told)
        return None if row is None or answer is None else Told(row.day, row.made_at, answer)

    def first_day(self, *, about: str = "") -> dt.date | None:
        """Return the first day that was kept. One SQL query."""
        return KeptDay.objects.of(self.name, about).values_list("day", flat=True).last()

    def plain(self, answer: T) -> Any:
        """Return an answer as it is kept."""
        return self._shape.stored(answer)


class Shelf:
    """The kept answers to the questions of one page, read in one SQL query when the first is looked for; in none
    where it is known that none is ``kept``."""

    def __init__(self, *questions: Question[Any], kept: bool = True):
        self._names = [one.name for one in questions if kept and _ANEW.get() is None]

    @cached_property
    def _rows(self) -> dict[tuple[str, str], KeptAnswer]:
        return {(row.name, row.about): row for row in KeptAnswer.objects.filter(name__in=self._names)}

    def row(self, name: str, about: str) -> KeptAnswer | None:
        return self._rows.get((name, about))

    @property
    def counted_at(self) -> dt.datetime | None:
        """Since when the oldest of these answers stands; None where they are asked at once."""
        return min((row.made_at for row in self._rows.values()), default=None)
