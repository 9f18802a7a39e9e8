"""The reference page of file formats, made from the tables that the readers use."""

from __future__ import annotations

import types
import typing
from collections.abc import Iterable

from pydantic import BaseModel

from hingepoint.connectors.files.fields import (
    ANSWER_WORDS,
    FIELDS,
    MEANINGS,
    OPEN_STAGES,
    STATUS_WORDS,
    Field,
)
from hingepoint.connectors.files.mapping import (
    DATE_WORDS,
    DealsMapping,
    EventsMapping,
    Join,
    Mapping,
    Outcome,
    TableMapping,
)
from hingepoint.connectors.files.opening import Limits
from hingepoint.connectors.files.reading.rules import RULES

_INTRODUCTION = """# Files that Hingepoint reads and writes

Tables are read as CSV (any common delimiter, quotes and encoding, with or without byte order mark), Excel
(.xlsx, .xls), OpenDocument (.ods), Parquet, JSON lines or one JSON list, and any of these packed as .gz or
.zip. Event logs are also read as XES (.xes, .xes.gz): a case is a deal, its attributes are columns of the
deal. The format is taken from the content, not from the name. `hingepoint discover` also takes a folder of
Parquet files as its events: they must have the same columns, and are one table in the order of their names.

Headings are matched without regard to case, spaces, `_` and other punctuation. A column of a deals table that is
none of ours is kept, and used as a covariate only when it is listed as known at creation. Further columns of events,
logs in tables and agreements are not used; `hingepoint check` and the page of an import name them.

How a file is read is decided from all of it: encoding, delimiter, decimal sign, order of day and month.
What stays ambiguous (`01/02/2024`, `1.234`) is refused until the mapping or another row settles it.
Formulas are never evaluated. Whatever cannot be read ends in one message that names file, row, column,
value and what is expected, and nothing is imported or computed.
"""

_VALUES = """## Values

- **Dates**: ISO 8601, with or without time and offset; `31/03/2024`, `31.03.2024`, `31-Mar-2024`,
  `March 31, 2024`, times with seconds, fractions, AM and PM; Excel dates in workbooks. A time with an offset
  is moved to the company's time zone; a date without a time is its midnight. Two-digit years need a mapping.
- **Numbers**: decimal point or comma, thousands separators, currency signs and codes, `(12.50)` and `12.50-`
  as negative. `NaN` and `inf` are no numbers.
- **Shares** (discount, margin): `0.15` or `15 %`; a heading that ends in `%` says per cent for its column. Out
  of -1 to 1 is an error. `discount` is computed from `list_price` and `net_price` where it is empty.
- **Empty**: an empty cell; in columns of dates and numbers also `NULL`, `None`, `N/A` and `-`. In columns of
  text these are values.
- **Undated agreements** (`agreement_columns`): {answers}.
- **Status**: {status}. A number before the word and a probability behind it do not matter. Where the status
  column does not say it, it is read from flags (`IsClosed` and `IsWon`; `active` and `probability` of Odoo),
  from won and lost times, then from the stage. An open stage by its name: {stages}; with a close date it is open
  only where lost deals have a word or flag of their own. Any other word is open only where none of its deals has
  a close date that has passed, and asked about otherwise.
- **Shares**: `0.15`, or `15%`; under a heading that says per cent, 15 is 15%. Cells that Excel shows as per cent
  are shares. Numbers from -1 to 1 under such a heading are settled by the prices beside them, or asked about.
- **No date**: 1900-01-01, 1970-01-01, 2099-12-31, 9999-12-31 and the like, and what `no_date` in the mapping names.
- **Quotes**: `"` stands around cells. `'` is an apostrophe unless the whole file proves otherwise.
- **JSON**: the parts of an object are columns of their own: `owner: {{name: Ann}}` is a column `owner.name`.
- **Merged cells** of a workbook are filled down. A formula without a value is refused.
"""


_STANDINGS = """One row an agreement as it stands, as Hingepoint exports it. It has the columns of a table of events, and these.
Columns that the file has are set, empty cells are emptied. Where it says another state than the record, that is a
step, dated by `at`."""


def formats_page() -> str:
    """Return ``docs/reference/formats.md``: columns with synonyms, rules, mapping keys, limits."""
    parts = [
        _INTRODUCTION,
        _columns("deals", "One row a deal."),
        _columns("events", "One row an event of a deal."),
        _columns("agreements", _STANDINGS),
        _columns("people", "One row a person, or a time in a team. Brought in under People, not with deals."),
        _columns(
            "traces",
            "`hingepoint signals` reads the table of events with these differences; which rows each signal reads says "
            "[its page](signals.md). An event of kind `policy` names no deal.",
            "events as the signals read them",
        ),
        _columns("routines", "One row a routine that is required of somebody; read by `hingepoint signals`."),
        _VALUES.format(
            answers=_words(ANSWER_WORDS),
            status=_words(STATUS_WORDS),
            stages=_code(part.strip() for part in OPEN_STAGES.split(",")),
        ),
        _rules(),
        _mapping(),
        _limits(),
        _WRITING,
    ]
    return "\n".join(part.strip() + "\n" for part in parts)


