"""Deals and events as arrays: who was open when, and which agreement stood since when.

Time runs in weeks since a deal's creation. Everything later in the package looks at this history
through landmarks, so that nothing recorded after a landmark can leak into what was known at it.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl

from hingepoint import records
from hingepoint.analysis import frames, metrics
from hingepoint.analysis.discovery.settings import DiscoveryError, Settings

MICROSECONDS_PER_WEEK = 7 * 86400 * 1_000_000


@dataclass(frozen=True)
class Moments:
    """Undirected traces of deals: deal ``index`` and ``week`` since its creation, sorted by deal, then week."""

    index: np.ndarray
    week: np.ndarray

    def count_by(self, deals: np.ndarray, until: np.ndarray) -> np.ndarray:
        """Return how many traces each of ``deals`` has up to and including the week in ``until``."""
        if not self.index.size:
            return np.zeros(deals.size)
        span = 2.0 + float(max(self.week.max(), np.max(until, initial=0.0)))
        keys = self.index * span + self.week
        first = np.searchsorted(keys, deals * span - 0.5, side="left")
        return (np.searchsorted(keys, deals * span + until, side="right") - first).astype(float)


@dataclass(frozen=True)
class History:
    """What happened, one entry a deal, sorted by creation.

    closed    weeks from creation to close; infinite while open
    observed  weeks from creation to the end of the data
    value     what the deal counts for in the metric if it is won; NaN where that is not known
    gained    deals x types: week in which the agreement was first gained; infinite if never
    recorded  per type, the creation week (since 1970) from which its history was recorded; -inf if always
    ended     deals x types: week in which it was broken, declined or lapsed after that; None if none was
    with_customer  per type that says its side, whether that is mostly the customer's
    seller    index of the owner (0 for all where there is no owner); account likewise
    rules     rows set aside, by the name of the rule
    """

    deals: pl.DataFrame
    metric: metrics.Metric
    types: tuple[str, ...]
    created: np.ndarray
    closed: np.ndarray
    won: np.ndarray
    observed: np.ndarray
    value: np.ndarray
    gained: np.ndarray
    recorded: np.ndarray
    ended: np.ndarray | None
    declines: Moments
    activity: Moments
    with_customer: dict[str, bool]
    seller: np.ndarray
    account: np.ndarray
    begin: datetime.datetime
    end: datetime.datetime
    events: int
    rules: dict[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        return self.closed.size

    @property
    def decided(self) -> np.ndarray:
        return np.isfinite(self.closed)


def to_polars(table: Any) -> pl.DataFrame:
    """Return a polars frame of a polars or pandas one; pandas need not be installed."""
    if isinstance(table, pl.DataFrame):
        return table
    if isinstance(table, pl.LazyFrame):
        return table.collect()
    if not hasattr(table, "columns"):
        raise DiscoveryError("deals and events must be data frames of polars or pandas")
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


def read(deals: Any, events: Any, settings: Settings) -> History:
    """Return the history of two tables with the columns of ``analysis.frames``; raises DiscoveryError."""
    rules: dict[str, int] = {}
    clean_deals = _clean_deals(_typed(to_polars(deals), frames.DEALS, frames.DEAL_REQUIRED, "deals"), rules)
    clean_events = _clean_events(
        _typed(to_polars(events), frames.EVENTS, frames.EVENT_REQUIRED, "events"), rules
    )
    end = settings.data_end or _last_moment(clean_deals, clean_events)
    clean_deals = _as_of(clean_deals, end)
    clean_events = clean_events.filter(pl.col("at") <= end)
    metric, note = _metric(settings, clean_deals)
    return _arrays(clean_deals, clean_events, settings, metric, end, rules, (note,) if note else ())


def _typed(
    table: pl.DataFrame,
    columns: dict[str, tuple[pl.DataType, str]],
    required: Sequence[str],
    what: str,
) -> pl.DataFrame:
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


def _drop(table: pl.DataFrame, keep: pl.Expr, rule: str, rules: dict[str, int]) -> pl.DataFrame:
    kept = table.filter(keep)
    if kept.height < table.height:
        rules[rule] = rules.get(rule, 0) + table.height - kept.height
    return kept


def _clean_deals(deals: pl.DataFrame, rules: dict[str, int]) -> pl.DataFrame:
    if "closed" not in deals.columns:
        deals = deals.with_columns(closed=pl.lit(None, dtype=frames.MOMENT))
    deals = deals.with_columns(status=pl.col("status").str.to_lowercase().str.strip_chars())
    known = pl.col("deal_id").is_not_null() & pl.col("created").is_not_null()
    deals = _drop(
        deals,
        known & pl.col("status").is_in(["open", "won", "lost"]).fill_null(False),
        "unreadable_deal",
        rules,
    )
    deals = _drop(deals, pl.col("deal_id").is_first_distinct(), "duplicate_deal", rules)
    is_open = pl.col("status") == "open"
    deals = _drop(deals, is_open | pl.col("closed").is_not_null(), "closed_without_date", rules)
    deals = deals.with_columns(closed=pl.when(is_open).then(None).otherwise(pl.col("closed")))
    deals = _drop(deals, is_open | (pl.col("closed") >= pl.col("created")), "closed_before_created", rules)
    if not deals.height:
        raise DiscoveryError(
            "there is no deal with a deal_id, a creation date and a status of open, won or lost"
        )
    return deals.sort("created", "deal_id")


def _clean_events(events: pl.DataFrame, rules: dict[str, int]) -> pl.DataFrame:
    known = pl.col("deal_id").is_not_null() & pl.col("agreement").is_not_null()
    events = _drop(events, known & pl.col("at").is_not_null(), "unreadable_event", rules)
    for name, otherwise in (("state", records.AgreementState.GAINED), ("kind", records.EventKind.AGREEMENT)):
        value = pl.col(name).fill_null(str(otherwise)) if name in events.columns else pl.lit(str(otherwise))
        events = events.with_columns(value.str.to_lowercase().alias(name))
    return events


def _last_moment(deals: pl.DataFrame, events: pl.DataFrame) -> datetime.datetime:
    moments = [deals["created"].max(), deals["closed"].max(), events["at"].max()]
    return max(moment for moment in moments if isinstance(moment, datetime.datetime))


def _as_of(deals: pl.DataFrame, end: datetime.datetime) -> pl.DataFrame:
    """Return the deals as they stood at the end of the data."""
    later = pl.col("closed") > end
    return deals.filter(pl.col("created") <= end).with_columns(
        status=pl.when(later).then(pl.lit("open")).otherwise(pl.col("status")),
        closed=pl.when(later).then(None).otherwise(pl.col("closed")),
    )


def _metric(settings: Settings, deals: pl.DataFrame) -> tuple[metrics.Metric, str]:
    try:
        if settings.metric is None:
            return metrics.default(deals)
        return metrics.parse(settings.metric), ""
    except metrics.MetricError as error:
        raise DiscoveryError(str(error)) from error


def _arrays(
    deals: pl.DataFrame,
    events: pl.DataFrame,
    settings: Settings,
    metric: metrics.Metric,
    end: datetime.datetime,
    rules: dict[str, int],
    notes: tuple[str, ...],
) -> History:
    deals, value = _valued(metrics.with_derived(deals), metric, rules)
    kinds, said = _kinds(events, settings)
    known_types = tuple(sorted(events.filter(pl.col("kind").is_in(kinds))["agreement"].unique().to_list()))
    seen = _placed(events, deals, rules)
    gained, ended = _gains(seen.filter(pl.col("kind").is_in(kinds)), known_types, deals.height)
    declined = seen.filter(pl.col("kind").is_in(kinds) & (pl.col("state") == "declined"))
    weeks_to_end = (pl.lit(end) - pl.col("created")).dt.total_microseconds() / MICROSECONDS_PER_WEEK
    closed = (pl.col("closed") - pl.col("created")).dt.total_microseconds() / MICROSECONDS_PER_WEEK
    times = deals.select(
        created=pl.col("created").dt.epoch("us") / MICROSECONDS_PER_WEEK,
        closed=closed.fill_null(float("inf")),
        observed=weeks_to_end,
    )
    created = times["created"].to_numpy()
    return History(
        deals=deals,
        metric=metric,
        types=known_types,
        created=created,
        closed=times["closed"].to_numpy(),
        won=(deals["status"] == "won").to_numpy(),
        observed=times["observed"].to_numpy(),
        value=value.to_numpy(),
        gained=gained,
        recorded=recorded_since(created, gained),
        ended=ended,
        declines=_moments(declined),
        activity=_moments(seen.filter(~pl.col("kind").is_in(kinds))),
        with_customer=_with_customer(events),
        seller=_codes(deals, "owner"),
        account=_codes(deals, "account"),
        begin=deals["created"].min(),  # type: ignore[arg-type]
        end=end,
        events=events.height,
        rules=rules,
        notes=notes + said,
    )


def _valued(
    deals: pl.DataFrame, metric: metrics.Metric, rules: dict[str, int]
) -> tuple[pl.DataFrame, pl.Series]:
    """Return the deals whose value in the metric is known, or will only be known once they are won."""
    try:
        value = metrics.value_if_won(metric, deals)
    except metrics.MetricError as error:
        raise DiscoveryError(str(error)) from error
    finite = value.is_not_null() & value.is_finite()
    usable = (deals["status"] != "won") | finite
    if not usable.all():
        rules["won_without_figures"] = int((~usable).sum())
    return deals.filter(usable), value.set(~finite, None).filter(usable).fill_null(float("nan"))


def _kinds(events: pl.DataFrame, settings: Settings) -> tuple[list[str], tuple[str, ...]]:
    kinds = list(settings.kinds)
    if events.height and not events["kind"].is_in(kinds).any():
        present = sorted(events["kind"].unique().to_list())
        return present, (
            f"No event is of kind {', '.join(kinds)}: every kind ({', '.join(present)}) was taken.",
        )
    return kinds, ()


def _placed(events: pl.DataFrame, deals: pl.DataFrame, rules: dict[str, int]) -> pl.DataFrame:
    """Return the events of known deals with the deal's ``index`` and the ``week`` since its creation."""
    index = deals.select("deal_id", "created", "closed").with_row_index("index")
    placed = events.join(index, on="deal_id", how="left")
    placed = _drop(placed, pl.col("index").is_not_null(), "event_of_unknown_deal", rules)
    placed = _drop(
        placed, pl.col("closed").is_null() | (pl.col("at") <= pl.col("closed")), "event_after_close", rules
    )
    week = (pl.col("at") - pl.col("created")).dt.total_microseconds() / MICROSECONDS_PER_WEEK
    placed = placed.with_columns(week=week)
    early = int((placed["week"] < 0).sum())
    if early:
        rules["event_before_creation"] = early
    return placed.with_columns(week=pl.col("week").clip(lower_bound=0.0))


