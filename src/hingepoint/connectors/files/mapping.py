"""The mapping file: how a company's own tables are to be read, where recognition is not enough."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import available_timezones

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator

from hingepoint.connectors.files.fields import FIELDS
from hingepoint.connectors.files.problems import FileProblem, shown
from hingepoint.records.deals import EventKind
from hingepoint.records.names import normal

LARGEST_MAPPING = 1_000_000

DATE_WORDS = {
    "iso": "2024-03-31, with or without a time",
    "day-first": "31/03/2024, 31.03.2024, 31-03-2024",
    "month-first": "03/31/2024",
    "excel": "serial days of Excel, 45382 being 2024-03-31",
    "unix": "seconds since 1970",
    "unix-ms": "thousandths of a second since 1970",
}


def _said(value: Any) -> Any:
    """Return what a person meant: YAML reads ``Yes`` as true and ``2024`` as a number."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float) else value


def _said_all(value: Any) -> Any:
    return [_said(each) for each in value] if isinstance(value, list) else [_said(value)]


#: What a mapping says of a word for a status.
MEANINGS = ("won", "lost", "open", "left_out")

Text = Annotated[str, BeforeValidator(_said)]
Texts = Annotated[list[Text], BeforeValidator(_said_all)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=False)


class Join(_Part):
    """Columns of a second file, looked up by a column of both."""

    file: Text = Field(description="name of the second file, in the same folder as the first")
    on: Text = Field(description="heading in the first file")
    equals: Text = Field(default="", description="heading in the second file; the same as `on` when not said")
    replace: dict[Text, Text] = Field(
        default={},
        description="values of the first file that are spelt otherwise in the second, e.g. `GTXPro: GTX Pro`",
    )
    take: Texts = Field(description="headings of the second file to add")

    @field_validator("file")
    @classmethod
    def _in_the_same_folder(cls, file: str) -> str:
        if not file or file in {".", ".."} or "/" in file or "\\" in file or "\x00" in file:
            raise ValueError("must be the bare name of a file in the same folder")
        return file


class TableMapping(_Part):
    """How one table is read."""

    columns: dict[Text, Text] = Field(
        default={}, description="our column: your heading, e.g. `owner: sales_agent`"
    )
    constants: dict[Text, Text] = Field(
        default={}, description="our column: one value for every row, e.g. `currency: USD`"
    )
    date_format: Text = Field(
        default="", description=f"{', '.join(DATE_WORDS)}, or a pattern such as `%d.%m.%y %H:%M`"
    )
    decimal: Literal["", ".", ","] = Field(default="", description="decimal sign, `.` or `,`")
    percent: Texts = Field(default=[], description="our columns whose numbers are per cent: 15 is 0.15")
    share: Texts = Field(
        default=[],
        description="our columns whose numbers are shares under a heading that says per cent: 0.15 is 15%",
    )
    no_date: Texts = Field(
        default=[], description="dates that stand for none in your tables, e.g. `2050-01-01`"
    )
    encoding: Text = Field(default="", description="e.g. `utf-8`, `windows-1252`")
    delimiter: str = Field(default="", max_length=1, description="one character between cells")
    quote: Literal["", '"', "'", "none"] = Field(
        default="", description="sign around cells, `\"` or `'`; `none` where quotes are signs like any other"
    )
    sheet: Text = Field(default="", description="sheet of a workbook")
    member: Text = Field(default="", description="file inside a zip archive that holds several")
    header_row: int | None = Field(
        default=None, ge=1, le=1000, description="row of the headings; 1 is the first"
    )
    leave_out: dict[Text, Texts] = Field(
        default={}, description="rows not wanted, by heading and values, e.g. `is_deleted: [true]`"
    )
    joins: list[Join] = Field(default=[], description="columns looked up in a second file")
    zone: Text = Field(
        default="", description="time zone of times without an offset, e.g. `Europe/Amsterdam`"
    )

    @field_validator("columns", "constants")
    @classmethod
    def _known_fields(cls, given: dict[str, str]) -> dict[str, str]:
        for name in given:
            if name not in cls.known():
                raise ValueError(f"{name!r} is not one of our columns: {', '.join(cls.known())}")
        return given

    @field_validator("zone")
    @classmethod
    def _known_zone(cls, zone: str) -> str:
        return checked_zone(zone)

    @field_validator("encoding")
    @classmethod
    def _known_encoding(cls, encoding: str) -> str:
        try:
            "".encode(encoding or "utf-8")
        except LookupError:
            raise ValueError(f"{encoding!r} is not an encoding, such as utf-8 or windows-1252") from None
        return encoding

    @field_validator("date_format")
    @classmethod
    def _known_date_format(cls, text: str) -> str:
        if text and text not in DATE_WORDS and ("%Y" not in text and "%y" not in text):
            raise ValueError(f"must be one of {', '.join(DATE_WORDS)} or a pattern with %Y or %y")
        return text

    @classmethod
    def known(cls) -> tuple[str, ...]:
        return ()


