"""Events that were read, waiting in files of a temporary folder: read as often as wanted, a part at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from hingepoint.connectors.files.fields import schema
from hingepoint.connectors.files.problems import FileProblem

#: Rows of a part: enough that what is looked up for each part is looked up seldom.
PART = 500_000


@dataclass(slots=True)
class SpilledEvents:
    """Frames of events with the columns of ``analysis.frames``, in the order in which they were added.

    The files are gone with ``folder``, whose owner makes and removes it.
    """

    folder: Path
    parts: list[Path] = field(default_factory=list)
    filled: set[str] = field(default_factory=set)

    def add(self, frames: Iterable[pl.DataFrame]) -> None:
        """Write ``frames`` down, several small ones together."""
        waiting: list[pl.DataFrame] = []
        for frame in frames:
            if frame.height:
                waiting.append(frame)
            if sum(each.height for each in waiting) >= PART:
                self._write(self._next(), pl.concat(waiting))
                waiting = []
        if waiting:
            self._write(self._next(), pl.concat(waiting))

    def revise(self, change: Callable[[pl.DataFrame], pl.DataFrame]) -> None:
        """Replace every part by what ``change`` makes of it; a part that comes back as it is stays."""
        for path in self.parts:
            part = pl.read_parquet(path)
            left = change(part)
            if left is not part:
                self._write(path, left)

    def lazy(self) -> pl.LazyFrame:
        """Return all events without the columns that are empty throughout."""
        if not self.filled:
            return pl.LazyFrame(schema=schema("events"))
        return pl.scan_parquet(self.parts).select(each for each in schema("events") if each in self.filled)

    def _next(self) -> Path:
        self.parts.append(self.folder / f"events-{len(self.parts):06}.parquet")
        return self.parts[-1]

    def _write(self, path: Path, part: pl.DataFrame) -> None:
        empty = part.null_count().row(0, named=True)
        self.filled.update(name for name, number in empty.items() if number < part.height)
        with _room():
            part.write_parquet(path, compression="zstd", statistics=False)


@contextmanager
def _room() -> Iterator[None]:
    """Say in words that a file cannot be written for want of room."""
    try:
        yield
    except (OSError, pl.exceptions.ComputeError) as error:
        what = f"cannot be written: {error}."
        raise FileProblem(
            "a temporary file", what, "Make room there, or set TMPDIR to another folder."
        ) from None
