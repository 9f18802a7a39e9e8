"""Reading a company's files into the frames of ``analysis.frames``: the door to everything else here."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import Generic, TypeVar

import polars as pl

from hingepoint.connectors import passing
from hingepoint.connectors.files.cells.convert import Converter
from hingepoint.connectors.files.fields import schema
from hingepoint.connectors.files.formats import TABLES
from hingepoint.connectors.files.formats.parquet import open_parquet, parts_of, parts_together
from hingepoint.connectors.files.formats.xes import CASE, SpilledTable, open_xes
from hingepoint.connectors.files.mapping import DealsMapping, Join, Mapping, TableMapping
from hingepoint.connectors.files.opening import Limits, Plain, opened
from hingepoint.connectors.files.problems import BadRows, FileProblem, ProblemList, shown
from hingepoint.connectors.files.reading import histories, ids, outcomes, units
from hingepoint.connectors.files.reading import rules as rules_
from hingepoint.connectors.files.reading.dates import (
    ask_about_closes,
    possible_deals,
    possible_events,
    without_no_dates,
)
from hingepoint.connectors.files.reading.joined import joined, lookup_of
from hingepoint.connectors.files.reading.recognise import (
    ColumnPlan,
    judge_for,
    marks,
    missing,
    place_of,
    recognise,
    tells_status,
)
from hingepoint.connectors.files.reading.so_far import SoFar
from hingepoint.connectors.files.reading.spilled import SpilledEvents
from hingepoint.connectors.files.reading.survey import (
    Progress,
    Understood,
    settle,
    stages_say_status,
    survey,
    understood,
)
from hingepoint.connectors.files.reading.telling import OpenQuestions
from hingepoint.connectors.files.reading.understanding import Understanding
from hingepoint.connectors.files.reading.unread import deals_in_doubt, outcomes_in_doubt
from hingepoint.connectors.files.tables import BATCH, Table, batch_size
from hingepoint.records.files import RowProblem
from hingepoint.records.names import key_of, normal

Events = TypeVar("Events", pl.DataFrame, pl.LazyFrame)


@dataclass(frozen=True)
class Reading(Generic[Events]):
    """What files hold. ``deals`` and ``events`` have the columns of ``analysis.frames``, ``deals`` further ones too.

    ``problems`` lists the first rows that cannot be read, ``bad_rows`` of ``rows`` rows have one; ``rules``
    counts by the keys of ``rules.RULES``; ``covariates`` are further columns known at creation, and
    ``agreement_columns`` undated agreements with yes, no or unknown, both columns of ``deals``.
    """

    deals: pl.DataFrame
    events: Events
    problems: tuple[RowProblem, ...] = ()
    total_problems: int = 0
    bad_rows: int = 0
    rows: int = 0
    rules: dict[str, int] = field(default_factory=dict)
    understood: tuple[Understood, ...] = ()
    covariates: tuple[str, ...] = ()
    agreement_columns: tuple[str, ...] = ()
    understanding: Understanding = field(default_factory=Understanding)


@dataclass(slots=True)
class _Settings:
    """What every step of a reading needs to know."""

    mapping: Mapping
    zone: str
    limits: Limits
    progress: Progress | None
    rules: dict[str, int] = field(default_factory=dict)
    problems: ProblemList = field(default_factory=ProblemList)
    understood: list[Understood] = field(default_factory=list)
    rows: int = 0
    today: dt.date | None = None
    data_end: dt.date | None = None
    skip_bad_rows: bool = False
    so_far: SoFar = field(default_factory=SoFar)

    def part(self, role: str) -> TableMapping:
        parts: dict[str, TableMapping] = {"deals": self.mapping.deals, "routines": self.mapping.routines}
        part = parts.get(role, self.mapping.events)
        zone = part.zone or self.mapping.zone
        return part.model_copy(update={"zone": zone}) if zone else part

    def read_stage_dates(self, headings: list[str]) -> None:
        """Take the columns of the deals table that say when a stage began for what they are."""
        deals = histories.with_stage_dates(self.mapping.deals, headings)
        self.mapping = self.mapping.model_copy(update={"deals": deals})

    @property
    def outcome(self) -> bool:
        return bool(self.mapping.outcome.won or self.mapping.outcome.lost)


@contextmanager
def open_reading(
    *,
    deals: Path | None = None,
    events: Path | None = None,
    log: Path | None = None,
    mapping: Mapping | None = None,
    zone: str = "UTC",
    agreement_columns: tuple[str, ...] = (),
    covariates: tuple[str, ...] = (),
    skip_bad_rows: bool = False,
    limits: Limits | None = None,
    progress: Progress | None = None,
    today: dt.date | None = None,
    data_end: dt.date | None = None,
    with_questions: bool = False,
    so_far: SoFar | None = None,
) -> Iterator[Reading[pl.LazyFrame]]:
    """Give what the files hold, moments in the company's ``zone``, its events lazily and as often as wanted.

    Give deals, deals and events, or one event log (XES, or an events table whose outcome the mapping
    defines); events may also be a folder of Parquet files. Raises ``FileProblem`` when a file cannot be used, and its kind ``BadRows`` when single rows
    cannot be read and ``skip_bad_rows`` is false. What is dated after ``today`` is left out; close dates after
    ``data_end`` (else today) are expected ones. Where an answer of the owner would change an outcome, raises
    ``OpenQuestions``, or ``with_questions`` leaves out the deals that wait for it. Memory: the deals, one batch, and eight bytes an event;
    the events wait in a temporary folder until the block ends, without the columns that are empty throughout.
    ``so_far`` is what was understood of files that were read before and belong to these.
    """
    settings = _Settings(
        _with_columns(mapping, agreement_columns, covariates),
        zone,
        limits or Limits(),
        progress,
        today=today,
        data_end=data_end,
        skip_bad_rows=skip_bad_rows,
        so_far=so_far or SoFar(),
    )
    if log is None and deals is None:
        log, events = events, None
    with passing.folder() as folder:
        found = SpilledEvents(folder)
        if log is not None:
            frame = _read_log(log, settings, found)
        elif deals is not None:
            frame = _read_tables(deals, events, settings, found)
        else:
            raise FileProblem("no file", "is given.", "Give a deals table or an event log.")
        reading = _reading(frame, found, settings)
        if reading.understanding.questions and not with_questions:
            raise OpenQuestions(reading.understanding)
        yield reading


def _reading(deals: pl.DataFrame, events: SpilledEvents, settings: _Settings) -> Reading[pl.LazyFrame]:
    part = settings.mapping.deals
    known = tuple(_kept_name(each, settings) for each in part.known_at_creation)
    return Reading(
        deals=_numeric(deals, known),
        events=events.lazy(),
        problems=_checked(settings),
        total_problems=settings.problems.total,
        bad_rows=settings.problems.bad_rows,
        rows=settings.rows,
        rules=dict(sorted(settings.rules.items())),
        understood=tuple(settings.understood),
        covariates=known,
        agreement_columns=tuple(_kept_name(each, settings) for each in part.agreement_columns),
        understanding=_understanding(settings),
    )


def _understanding(settings: _Settings) -> Understanding:
    return settings.so_far.understanding(today=settings.today, data_end=settings.data_end)


def read(**options: object) -> Reading[pl.DataFrame]:
    """Return what ``open_reading`` gives with these options, with all events and all their columns in memory."""
    with open_reading(**options) as found:  # type: ignore[arg-type]
        events = _event_frame([found.events.collect()])
        return replace(found, events=events)  # type: ignore[arg-type, return-value]


def read_deals(path: Path, **options: object) -> Reading[pl.DataFrame]:
    """Return ``read(deals=path)``: a deals table alone, with events only where the mapping makes them of dates."""
    return read(deals=path, **options)


def understand(
    path: Path, role: str, *, mapping: Mapping | None = None, zone: str = "UTC", limits: Limits | None = None
) -> Understood:
    """Return how ``path`` would be read as ``role`` (deals or events), also when much is missing or undecided."""
    settings = _Settings(mapping or Mapping(), zone, limits or Limits(), None)
    with _opened_table(path, role, settings) as (table, plain):
        if isinstance(table, _Log):
            table = table.traces if role == "deals" else table.events
        plans = recognise(table.headings, role, settings.part(role), table.name)
        return _survey(table, plain, plans, role, settings, log=plain.format == "xes")[1]


def _with_columns(
    mapping: Mapping | None, agreements: tuple[str, ...], covariates: tuple[str, ...]
) -> Mapping:
    mapping = mapping or Mapping()
    deals = mapping.deals
    update = {
        "agreement_columns": list(dict.fromkeys([*deals.agreement_columns, *agreements])),
        "known_at_creation": list(dict.fromkeys([*deals.known_at_creation, *covariates])),
    }
    return mapping.model_copy(update={"deals": deals.model_copy(update=update)})


def _checked(settings: _Settings) -> tuple[RowProblem, ...]:
    problems = settings.problems
    if problems.total and not settings.skip_bad_rows:
        files = " and ".join(dict.fromkeys(each.file for each in settings.understood))
        raise BadRows(files, problems, settings.rows)
    return problems.listed()


def _kept_name(heading: str, settings: _Settings) -> str:
    """Return the name under which the column with this heading stands in the deals."""
    columns = [column for each in settings.understood if each.role == "deals" for column in each.columns]
    names = {normal(column.heading): column.field or column.kept_as for column in columns}
    return names.get(normal(heading), heading)


def _numeric(deals: pl.DataFrame, covariates: tuple[str, ...]) -> pl.DataFrame:
    """Return ``deals`` with covariates that are plain numbers throughout as numbers (007 is a code, not one)."""
    for name in covariates:
        if name in deals.columns and deals[name].dtype == pl.String():
            text = deals[name].drop_nulls()
            if len(text) and text.str.contains(r"^-?(?:0|[1-9][0-9]{0,14})(?:\.[0-9]+)?$").all():
                deals = deals.with_columns(pl.col(name).cast(pl.Float64))
    return deals


@dataclass(frozen=True)
class Rows:
    """The good rows of one table beside the deals, with all columns of its role; what was left out, by rule."""

    rows: pl.DataFrame
    rules: dict[str, int] = field(default_factory=dict)
    bad_rows: int = 0


def read_rows(
    path: Path,
    role: str,
    *,
    mapping: Mapping | None = None,
    zone: str = "UTC",
    skip_bad_rows: bool = False,
    limits: Limits | None = None,
    progress: Progress | None = None,
    today: dt.date | None = None,
) -> Rows:
    """Return the rows of a table of ``traces`` (events as the signals read them) or of ``routines``, each once.

    What is dated after ``today`` is left out of traces. Raises ``FileProblem`` as ``open_reading`` does.
    """
    settings = _Settings(
        mapping or Mapping(), zone, limits or Limits(), progress, today=today, skip_bad_rows=skip_bad_rows
    )
    traces = role == "traces"
    with _opened_events(path, settings) if traces else _opened_table(path, role, settings) as (table, plain):
        converter = _ready(table.events if isinstance(table, _Log) else table, plain, role, settings)
        parts = list(_frames(converter, settings))
        if traces:
            parts = [_possible_events(part, converter, settings) for part in parts]
    found = pl.concat([_typed_frame(part, role) for part in parts], how="vertical")
    once = found.unique(maintain_order=True)
    rules_.count(settings.rules, "duplicate_event", found.height - once.height)
    _checked(settings)
    return Rows(once, dict(sorted(settings.rules.items())), settings.problems.bad_rows)


# Tables


@dataclass(slots=True)
class _Log:
    """An XES log opened: its two tables."""

    traces: SpilledTable
    events: SpilledTable


@contextmanager
def _opened_table(path: Path, role: str, settings: _Settings) -> Iterator[tuple[Table | _Log, Plain]]:
    part = settings.part(role)
    with ExitStack() as stack:
        plain = stack.enter_context(opened(path, limits=settings.limits, member=part.member))
        if plain.format == "xes":
            folder = stack.enter_context(passing.folder())
            lifecycle = settings.mapping.events.lifecycle
            traces, events = open_xes(
                plain.path,
                name=plain.name,
                folder=folder,
                limits=settings.limits,
                lifecycle=lifecycle,
                rules=settings.rules,
            )
            yield _Log(traces, events), plain
            return
        judge = judge_for(role, part, outcome=settings.outcome)
        table = TABLES[plain.format](plain, part, judge, settings.limits)
        lookups = [_lookup(path.parent, join, settings) for join in part.joins]
        table = joined(table, lookups, part, settings.rules)
        if isinstance(part, DealsMapping):
            settings.read_stage_dates(table.headings)
        elif role in ("events", "agreements", "traces"):
            table = histories.told_as_events(table, part)
        yield table, plain


@contextmanager
def _opened_events(path: Path, settings: _Settings) -> Iterator[tuple[Table | _Log, Plain]]:
    """Give the table of events in a file, or in the Parquet files of a folder."""
    if not os.path.isdir(path):  # also where the path is none at all
        with _opened_table(path, "events", settings) as found:
            yield found
        return
    part, name = settings.part("events"), shown(path.name) or "the folder"
    with ExitStack() as stack:
        parts = []
        for each in parts_of(path):
            plain = stack.enter_context(opened(each, limits=settings.limits))
            if plain.format != "parquet":
                raise FileProblem(f"{name}/{plain.name}", "is not a Parquet file.", "Write it as one.")
            parts.append(open_parquet(plain.path, name=f"{name}/{plain.name}", limits=settings.limits))
        lookups = [_lookup(path, join, settings) for join in part.joins]
        whole = joined(parts_together(parts, name), lookups, part, settings.rules)
        yield histories.told_as_events(whole, part), Plain(name, path, "parquet")


def _lookup(folder: Path, join: Join, settings: _Settings):  # type: ignore[no-untyped-def]
    wanted = [join.equals or join.on, *join.take]

    def judge(record: list[str]) -> tuple[int, bool]:
        there = {cell.strip() for cell in record}
        return sum(each in there for each in wanted), all(each in there for each in wanted)

    with opened(folder / join.file, limits=settings.limits) as plain:
        if plain.format == "xes":
            raise FileProblem(plain.name, "is an event log, not a table to look up.", "Give a table.")
        return lookup_of(TABLES[plain.format](plain, TableMapping(), judge, settings.limits), join)


def _survey(
    table: Table, plain: Plain, plans: list[ColumnPlan], role: str, settings: _Settings, *, log: bool
) -> tuple[Converter, Understood]:
    """Return the converter of ``table`` after a first look at all of it, and what was understood."""
    part = settings.part(role)
    steps: set[int] = set()
    if isinstance(part, DealsMapping):
        steps = {
            place_of(each, table.headings, table.name, "the mapping makes events of it")
            for each in part.events_from_columns
        }
        steps |= {place for mark, place in marks(plans).items() if mark in ("won_at", "lost_at")}
    found = survey(table, plans, steps, settings.progress)
    by_stage = _has(plans, "stage") and (_has(plans, "closed") or stages_say_status(found, _said(part)))
    lacking = missing(plans, role, part, log=log, outcome=settings.outcome)
    if role == "deals" and not lacking and not _says_status(plans, part, settings, by_stage):
        lacking = ["status"]
    undecided = settle(table, plans, found, part)
    told = understood(table, role, plain.packed, plans, found, missing=lacking, undecided=undecided)
    dated = not (isinstance(part, DealsMapping) and part.agreement_columns) or _has(plans, "created")
    signed = any(each.currencies for each in found.numbers.values()) and not _has(plans, "currency")
    return Converter(
        table,
        role,
        plans,
        part,
        settings.zone,
        log=log or settings.outcome,
        stage_status=by_stage,
        dated=dated,
        signed=signed and "currency" not in part.constants,
        skips=settings.skip_bad_rows,
    ), told


def _said(part: TableMapping) -> dict[str, str]:
    return part.status_said if isinstance(part, DealsMapping) else {}


def _has(plans: list[ColumnPlan], name: str) -> bool:
    return any(each.field and each.field.name == name for each in plans)


def _says_status(plans: list[ColumnPlan], part: TableMapping, settings: _Settings, by_stage: bool) -> bool:
    derived = isinstance(part, DealsMapping) and bool(part.status_from)
    return (
        _has(plans, "status") or "status" in part.constants or derived or by_stage or settings.outcome
    ) or tells_status(plans)


def _refuse_unready(told: Understood) -> None:
    if told.missing:
        columns = ", ".join(f"`{each}`" for each in told.missing)
        there = ", ".join(shown(each.heading) for each in told.columns[:20])
        advice = f"Rename a column or say in a mapping which it is. The file has: {there}."
        raise FileProblem(
            told.file, f"has no column for {columns}, which every {told.role[:-1]} needs.", advice
        )
    if told.undecided:
        raise FileProblem(told.file, told.undecided[0])
    if not told.rows:
        raise FileProblem(told.file, "has headings but no rows.", "Give a table with at least one row.")


def _ready(table: Table, plain: Plain, role: str, settings: _Settings, *, log: bool = False) -> Converter:
    """Return the converter of ``table``; raises ``FileProblem`` when it cannot be read as it is."""
    plans = recognise(table.headings, role, settings.part(role), table.name)
    converter, told = _survey(table, plain, plans, role, settings, log=log)
    settings.understood.append(told)
    settings.rows += told.rows
    if not log:  # the cases of a log are no rows of its file
        settings.so_far.see_rows(told.file, role, told.rows)
    if merged := table.dialect.get("merged cells"):
        settings.so_far.notes.append(f"{told.file}: merged cells: {merged}.")
    _refuse_unready(told)
    return converter


def _frames(converter: Converter, settings: _Settings, size: int = BATCH) -> Iterator[pl.DataFrame]:
    done = 0
    for batch in converter.table.batches(size):
        yield converter.convert(batch, settings.problems)
        done += len(batch.rows)
        if settings.progress:
            settings.progress(converter.table.name, done)


def _read_tables(deals: Path, events: Path | None, settings: _Settings, found: SpilledEvents) -> pl.DataFrame:
    """Return the deals, and add their events to ``found``."""
    with _opened_table(deals, "deals", settings) as (table, plain):
        if isinstance(table, _Log):
            raise FileProblem(plain.name, "is an event log.", "Give it as the events, without deals.")
        converter = _ready(table, plain, "deals", settings)
        raw = pl.concat(list(_frames(converter, settings)), how="vertical_relaxed")
    every = raw["deal_id"]
    raw, older = _newest(_without_doubt(raw, converter, settings), converter, settings)
    found.add([_step_events(raw, converter), older])
    frame = _possible(_deal_rules(raw, converter, settings), converter, settings)
    unread = None
    if events is not None:
        with _opened_events(events, settings) as (log, plain):
            if isinstance(log, _Log):
                log = log.events
            events_converter = _ready(log, plain, "events", settings)
            found.add(_unique_events(events_converter, settings, batch_size(events_converter.table)))
            unread = events_converter.unread
    settings.so_far.one_spelling(found)
    if settings.outcome:
        frame = _with_outcome(frame, found.lazy(), unread, settings)
    _with_deals(found, frame, every, settings, listed=events is not None)
    return frame.drop("_row")


def _unique_events(converter: Converter, settings: _Settings, size: int) -> Iterator[pl.DataFrame]:
    """Yield the events that can be, each once, and tell ``settings`` what there is."""
    seen, told = rules_.SeenEvents(), settings.so_far
    name = converter.table.name
    for part in _frames(converter, settings, size):
        possible = _possible_events(part, converter, settings)
        told.calendar.see(possible["at"], possible["_row"], name, _heading(converter, "at"))
        told.spellings.see(possible)
        yield seen.new(_event_frame([possible], converter.role), settings.rules)


def _possible_events(part: pl.DataFrame, converter: Converter, settings: _Settings) -> pl.DataFrame:
    return possible_events(
        part,
        today=settings.today,
        rules=settings.rules,
        calendar=settings.so_far.calendar,
        table=converter.table.name,
        heading=_heading(converter, "at"),
    )


def _heading(converter: Converter, name: str) -> str:
    """Return the heading of the column that is our ``name``, the name itself without one."""
    return next((each.heading for each in converter.plans if each.field and each.field.name == name), name)


def _event_frame(parts: list[pl.DataFrame], role: str = "events") -> pl.DataFrame:
    """Return events of ``parts`` with all columns of ``fields.schema(role)``, in its order and types."""
    return pl.concat([_typed_frame(part, role) for part in parts])


def _typed_frame(part: pl.DataFrame, role: str) -> pl.DataFrame:
    """Return ``part`` with all columns of its role, in their order and types."""
    return part.select(
        (pl.col(name) if name in part.columns else pl.lit(None)).cast(dtype).alias(name)
        for name, dtype in schema(role).items()
    )


def _step_events(raw: pl.DataFrame, converter: Converter) -> pl.DataFrame:
    """Return the events that the mapping makes of dates of deals."""
    part = converter.mapping
    assert isinstance(part, DealsMapping)
    parts = [pl.DataFrame(schema=schema("events"))]
    for number, label in enumerate(part.events_from_columns.values()):
        some = raw.filter(pl.col(f"_step_{number}").is_not_null())
        made = some.select("deal_id", pl.lit(label).alias("agreement"), pl.col(f"_step_{number}").alias("at"))
        made = made.with_columns(pl.lit("gained").alias("state"), pl.lit("stage").alias("kind"))
        parts.append(_event_frame([made]))
    return pl.concat(parts)


def _without_doubt(raw: pl.DataFrame, converter: Converter, settings: _Settings) -> pl.DataFrame:
    """Return ``raw`` without rows of deals of which the newest row may be one that cannot be read."""
    if converter.unread is None:
        return raw
    doubt = deals_in_doubt(raw, converter.unread, _kept_headings(raw, converter), converter.mapping)
    rules_.count(settings.rules, "beside_unreadable_row", doubt.sum())
    return raw.filter(~doubt)


def _kept_headings(raw: pl.DataFrame, converter: Converter) -> dict[str, str]:
    return {plan.keep_as: plan.heading for plan in converter.plans if plan.keep_as in raw.columns}


def _newest(
    raw: pl.DataFrame, converter: Converter, settings: _Settings
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the newest row of each deal and, as events, what older snapshots of it tell."""
    part = converter.mapping
    assert isinstance(part, DealsMapping)
    newest, events = histories.newest_of_snapshots(raw, _kept_headings(raw, converter), part)
    rules_.count(settings.rules, "older_snapshot", raw.height - newest.height)
    return newest, _event_frame([events.with_columns(pl.lit("gained").alias("state"))])


