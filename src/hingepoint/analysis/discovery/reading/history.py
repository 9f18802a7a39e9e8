"""Deals and events as arrays: who was open when, and which agreement stood since when.

Time runs in weeks since a deal's creation. Everything later in the package looks at this history
through landmarks, so that nothing recorded after a landmark can leak into what was known at it.
"""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import polars as pl

from hingepoint.analysis import frames, metrics
from hingepoint.analysis.discovery.reading import gathering, writing
from hingepoint.analysis.discovery.reading.gathering import MICROSECONDS_PER_WEEK
from hingepoint.analysis.discovery.settings import DiscoveryError, Settings
from hingepoint.records.agreements import STANDING, AgreementState
from hingepoint.records.deals import EventKind

#: Gathers events batch by batch: (events, index of the deals, end of the data) -> parts.
Gatherer = Callable[[Any, pl.DataFrame, datetime.datetime | None], Iterable[gathering.Gathered]]
Told = Callable[[int], None]
#: Parts of a week that are told apart when traces are counted (0.6 seconds): counts do not hang on rounding.
INSTANTS = 1_000_000


@dataclass(frozen=True)
class Moments:
    """Undirected traces of deals: deal ``index`` and ``week`` since its creation, sorted by deal, then week."""

    index: np.ndarray
    week: np.ndarray

    def part(self, deals: slice) -> Moments:
        """Return the traces of some deals, counted from the first of them."""
        start, stop = np.searchsorted(self.index, (deals.start, deals.stop))
        return Moments(self.index[start:stop] - deals.start, self.week[start:stop])

    def count_by(self, deals: np.ndarray, until: np.ndarray) -> np.ndarray:
        """Return how many traces each of ``deals`` has up to and including the week in ``until``."""
        if not self.index.size:
            return np.zeros(deals.size)
        span = int(INSTANTS * (2.0 + max(self.week.max(), np.max(until, initial=0.0))))
        keys = self.index.astype(np.int64) * span + _instant(self.week)
        first = np.searchsorted(keys, deals * span - INSTANTS // 2, side="left")
        return (np.searchsorted(keys, deals * span + _instant(until), side="right") - first).astype(float)


def _instant(week: np.ndarray) -> np.ndarray:
    return np.rint(week * INSTANTS).astype(np.int64)


@dataclass(frozen=True)
class History:
    """What happened, one entry a deal, sorted by creation.

    closed    weeks from creation to close; infinite while open
    entered   weeks from creation from which on the deal is looked at; None where that is always from the start
    observed  weeks from creation to the end of the data
    value     what the deal counts for in the metric if it is won; NaN where that is not known
    gained    deals x types: week in which the agreement was first gained; infinite if never
    recorded  per type, the creation week (since 1970) from which its history was recorded; -inf if always
    ended     deals x types: week in which it was broken, declined or lapsed after that; None if none was
    with_customer  per type that says its side, whether that is mostly the customer's
    seller    index of the owner (0 for all where there is no owner); account likewise
    rules     rows set aside, by the name of the rule
    entries   deals x stages that are landmarks: week in which each was first entered; None without such
    steps     the types that are entries into stages: adjusted for, never judged
    levels    by what gains say of themselves (evidence, quality), deals x types: that of the first gain, or UNKNOWN
    writing   when gains were written down; None where no event says it
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
    entries: np.ndarray | None = None
    steps: tuple[str, ...] = ()
    levels: dict[str, np.ndarray] = field(default_factory=dict)
    writing: writing.Writing | None = None
    entered: np.ndarray | None = None

    def part(self, deals: slice) -> History:
        """Return the arrays that rows are made of for some deals, counted from the first of them."""
        return replace(
            self,
            deals=self.deals.clear(),
            levels={},
            created=self.created[deals],
            closed=self.closed[deals],
            won=self.won[deals],
            observed=self.observed[deals],
            value=self.value[deals],
            gained=self.gained[deals],
            ended=None if self.ended is None else self.ended[deals],
            declines=self.declines.part(deals),
            activity=self.activity.part(deals),
            seller=self.seller[deals],
            account=self.account[deals],
            entries=None if self.entries is None else self.entries[deals],
            entered=None if self.entered is None else self.entered[deals],
        )

    def only(self, types: np.ndarray) -> History:
        """Return the history of the types in a mask; all else that happened stays."""
        if types.all():
            return self
        kept = tuple(key for key, wanted in zip(self.types, types, strict=True) if wanted)
        return replace(
            self,
            types=kept,
            steps=tuple(key for key in self.steps if key in kept),
            gained=self.gained[:, types],
            recorded=self.recorded[types],
            ended=None if self.ended is None else self.ended[:, types],
            levels={name: level[:, types] for name, level in self.levels.items()},
        )

    @property
    def recorded_late(self) -> tuple[str, ...]:
        """The agreement types that were recorded only since some time into the data."""
        since = zip(self.types, self.recorded, strict=True)
        return tuple(key for key, week in since if np.isfinite(week) and key not in self.steps)

    @property
    def size(self) -> int:
        return self.closed.size

    @property
    def traces(self) -> dict[str, Moments]:
        """The traces that covariates count, by their name."""
        return {"activity": self.activity, "declined": self.declines}

    @property
    def decided(self) -> np.ndarray:
        return np.isfinite(self.closed)


def read(
    deals: Any,
    events: Any,
    settings: Settings,
    gatherer: Gatherer | None = None,
    progress: Told | None = None,
) -> History:
    """Return the history of two tables with the columns of ``analysis.frames``; raises DiscoveryError.

    ``events`` may also be a lazy frame, or frames one after another: they are gathered batch by batch.
    ``gatherer`` does that elsewhere; ``progress`` is told how many events were read.
    """
    rules: Counter[str] = Counter()
    clean = clean_deals(deals, rules)
    if settings.data_end:
        clean = _as_of(clean, settings.data_end)
    if settings.since:
        clean = clean.filter(pl.col("closed").is_null() | (pl.col("closed") > settings.since))
    metric, note = _metric(settings, clean)
    known, value = _valued(metrics.with_derived(clean), metric, rules)
    index = known.select("deal_id", "created", "closed").with_row_index("index")
    parts = (gatherer or gathering.gathered_here)(events, index, settings.data_end)
    gathered = gathering.merged(_counted(parts, progress or (lambda events: None)))
    end = settings.data_end or _last_moment(clean, gathered)
    rules.update(gathered.rules)
    return _history(known, value, gathered, settings, metric, end, dict(rules), (note,) if note else ())


def _counted(parts: Iterable[gathering.Gathered], progress: Told) -> Iterator[gathering.Gathered]:
    events = 0
    for part in parts:
        yield part
        events += part.events
        progress(events)


def clean_deals(table: Any, rules: Counter[str]) -> pl.DataFrame:
    """Return the deals of a table that can be used, in the order of their creation; raises DiscoveryError."""
    deals = gathering.typed(gathering.to_polars(table), frames.DEALS, frames.DEAL_REQUIRED, "deals")
    if "closed" not in deals.columns:
        deals = deals.with_columns(closed=pl.lit(None, dtype=frames.MOMENT))
    deals = deals.with_columns(status=pl.col("status").str.to_lowercase().str.strip_chars())
    known = pl.col("deal_id").is_not_null() & pl.col("created").is_not_null()
    deals = gathering.drop(
        deals,
        known & pl.col("status").is_in(["open", "won", "lost"]).fill_null(False),
        "unreadable_deal",
        rules,
    )
    deals = gathering.drop(deals, pl.col("deal_id").is_first_distinct(), "duplicate_deal", rules)
    is_open = pl.col("status") == "open"
    deals = gathering.drop(deals, is_open | pl.col("closed").is_not_null(), "closed_without_date", rules)
    deals = deals.with_columns(closed=pl.when(is_open).then(None).otherwise(pl.col("closed")))
    deals = gathering.drop(
        deals, is_open | (pl.col("closed") >= pl.col("created")), "closed_before_created", rules
    )
    if not deals.height:
        raise DiscoveryError(
            "there is no deal with a deal_id, a creation date and a status of open, won or lost"
        )
    return deals.sort("created", "deal_id")


def _last_moment(deals: pl.DataFrame, gathered: gathering.Gathered) -> datetime.datetime:
    moments = [deals["created"].max(), deals["closed"].max(), gathered.last]
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
        return metrics.parse_outcome(settings.metric), ""
    except metrics.MetricError as error:
        raise DiscoveryError(str(error)) from error


def _history(
    deals: pl.DataFrame,
    value: pl.Series,
    gathered: gathering.Gathered,
    settings: Settings,
    metric: metrics.Metric,
    end: datetime.datetime,
    rules: dict[str, int],
    notes: tuple[str, ...],
) -> History:
    kinds, said = _kinds(gathered, settings)
    agreed = [step.kind in kinds for step in gathered.steps]
    gathered, written, after_close = writing.sifted(gathered, deals, _in_states(gathered, agreed, _GAINED))
    if after_close:
        rules["recorded_after_close"] = after_close
    types = tuple(sorted({step.agreement for step, yes in zip(gathered.steps, agreed, strict=True) if yes}))
    gained, ended = _gains(gathered, agreed, types, deals.height)
    stages, entered = _stages(gathered, kinds, deals.height)
    steps, taken = _adjusted_for(stages, entered, settings)
    gained = np.hstack([gained, entered[:, taken]])
    if ended is not None:
        ended = np.hstack([ended, np.full((deals.height, len(steps)), np.inf, dtype=np.float32)])
    declined = [yes and step.state == "declined" for step, yes in zip(gathered.steps, agreed, strict=True)]
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
        types=types + steps,
        created=created,
        closed=times["closed"].to_numpy(),
        won=(deals["status"] == "won").to_numpy(),
        observed=times["observed"].to_numpy(),
        value=value.to_numpy(),
        gained=gained,
        recorded=recorded_since(created, gained),
        ended=ended,
        declines=_moments(gathered, declined),
        activity=_moments(gathered, [not yes for yes in agreed]),
        with_customer={key: gathered.customer[key] > 0.5 * said for key, said in gathered.said.items()},
        seller=_codes(deals, "owner"),
        account=_codes(deals, "account"),
        begin=deals["created"].min(),  # type: ignore[arg-type]
        end=end,
        events=gathered.events,
        rules=rules,
        notes=notes + said,
        entries=_landmarks(stages, entered, settings) if settings.landmarks_at else None,
        steps=steps,
        levels=_levels(gathered, agreed, types, gained),
        writing=written,
        entered=_entered(deals, settings.since),
    )


def _entered(deals: pl.DataFrame, since: datetime.datetime | None) -> np.ndarray | None:
    """Return from which week on each deal is looked at, 0 for one created after ``since``."""
    if since is None:
        return None
    weeks = (pl.lit(since) - pl.col("created")).dt.total_microseconds() / MICROSECONDS_PER_WEEK
    return deals.select(weeks.clip(lower_bound=0.0).alias("weeks"))["weeks"].to_numpy()


#: As many stages are adjusted for, the ones most often entered.
MOST_STAGES = 20


def _stages(
    gathered: gathering.Gathered, kinds: Sequence[str], deals: int
) -> tuple[tuple[str, ...], np.ndarray]:
    """Return the names of the stages, and deals x stages the week in which each was first entered.

    Names that differ in case or spaces only are one. Stages that are taken for agreements are none.
    """
    stage = str(EventKind.STAGE)
    wanted = [step.kind == stage and stage not in kinds for step in gathered.steps]
    names = [_plain(step.agreement) for step in gathered.steps]
    known = tuple(sorted({name for name, yes in zip(names, wanted, strict=True) if yes}))
    place = {name: number for number, name in enumerate(known)}
    stage_of = np.array([place.get(name, 0) for name in names], dtype=np.int64)
    entered = np.full((deals, len(known)), np.inf, dtype=np.float32)
    deal, code, week = gathered.of(wanted)
    np.minimum.at(entered, (deal.astype(np.int64), stage_of[code]), week.astype(np.float32))
    return known, entered


def _plain(stage: str) -> str:
    return stage.strip().lower()


def _adjusted_for(
    stages: tuple[str, ...], entered: np.ndarray, settings: Settings
) -> tuple[tuple[str, ...], list[int]]:
    """Return the keys of the stages that enough deals enter, apart from those of agreements, and their places."""
    often = np.isfinite(entered).sum(axis=0)
    order = sorted(range(len(stages)), key=lambda place: (-often[place], place))
    taken = sorted(place for place in order[:MOST_STAGES] if often[place] >= settings.min_events)
    return tuple(f"stage\N{NO-BREAK SPACE}{stages[place]}" for place in taken), taken


def _landmarks(stages: tuple[str, ...], entered: np.ndarray, settings: Settings) -> np.ndarray:
    """Return the entries into the stages that are landmarks; infinite for one that nobody enters."""
    nobody = np.full(entered.shape[0], np.inf, dtype=np.float32)
    wanted = [_plain(name) for name in settings.landmarks_at]
    return np.column_stack([entered[:, stages.index(name)] if name in stages else nobody for name in wanted])


def _valued(
    deals: pl.DataFrame, metric: metrics.Metric, rules: Counter[str]
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


def _kinds(gathered: gathering.Gathered, settings: Settings) -> tuple[list[str], tuple[str, ...]]:
    kinds, present = list(settings.kinds), sorted({step.kind for step in gathered.steps})
    if present and not set(present) & set(kinds):
        return present, (
            f"No event is of kind {', '.join(kinds)}: every kind ({', '.join(present)}) was taken.",
        )
    return kinds, ()


_GAINED = [str(state) for state in sorted(STANDING)]
_ENDED = [str(s) for s in (AgreementState.BROKEN, AgreementState.LAPSED, AgreementState.DECLINED)]


def _gains(
    gathered: gathering.Gathered, agreed: Sequence[bool], types: tuple[str, ...], deals: int
) -> tuple[np.ndarray, np.ndarray | None]:
    """Return deals x types twice: first gained, and first ended after that (None if nothing was)."""
    types_of = _types_of(gathered, types)
    gained = np.full((deals, len(types)), np.inf, dtype=np.float32)

    def marked(states: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        deal, code, week = gathered.of(_in_states(gathered, agreed, states))
        return deal * np.int64(len(types)) + types_of[code], week.astype(np.float32)

    np.minimum.at(gained.reshape(-1), *marked(_GAINED))
    cell, week = marked(_ENDED)
    after = week > gained.reshape(-1)[cell]
    if not after.any():
        return gained, None
    ended = np.full_like(gained, np.inf)
    np.minimum.at(ended.reshape(-1), cell[after], week[after])
    return gained, ended


def _types_of(gathered: gathering.Gathered, types: tuple[str, ...]) -> np.ndarray:
    """Return the place among the types of each step; 0 for steps that are none."""
    place = {key: number for number, key in enumerate(types)}
    return np.array([place.get(step.agreement, 0) for step in gathered.steps], dtype=np.int64)


def _in_states(gathered: gathering.Gathered, agreed: Sequence[bool], states: Sequence[str]) -> list[bool]:
    return [yes and step.state in states for step, yes in zip(gathered.steps, agreed, strict=True)]


def _levels(
    gathered: gathering.Gathered, agreed: Sequence[bool], types: tuple[str, ...], gained: np.ndarray
) -> dict[str, np.ndarray]:
    """Return what the first gains say of themselves; of several at the same moment the best."""
    mask = gathered.mask(_in_states(gathered, agreed, _GAINED))
    deal, place = gathered.deal[mask], _types_of(gathered, types)[gathered.code[mask]]
    first = gathered.week[mask].astype(np.float32) == gained[deal, place]
    cells = deal[first], place[first]
    found = {}
    for name, said in gathered.levels.items():
        found[name] = np.full(gained.shape, gathering.UNKNOWN, dtype=np.int8)
        np.maximum.at(found[name], cells, said[mask][first])
    return found


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


def _moments(gathered: gathering.Gathered, wanted: Sequence[bool]) -> Moments:
    deal, _, week = gathered.of(wanted)
    order = np.lexsort((week, deal))
    return Moments(deal[order].astype(float), week[order])


def _codes(deals: pl.DataFrame, column: str) -> np.ndarray:
    if column not in deals.columns:
        return np.zeros(deals.height, dtype=np.int64)
    return deals[column].fill_null("").rank("dense").to_numpy().astype(np.int64) - 1