def _with_customer(events: pl.DataFrame) -> dict[str, bool]:
    if "side" not in events.columns:
        return {}
    said = events.filter(pl.col("side").is_not_null())
    customer = (pl.col("side").str.to_lowercase() == str(records.Side.CUSTOMER)).mean() > 0.5
    return dict(said.group_by("agreement").agg(customer.alias("customer")).iter_rows())


_GAINED = [str(state) for state in sorted(records.STANDING)]
_ENDED = [
    str(s)
    for s in (records.AgreementState.BROKEN, records.AgreementState.LAPSED, records.AgreementState.DECLINED)
]


def _gains(placed: pl.DataFrame, types: tuple[str, ...], deals: int) -> tuple[np.ndarray, np.ndarray | None]:
    codes = pl.DataFrame(
        {"agreement": types, "type": range(len(types))}, schema={"agreement": pl.String, "type": pl.Int64}
    )
    coded = placed.join(codes, on="agreement")
    first = coded.filter(pl.col("state").is_in(_GAINED)).group_by("index", "type").agg(pl.col("week").min())
    gained = _matrix(first, deals, len(types))
    ends = coded.filter(pl.col("state").is_in(_ENDED)).join(first, on=["index", "type"], suffix="_gained")
    ends = (
        ends.filter(pl.col("week") > pl.col("week_gained"))
        .group_by("index", "type")
        .agg(pl.col("week").min())
    )
    return gained, _matrix(ends, deals, len(types)) if ends.height else None