def _deal_rules(raw: pl.DataFrame, converter: Converter, settings: _Settings) -> pl.DataFrame:
    """Return the deals, each once and with its status where rows say it, and the row of each as ``_row``."""
    steps = [name for name in raw.columns if name.startswith("_step_")]
    measured = units.decide(raw.drop(steps), converter)
    settings.so_far.shares += measured.shares
    settings.so_far.questions += measured.questions
    table = measured.deals
    _tell_of_damage(table, converter, settings)
    same = table.drop("_row")
    again = same.is_duplicated() & ~same.select(pl.struct(pl.all()).is_first_distinct()).to_series()
    rules_.count(settings.rules, "repeated_deal", again.sum())
    table = table.filter(~again)
    other = table["deal_id"].is_duplicated()  # which of them is true cannot be told: none is used
    rules_.count(settings.rules, "duplicate_deal_id", other.sum())
    settings.problems.bad_rows += int(other.sum())
    for row, deal in table.filter(other).select("_row", "deal_id").iter_rows():
        settings.problems.add(converter.table.name, row, "deal_id", deal, "an id that no other row has")
    return _deal_frame(_settled(table.filter(~other), converter, settings), converter)


def _tell_of_damage(table: pl.DataFrame, converter: Converter, settings: _Settings) -> None:
    bad = table["deal_id"].filter(ids.damaged(table["deal_id"]))
    if len(bad):
        rules_.count(settings.rules, "damaged_id", len(bad))
        settings.so_far.notes.append(ids.damage_in_words(converter.table.name, bad))


