"""Files: what can be wrong with a cell or a row of one."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RowProblem:
    """One thing wrong with one cell or row of a file, said so that its owner can mend it.

    ``row`` is the line a person sees in the file or sheet (the header is row 1); None speaks of the
    whole file.
    """

    file: str
    row: int | None
    column: str
    value: str
    expected: str

    def __str__(self) -> str:
        where = f"{self.file}, row {self.row}" if self.row else self.file
        column = f", column {self.column}" if self.column else ""
        shown = f": found {self.value!r}" if self.value else ":"
        return f"{where}{column}{shown}{',' if self.value else ''} expected {self.expected}"
