"""From events to what a history needs of them, a batch at a time and in any order.

A batch of events is reduced to three numbers an event: whose deal, which step, how many weeks after
the deal's creation. What two batches say is the sum of both, so the events of a company never have to be
in memory at once, and on a cluster each partition gathers its own.
"""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from hingepoint.analysis import frames
from hingepoint.analysis.discovery.settings import DiscoveryError
from hingepoint.records.agreements import AgreementState, Side
from hingepoint.records.deals import EventKind

MICROSECONDS_PER_WEEK = 7 * 86400 * 1_000_000
#: Rows of a table that are looked at together.
BATCH_ROWS = 1_000_000
#: What events may say of how well an agreement stands: evidence 0 to 4, quality 0 to 7.
LEVELS = ("evidence", "quality")
UNKNOWN = -1
#: The second in which an event was written down, where that is not known.
NOT_SAID = np.iinfo(np.int64).min


class Step(NamedTuple):
    """What an event says: an agreement, the kind of event, and the state it brings the agreement into."""

    agreement: str
    kind: str
    state: str


@dataclass
class Gathered:
    """What some events say.

    steps      the different steps; ``code`` counts in them
    deal       per placed event, the index of its deal; ``week`` since the creation of that deal
    levels     by name of LEVELS, per placed event, what it says; absent where none says it
    written    per placed event, the second (since 1970) in which it was written down, or NOT_SAID; empty where none says it
    events     how many events were read, of which ``rules`` set some aside
    sides      per agreement, events that say its side, and those of them at the customer's
    last       the last moment of all
    """

    steps: list[Step] = field(default_factory=list)
    deal: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=np.uint32))
    code: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=np.uint16))
    week: np.ndarray = field(default_factory=lambda: np.zeros(0))
    levels: dict[str, np.ndarray] = field(default_factory=dict)
    written: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    events: int = 0
    rules: Counter[str] = field(default_factory=Counter)
    said: Counter[str] = field(default_factory=Counter)
    customer: Counter[str] = field(default_factory=Counter)
    last: datetime.datetime | None = None

    def of(self, wanted: Sequence[bool]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return deal, code and week of the events whose step is marked in ``wanted``."""
        mask = self.mask(wanted)
        return self.deal[mask], self.code[mask], self.week[mask]

    def mask(self, wanted: Sequence[bool]) -> np.ndarray:
        """Return, per event, whether its step is marked in ``wanted``."""
        return np.asarray(wanted, dtype=bool)[self.code] if self.steps else np.zeros(0, dtype=bool)


def merged(parts: Iterable[Gathered]) -> Gathered:
    """Return what all parts say together."""
    whole = Gathered()
    places: dict[Step, int] = {}
    columns: tuple[list[np.ndarray], ...] = ([whole.deal], [whole.code], [whole.week])
    levels: list[tuple[int, dict[str, np.ndarray]]] = []
    written: list[np.ndarray] = []
    for part in parts:
        known = [places.setdefault(step, len(places)) for step in part.steps]
        code = np.array(known, dtype=np.uint16)[part.code] if known else part.code
        for column, more in zip(columns, (part.deal, code, part.week), strict=True):
            column.append(more)
        levels.append((part.deal.size, part.levels))
        written.append(part.written if part.written.size else np.full(part.deal.size, NOT_SAID))
        whole.events += part.events
        whole.rules += part.rules
        whole.said += part.said
        whole.customer += part.customer
        whole.last = max((one for one in (whole.last, part.last) if one), default=None)
    whole.steps = list(places)
    if len(places) > np.iinfo(np.uint16).max:
        raise DiscoveryError(
            f"the events hold {len(places):,} different steps; agreement types are a few hundred"
        )
    whole.deal, whole.code, whole.week = (_joined(column) for column in columns)
    whole.levels = _joined_levels(levels)
    if any((one != NOT_SAID).any() for one in written):
        whole.written = _joined(written)
    return whole


def _joined_levels(parts: Sequence[tuple[int, dict[str, np.ndarray]]]) -> dict[str, np.ndarray]:
    said = {name for _, levels in parts for name in levels}
    return {
        name: np.concatenate(
            [levels.get(name, np.full(size, UNKNOWN, dtype=np.int8)) for size, levels in parts]
        )
        for name in LEVELS
        if name in said
    }


def _joined(column: list[np.ndarray]) -> np.ndarray:
    whole = np.concatenate(column)
    column.clear()
    return whole


def gather(events: pl.DataFrame, index: pl.DataFrame, end: datetime.datetime | None) -> Gathered:
    """Return what a batch of events says about the deals of ``index`` (deal_id, index, created, closed).

    Events after ``end`` are not looked at. Raises DiscoveryError if a column is missing.
    """
    rules: Counter[str] = Counter()
    clean = _clean(typed(events, frames.EVENTS, frames.EVENT_REQUIRED, "events"), rules)
    if end is not None:
        clean = clean.filter(pl.col("at") <= end)
    steps = sorted(Step(*row) for row in clean.select(Step._fields).unique().iter_rows())
    placed = _coded(_placed(clean, index, rules), steps)
    said, customer = _sides(clean)
    return Gathered(
        steps=steps,
        deal=placed["index"].to_numpy(),
        code=placed["code"].to_numpy(),
        week=placed["week"].to_numpy(),
        levels={name: placed[name].to_numpy() for name in LEVELS if (placed[name] > UNKNOWN).any()},
        written=placed["written"].to_numpy() if "written" in placed.columns else np.zeros(0, dtype=np.int64),
        events=clean.height,
        rules=rules,
        said=said,
        customer=customer,
        last=clean["at"].max(),  # type: ignore[arg-type]
    )


def gathered_here(events: Any, index: pl.DataFrame, end: datetime.datetime | None) -> Iterator[Gathered]:
    """Yield what the events say, batch by batch, in this process."""
    for batch in batches(events):
        yield gather(batch, index, end)


def batches(events: Any, rows: int = BATCH_ROWS) -> Iterator[pl.DataFrame]:
    """Yield a polars or pandas frame, a lazy one, a Spark table, or frames one after another, in batches of rows."""
    if isinstance(events, pl.LazyFrame):
        yield from events.collect_batches(chunk_size=rows)
    elif hasattr(events, "toArrow"):
        yield from pl.DataFrame(events.toArrow()).iter_slices(rows)
    elif isinstance(events, pl.DataFrame) or hasattr(events, "columns"):
        yield from to_polars(events).iter_slices(rows)
    elif isinstance(events, Iterable):
        for batch in events:
            yield to_polars(batch)
    else:
        to_polars(events)


def to_polars(table: Any) -> pl.DataFrame:
    """Return a polars frame of a polars, pandas or Arrow one; neither pandas nor pyarrow need be installed."""
    if isinstance(table, pl.DataFrame):
        return table
    if isinstance(table, pl.LazyFrame):
        return table.collect()
    if hasattr(table, "__arrow_c_stream__") and not hasattr(table, "iloc"):  # pandas has both
        return pl.DataFrame(table)
    if not hasattr(table, "columns"):
        raise DiscoveryError("deals and events must be data frames of polars, pandas or Arrow")
    return pl.DataFrame({str(name): _series(table[name]) for name in table.columns})


def _series(column: Any) -> pl.Series:
    values = column.to_numpy()
    if values.dtype.kind == "M":
        return pl.Series(values.astype("datetime64[us]"))
    if values.dtype.kind in "ifb":
        return pl.Series(values, nan_to_null=True)
    missing = np.asarray(column.isna())
    return pl.Series(
        [None if gone else value for value, gone in zip(values, missing, strict=True)], strict=False
    )


def typed(
    table: pl.DataFrame,
    columns: dict[str, tuple[pl.DataType, str]],
    required: Sequence[str],
    what: str,
) -> pl.DataFrame:
    """Return a table with its known columns in their types; raises DiscoveryError if one is missing."""
    missing = [name for name in required if name not in table.columns]
    if missing:
        raise DiscoveryError(f"the {what} have no column {', '.join(missing)}")
    casts = []
    for name in table.columns:
        if name not in columns:
            continue
        wanted = columns[name][0]
        casts.append(
            _moment(table, name) if wanted == frames.MOMENT else pl.col(name).cast(wanted, strict=False)
        )
    return table.with_columns(casts)


def _moment(table: pl.DataFrame, name: str) -> pl.Expr:
    dtype = table.schema[name]
    if dtype == pl.String:
        return pl.col(name).str.to_datetime(time_unit="us", strict=False)
    if isinstance(dtype, pl.Datetime) and dtype.time_zone:
        return pl.col(name).dt.replace_time_zone(None).cast(frames.MOMENT)
    return pl.col(name).cast(frames.MOMENT, strict=False)


def drop(table: pl.DataFrame, keep: pl.Expr, rule: str, rules: Counter[str]) -> pl.DataFrame:
    """Return the rows to keep, and count the others under the name of a rule."""
    kept = table.filter(keep)
    if kept.height < table.height:
        rules[rule] += table.height - kept.height
    return kept


def _clean(events: pl.DataFrame, rules: Counter[str]) -> pl.DataFrame:
    known = pl.col("deal_id").is_not_null() & pl.col("agreement").is_not_null()
    events = drop(events, known & pl.col("at").is_not_null(), "unreadable_event", rules)
    for name, otherwise in (("state", AgreementState.GAINED), ("kind", EventKind.AGREEMENT)):
        value = pl.col(name).fill_null(str(otherwise)) if name in events.columns else pl.lit(str(otherwise))
        events = events.with_columns(value.str.to_lowercase().alias(name))
    if "recorded_at" in events.columns:
        events = events.with_columns(written=pl.col("recorded_at").dt.epoch("s").fill_null(NOT_SAID))
    return events.with_columns(_level(events, name) for name in LEVELS)


def _level(events: pl.DataFrame, name: str) -> pl.Expr:
    said = pl.col(name) if name in events.columns else pl.lit(None)
    return said.cast(pl.Int8, strict=False).fill_null(UNKNOWN).clip(UNKNOWN, 7).alias(name)


def _placed(events: pl.DataFrame, index: pl.DataFrame, rules: Counter[str]) -> pl.DataFrame:
    """Return the events of known deals with the deal's ``index`` and the ``week`` since its creation."""
    told = [*LEVELS, *(["written"] if "written" in events.columns else [])]
    placed = events.select("deal_id", "at", *Step._fields, *told).join(index, on="deal_id", how="left")
    placed = drop(placed, pl.col("index").is_not_null(), "event_of_unknown_deal", rules)
    placed = drop(
        placed, pl.col("closed").is_null() | (pl.col("at") <= pl.col("closed")), "event_after_close", rules
    )
    week = (pl.col("at") - pl.col("created")).dt.total_microseconds() / MICROSECONDS_PER_WEEK
    placed = placed.with_columns(week=week)
    early = int((placed["week"] < 0).sum())
    if early:
        rules["event_before_creation"] += early
    return placed.with_columns(week=pl.col("week").clip(lower_bound=0.0))


def _coded(placed: pl.DataFrame, steps: list[Step]) -> pl.DataFrame:
    codes = pl.DataFrame(
        {name: [step[place] for step in steps] for place, name in enumerate(Step._fields)},
        schema=dict.fromkeys(Step._fields, pl.String),
    ).with_row_index("code")
    found = placed.join(codes, on=list(Step._fields))
    told = [name for name in ("week", *LEVELS, "written") if name in found.columns]
    return found.select(pl.col("index").cast(pl.UInt32), pl.col("code").cast(pl.UInt16), *told)


def _sides(events: pl.DataFrame) -> tuple[Counter[str], Counter[str]]:
    if "side" not in events.columns:
        return Counter(), Counter()
    customer = pl.col("side").str.to_lowercase() == str(Side.CUSTOMER)
    counts = (
        events.filter(pl.col("side").is_not_null())
        .group_by("agreement")
        .agg(pl.len().alias("said"), customer.sum().alias("customer"))
    )
    said, at_customer = (dict(counts.select("agreement", name).iter_rows()) for name in ("said", "customer"))
    return Counter(said), Counter(at_customer)