def _settled(table: pl.DataFrame, converter: Converter, settings: _Settings) -> pl.DataFrame:
    """Return ``table`` with its statuses settled, without the deals that wait for an answer about theirs."""
    table = _dated(without_no_dates(table, settings.rules), settings)
    if "_word" not in table.columns:
        return table
    if settings.outcome:
        out = (table["status"] == outcomes.LEFT_OUT).fill_null(False)
        rules_.count(settings.rules, "left_out_by_mapping", out.sum())
        table = table.filter(~out)
        sure = pl.when(pl.col("status").is_in(["won", "lost", "open"])).then(pl.col("status"))
        return table.with_columns(sure.alias("status")).drop("_word", "_from")
    found = outcomes.settle(
        table,
        ahead=settings.data_end or settings.today,
        heading_of=lambda source: _heading(converter, source) if source != "flag" else "of flags",
        said=_said(converter.mapping),
    )
    rules_.count(settings.rules, "waits_for_an_answer", found.asked)
    rules_.count(settings.rules, "left_out_by_mapping", found.left_out)
    settings.so_far.status += found.words
    settings.so_far.questions += found.questions
    return found.deals


def _dated(table: pl.DataFrame, settings: _Settings) -> pl.DataFrame:
    """Return ``table`` without the won and lost deals whose close date the mapping says is none."""
    if "_undated" not in table.columns:
        return table
    ended = pl.col("status").is_in(["won", "lost"]) if "status" in table.columns else pl.lit(True)
    out = table.select((pl.col("_undated") & ended & pl.col("closed").is_null()).fill_null(False)).to_series()
    rules_.count(settings.rules, "closed_without_a_date", out.sum())
    return table.filter(~out).drop("_undated")


