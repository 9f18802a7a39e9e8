"""Rows of large tables as columns in files beside the database, of which only those are read again that changed.

For what reads whole tables night after night. A file is no fact: it may be deleted at any time, and what is told with it
is what would be told without. Whether a row changed is told by its marks, columns of whole numbers that move with every change; rows that
nothing ever changes need none: of these only what came since is asked for, while their number and sum say that none went.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
from django.conf import settings
from django.db.models import Count, QuerySet, Sum

from hingepoint.domain.audit import queries as audit
from hingepoint.domain.deals.frames import read

#: Below so many rows a table is read faster than its files are compared.
FEW = 20_000
#: So many changed rows are asked for in one query; beyond this share of all, all are read.
AT_ONCE, MANY = 900, 0.05
#: Beside the files: the last line of the trail when they were kept.
_LINE = "trail.json"

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class KeptRows:
    """The rows of ``rows`` with ``columns`` (column of the frame -> column of the table) and ``marks``, of which each is one of
    ``columns`` too. ``id`` is read beside them."""

    name: str
    rows: Callable[[], QuerySet[Any]]
    columns: dict[str, str]
    types: dict[str, pl.DataType]
    marks: tuple[str, ...] = ()

    def read(self, shelf: Shelf | None) -> pl.DataFrame:
        """Return all rows as they are now, in the order of their ids."""
        if shelf is None:
            return self._read(self.rows())
        known = shelf.get(self)
        frame = self._read(self.rows()) if known is None else self._brought_up_to_date(known)
        if known is None or frame is not known:
            shelf.put(self, frame)
        return frame

    def _brought_up_to_date(self, known: pl.DataFrame) -> pl.DataFrame:
        """Return ``known`` with the rows that changed, came and went; ``known`` itself where none did."""
        if not self.marks and self._all_stand(known):
            newer = self._read(self.rows().filter(pk__gt=_last(known)))
            return pl.concat([known, newer]) if newer.height else known
        marked = ["id", *self.marks]
        now = self._read(self.rows(), marked)
        if now.equals(known.select(marked)):
            return known
        changed = now.join(known, on=marked, how="anti", nulls_equal=True)["id"]
        log.info("Of %d %s that are kept, %d came or changed.", known.height, self.name, len(changed))
        if len(changed) > MANY * now.height:
            return self._read(self.rows())
        stay = known.join(now, on=marked, how="semi", nulls_equal=True, maintain_order="left")
        return pl.concat([stay, *self._of(changed)]).sort("id")

    def _all_stand(self, known: pl.DataFrame) -> bool:
        """Return whether up to the last row of ``known`` there are the same rows still, of a table whose rows nothing changes:
        as many, whose numbers come to the same sum."""
        now = self.rows().filter(pk__lte=_last(known)).aggregate(many=Count("pk"), sum=Sum("pk"))
        return (now["many"], now["sum"] or 0) == (known.height, known["id"].sum())

    def _of(self, ids: pl.Series) -> Iterator[pl.DataFrame]:
        for first in range(0, len(ids), AT_ONCE):
            yield self._read(self.rows().filter(pk__in=ids[first : first + AT_ONCE].to_list()))

    def _read(self, rows: QuerySet[Any], names: list[str] | None = None) -> pl.DataFrame:
        every = {"id": "id"} | self.columns
        wanted = {name: every[name] for name in names or every}
        return read(rows.order_by("id"), wanted, self.types | {"id": pl.Int64()})

    @property
    def shape(self) -> str:
        """What a file has to be of to be read: of other columns, or of moments of another place, it is not."""
        said = (self.columns, sorted(map(str, self.types.items())), self.marks, settings.TIME_ZONE)
        return hashlib.blake2b(repr(said).encode(), digest_size=8).hexdigest()


def _last(rows: pl.DataFrame) -> int:
    return int(rows["id"][-1]) if rows.height else 0


class Shelf:
    """A folder of kept rows, of the database whose trail went on since: see ``kept_in``."""

    def __init__(self, folder: Path):
        self._folder = folder
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def get(self, rows: KeptRows) -> pl.DataFrame | None:
        path = self._path(rows)
        return pl.read_parquet(path, memory_map=False) if path.exists() else None

    def put(self, rows: KeptRows, frame: pl.DataFrame) -> None:
        """Keep rows in place of those before, whole or not at all; few are not kept."""
        for old in self._folder.glob(f"{rows.name}-*"):
            if old != self._path(rows) or frame.height < FEW:
                old.unlink(missing_ok=True)
        if frame.height < FEW:
            return
        unfinished = _private(self._folder / f"unfinished-{rows.name}")
        frame.write_parquet(unfinished, compression="lz4", statistics=False)
        unfinished.replace(self._path(rows))

    def clear(self) -> None:
        for path in self._folder.iterdir():
            path.unlink(missing_ok=True)

    def _path(self, rows: KeptRows) -> Path:
        return self._folder / f"{rows.name}-{rows.shape}.parquet"


def _private(path: Path) -> Path:
    """Return ``path`` as an empty file that nobody else on the machine can read."""
    path.unlink(missing_ok=True)
    path.touch(mode=0o600)
    return path


def forget(folder: Path) -> None:
    """Let the next reading read everything anew."""
    (folder / _LINE).unlink(missing_ok=True)


@contextmanager
def kept_in(folder: Path) -> Iterator[Shelf]:
    """Open the kept rows in a folder; none where they are not of this database as it went on.

    A restored backup gives numbers anew that were given before. So the last line of the trail stands beside the rows, and while the
    trail has that line, with its digest, every change since then has moved a mark.
    """
    shelf, line, now = Shelf(folder), folder / _LINE, audit.last_line()
    if not (line.exists() and audit.has_line(*json.loads(line.read_text()))):
        shelf.clear()
    line.unlink(missing_ok=True)  # until all is kept: whatever ends the work, nothing half is believed
    yield shelf
    if now is not None:
        unfinished = _private(folder / f"unfinished-{_LINE}")
        unfinished.write_text(json.dumps(now))
        unfinished.replace(line)
