"""The first look at all of a table: what decides how its columns are read, and what was understood."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import polars as pl

from hingepoint.connectors.files.cells.moments import MomentEvidence
from hingepoint.connectors.files.cells.numbers import NumberEvidence
from hingepoint.connectors.files.cells.outcomes import meaning_of
from hingepoint.connectors.files.fields import Kind
from hingepoint.connectors.files.mapping import TableMapping
from hingepoint.connectors.files.problems import FileProblem, shown
from hingepoint.connectors.files.reading.recognise import ColumnPlan
from hingepoint.connectors.files.tables import Batch, Table

SAMPLES = 5

#: Words for "no value" in columns of dates and numbers. In columns of text they are values.
EMPTY_WORDS = ("null", "none", "n/a", "na", "#n/a", "-", "–", "—", "nil", "(null)", "\\n")

Progress = Callable[[str, int], None]


@dataclass(frozen=True, slots=True)
class UnderstoodColumn:
    """``field`` is our column or empty; ``how`` it was recognised; ``kept_as`` the name under which what
    is none of ours is kept, empty where it is not used."""

    heading: str
    field: str
    how: str
    read_as: str
    kept_as: str


@dataclass(frozen=True, slots=True)
class Understood:
    """How a file was read, to be shown to its owner before anything is done with it.

    ``missing`` are columns that must be there; ``undecided`` says what only a mapping can settle.
    """

    file: str
    role: str
    format: str
    packed: str
    dialect: dict[str, str]
    header_row: int
    rows: int
    decimal: str
    dates: str
    columns: tuple[UnderstoodColumn, ...]
    samples: tuple[dict[str, str], ...]
    missing: tuple[str, ...] = ()
    undecided: tuple[str, ...] = ()


@dataclass(slots=True)
class Surveyed:
    """What the first look found, column by position."""

    rows: int = 0
    numbers: dict[int, NumberEvidence] = field(default_factory=dict)
    moments: dict[int, MomentEvidence] = field(default_factory=dict)
    samples: list[dict[str, str]] = field(default_factory=list)
    stages: set[str] = field(default_factory=set)


def cleaned(text: pl.Series, *, guarded: bool) -> pl.Series:
    """Return texts stripped, and without the apostrophe before what a spreadsheet takes for a formula or a number.

    Our export puts one before formulas, Excel shows one before digits that are text (``'00123``).
    """
    text = text.str.strip_chars()
    if guarded and text.str.starts_with("'").any():
        text = text.str.replace(r"^'('*(?:[=+\-@\t\r\n|%＝＋－＠]|[0-9][0-9.,:/\- ]*$))", "$1")
    return text


def valued(text: pl.Series) -> pl.Series:
    """Return stripped texts of a column of numbers or dates, words for "no value" being empty."""
    if not text.str.contains(r"(?i)^[-–—n#(\\]").any():
        return text
    empty = text.str.to_lowercase().is_in(EMPTY_WORDS)
    return pl.select(pl.when(empty).then(pl.lit("")).otherwise(text)).to_series()


def survey(table: Table, plans: list[ColumnPlan], wanted: set[int], progress: Progress | None) -> Surveyed:
    """Return what all rows of ``table`` say about its columns; ``wanted`` are further columns of dates.

    Where the file itself says all that, only its first rows are read, for samples.
    """
    found = Surveyed()
    numeric = [each.index for each in plans if each.field and each.field.kind in (Kind.NUMBER, Kind.SHARE)]
    dated = {each.index for each in plans if each.field and each.field.kind is Kind.MOMENT} | wanted
    found.numbers = {i: NumberEvidence() for i in numeric if table.exact.get(i) not in ("number", "share")}
    found.moments = {i: MomentEvidence() for i in sorted(dated) if i not in table.exact}
    stage = next((each.index for each in plans if each.field and each.field.name == "stage"), None)
    guarded = table.format == "csv"
    said = table.height is not None and stage is None and not found.numbers and not found.moments
    for batch in table.batches():
        found.rows += len(batch.rows) + len(batch.problems)
        for i, numbers in found.numbers.items():
            numbers.see(batch.rows, valued(cleaned(batch.text(i), guarded=guarded)))
        for i, moments in found.moments.items():
            moments.see(batch.rows, valued(cleaned(batch.text(i), guarded=guarded)))
        if stage is not None and len(found.stages) < 1000:
            found.stages.update(batch.text(stage).unique().to_list())
        _sample(found, batch, table)
        if said and len(found.samples) == SAMPLES:
            found.rows = table.height or 0
            break
        if progress:
            progress(table.name, found.rows)
    return found


def _sample(found: Surveyed, batch: Batch, table: Table) -> None:
    first = Batch(batch.rows, batch.frame.head(SAMPLES - len(found.samples)))
    for row in first.as_text().iter_rows():
        found.samples.append(
            {heading: shown(value) for heading, value in zip(table.headings, row, strict=True)}
        )


def stages_say_status(found: Surveyed, said: dict[str, str]) -> bool:
    """Return whether the stages seen include words for won or lost, such as Closed Won."""
    return any(meaning_of(each, said) in {"won", "lost"} for each in found.stages)


def settle(table: Table, plans: list[ColumnPlan], found: Surveyed, mapping: TableMapping) -> list[str]:
    """Write into ``plans`` how numbers and dates are read; return what is ambiguous, in words.

    Raises ``FileProblem`` when a column contradicts itself.
    """
    return [
        *_settle_numbers(table, plans, found, mapping),
        *_settle_moments(table, plans, found, mapping),
        *_mixed_currencies(plans, found, mapping),
    ]


def _settle_numbers(
    table: Table, plans: list[ColumnPlan], found: Surveyed, mapping: TableMapping
) -> list[str]:
    undecided = []
    points = [i for i, each in found.numbers.items() if each.point]
    commas = [i for i, each in found.numbers.items() if each.comma]
    for i, seen in found.numbers.items():
        plan = plans[i]
        if mapping.decimal:
            plan.decimal, plan.settled_by = mapping.decimal, "mapping"
        elif seen.point and seen.comma:
            raise FileProblem(
                table.name,
                f"column {shown(plan.heading)!r} uses both decimal points and commas: {seen.point[1]!r} in row"
                f" {seen.point[0]}, {seen.comma[1]!r} in row {seen.comma[0]}.",
                "Correct them, or say `decimal` in the mapping.",
            )
        elif seen.point or seen.comma:
            plan.decimal, plan.settled_by = "." if seen.point else ",", "its values"
        elif bool(points) != bool(commas):
            other = plans[(points or commas)[0]].heading
            plan.decimal, plan.settled_by = "." if points else ",", f"column {shown(other)}"
        elif seen.either:
            row, value = seen.either
            undecided.append(
                f"column {shown(plan.heading)!r}, row {row}: {value!r} may be a thousand times another number."
                ' Say `decimal: "."` or `decimal: ","` in the mapping.'
            )
    return undecided


def _settle_moments(
    table: Table, plans: list[ColumnPlan], found: Surveyed, mapping: TableMapping
) -> list[str]:
    undecided = []
    day = [i for i, each in found.moments.items() if each.day_first]
    month = [i for i, each in found.moments.items() if each.month_first]
    for plan in plans:
        plan.style = "" if plan.index in table.exact else mapping.date_format
        plan.day_first = mapping.date_format != "month-first"
        if plan.field and plan.field.kind is Kind.MOMENT and table.exact.get(plan.index) == "number":
            plan.style = mapping.date_format or _serial_style(table)
    for i, seen in found.moments.items():
        plan = plans[i]
        if mapping.date_format:
            continue
        if seen.day_first and seen.month_first:
            raise FileProblem(
                table.name,
                f"column {shown(plan.heading)!r} mixes day/month and month/day: {shown(seen.day_first[1])!r} in row"
                f" {seen.day_first[0]}, {shown(seen.month_first[1])!r} in row {seen.month_first[0]}.",
                "Correct them, or say `date_format` in the mapping.",
            )
        if seen.day_first or seen.month_first:
            plan.day_first, plan.settled_by = bool(seen.day_first), "its values"
        elif bool(day) != bool(month):
            other = plans[(day or month)[0]].heading
            plan.day_first, plan.settled_by = bool(day), f"column {shown(other)}"
        elif seen.either:
            row, value = seen.either
            undecided.append(
                f"column {shown(plan.heading)!r}, row {row}: {shown(value)!r} may be day/month or month/day."
                " Say `date_format: day-first` or `month-first` in the mapping."
            )
    return undecided


def _serial_style(table: Table) -> str:
    if table.format in {"xlsx", "xls", "ods"}:
        return "excel-1904" if table.dialect.get("days") else "excel"
    return ""


def _mixed_currencies(plans: list[ColumnPlan], found: Surveyed, mapping: TableMapping) -> list[str]:
    if "currency" in mapping.constants or any(each.field and each.field.name == "currency" for each in plans):
        return []
    seen = {sign for each in found.numbers.values() for sign in each.currencies}
    if len(seen) < 2:
        return []
    signs = ", ".join(sorted(seen)[:5])
    return [f"the amounts are in several currencies ({signs}). Add a `currency` column."]


def understood(
    table: Table,
    role: str,
    packed: str,
    plans: list[ColumnPlan],
    found: Surveyed,
    *,
    missing: list[str],
    undecided: list[str],
) -> Understood:
    """Return how ``table`` was read, in words."""
    numbers = {
        plans[i].decimal for i, each in found.numbers.items() if each.point or each.comma or each.either
    }
    dates = {
        _date_words(plans[i])
        for i, each in found.moments.items()
        if each.day_first or each.month_first or each.either
    }
    return Understood(
        file=table.name,
        role=role,
        format=table.format,
        packed=packed,
        dialect=dict(table.dialect),
        header_row=table.header_row,
        rows=found.rows,
        decimal=" and ".join(sorted(numbers)) or ".",
        dates=" and ".join(sorted(dates)) or "year first",
        columns=tuple(_column(each, role) for each in plans),
        samples=tuple(found.samples),
        missing=tuple(missing),
        undecided=tuple(undecided),
    )


def _date_words(plan: ColumnPlan) -> str:
    return plan.style or ("day first" if plan.day_first else "month first")


def _column(plan: ColumnPlan, role: str) -> UnderstoodColumn:
    read_as = plan.field.kind.value if plan.field else Kind.TEXT.value
    if plan.field and plan.field.kind in (Kind.NUMBER, Kind.SHARE):
        read_as += ", decimal comma" if plan.decimal == "," else ""
        read_as += ", per cent" if plan.percent else ""
    if plan.field and plan.field.kind is Kind.MOMENT and plan.settled_by:
        read_as += f", {_date_words(plan)}"
    if plan.settled_by:
        read_as += f" (settled by {plan.settled_by})"
    kept_as = plan.keep_as if role == "deals" else ""  # events have our columns and no others
    return UnderstoodColumn(plan.heading, plan.field.name if plan.field else "", plan.how, read_as, kept_as)