def _possible(deals: pl.DataFrame, converter: Converter, settings: _Settings) -> pl.DataFrame:
    """Return ``deals`` after the rules about dates, and tell ``settings`` of which days they are."""
    name, calendar = converter.table.name, settings.so_far.calendar
    headings = {column: _heading(converter, column) for column in ("created", "closed")}
    settings.so_far.questions += ask_about_closes(deals, settings.today, headings["closed"])
    kept = possible_deals(
        deals,
        today=settings.today,
        rules=settings.rules,
        calendar=calendar,
        table=name,
        headings=headings,
    )
    kept = rules_.order_of_dates(rules_.close_dates_of_open(kept, settings.rules), settings.rules)
    for column in ("created", "closed"):
        if column in kept.columns:
            calendar.see(kept[column], kept["_row"], name, headings[column])
    return kept


def _deal_frame(table: pl.DataFrame, converter: Converter) -> pl.DataFrame:
    """Return deals with our columns first, in the order of ``analysis.frames``, then the kept ones."""
    types = schema("deals")
    ours = [pl.col(name).cast(dtype) for name, dtype in types.items() if name in table.columns]
    rest = [name for name in table.columns if name not in types]
    return table.select(*ours, *rest)


def _with_outcome(
    deals: pl.DataFrame, events: pl.LazyFrame, unread: pl.DataFrame | None, settings: _Settings
) -> pl.DataFrame:
    """Return ``deals`` with the outcome that steps decide, without those of which such a step cannot be read."""
    outcome = settings.mapping.outcome
    steps = set(events.select(pl.col("agreement").unique()).collect()["agreement"])
    won, lost = (_as_spelt(wanted, steps) for wanted in (outcome.won, outcome.lost))
    wanted = [*won, *lost]
    for step in wanted:
        if step not in steps and not settings.problems.total:
            there = ", ".join(shown(each) for each in sorted(steps)[:20])
            what = f"says that {shown(step)!r} decides the outcome, but no event is called so."
            raise FileProblem("mapping", what, f"There are: {there}.")
    if unread is not None:
        doubt = deals["deal_id"].is_in(outcomes_in_doubt(unread, wanted).implode())
        rules_.count(settings.rules, "beside_unreadable_row", doubt.sum())
        deals = deals.filter(~doubt)
    some = events.filter(pl.col("agreement").is_in(wanted)).collect()
    decided = rules_.decide_outcome(deals, some, won=won, lost=lost, rules=settings.rules)
    settings.so_far.status += outcomes.by_steps(decided, some, {"won": won, "lost": lost})
    return rules_.order_of_dates(decided, settings.rules)


