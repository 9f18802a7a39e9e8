"""What can be wrong with a file, said so that its owner can mend it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from hingepoint.records.files import RowProblem

#: More row problems than this are counted but not listed.
LISTED = 200

#: A value is shown up to this many characters.
SHOWN = 80


class FileProblem(Exception):
    """A file or mapping that cannot be used. The message is one sentence for its owner."""

    def __init__(self, file: str, what: str, advice: str = ""):
        self.file, self.what, self.advice = file, what, advice
        super().__init__(f"{file}: {what}" + (f" {advice}" if advice else ""))


class BadRows(FileProblem):
    """Some rows cannot be read and nobody said that they may be skipped.

    ``problems`` lists the first ones, ``total`` counts them all, ``bad_rows`` of ``rows`` rows have one.
    """

    def __init__(self, file: str, found: ProblemList, rows: int):
        self.problems, self.total = found.listed(), found.total
        self.bad_rows, self.rows = found.bad_rows, rows
        share = f"{100 * self.bad_rows / rows:.1f} %" if rows else "all"
        super().__init__(
            file,
            f"{self.bad_rows:,} of {rows:,} rows cannot be read ({share}). First: {self.problems[0]}.",
            "Correct them, or skip them (--skip-bad-rows).",
        )


@dataclass(slots=True)
class ProblemList:
    """Row problems as they are found: all are counted, the first ``LISTED`` kept."""

    total: int = 0
    bad_rows: int = 0
    kept: list[RowProblem] = field(default_factory=list)

    def add(self, file: str, row: int | None, column: str, value: str, expected: str) -> None:
        self.total += 1
        if len(self.kept) < LISTED:
            self.kept.append(RowProblem(file, row, column, shown(value), expected))

    def extend(self, problems: Iterable[RowProblem]) -> None:
        for each in problems:
            self.add(each.file, each.row, each.column, each.value, each.expected)

    def listed(self) -> tuple[RowProblem, ...]:
        """Return the listed problems, by file and row."""
        return tuple(sorted(self.kept, key=lambda each: (each.file, each.row or 0)))


def shown(value: object) -> str:
    """Return ``value`` as text short enough for a message, control characters made visible."""
    text = "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in str(value)[:SHOWN])
    return text + ("…" if len(str(value)) > SHOWN else "")
