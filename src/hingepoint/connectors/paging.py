"""Reading on from a mark in order of change, for CRMs that show their times to the second.

A CRM may keep finer times than it shows, so a page that ends within a second is cut at the second before and
goes on with ``>=``; a second that fills a whole page is read by identity instead. What changes while we read
moves behind us and is read again; nothing moves before us. The next sync begins ``OVERLAP`` before the newest
change seen, or right after it once it has been quiet for longer than any commit is late. The mark follows what
was read, never our clock, and never passes the server's.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hingepoint.connectors.source import OVERLAP

#: After so long without a change none is late any more.
QUIET = dt.timedelta(hours=1)
SECOND = dt.timedelta(seconds=1)

Row = Mapping[str, Any]
State = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Slice:
    """Rows to ask for: changed at ``since`` or later in order of change (None: all of them).

    Where ``after`` is not None, only those of the second ``since`` with a greater identity, in that order.
    """

    since: dt.datetime | None
    after: str | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """Rows of one stream, and the state to go on from."""

    rows: Sequence[Row]
    state: State
    more: bool
    server_time: dt.datetime


Ask = Callable[[Slice, int], tuple[Sequence[Row], dt.datetime]]


def read_on(state: State, ask: Ask, *, size: int, at: Callable[[Row], dt.datetime]) -> Part:
    """Return the rows after ``state``, at most ``size``, and where to go on."""
    since = dt.datetime.fromisoformat(state["t"]) if "t" in state else None
    rows, now = ask(Slice(since, state.get("id")), size)
    full = len(rows) >= size
    newest = newest_of(state, map(at, rows))
    if "id" in state:
        assert since is not None
        on = {"t": state["t"], "id": str(rows[-1]["id"])} if full else _from(since + SECOND)
        return Part(rows, {**on, **seen(newest)}, True, now)
    if not full:
        return Part(rows, rest({"t": state["t"]} if "t" in state else {}, newest, now), False, now)
    first, last = at(rows[0]), at(rows[-1])
    if first == last:
        return Part((), {**_from(last), "id": "", **seen(newest)}, True, now)
    return Part([row for row in rows if at(row) < last], {**_from(last), **seen(newest)}, True, now)


def newest_of(state: State, moments: Iterable[dt.datetime]) -> dt.datetime | None:
    """Return the newest change of the whole reading, of which ``state`` keeps what earlier pages had."""
    before = [dt.datetime.fromisoformat(state["seen"])] if "seen" in state else []
    return max([*before, *moments], default=None)


def seen(newest: dt.datetime | None) -> State:
    return {"seen": newest.isoformat()} if newest else {}


def _from(moment: dt.datetime) -> State:
    return {"t": moment.isoformat()}


def rest(state: State, newest: dt.datetime | None, now: dt.datetime) -> State:
    """Return where the next sync begins, after the ``newest`` change that was seen (None: nothing changed)."""
    if newest is None:
        return state
    newest = min(newest, now)
    return _from(newest + SECOND if now - newest > QUIET else newest - OVERLAP)


def next_parts(
    mark: str, streams: Mapping[str, Callable[[State], Part]]
) -> tuple[list[tuple[str, Part]], str, bool]:
    """Read on in each stream until one has more: the parts by name, the next mark, whether more is left.

    An object that is read from several lists of its CRM has a stream for each, one after the other.
    """
    state = json.loads(mark) if mark else {}
    names = list(streams)
    parts: list[tuple[str, Part]] = []
    for name in names[names.index(state.get("now", names[0])) :]:
        part = streams[name](state.get(name, {}))
        state[name] = part.state
        parts.append((name, part))
        if part.more:
            return parts, json.dumps({**state, "now": name}), True
    return parts, json.dumps({**state, "now": names[0]}), False
