"""Reading on in order of change: marks of lists, where the next reading begins, and several lists one after the other.

A mark is JSON. Between two readings it holds ``since``, from when on rows are asked with ``>=``; during one also what
was seen, and the CRM's clock at its first page. The next reading begins ``OVERLAP`` before the newest change that was
seen, or right after it once it has been quiet for longer than any commit is late. So a mark follows what was read,
never our clock, and never passes that of the CRM.

A CRM may keep finer times than it shows: ``read_on`` cuts a full page at the last moment that it can tell apart, and
goes on with ``>=``; a moment that fills a whole page is read by identity instead. What changes while we read moves
behind us and is read again; nothing moves before us.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import functools
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from hingepoint.connectors.exchange import NotUnderstood
from hingepoint.connectors.source import OVERLAP
from hingepoint.records.crm import CrmPage

#: After so long without a change none is late any more.
QUIET = dt.timedelta(hours=1)
SECOND, MILLISECOND = dt.timedelta(seconds=1), dt.timedelta(milliseconds=1)

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Mark:
    """Rows to ask for: changed at ``since`` or later in order of change (None: all of them).

    Where ``after`` is not None, of those of the moment ``since`` only what follows that identity. ``seen`` is the newest
    change of this reading so far, ``begun`` the CRM's clock at its first page.
    """

    since: dt.datetime | None = None
    after: str | None = None
    seen: dt.datetime | None = None
    begun: dt.datetime | None = None

    def text(self) -> str:
        said = ((name, value) for name, value in dataclasses.asdict(self).items() if value is not None)
        return json.dumps({name: value if name == "after" else value.isoformat() for name, value in said})

    def on(
        self,
        since: dt.datetime | None,
        after: str | None,
        moments: Iterable[dt.datetime],
        *,
        clock: dt.datetime,
    ) -> Mark:
        """Return the mark within a reading, after a page whose rows were changed at these moments."""
        return Mark(since, after, self._newest(moments), self.begun or clock)

    def ended(
        self, moments: Iterable[dt.datetime], *, clock: dt.datetime, step: dt.timedelta = SECOND
    ) -> Mark:
        """Return the mark after the last page; ``step`` is what the CRM's times can tell apart."""
        newest, begun = self._newest(moments), self.begun or clock
        if newest is None:
            return Mark(self.since)
        quiet = begun - newest > QUIET
        return Mark(newest + step if quiet else min(newest, begun) - OVERLAP)

    def _newest(self, moments: Iterable[dt.datetime]) -> dt.datetime | None:
        return max([*([self.seen] if self.seen else []), *moments], default=None)


def read(text: str) -> Mark:
    """Return a mark that was kept. One that an earlier version wrote otherwise begins anew: all is read once more, which
    changes nothing."""
    try:
        held: dict[str, str] = json.loads(text) if text else {}
        after = held.pop("after", None)
        return Mark(after=after, **{name: dt.datetime.fromisoformat(said) for name, said in held.items()})
    except (TypeError, ValueError, AttributeError):
        return Mark()


@dataclass(frozen=True, slots=True)
class Part:
    """Rows of one list, and the mark to go on from."""

    rows: Sequence[Row]
    mark: str
    more: bool
    server_time: dt.datetime


Ask = Callable[[Mark, int], tuple[Sequence[Row], dt.datetime]]


def read_on(
    text: str, ask: Ask, *, size: int, at: Callable[[Row], dt.datetime], step: dt.timedelta = SECOND
) -> Part:
    """Return the rows after a mark, at most ``size``, and where to go on. Raises NotUnderstood for rows from before it."""
    mark = read(text)
    rows, clock = ask(mark, size)
    moments = [*map(at, rows)]
    if mark.since and moments and min(moments) < mark.since - step:
        raise NotUnderstood(OLDER_ROWS)
    if mark.after is None and len(rows) < size:
        return Part(rows, mark.ended(moments, clock=clock, step=step).text(), False, clock)
    kept, since, after = _cut(mark, rows, moments, full=len(rows) >= size, step=step)
    return Part(kept, mark.on(since, after, moments, clock=clock).text(), True, clock)


#: Believed, a short page of another question would end the reading, and its mark pass what was never read.
OLDER_ROWS = "The CRM answered with older rows than it was asked for. Something between it and us may keep answers (a cache or a proxy): let it pass this address on."


def _cut(
    mark: Mark, rows: Sequence[Row], moments: Sequence[dt.datetime], *, full: bool, step: dt.timedelta
) -> tuple[Sequence[Row], dt.datetime, str | None]:
    """Return the rows of a page that is not the last, and from where and after which identity the next is asked."""
    if mark.after is not None:
        assert mark.since is not None
        return (rows, mark.since, str(rows[-1]["id"])) if full else (rows, mark.since + step, None)
    last = moments[-1]
    if moments[0] == last:
        return (), last, ""
    return [row for row, moment in zip(rows, moments, strict=True) if moment < last], last, None


class _Page(Protocol):
    @property
    def mark(self) -> str: ...
    @property
    def more(self) -> bool: ...


P = TypeVar("P", bound=_Page)


def in_turn(mark: str, streams: Mapping[str, Callable[[str], P]]) -> tuple[list[tuple[str, P]], str, bool]:
    """Read on in each stream until one has more: the parts by name, the next mark, whether more is left.

    An object that is read from several lists of its CRM has a stream for each, one after the other, each with a mark of
    its own. A reading that stood in a list that is there no more (an app was taken out) begins at the first.
    """
    held = json.loads(mark) if mark else {}
    names = list(streams)
    now, parts = held.get("now"), []
    for name in names[names.index(now) if now in names else 0 :]:
        part = streams[name](held.get(name, ""))
        held[name] = part.mark
        parts.append((name, part))
        if part.more:
            return parts, json.dumps({**held, "now": name}), True
    return parts, json.dumps({**held, "now": names[0]}), False


def pages_in_turn(mark: str, kinds: Iterable[str], page: Callable[[str, str], CrmPage]) -> CrmPage:
    """Return the next page of several kinds that are one object here."""
    parts, on, more = in_turn(mark, {kind: functools.partial(page, kind) for kind in kinds})
    pages = [each for _, each in parts]
    return dataclasses.replace(
        pages[-1],
        records=tuple(record for each in pages for record in each.records),
        fates=tuple(fate for each in pages for fate in each.fates),
        mark=on,
        more=more,
    )