def _as_spelt(wanted: list[str], steps: set[str]) -> list[str]:
    """Return the steps that the mapping names, as the log spells them."""
    keys = {key_of(step): step for step in steps}
    return [step if step in steps else keys.get(key_of(step), step) for step in wanted]


def _with_deals(
    events: SpilledEvents, deals: pl.DataFrame, every: pl.Series, settings: _Settings, *, listed: bool
) -> None:
    """Leave out of ``events`` those of other deals, counting what is odd about them and about ``deals``.

    ``every`` has the ids of all deals that were read, also of those that were left out.
    """
    if listed:
        told = events.lazy().select(pl.col("deal_id").unique()).collect()["deal_id"]
        _explain_strangers(told, every, settings)
        rules_.count(settings.rules, "deal_without_events", (~deals["deal_id"].is_in(told.implode())).sum())
    gone = settings.so_far.gone = every.filter(~every.is_in(deals["deal_id"].implode()))
    events.revise(lambda part: rules_.event_rules(part, deals, gone, settings.rules))


def _explain_strangers(told: pl.Series, known: pl.Series, settings: _Settings) -> None:
    """Say why events name no deal, where the form of the ids says it; raises when none of them does."""
    strangers = told.filter(~told.is_in(known.implode())).sort()
    difference = ids.difference(strangers, known) if len(strangers) else ""
    if not difference:
        return
    file = settings.understood[-1].file
    if len(strangers) == len(told) and not settings.problems.total:
        what = f"has events of {len(told):,} deals and none is in the deals table: {difference}."
        raise FileProblem(file, what, "Export both ids in one form, as text.")
    settings.so_far.notes.append(_strangers_in_words(file, len(strangers), difference))