_WRITING = """## Writing

Exports are written as CSV (UTF-8, comma), Excel and JSON, and read back to the same values. In CSV a text
that a spreadsheet would take for a formula gets an apostrophe in front, which reading takes away again; in
Excel every text is typed as text. Negative numbers stay numbers.

Deals, events and agreements read back to the same state, into the company they come from (nothing changes) and into
an empty one: deals first, then events, then agreements. Agreements alone come back as they stand, without the steps
before. A row says what is true of the deal, not who may see it or how we came to know. So these do not travel:

| what | why |
|---|---|
| who may sign in, roles, who an inside partner's request was addressed to | a file must give nobody a right; the name stays |
| the contact behind a name, and their role on the deal | contacts are kept by account, and no table of them is exported |
| which points of quality and which checks are met | the count travels as `quality` |
| files of evidence, links and confirmations | they are handed out one by one, to those who may see them |
| steps that were taken back | they are true of nothing; the audit trail keeps them |
| which rule or import a step came from | an imported step comes from its import; a rule stays named as `actor` |
| plans, reviews, debriefs, corridors, coaching | not for every reader of a deal; back up the whole database instead |
| demands, concessions, exceptions, executives, pressures as tables of their own | for reading; what happened of them is among the events |
| days to the next check that a playbook asks for | they follow from the playbook; `expires_on` travels |
"""


def _columns(role: str, sentence: str, title: str = "") -> str:
    """Return the columns of a table that have a meaning of their own in this role."""
    rows = (
        (
            f"`{each.name}`",
            "must" if each.must else "may",
            _kind(each),
            MEANINGS[role][each.name],
            _code(each.synonyms),
        )
        for each in FIELDS[role]
        if each.name in MEANINGS[role]
        and (role != "agreements" or MEANINGS["events"].get(each.name) != MEANINGS[role][each.name])
    )
    return f"## Table of {title or role}\n\n{sentence}\n\n" + _table(
        ("column", "need", "read as", "meaning", "also recognised as"), rows
    )


def _kind(field: Field) -> str:
    if field.choices:
        default = f"; {field.default} when empty" if field.default else ""
        return ", ".join(f"`{each}`" for each in field.choices) + default
    return f"whole number 0 to {field.most}" if field.most else field.kind.value


def _rules() -> str:
    rows = ((f"`{rule.key}`", rule.table, rule.does, rule.sentence) for rule in RULES)
    text = (
        "## Rules\n\nRows that can be read but do not fit together. Each rule is printed with its count.\n\n"
    )
    return text + _table(("rule", "table", "such a row is", "when"), rows)


def _mapping() -> str:
    parts = [
        "## Mapping file\n\nA YAML file given as `--mapping map.yaml` where recognition is not enough. Every key is"
        " optional; an unknown key or value is an error that names its line.\n",
        _keys("Top level", Mapping),
        _keys("`deals`, `events` and `routines`", TableMapping),
        _keys("`deals` only", DealsMapping, TableMapping),
        _keys("`events` only", EventsMapping, TableMapping),
        _keys("`joins`, each", Join),
        _keys("`outcome`", Outcome),
        "### Words for `date_format`\n\n"
        + _table(("word", "reads"), ((f"`{k}`", v) for k, v in DATE_WORDS.items())),
    ]
    return "\n".join(parts)


def _keys(title: str, model: type[BaseModel], without: type[BaseModel] | None = None) -> str:
    known = without.model_fields if without else {}
    rows = (
        (f"`{name}`", _type_words(field.annotation), field.description or "")
        for name, field in model.model_fields.items()
        if name not in known
    )
    return f"### {title}\n\n" + _table(("key", "value", "meaning"), rows)


def _type_words(annotation: typing.Any) -> str:
    origin = typing.get_origin(annotation)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return "a section"
    if origin in (typing.Union, types.UnionType):
        return _type_words(typing.get_args(annotation)[0])
    if origin is typing.Literal:
        return " or ".join(f"`{each}`" for each in typing.get_args(annotation) if each)
    names = {list: "a list", dict: "pairs", bool: "`true` or `false`", int: "a number"}
    return names.get(origin or annotation, "text")


def _limits() -> str:
    limits = Limits()
    rows = (
        ("file after unpacking", f"{limits.size >> 30} GiB"),
        (
            "workbook after unpacking",
            f"{limits.workbook >> 30} GiB and {limits.workbook_cells:,} cells a sheet",
        ),
        ("how much an archive may grow", f"{limits.ratio} times, once above {limits.ratio_from >> 20} MiB"),
        ("columns", f"{limits.columns:,}"),
        ("characters in a cell", f"{limits.cell:,}"),
        ("characters in a line", f"{limits.line:,}"),
    )
    return "## Limits\n\n" + _table(("what", "at most"), rows)


def _words(table: dict[str, str]) -> str:
    return "; ".join(
        f"*{meaning}* ({', '.join(f'`{word.strip()}`' for word in text.split(','))})"
        for meaning, text in table.items()
    )


def _code(words: Iterable[str]) -> str:
    return ", ".join(f"`{each}`" for each in words)


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return (
        "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)
        + "\n"
    )
