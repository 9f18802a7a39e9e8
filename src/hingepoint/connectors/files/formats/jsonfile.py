"""JSON lines, and one JSON list of objects."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from hingepoint.connectors.files.formats.text import encoding_of
from hingepoint.connectors.files.opening import CHUNK, Limits
from hingepoint.connectors.files.problems import FileProblem, shown
from hingepoint.connectors.files.tables import (
    BATCH,
    Batch,
    batch_of,
    check_headings,
    without_empty_rows,
    without_long_cells,
)
from hingepoint.records.files import RowProblem


class _Number(str):
    """The digits of a JSON number as they stand, told from a text."""

    __slots__ = ()


class _NotJson(Exception):
    """Why a text is not one JSON object."""


@dataclass(slots=True)
class JsonTable:
    """Objects in a file; a column is any key of any of them."""

    name: str
    path: Path
    encoding: str
    listed: bool
    headings: list[str]
    dialect: dict[str, str]
    exact: dict[int, str]
    limits: Limits
    format: str = "json"
    height: int | None = None
    header_row: int = 0

    def batches(self, size: int = BATCH) -> Iterator[Batch]:
        objects = _objects(self.path, self.encoding, self.listed, self.name, self.limits)
        while chunk := list(islice(objects, size)):
            yield self._batch(chunk)

    def _batch(self, chunk: list[tuple[int, dict[str, Any] | RowProblem]]) -> Batch:
        place = {heading: i for i, heading in enumerate(self.headings)}
        problems = [each for _, each in chunk if isinstance(each, RowProblem)]
        rows = [row for row, each in chunk if isinstance(each, dict)]
        cells = []
        for _, each in chunk:
            if isinstance(each, dict):
                record = [""] * len(place)
                for key, value in each.items():
                    if key in place:
                        record[place[key]] = _text(value)
                cells.append(record)
        batch = batch_of(rows, cells, len(place), problems)
        return without_long_cells(without_empty_rows(batch), self.headings, self.name, self.limits)


def open_json(path: Path, *, name: str, limits: Limits, encoding: str = "") -> JsonTable:
    """Return the objects of ``path``; reads all of it once for its keys."""
    found, how = encoding_of(path, name=name, wanted=encoding, limits=limits)
    with path.open(encoding=found) as file:
        listed = file.read(4096).lstrip()[:1] == "["
    kinds: dict[str, set[type]] = {}
    first = None
    for _, each in _objects(path, found, listed, name, limits):
        if isinstance(each, RowProblem):
            first = first or each
        else:
            for key, value in each.items():
                kinds.setdefault(key, set()).add(type(value))
                if len(kinds) > limits.columns:
                    check_headings(list(kinds), name, limits)
            _refuse_object_centric(each, name)
    if not kinds:
        why = f": row {first.row} should be {first.expected}." if first else "."
        raise FileProblem(
            name, f"holds no JSON object{why}", "Give one object a line, with a key for each column."
        )
    headings = [key for key in kinds if kinds[key] != {type(None)} or not _has_parts(key, kinds)]
    check_headings(headings, name, limits)
    exact = {i: "number" for i, key in enumerate(headings) if _Number in kinds[key]}
    dialect = {
        "encoding": f"{found} ({how})",
        "layout": "a list of objects" if listed else "one object a line",
    }
    return JsonTable(name, path, found, listed, headings, dialect, exact, limits)


def _objects(
    path: Path, encoding: str, listed: bool, name: str, limits: Limits
) -> Iterator[tuple[int, dict[str, Any] | RowProblem]]:
    if listed:
        yield from _list_items(path, encoding, name, limits)
        return
    with path.open(encoding=encoding) as file:
        for number, line in enumerate(file, start=1):
            if line.strip():
                yield number, _object(line, number, name)


def _object(text: str, number: int, name: str) -> dict[str, Any] | RowProblem:
    try:
        return _checked(_DECODER.decode(text.strip()))
    except json.JSONDecodeError as error:
        expected = f"one JSON object ({error.msg[0].lower()}{error.msg[1:]} at character {error.pos + 1})"
    except (_NotJson, RecursionError) as error:
        expected = f"one JSON object ({error or 'nested too deeply'})"
    return RowProblem(name, number, "", shown(text.strip()), expected)


def _list_items(path: Path, encoding: str, name: str, limits: Limits) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the items of one JSON list, holding one item at a time; raises when the list is broken."""
    with path.open(encoding=encoding) as file:
        text, at, number, ended = file.read(CHUNK).lstrip()[1:], 0, 0, False
        while True:
            at = _past(text, at, " \t\r\n" if number == 0 else " \t\r\n,")
            if at < len(text) and text[at] == "]":
                break
            try:
                item, end = _DECODER.raw_decode(text, at)
                if end == len(text) and not ended:
                    raise json.JSONDecodeError("Unfinished", text, at)
                item = _checked(item)
            except json.JSONDecodeError as error:
                more = "" if ended else file.read(CHUNK)
                ended = not more
                if ended or len(text) - at > limits.line:
                    raise FileProblem(
                        name, f"is not sound JSON at item {number + 1}: {error.msg}.", "Export it again."
                    ) from None
                text, at = text[at:] + more, 0
                continue
            except (_NotJson, RecursionError) as error:
                raise FileProblem(
                    name, f"is not sound JSON at item {number + 1}: {error}.", "Export it again."
                ) from None
            number, at = number + 1, end
            yield number, item


def _past(text: str, at: int, skip: str) -> int:
    while at < len(text) and text[at] in skip:
        at += 1
    return at


def _has_parts(key: str, kinds: dict[str, set[type]]) -> bool:
    """Return whether ``key`` is an object in some rows, whose parts are columns of their own."""
    return any(other.startswith(f"{key}.") for other in kinds)


def _refuse_object_centric(item: dict[str, Any], name: str) -> None:
    """Raise for an event log of several kinds of objects (OCEL), which is one object of lists."""
    keys = {key.casefold().removeprefix("ocel:") for key in item}
    if {"objects", "events"} <= keys and keys & {"objecttypes", "eventtypes", "global-log", "global-event"}:
        raise FileProblem(name, *OBJECT_CENTRIC)


#: What is said of object-centric event logs, in JSON and XML.
OBJECT_CENTRIC = (
    "is an object-centric event log (OCEL), which is not read.",
    "Export it flattened to your deals: as XES, or as a table of one row an event with deal, event and time.",
)


def _flat(item: dict[str, Any], before: str = "", depth: int = 0) -> dict[str, Any]:
    """Return ``item`` with the parts of its objects as keys of their own: ``owner.name``."""
    found: dict[str, Any] = {}
    for key, value in item.items():
        if isinstance(value, dict) and value and depth < _DEEPEST:
            found |= _flat(value, f"{before}{key}.", depth + 1)
        else:
            found[before + key] = value
    return found


#: Objects within objects within objects: deeper ones stay text.
_DEEPEST = 3


def _checked(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _NotJson("not an object")
    value = _flat(value)
    for part in (*value, *value.values()):
        if isinstance(part, str) and _has_half_characters(part):
            raise _NotJson("half a character (a lone surrogate)")
    return value


def _has_half_characters(text: str) -> bool:
    return not text.isascii() and any("\ud800" <= char <= "\udfff" for char in text)


def _no_constant(text: str) -> Any:
    raise _NotJson(f"{text} is not a value of JSON")


def _no_double_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise _NotJson("a key is given twice")
    return found


_DECODER = json.JSONDecoder(
    parse_float=_Number, parse_int=_Number, parse_constant=_no_constant, object_pairs_hook=_no_double_keys
)


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)