def _strangers_in_words(file: str, number: int, difference: str) -> str:
    """Return how many deals of the events are not known, and by what their ids differ."""
    what = "1 deal of its events is" if number == 1 else f"{number:,} deals of its events are"
    return f"{file}: {what} not known; {difference}."


# Event logs


def _read_log(log: Path, settings: _Settings, found: SpilledEvents) -> pl.DataFrame:
    """Return the deals of an event log, and add their events to ``found``."""
    with _opened_table(log, "events", settings) as (table, plain):
        cases: SpilledTable | None = None
        if isinstance(table, _Log):
            cases, table = table.traces, table.events
        if not settings.outcome and (cases is None or not _says_status_of(cases, settings)):
            what = "does not say which deals are won and lost."
            advice = "Say which steps mean it in a mapping (`outcome: {won: [...], lost: [...]}`), or give a deals table."
            raise FileProblem(plain.name, what, advice)
        events = _ready(table, plain, "events", settings)
        found.add(_unique_events(events, settings, BATCH))
        settings.so_far.one_spelling(found)
        converter = events
        if cases is not None:
            converter = _ready(cases, plain, "deals", settings, log=True)
            raw = pl.concat(list(_frames(converter, settings)), how="vertical_relaxed")
            known = _without_doubt(raw, converter, settings)
            deals, every = _deal_rules(known, converter, settings), raw["deal_id"]
        else:
            deals = found.lazy().select(pl.col("deal_id").unique(maintain_order=True)).collect()
            deals, every = deals.with_columns(pl.lit(None, dtype=pl.UInt32).alias("_row")), deals["deal_id"]
    deals = _begun(_with_created(deals, found.lazy()), converter, settings)
    deals = _with_outcome(deals, found.lazy(), events.unread, settings) if settings.outcome else deals
    deals = _possible(deals, converter, settings)
    ours = [each for each in schema("deals") if each in deals.columns]
    frame = deals.select(*ours, pl.exclude(ours))
    _with_deals(found, frame, every, settings, listed=True)
    return frame.drop("_row")