class DealsMapping(TableMapping):
    """How the deals table, or the case attributes of an event log, is read."""

    status: dict[Literal["won", "lost", "open", "left_out"], Texts] = Field(
        default={},
        description="`won`, `lost`, `open`, `left_out`: your values of the status (or stage) column; flags as they"
        " are asked about",
    )
    status_from: dict[Literal["won", "lost"], dict[Text, Texts]] = Field(
        default={},
        description="`won` and `lost` by other columns: heading and values, e.g. `won: {is_won: [true]}`; what is"
        " neither is open",
    )
    known_at_creation: Texts = Field(
        default=[], description="further columns known when the deal is created: covariates"
    )
    agreement_columns: Texts = Field(
        default=[], description="headings of undated agreements, with yes, no or unknown"
    )
    agreement_values: dict[Text, dict[Literal["yes", "no", "unknown"], Texts]] = Field(
        default={}, description="per agreement column, which of your values mean yes, no, unknown"
    )
    events_from_columns: dict[Text, Text] = Field(
        default={}, description="heading of a date: the step reached then, e.g. `engage_date: Engaged`"
    )
    number_rows: bool = Field(default=False, description="the table has no deal id: number the rows instead")

    @classmethod
    def known(cls) -> tuple[str, ...]:
        return tuple(field.name for field in FIELDS["deals"])

    @property
    def status_said(self) -> dict[str, str]:
        """What is said of words for a status, by their normal form: won, lost, open or left out."""
        return {
            normal(value): status.replace("_", " ")
            for status, values in self.status.items()
            for value in values
        }


class EventsMapping(TableMapping):
    """How the events table, the events of a log, or a table of agreements as they stand is read."""

    lifecycle: Texts = Field(
        default=["complete"], description="life-cycle transitions of a log that count; `[all]` for every one"
    )
    kinds: dict[EventKind, Texts] = Field(
        default={}, description="kind: steps of that kind; `*` stands for anything, e.g. `activity: [W_*]`"
    )
    kind_values: dict[EventKind, Texts] = Field(
        default={}, description="kind: your values of the kind column, e.g. `activity: [Call, Email]`"
    )

    @classmethod
    def known(cls) -> tuple[str, ...]:
        return tuple(dict.fromkeys(field.name for role in ("agreements", "traces") for field in FIELDS[role]))


class RoutinesMapping(TableMapping):
    """How the table of routines is read."""

    @classmethod
    def known(cls) -> tuple[str, ...]:
        return tuple(field.name for field in FIELDS["routines"])


class Outcome(_Part):
    """Won and lost by the first of these steps that a deal reaches; a deal with neither is open."""

    won: Texts = Field(default=[], description="steps that mean won")
    lost: Texts = Field(default=[], description="steps that mean lost")


class Mapping(_Part):
    """A mapping file. Everything is optional; unknown keys are errors."""

    deals: DealsMapping = Field(default=DealsMapping(), description="the deals table or case attributes")
    events: EventsMapping = Field(default=EventsMapping(), description="the events table or log")
    routines: RoutinesMapping = Field(
        default=RoutinesMapping(), description="the table of routines that the signals read"
    )
    outcome: Outcome = Field(default=Outcome(), description="won and lost by event, for a log without status")
    zone: Text = Field(default="", description="as in the tables, for all of them")

    @field_validator("zone")
    @classmethod
    def _known_zone(cls, zone: str) -> str:
        return checked_zone(zone)


