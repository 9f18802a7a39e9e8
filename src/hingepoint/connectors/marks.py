"""Marks of records that are read in the order in which they were changed: where a reading stands, where the next begins.

A mark is JSON. Between two readings it holds ``since``; during one also ``at`` (the record read last) and ``begun``, the
CRM's clock at its first page. The next reading begins at what was seen last, never after ``begun``: what was
committed late or changed meanwhile is older than that by no more than the overlap, and is asked for again.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from hingepoint.connectors.source import OVERLAP
from hingepoint.records.crm import CrmPage


@dataclass(frozen=True, slots=True)
class Mark:
    """``id`` stands beside ``at`` where records of the same moment are still to come.

    ``settled`` says that ``since`` was older than the overlap when the reading began: nothing before it is to come,
    and a mass change is not read again and again for as long as nothing follows it.
    """

    since: str = ""
    settled: bool = False
    at: str = ""
    id: str = ""
    begun: str = ""

    @property
    def start(self) -> dt.datetime | None:
        """Return from when a reading asks: where it stands, or the overlap before ``since``; None for all."""
        if self.at:
            return dt.datetime.fromisoformat(self.at)
        if not self.since:
            return None
        return dt.datetime.fromisoformat(self.since) - (dt.timedelta() if self.settled else OVERLAP)

    def text(self) -> str:
        return json.dumps({name: value for name, value in dataclasses.asdict(self).items() if value})

    def moved(self, at: dt.datetime | None, id: str, *, clock: dt.datetime) -> Mark:
        """Return the mark within a reading after the record changed ``at``."""
        at_ = at.isoformat() if at else self.at
        return dataclasses.replace(self, at=at_, id=id, begun=self.begun or clock.isoformat())

    def ended(self, at: dt.datetime | None, *, clock: dt.datetime) -> Mark:
        """Return the mark after the last page, whose last record was changed ``at`` (None: it was empty)."""
        seen = at.isoformat() if at else self.at or self.since
        if not seen:
            return Mark()
        last, begun = (
            dt.datetime.fromisoformat(seen),
            dt.datetime.fromisoformat(self.begun or clock.isoformat()),
        )
        return Mark(min(last, begun).isoformat(), settled=begun - last >= OVERLAP)


def read(text: str) -> Mark:
    return Mark(**json.loads(text)) if text else Mark()


def in_turn(kinds: Sequence[str], text: str, page: Callable[[str, str], CrmPage]) -> CrmPage:
    """Return the next page of several kinds that are one object here, each with its own mark, one after the other."""
    held = json.loads(text) if text else {}
    kind = held.get("kind") or kinds[0]
    marks: dict[str, str] = dict(held.get("marks", {}))
    found = page(kind, marks.get(kind, ""))
    marks[kind] = found.mark
    after = kind if found.more else _after(kinds, kind)
    text = json.dumps({"kind": after, "marks": marks})
    return dataclasses.replace(found, mark=text, more=after != "")


def _after(kinds: Sequence[str], kind: str) -> str:
    place = kinds.index(kind) + 1
    return kinds[place] if place < len(kinds) else ""