def _says_status_of(cases: SpilledTable, settings: _Settings) -> bool:
    plans = recognise(cases.headings, "deals", settings.part("deals"), cases.name)
    return not missing(plans, "deals", settings.part("deals"), log=True, outcome=False)


def _with_created(deals: pl.DataFrame, events: pl.LazyFrame) -> pl.DataFrame:
    """Return ``deals`` created at their first event where their row does not say when."""
    first = events.group_by("deal_id").agg(pl.col("at").min().alias("_first")).collect()
    given = pl.col("created") if "created" in deals.columns else pl.lit(None, dtype=pl.Datetime("us"))
    found = deals.join(first, on="deal_id", how="left", maintain_order="left")
    return found.with_columns(pl.coalesce(given, "_first").alias("created")).drop("_first")


def _begun(deals: pl.DataFrame, converter: Converter, settings: _Settings) -> pl.DataFrame:
    """Return ``deals`` without those that nothing dates, which become problems of their rows."""
    undated = deals.filter(pl.col("created").is_null())
    for row, deal in undated.select("_row", "deal_id").iter_rows():
        expected = "a deal with a date of creation, or with at least one dated event"
        settings.problems.add(converter.table.name, row, CASE, deal or "", expected)
    settings.problems.bad_rows += undated.height
    return deals.filter(pl.col("created").is_not_null())


