"""Histories as CRMs export them: recognised as what they are, and turned into the events that they tell.

A *field history* has a row a change: the field, its old and new value, when, by whom. A *state history* has a row
a change too, but with the fields as they were from then on. *Snapshots* are deals tables of several days in one.
*Stage dates* are columns of a deals table, one a stage. All would otherwise be taken for agreements called
"1000" and "Ben", or for rows that contradict each other. Changes of stage become events of kind ``stage``, all
others of kind ``field``.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

import polars as pl

from hingepoint.connectors.files.cells.moments import MomentEvidence, read_moments
from hingepoint.connectors.files.fields import normal
from hingepoint.connectors.files.mapping import DealsMapping, EventsMapping, TableMapping
from hingepoint.connectors.files.problems import FileProblem
from hingepoint.connectors.files.reading.recognise import recognise
from hingepoint.connectors.files.tables import BATCH, Batch, Table, text_of
from hingepoint.records.deals import EventKind

#: Headings of a field history, in the languages of the CRMs' exports.
_FIELD = (
    "field, field / event, field name, field label, changed field, changed attribute, attribute, property,"
    " property name, tracking field, modified field, feld, feldname, champ, campo, veld, campo / evento"
)
_OLD = (
    "old value, old value (text), old value char, previous value, from value, original value, alter wert,"
    " ancienne valeur, valor anterior, valor antiguo, valore precedente, oude waarde, valor antigo"
)
_NEW = (
    "new value, new value (text), new value char, changed to, to value, neuer wert, nouvelle valeur, valor nuevo,"
    " nuevo valor, nuovo valore, nieuwe waarde, novo valor"
)
#: A history of properties has no old value, so that its value column is taken for one only beside these.
_PROPERTY, _VALUE = "property, property name, name", "value, property value"
#: Fields whose change is a change of stage.
_STAGES = (
    "stage, stage name, stagename, deal stage, dealstage, sales stage, opportunity stage, pipeline stage, stage id,"
    " stage_id, step name, stepname, phase, verkaufsphase, étape, etapa, fase"
)
_STATE = "stage name, stagename, stage, to stage, sales stage, deal stage, phase"
#: What stands beside the stage in a state history, and under which name its changes are told.
_BESIDE = {
    "Amount": "amount, deal value, opportunity amount, value, betrag, montant, importe, bedrag, valor",
    "Close Date": "close date, closedate, expected close date, schlusstermin, date de clôture",
    "Probability": "probability, probability (%), wahrscheinlichkeit",
    "Forecast Category": "forecast category, forecast category name",
}
#: Headings that say on which day a row of a deals table was true.
_SNAPSHOT = (
    "snapshot date, snapshot, snapshot day, snapshot month, as of, as of date, as at, report date, reporting date,"
    " export date, extract date, load date, stichtag, date du rapport, fecha del informe"
)
#: What changes of a deal's row are told of, beside its stage.
_TOLD = {"amount": "Amount", "expected_close": "Close Date", "owner": "Owner"}
#: Columns of a deals table that say when a stage began, as HubSpot and reports made from Salesforce head them.
_STAGE_DATE = re.compile(
    r"""^(?:date\ entered|entered\ on|hs_(?:v2_)?date_entered_|date\ of\ stage|datum\ des\ eintritts\ in|date\ d['’]entrée\ dans)
    [\s:]*["'„“”«»]*(?P<stage>.+?)(?:\s*\([^()]*\))?["'„“”«»]*(?:\s*\([^()]*\))?$""",
    re.IGNORECASE | re.VERBOSE,
)
_MADE = ["agreement", "kind", "value", "note"]
_NUMBER = r"^-?[0-9]+(?:\.[0-9]+)?$"


@functools.cache
def _words(text: str) -> frozenset[str]:
    return frozenset(normal(word) for word in text.split(","))


def place_among(headings: list[str], text: str) -> int | None:
    """Return the place of the first heading that is one of the words in ``text``; None where none is."""
    return next((place for place, heading in enumerate(headings) if normal(heading) in _words(text)), None)


@dataclass(slots=True)
class HistoryTable:
    """``inner`` as a table of events: ``kept`` of its columns, then what was made of the others.

    ``name``, ``rows`` and headings of the kept columns are those of the file, so that problems are found there.
    """

    inner: Table
    kept: list[int]
    name: str
    format: str
    headings: list[str]
    header_row: int
    dialect: dict[str, str]
    exact: dict[int, str]
    height: int | None = None

    def batches(self, size: int = BATCH) -> Iterator[Batch]:
        for batch in self.inner.batches(size):
            yield self._with(batch, self.made(batch))

    def made(self, batch: Batch) -> pl.DataFrame:
        """Return the row (place in ``batch``) of each event and the columns ``_MADE``."""
        raise NotImplementedError

    def _with(self, batch: Batch, made: pl.DataFrame) -> Batch:
        rows = made["row"]
        columns = [batch.frame[str(place)].gather(rows) for place in self.kept]
        columns += [made[name] for name in _MADE]
        frame = pl.DataFrame([column.alias(str(place)) for place, column in enumerate(columns)])
        return replace(batch, rows=batch.rows.gather(rows), frame=frame)


@dataclass(slots=True)
class FieldHistory(HistoryTable):
    """A row a change of one field."""

    field: int = 0
    old: int | None = None
    new: int = 0

    def made(self, batch: Batch) -> pl.DataFrame:
        field, new = _cells(batch, self.field), _cells(batch, self.new)
        old = _cells(batch, self.old) if self.old is not None else pl.repeat("", len(new), eager=True)
        stages = [each for each in field.unique() if normal(each) in _words(_STAGES)]
        table = pl.DataFrame(
            {"row": pl.int_range(len(new), eager=True), "field": field, "old": old, "new": new}
        )
        return _events(table, is_stage=pl.col("field").is_in(stages) & (pl.col("new") != ""))


@dataclass(slots=True)
class StateHistory(HistoryTable):
    """A row a change with all fields as they were from then on; a deal's first row tells the stage it began in.

    All of it is read at once, because what changed shows only beside the row before in time.
    """

    deal: int = 0
    at: int = 0
    stage: int = 0
    beside: dict[str, int] | None = None
    mapping: EventsMapping | None = None

    def batches(self, size: int = BATCH) -> Iterator[Batch]:
        whole = _together(list(self.inner.batches(size)))
        if whole is not None:
            yield self._with(whole, self.made(whole))

    def made(self, batch: Batch) -> pl.DataFrame:
        assert self.mapping is not None
        fields = {"Stage": self.stage, **(self.beside or {})}
        cells = {name: _cells(batch, place) for name, place in fields.items()}
        table = pl.DataFrame(
            {"deal": _cells(batch, self.deal), "at": in_time(batch, self.at, self.mapping), **cells}
        )
        table = table.with_row_index("row").sort("deal", "at", maintain_order=True)
        parts = [_changes(table, name) for name in fields]
        return _events(pl.concat(parts).sort("row", maintain_order=True), is_stage=pl.col("field") == "Stage")


def told_as_events(table: Table, mapping: TableMapping) -> Table:
    """Return ``table``, an events table, as it is, or as the events that it tells where it is a history.

    A mapping that says which column holds the agreement settles that it is none. Raises ``FileProblem``
    where old and new values stand without the field that changed.
    """
    if {"agreement", "kind"} & {*mapping.columns, *mapping.constants} or not isinstance(
        mapping, EventsMapping
    ):
        return table
    headings = table.headings
    field, new = place_among(headings, _FIELD), place_among(headings, _NEW)
    if field is not None and new is None:
        new = place_among(headings, _VALUE)
    if field is None and new is None and _is_property_history(table, mapping):
        field, new = place_among(headings, _PROPERTY), place_among(headings, _VALUE)
    if field is not None and new is not None:
        old = place_among(headings, _OLD)
        return _field_history(table, mapping, field, old, new)
    if new is not None and place_among(headings, _OLD) is not None:
        raise FileProblem(
            table.name,
            "has old and new values, but not of which field.",
            "Add the column that names the field, or say in a mapping `events: {columns: {agreement: "
            f"{headings[new]}}}, constants: {{kind: stage}}}}` where all are stages.",
        )
    return _state_history(table, mapping)


def _is_property_history(table: Table, mapping: EventsMapping) -> bool:
    plans = recognise(table.headings, "events", mapping, table.name)
    named = {each.field.name for each in plans if each.field}
    sources = place_among(table.headings, "source, source id, source type, sourcetype, updated by user id")
    return "agreement" not in named and {"deal_id", "at"} <= named and sources is not None


def _field_history(table: Table, mapping: EventsMapping, field: int, old: int | None, new: int) -> Table:
    taken = {field, old, new}
    kept = [place for place in _beside_the_made(table, mapping) if place not in taken]
    return FieldHistory(**_shape(table, kept), field=field, old=old, new=new)


def _state_history(table: Table, mapping: EventsMapping) -> Table:
    headings = table.headings
    stage, known = place_among(headings, _STATE), _ours(table, mapping)
    beside = {name: place_among(headings, words) for name, words in _BESIDE.items()}
    there = {name: place for name, place in beside.items() if place is not None}
    elsewhere = any(field == "agreement" and place != stage for place, field in known.items())
    if stage is None or elsewhere or not {"deal_id", "at"} <= set(known.values()):
        return table
    deal, at = (next(place for place, field in known.items() if field == name) for name in ("deal_id", "at"))
    kept = [place for place in _beside_the_made(table, mapping) if place not in {stage, *there.values()}]
    return StateHistory(**_shape(table, kept), deal=deal, at=at, stage=stage, beside=there, mapping=mapping)


def _ours(table: Table, mapping: EventsMapping) -> dict[int, str]:
    """Return the columns that are recognised as ours, by place."""
    plans = recognise(table.headings, "events", mapping, table.name)
    return {plan.index: plan.field.name for plan in plans if plan.field}


def _beside_the_made(table: Table, mapping: EventsMapping) -> list[int]:
    """Return the places of our columns that a history does not make anew."""
    return [place for place, name in _ours(table, mapping).items() if name not in _MADE]


def _shape(table: Table, kept: list[int]) -> dict:  # type: ignore[type-arg]
    kept = sorted(kept)
    return {
        "inner": table,
        "kept": kept,
        "name": table.name,
        "format": table.format,
        "headings": [*(table.headings[place] for place in kept), *_MADE],
        "header_row": table.header_row,
        "dialect": dict(table.dialect),
        "exact": {at: table.exact[place] for at, place in enumerate(kept) if place in table.exact},
    }


def _events(table: pl.DataFrame, *, is_stage: pl.Expr) -> pl.DataFrame:
    """Return the changes of ``table`` (row, field, old, new) as events; what stayed the same is none."""
    arrow = pl.concat_str(pl.col("old"), pl.lit(" → "), pl.col("new")).str.strip_chars()
    return table.filter((pl.col("old") != pl.col("new")) & (pl.col("field") != "")).select(
        "row",
        pl.when(is_stage).then("new").otherwise("field").alias("agreement"),
        pl.when(is_stage)
        .then(pl.lit(EventKind.STAGE.value))
        .otherwise(pl.lit(EventKind.FIELD.value))
        .alias("kind"),
        pl.when(~is_stage & pl.col("new").str.contains(_NUMBER))
        .then("new")
        .otherwise(pl.lit(""))
        .alias("value"),
        pl.when(pl.col("old") == "").then("new").otherwise(arrow).alias("note"),
    )


def _changes(table: pl.DataFrame, name: str) -> pl.DataFrame:
    """Return where the field ``name`` differs from the row before of the deal; at first only a stage is told."""
    before = pl.col(name).shift(1).over("deal")
    first = pl.col("deal").is_first_distinct()
    changed = table.select(
        "row",
        pl.lit(name).alias("field"),
        before.fill_null("").alias("old"),
        pl.col(name).alias("new"),
        first.alias("first"),
    )
    return changed.filter(pl.lit(name == "Stage") | ~pl.col("first")).drop("first")


def with_stage_dates(mapping: DealsMapping, headings: list[str]) -> DealsMapping:
    """Return ``mapping`` with the columns among ``headings`` that say when a deal entered a stage, unless it names any."""
    if mapping.events_from_columns:
        return mapping
    found = {
        heading: told["stage"].strip() for heading in headings if (told := _STAGE_DATE.match(heading.strip()))
    }
    return mapping.model_copy(update={"events_from_columns": found}) if found else mapping


def snapshot_column(headings: dict[str, str]) -> str | None:
    """Return the column, of those with these headings, that says of which day a row is; None without one."""
    return next((name for name, heading in headings.items() if normal(heading) in _words(_SNAPSHOT)), None)


def newest_of_snapshots(
    deals: pl.DataFrame, headings: dict[str, str], mapping: DealsMapping
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the newest row of each deal, and what its older rows tell as events (deal, agreement, at, kind, note).

    ``headings`` are those of the columns of ``deals`` that are kept as text. Where no column says of which day a
    row is, or a deal has two rows of one moment, the rows stay as they are: which is true cannot be told.
    """
    nothing = pl.DataFrame(schema=dict.fromkeys(("deal_id", "agreement", "at", "kind", "note"), pl.String))
    column = snapshot_column(headings)
    if column is None or not deals["deal_id"].is_duplicated().any():
        return deals, nothing
    text = deals[column].fill_null("").str.strip_chars()
    at = moments_of(deals["_row"], text, mapping)
    rows = deals.with_columns(at.alias("_at")).sort("deal_id", "_at", maintain_order=True)
    if at.null_count() or rows.select(pl.struct("deal_id", "_at").is_duplicated().any()).item():
        return deals, nothing
    told = {name: label for name, label in {"stage": "Stage", **_TOLD}.items() if name in deals.columns}
    events = [_seen_changes(rows, name, label) for name, label in told.items()]
    last = rows.filter(pl.col("deal_id").is_last_distinct()).drop("_at").sort("_row")
    return last, pl.concat(events) if events else nothing


def _seen_changes(rows: pl.DataFrame, name: str, label: str) -> pl.DataFrame:
    """Return where the column differs from the deal's row before, at the moment of the row where it is seen."""
    day = rows[name].dt.date() if rows[name].dtype.is_temporal() else rows[name]
    values = rows.select("deal_id", "_at", text_of(day).alias("new"))
    seen = values.with_columns(pl.col("new").shift(1).over("deal_id").alias("old"))
    seen = seen.filter(pl.col("old").is_not_null() & (pl.col("old") != pl.col("new")) & (pl.col("new") != ""))
    kind, said = (EventKind.STAGE, pl.col("new")) if name == "stage" else (EventKind.FIELD, pl.lit(label))
    return seen.select(
        "deal_id",
        said.alias("agreement"),
        pl.col("_at").alias("at"),
        pl.lit(kind.value).alias("kind"),
        pl.concat_str("old", pl.lit(" → "), "new").str.strip_chars().alias("note"),
    )


def in_time(batch: Batch, place: int, mapping: TableMapping) -> pl.Series:
    """Return the moments at ``place``, to put rows in order by; null where they cannot be read."""
    return moments_of(batch.rows, _cells(batch, place), mapping)


def moments_of(rows: pl.Series, text: pl.Series, mapping: TableMapping) -> pl.Series:
    """Return ``text`` as moments, to put ``rows`` in order by; null where they cannot be read."""
    evidence = MomentEvidence()
    evidence.see(rows, text)
    style = mapping.date_format
    day_first = style != "month-first" and (style == "day-first" or evidence.month_first is None)
    return read_moments(text, style=style, day_first=day_first, file_zone="UTC", zone="UTC")[0]


def _cells(batch: Batch, place: int) -> pl.Series:
    return batch.text(place).str.strip_chars()


def _together(batches: list[Batch]) -> Batch | None:
    if not batches:
        return None
    problems = [problem for batch in batches for problem in batch.problems]
    frame = pl.concat([batch.frame for batch in batches], how="vertical_relaxed")
    return replace(
        batches[0], rows=pl.concat([batch.rows for batch in batches]), frame=frame, problems=problems
    )