def with_answer(mapping: Mapping, answer: dict[str, Any]) -> Mapping:
    """Return ``mapping`` with what an answer to a question adds to it."""
    return Mapping.model_validate(_both(mapping.model_dump(mode="json", exclude_defaults=True), answer))


def _both(first: Any, second: Any) -> Any:
    """Return two parts of a mapping as one: keys of both, and lists one after the other, each entry once."""
    if isinstance(first, dict) and isinstance(second, dict):
        return first | {
            key: _both(first[key], value) if key in first else value for key, value in second.items()
        }
    if isinstance(first, list) and isinstance(second, list):
        return list(dict.fromkeys([*first, *second]))
    return second


def checked_zone(zone: str) -> str:
    """Return ``zone`` if it is empty or an IANA time zone; raises ``ValueError``."""
    if zone and zone not in available_timezones():
        raise ValueError(f"{shown(zone)!r} is not a time zone, such as Europe/Amsterdam")
    return zone


def load_mapping(path: Path) -> Mapping:
    """Return the mapping in the YAML file ``path``; raises ``FileProblem`` naming the line that is wrong."""
    try:
        if path.stat().st_size > LARGEST_MAPPING:
            raise FileProblem(path.name, "is too large for a mapping.", "A mapping is a short YAML file.")
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise FileProblem(path.name, "cannot be read as a UTF-8 text file.", _reason(error)) from None
    return parse_mapping(text, file=path.name)


def parse_mapping(text: str, *, file: str = "mapping") -> Mapping:
    """Return the mapping in YAML ``text``; raises ``FileProblem`` naming the line that is wrong."""
    try:
        node = _Loader(text).get_single_node()
        given = yaml.load(text, Loader=_Loader)  # noqa: S506 - a BaseLoader makes only texts, lists and dicts
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise FileProblem(file, f"is not valid YAML: {_yaml_reason(error)}.") from None
    if given is None:
        return Mapping()
    try:
        return Mapping.model_validate(given)
    except ValidationError as error:
        raise FileProblem(file, "; ".join(_told(each, node) for each in error.errors()[:5]) + ".") from None


class _Loader(yaml.BaseLoader):
    """Reads every value as the text it is: YAML itself takes ``on``, ``yes`` and ``no`` for truth values.

    Refuses what a mapping never needs and a hostile one uses: aliases and keys given twice.
    """

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            event = self.peek_event()
            raise yaml.MarkedYAMLError(None, None, "aliases (*) are not allowed", event.start_mark)
        return super().compose_node(parent, index)

    def compose_mapping_node(self, anchor: Any) -> Any:
        node = super().compose_mapping_node(anchor)
        seen: set[str] = set()
        for key, _ in node.value:
            if str(key.value) in seen:
                raise yaml.MarkedYAMLError(None, None, f"{key.value!r} is given twice", key.start_mark)
            seen.add(str(key.value))
        return node


def _yaml_reason(error: Exception) -> str:
    mark = getattr(error, "problem_mark", None)
    where = f"line {mark.line + 1}, " if mark else ""
    return where + shown(getattr(error, "problem", "") or type(error).__name__)


def _reason(error: Exception) -> str:
    return (error.strerror or "") + "." if isinstance(error, OSError) else ""


def _told(error: Any, node: yaml.Node | None) -> str:
    """Return one pydantic error in words, with its place and line."""
    place = ".".join(str(part) for part in error["loc"] if part != "[key]") or "the file"
    line = _line_of(error["loc"], node)
    where = f"line {line}, {place}" if line else place
    if error["type"] == "extra_forbidden":
        return f"{where} is not a key of a mapping"
    said = error["msg"].removeprefix("Value error, ")
    return f"{where}: {said[0].lower()}{said[1:]}, found {shown(error['input'])!r}"


def _line_of(place: tuple[Any, ...], node: yaml.Node | None) -> int:
    """Return the line of the innermost part of ``place`` that is in the file."""
    line = 0
    for part in place:
        if isinstance(node, yaml.MappingNode):
            found = [(key, value) for key, value in node.value if key.value == str(part)]
            if not found:
                break
            key, node = found[0]
            line = key.start_mark.line + 1
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int):
            node = node.value[part]
            line = node.start_mark.line + 1
    return line