# Events by batch


class EventStream:
    """The good events of a file, a batch at a time; counts and problems are complete after the last batch.

    Iterating raises ``BadRows`` after the last batch when rows cannot be read and may not be skipped, so
    stage the batches and keep nothing before the end. Use as a context manager.
    """

    def __init__(
        self,
        path: Path,
        role: str,
        settings: _Settings,
        deals: pl.DataFrame | None,
        batch: int,
    ):
        self._settings, self._deals, self._batch = settings, deals, batch
        self._stack = ExitStack()
        try:
            table, plain = self._stack.enter_context(_opened_table(path, role, settings))
            self._converter = _ready(
                table.events if isinstance(table, _Log) else table, plain, role, settings
            )
        except BaseException:
            self._stack.close()
            raise

    def __enter__(self) -> EventStream:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def __iter__(self) -> Iterator[pl.DataFrame]:
        gone = self._settings.so_far.gone
        strangers = pl.Series("deal_id", [], dtype=pl.String)
        for part in _unique_events(self._converter, self._settings, self._batch):
            if self._deals is None:
                yield part
                continue
            kept = rules_.event_rules(part, self._deals, gone, self._settings.rules)
            if kept.height < part.height and len(strangers) < BATCH:
                known = pl.concat([self._deals["deal_id"], gone.cast(pl.String)])
                others = part["deal_id"].filter(~part["deal_id"].is_in(known.implode()))
                strangers = pl.concat([strangers, others]).unique()
            yield kept
        _checked(self._settings)
        self._explain(strangers.sort())

    def _explain(self, strangers: pl.Series) -> None:
        """Note by what ids of events that name no deal differ from those of deals."""
        if self._deals is None or not len(strangers):
            return
        if difference := ids.difference(strangers, self._deals["deal_id"]):
            words = _strangers_in_words(self._converter.table.name, len(strangers), difference)
            self._settings.so_far.notes.append(words)

    @property
    def understood(self) -> Understood:
        return self._settings.understood[0]

    @property
    def rules(self) -> dict[str, int]:
        return dict(sorted(self._settings.rules.items()))

    @property
    def problems(self) -> tuple[RowProblem, ...]:
        return self._settings.problems.listed()

    @property
    def bad_rows(self) -> int:
        return self._settings.problems.bad_rows

    @property
    def unread(self) -> pl.DataFrame | None:
        """What can be read of the bad rows (deal_id, agreement, kind, at), after the last batch."""
        return self._converter.unread

    @property
    def understanding(self) -> Understanding:
        """What was understood of the events, after the last batch."""
        return _understanding(self._settings)


def open_events(
    path: Path,
    *,
    role: str = "events",
    mapping: Mapping | None = None,
    zone: str = "UTC",
    deals: pl.DataFrame | None = None,
    skip_bad_rows: bool = False,
    batch: int = BATCH,
    limits: Limits | None = None,
    progress: Progress | None = None,
    today: dt.date | None = None,
    so_far: SoFar | None = None,
) -> EventStream:
    """Return the events of ``path`` as a stream of frames of ``batch`` rows, after a first look at the whole file.

    ``role`` is ``agreements`` for a table of agreements as they stand, which says more of each.
    With ``deals`` (``deal_id``, ``created``, ``closed``) events of other deals are left out and counted.
    Events after ``today`` are left out. ``so_far`` is what was understood of the deals, to be told together. Raises ``FileProblem`` at once when the file cannot be used.
    """
    settings = _Settings(
        mapping or Mapping(),
        zone,
        limits or Limits(),
        progress,
        today=today,
        skip_bad_rows=skip_bad_rows,
        so_far=so_far or SoFar(),
    )
    return EventStream(path, role, settings, deals, batch)
