"""What has been understood while files are being read: filled step by step, told at the end."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass, field

import polars as pl

from hingepoint.connectors.files.reading.dates import Calendar
from hingepoint.connectors.files.reading.spilled import SpilledEvents
from hingepoint.connectors.files.reading.understanding import (
    KindOfEvents,
    Question,
    ShareColumn,
    StatusWord,
    Understanding,
)
from hingepoint.records.names import one_spelling


@dataclass(slots=True)
class Spellings:
    """How often each name of each kind of event was seen, in the order of the files."""

    kinds: dict[str, Counter[str]] = field(default_factory=dict)

    def see(self, events: pl.DataFrame) -> None:
        """Count the names in ``events`` (``kind``, ``agreement``)."""
        seen = events.group_by("kind", "agreement", maintain_order=True).len()
        for kind, name, number in seen.iter_rows():
            self.kinds.setdefault(kind or "", Counter())[name] += number

    def changed(self) -> dict[str, dict[str, str]]:
        """Return, by kind, the names that another spelling of them stands for."""
        found = {}
        for kind, counts in self.kinds.items():
            other = {name: one for name, one in one_spelling(counts).items() if name != one}
            if other:
                found[kind] = other
        return found

    def of_kinds(self) -> tuple[KindOfEvents, ...]:
        """Return each kind with its rows and names, the most frequent first."""
        told = []
        for kind, counts in self.kinds.items():
            rows: Counter[str] = Counter()
            for name, one in one_spelling(counts).items():
                rows[one] += counts[name]
            told.append(KindOfEvents(kind, rows.total(), tuple(name for name, _ in rows.most_common())))
        return tuple(sorted(told, key=lambda each: (-each.rows, each.kind)))


@dataclass(slots=True)
class SoFar:
    """What the files said so far; ``understanding`` tells it. Given to several readings, it is of all of them.

    ``gone`` are the ids of deals that were read and left out.
    """

    rows: dict[str, int] = field(default_factory=dict)
    calendar: Calendar = field(default_factory=Calendar)
    spellings: Spellings = field(default_factory=Spellings)
    status: tuple[StatusWord, ...] = ()
    shares: tuple[ShareColumn, ...] = ()
    questions: tuple[Question, ...] = ()
    notes: list[str] = field(default_factory=list)
    gone: pl.Series = field(default_factory=lambda: pl.Series("deal_id", [], dtype=pl.String))

    @classmethod
    def of_a_system(cls) -> SoFar:
        """Return what is known of tables that no person typed: their dates are exact, however far apart."""
        return cls(calendar=Calendar(exact=True))

    def see_rows(self, file: str, role: str, rows: int) -> None:
        """Count the rows of a file; of two files with one name the second is told apart by what it holds."""
        self.rows[f"{file} ({role})" if file in self.rows else file] = rows

    def one_spelling(self, events: SpilledEvents) -> None:
        """Give names that are one the spelling that most events have; costs nothing where all are spelt alike."""
        changed = self.spellings.changed()
        if not changed:
            return
        events.revise(lambda part: _respelt(part, changed))

    def understanding(self, *, today: dt.date | None, data_end: dt.date | None) -> Understanding:
        """Return what was understood, as of ``today``; ``data_end`` where its owner gives it."""
        return Understanding(
            rows=dict(self.rows),
            status=self.status,
            data_end=data_end or self.calendar.end(),
            alone_beyond=self.calendar.alone_beyond(),
            shares=self.shares,
            kinds=self.spellings.of_kinds(),
            questions=self.questions,
            notes=(*self.calendar.in_words(today), *self.notes),
            stands_alone=data_end is None and self.calendar.stands_alone,
        )


def _respelt(part: pl.DataFrame, changed: dict[str, dict[str, str]]) -> pl.DataFrame:
    name = pl.col("agreement")
    for kind, other in changed.items():
        one = pl.col("agreement").replace(other)
        name = pl.when(pl.col("kind") == kind).then(one).otherwise(name)
    return part.with_columns(name.alias("agreement"))
