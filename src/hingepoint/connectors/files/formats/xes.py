"""Event logs in XES (IEEE 1849): traces become deals, their events the events of those deals."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from hingepoint.connectors.files.formats.jsonfile import OBJECT_CENTRIC
from hingepoint.connectors.files.formats.markup import DEEPEST, feed, guarded_parser
from hingepoint.connectors.files.opening import Limits
from hingepoint.connectors.files.problems import FileProblem, shown
from hingepoint.connectors.files.tables import BATCH, Batch, check_headings

_EXACT = {"date": "moment", "float": "number", "int": "number"}
_PLAIN = {"string", "date", "float", "int", "boolean", "id"}
TRANSITION = "lifecycle:transition"

#: The name of a trace, which is the deal; so called in event logs that are tables.
CASE = "case:concept:name"


@dataclass(slots=True)
class SpilledTable:
    """A table that was read once and waits in ``parts``, files of the temporary folder."""

    name: str
    headings: list[str]
    exact: dict[int, str]
    parts: list[Path]
    dialect: dict[str, str]
    format: str = "xes"
    height: int | None = None
    header_row: int = 0

    def batches(self, size: int = BATCH) -> Iterator[Batch]:
        for part in self.parts:
            frame = pl.read_parquet(part)
            for start in range(0, frame.height, size):
                some = frame.slice(start, size)
                columns = [
                    (some[key] if key in some.columns else pl.Series(values=[""] * some.height)).alias(str(i))
                    for i, key in enumerate(self.headings)
                ]
                yield Batch(some["\0row"], pl.DataFrame(columns))


def open_xes(
    path: Path, *, name: str, folder: Path, limits: Limits, lifecycle: Iterable[str], rules: dict[str, int]
) -> tuple[SpilledTable, SpilledTable]:
    """Return ``(traces, events)`` of the log ``path``; rows are lines of the file.

    Reads the log once, with one batch of it in memory. Events whose life-cycle transition is not in
    ``lifecycle`` are left out and counted in ``rules``; events without a transition count as complete.
    """
    reader = _LogReader(name, folder, limits, {each.casefold() for each in lifecycle}, rules)
    with path.open("rb") as file:
        feed(reader.parser, file, name)
    if not reader.is_log:
        raise FileProblem(name, "is XML but not an XES log.", "An XES log begins with <log>.")
    reader.traces.flush()
    reader.events.flush()
    if not reader.traces.parts:
        raise FileProblem(name, "holds no traces.", "An XES log has a <trace> for every case.")
    return reader.traces.table("cases"), reader.events.table("events")


@dataclass(slots=True)
class _Spill:
    """Rows of attributes on their way to files."""

    name: str
    folder: Path
    kind: str
    limits: Limits
    rows: list[int] = field(default_factory=list)
    found: list[dict[str, str]] = field(default_factory=list)
    tags: dict[str, set[str]] = field(default_factory=dict)
    parts: list[Path] = field(default_factory=list)

    def add(self, row: int, attributes: dict[str, str]) -> None:
        self.rows.append(row)
        self.found.append(attributes)
        if len(self.found) >= BATCH:
            self.flush()

    def flush(self) -> None:
        if not self.found:
            return
        keys = list(self.tags)
        check_headings(keys, self.name, self.limits)
        columns = [
            pl.Series(key, [each.get(key, "") for each in self.found], dtype=pl.String) for key in keys
        ]
        part = self.folder / f"{self.kind}-{len(self.parts)}.parquet"
        pl.DataFrame([pl.Series("\0row", self.rows, dtype=pl.UInt32), *columns]).write_parquet(
            part, compression="lz4"
        )
        self.parts.append(part)
        self.rows, self.found = [], []

    def table(self, what: str) -> SpilledTable:
        keys = [key for key in self.tags if key != "concept:name" or self.kind == "events"]
        exact = {
            i: _EXACT[next(iter(self.tags[key]))]
            for i, key in enumerate(keys)
            if len(self.tags[key]) == 1 and next(iter(self.tags[key])) in _EXACT
        }
        return SpilledTable(self.name, keys, exact, self.parts, {"part": what})


class _LogReader:
    """The state of reading a log: where we are and what we have of the trace and event at hand."""

    def __init__(self, name: str, folder: Path, limits: Limits, lifecycle: set[str], rules: dict[str, int]):
        self.name, self.lifecycle, self.rules = name, lifecycle, rules
        self.traces = _Spill(name, folder, "traces", limits)
        self.events = _Spill(name, folder, "events", limits)
        self.traces.tags[CASE] = self.events.tags[CASE] = {"string"}
        self.depth, self.is_log = 0, False
        self.trace: dict[str, str] | None = None
        self.event: dict[str, str] | None = None
        self.pending: list[tuple[int, dict[str, str]]] = []
        self.trace_row = self.event_row = 0
        self.parser = guarded_parser()
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.end

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self.depth = depth = self.depth + 1
        if depth == 4 and self.event is not None:
            self._keep(self.event, self.events, tag, attributes)
        elif depth == 3 and self.trace is not None:
            if _local(tag) == "event":
                self.event, self.event_row = {}, self.parser.CurrentLineNumber
            else:
                self._keep(self.trace, self.traces, tag, attributes)
        elif depth == 2:
            if self.is_log and _local(tag) in {"object-types", "event-types", "objects"}:
                raise FileProblem(self.name, *OBJECT_CENTRIC)
            if self.is_log and _local(tag) == "trace":
                self.trace, self.trace_row = {}, self.parser.CurrentLineNumber
        elif depth == 1:
            self.is_log = _local(tag) == "log"
        elif depth > DEEPEST:
            raise FileProblem(self.name, f"nests deeper than {DEEPEST} levels.", "An XES log does not.")

    def _keep(self, into: dict[str, str], spill: _Spill, tag: str, attributes: dict[str, str]) -> None:
        try:
            key, value = attributes["key"], attributes["value"]
        except KeyError:
            return
        known = spill.tags.get(key)
        if known is None or tag not in known or len(value) > 1000:
            if _local(tag) not in _PLAIN or not key or key[0] == "\0":
                return
            self._check(spill, _local(tag), key, value)
        into[key] = value

    def _check(self, spill: _Spill, tag: str, key: str, value: str) -> None:
        if len(value) > spill.limits.cell:
            where = f"line {self.parser.CurrentLineNumber}"
            raise FileProblem(
                self.name, f"has a value of {len(value):,} characters at {where}.", "Export it again."
            )
        spill.tags.setdefault(key, set()).add(tag)
        if len(spill.tags) > spill.limits.columns:
            raise FileProblem(self.name, f"has more than {spill.limits.columns:,} attributes ({shown(key)}).")

    def end(self, tag: str) -> None:
        if self.depth == 3 and self.event is not None:
            self._end_event(self.event)
            self.event = None
        elif self.depth == 2 and self.trace is not None:
            self._end_trace(self.trace)
            self.trace = None
        self.depth -= 1

    def _end_event(self, event: dict[str, str]) -> None:
        if "all" not in self.lifecycle:
            transition = event.get(TRANSITION, "complete")
            if transition.casefold() not in self.lifecycle:
                self.rules["other_transition"] = self.rules.get("other_transition", 0) + 1
                return
        self.pending.append((self.event_row, event))

    def _end_trace(self, trace: dict[str, str]) -> None:
        case = trace.pop("concept:name", "")
        trace[CASE] = case
        self.traces.add(self.trace_row, trace)
        for row, event in self.pending:
            event[CASE] = case
            self.events.add(row, event)
        self.pending = []


def _local(tag: str) -> str:
    return tag.rpartition(":")[2] if ":" in tag else tag