def recorded_since(created: np.ndarray, gained: np.ndarray) -> np.ndarray:
    """Return, per type, the creation week from which its gains were recorded; -inf where that is always.

    If the type had been recorded from the start, deals created before its first gain would have gained
    it about as often as later ones. Where so many gains are missing that chance cannot explain it
    (fewer than none expected once in a million), those deals' status is unknown, not "not gained".
    """
    since = np.full(gained.shape[1], -np.inf)
    for place in range(gained.shape[1]):
        has = np.isfinite(gained[:, place])
        if not has.any():
            continue
        first = float(created[has].min())
        before = int((created < first).sum())
        rate = float(has[created >= first].mean())
        if before * rate > -np.log(1e-6):
            since[place] = first
    return since


def _matrix(first: pl.DataFrame, deals: int, types: int) -> np.ndarray:
    matrix = np.full((deals, types), np.inf, dtype=np.float32)
    matrix[first["index"].to_numpy(), first["type"].to_numpy()] = first["week"].to_numpy()
    return matrix


def _moments(placed: pl.DataFrame) -> Moments:
    ordered = placed.select("index", "week").sort("index", "week")
    return Moments(ordered["index"].to_numpy().astype(float), ordered["week"].to_numpy())


def _codes(deals: pl.DataFrame, column: str) -> np.ndarray:
    if column not in deals.columns:
        return np.zeros(deals.height, dtype=np.int64)
    return deals[column].fill_null("").rank("dense").to_numpy().astype(np.int64) - 1
