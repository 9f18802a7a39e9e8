"""From units to series: a point a period for every place that can be followed.

Below the company a place is read against the rest of it: what gets worse everywhere alike (a quarter's end, a rise of cost)
moves the company's chart and no team's. Where only the rest got better, nothing is held against a place. A point is a normal score: how unlikely the period's
total is by chance alone, given how many units there were and what was known of them, so that few and many, rare
and frequent can stand on one chart.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy import special

from hingepoint.analysis.signals.engine.calendar import Calendar
from hingepoint.analysis.signals.shape import COMPANY, Facts, Place, Rules, Series, Signal, Unjudged
from hingepoint.analysis.spc import adjusting, charts
from hingepoint.analysis.spc.baseline import ENOUGH

Floats = NDArray[np.float64]
#: Places with fewer units a period are not followed: their charts would show chance.
LEAST = 0.75
#: From so many points on a place is drawn for trial, not raised. Accounts wait until they can rise: there are thousands of them.
FOR_TRIAL = 3
#: A customer is followed from so many deals on: what is done on one of them is done alike.
DEALS = 5
#: The rest of the company counts with so many usual units less than it has: a small rest says little.
FEW = 5.0
#: Above a share of this of all units a place is the company itself.
WHOLE = 0.95
#: Of a place explained by others at least so much must be left to be read on its own.
LEFT = 0.25
#: Level -> the columns of deals that name its places. A region is the node above its teams.
COLUMNS = {
    "team": ("team", "region"),
    "segment": ("segment",),
    "account": ("account",),
    "manager": ("manager",),
}


@dataclass(frozen=True)
class Prepared:
    """A signal's units with ``_period`` and ``_usual`` (what was to be expected), and its series by place.

    ``spread``: of a value about what is expected, in the usual time. ``rules``: what began a new series last;
    ``under_earlier``: the signal as it was prepared under each of those before that has units, the oldest first.
    ``silent_since``: the last day a source delivered that is overdue. ``whole_until``: the last day whose units are all counted.
    """

    signal: Signal
    units: pl.DataFrame
    whole_until: dt.date
    series: tuple[Series, ...] = ()
    spread: float = 1.0
    rules: Rules | None = None
    silent_since: dt.date | None = None
    under_earlier: tuple[Prepared, ...] = ()

    def at(self, place: Place) -> pl.DataFrame:
        """Return the units of a place."""
        if place == COMPANY:
            return self.units
        names = [name for name in COLUMNS[place.level] if name in self.units.columns]
        return self.units.filter(pl.any_horizontal(pl.col(name) == place.name for name in names))


def prepare(signal: Signal, facts: Facts, calendar: Calendar) -> Prepared:
    """Return the series of ``signal``; none where nothing is on record."""
    units = signal.units(facts).drop_nulls(["at", "value"])
    own, (silent, whole_until) = units.columns, _silence(signal, facts, units)
    if silent:  # what is counted later is held against what nobody delivers any more
        units = units.filter(pl.col("at").dt.date() <= whole_until)
    units = _placed(units, facts).with_columns(
        _period=pl.Series(calendar.numbers(units["at"]), dtype=pl.Int64)
    )
    empty = Prepared(signal, units, whole_until, silent_since=silent)
    rules = rules_of(signal, facts)
    *before, now = (
        _under(empty, facts, begins, _until(calendar, ends))
        for begins, ends in zip([None, *rules], [*rules, None], strict=True)
    )
    earlier = tuple(_lean(one, own) for one in before if one.units.height)
    return replace(_lean(now, own), under_earlier=earlier)


def _lean(prepared: Prepared, own: list[str]) -> Prepared:
    """Return ``prepared`` without what only its expected values were made of: units of all signals wait for each other."""
    places = [name for level in prepared.signal.levels[1:] for name in COLUMNS[level]]
    kept = [name for name in prepared.units.columns if name in (*own, *places) or name.startswith("_")]
    return replace(prepared, units=prepared.units.select(kept))


def rules_of(signal: Signal, facts: Facts) -> tuple[Rules, ...]:
    """Return what ends and begins its series, the oldest first: limits that people set anew, and where new rules move it the
    versions of them."""
    anew = facts.limits.filter(pl.col("signal") == signal.key).select("at", "reason")
    rows = pl.concat([facts.policies, anew] if signal.breaks else [anew], how="diagonal").sort(
        "at", maintain_order=True
    )
    known = rows.with_columns(pl.col("at").dt.date()).unique("at", keep="last", maintain_order=True)
    return tuple(
        Rules(one["at"], one.get("version") or "", one["reason"] or "") for one in known.iter_rows(named=True)
    )


def _until(calendar: Calendar, ends: Rules | None) -> Calendar:
    """Return the calendar of a time whose last whole period lies before the day on which other rules began."""
    if ends is None:
        return calendar
    return replace(calendar, as_of=calendar.start(calendar.number(ends.since)) - dt.timedelta(days=1))


def _under(empty: Prepared, facts: Facts, rules: Rules | None, calendar: Calendar) -> Prepared:
    """Return the signal under ``rules``, from their first whole period on."""
    begins = calendar.number(rules.since - dt.timedelta(days=1)) + 1 if rules else -(10**6)
    units = empty.units.filter(pl.col("_period").is_between(begins, calendar.last))
    units = units.sort("at", maintain_order=True)
    prepared = replace(empty, units=units, rules=rules)
    return _expected(prepared, facts, calendar) if units.height else prepared


def _expected(prepared: Prepared, facts: Facts, calendar: Calendar) -> Prepared:
    """Return ``prepared`` with what was to be expected of each unit, and its series."""
    signal, units = prepared.signal, prepared.units
    first = int(units["_period"].min())  # type: ignore[arg-type]
    usual = (units["_period"] < first + calendar.ends_baseline(first, calendar.last - first + 1)).to_numpy()
    if not usual.any():
        usual[:] = True
    values = units["value"].to_numpy()
    expected = adjusting.expected(values, units, usual, kind=signal.kind, facts=signal.facts)
    if "tide" in units.columns:
        tide = units["tide"].fill_null(strategy="forward").fill_null(1.0).to_numpy()
        expected = np.clip(expected * tide / tide[usual].mean(), 0.0, 0.98)
    units = units.with_columns(_usual=pl.Series(expected)).with_row_index("_row")
    spread = max(float(np.std((values - expected)[usual])), 1e-9)
    prepared = replace(prepared, units=units, spread=spread)
    return replace(prepared, series=_all_series(prepared, calendar, first))


def _placed(units: pl.DataFrame, facts: Facts) -> pl.DataFrame:
    """Return the units with what is known of their deals, and the region of teams that have one."""
    if "deal_id" in units.columns:
        wanted = ("team", "region", "segment", "product", "source", "account", "manager", "initial_amount")
        more = [name for name in wanted if name not in units.columns]
        return units.join(
            facts.deals.select("deal_id", *more), on="deal_id", how="left", maintain_order="left"
        )
    regions = facts.deals.drop_nulls(["team", "region"]).group_by("team").agg(pl.col("region").unique())
    single = regions.filter(pl.col("region").list.len() == 1).with_columns(pl.col("region").list.first())
    return units.join(single, on="team", how="left", maintain_order="left")


def _silence(signal: Signal, facts: Facts, units: pl.DataFrame) -> tuple[dt.date | None, dt.date]:
    """Return the last day of the source that is overdue longest, None where all deliver, and the last day whose units are all
    counted.

    Where all deliver, what the signal counts is asked: where the values that it compares are missing, deals go on and no unit comes.
    Overdue: by its own pace at least seven rows were due since, and it was never silent for two thirds as long before.
    """
    last = [day for source in signal.news if (day := _overdue(facts.news(source), facts.as_of))]
    if last:
        return min(last), min(last) - signal.waits
    whole_until = facts.as_of - signal.waits
    own = _overdue(units["at"], whole_until)
    return own, own or whole_until


def _overdue(moments: pl.Series, as_of: dt.date) -> dt.date | None:
    days = np.unique(moments.dt.date().filter(moments.dt.date() <= as_of).dt.epoch("d").to_numpy())
    if len(days) < ENOUGH:
        return None
    gap = (as_of - dt.date(1970, 1, 1)).days - int(days[-1])
    pace = len(moments) / max(int(days[-1] - days[0]), 1)
    if gap * pace < 7 or gap <= 1.5 * np.diff(days).max():
        return None
    return dt.date(1970, 1, 1) + dt.timedelta(days=int(days[-1]))


@dataclass(frozen=True)
class _Sums:
    """Counts, totals of values and of expected ones, a column a period; the last row is the whole company."""

    counts: Floats
    totals: Floats
    usual: Floats


def _all_series(prepared: Prepared, calendar: Calendar, first: int) -> tuple[Series, ...]:
    periods = calendar.last - first + 1
    whole = _sums(prepared.units, np.zeros(prepared.units.height, int), 1, first, periods)
    found = [_series(prepared, COMPANY, whole, 0, None, first, calendar)]
    for level in prepared.signal.levels[1:]:
        for column in COLUMNS[level]:
            if column in prepared.units.columns:
                taken = {one.place.name for one in found if one.place.level == level}
                found += _of_column(prepared, level, column, whole, first, calendar, taken)
    return tuple(found)


def _of_column(
    prepared: Prepared, level: str, column: str, whole: _Sums, first: int, calendar: Calendar, taken: set[str]
) -> list[Series]:
    placed = prepared.units.drop_nulls(column)
    if column == "region":
        teams, regions = pl.col("team").n_unique().over("region"), pl.col("region").n_unique().over("team")
        placed = placed.filter((teams > 1) | (regions > 1))  # others would be told twice, as team and region
    if placed[column].n_unique() < 2:
        return []
    placed = placed.filter(_may_be_followed(level, column))
    values = placed[column].cast(pl.String)
    names = values.unique().sort()
    codes = values.cast(pl.Enum(names)).to_physical().to_numpy().astype(np.int64)
    periods = whole.counts.shape[1]
    sums = _sums(placed, codes, len(names), first, periods)
    found = []
    for row, name in enumerate(names):
        if name in taken or not _can_be_followed(level, sums.counts[row], whole.counts[0]):
            continue
        found.append(_series(prepared, Place(level, name), sums, row, whole, first, calendar))
    return found


def _may_be_followed(level: str, column: str) -> pl.Expr:
    """Return of a unit whether its place has as many as it needs at least: the others, thousands of customers, are counted no further."""
    enough = pl.len().over(column) >= LEAST * _fewest_periods(level)
    return enough & (pl.col("deal_id").n_unique().over(column) >= DEALS) if level == "account" else enough


def _fewest_periods(level: str) -> int:
    return ENOUGH + 1 if level == "account" else FOR_TRIAL


def _can_be_followed(level: str, counts: Floats, whole: Floats) -> bool:
    """Return whether a place has enough units a period since its first, and enough periods, and is not the whole."""
    since = counts[np.flatnonzero(counts)[0] :]
    return (
        len(since) >= _fewest_periods(level) and since.mean() >= LEAST and counts.sum() < WHOLE * whole.sum()
    )


def unjudged(prepared: Prepared, calendar: Calendar) -> tuple[Unjudged, ...]:
    """Return the places of deals that are too small or too new for a series of their own, the larger first. Answers of
    people name no small place, and accounts are too many to be listed."""
    if prepared.signal.least:
        return ()
    followed = {one.place for one in prepared.series}
    levels = [one for one in prepared.signal.levels[1:] if one != "account" and one in prepared.units.columns]
    found = [one for level in levels for one in _sizes(prepared.units, level, calendar)]
    most = WHOLE * prepared.units.height
    small = [one for one in found if one.place not in followed and one.units < most]
    return tuple(sorted(small, key=lambda one: (-one.units, one.place.level, one.place.name)))


def _sizes(units: pl.DataFrame, level: str, calendar: Calendar) -> list[Unjudged]:
    sizes = units.drop_nulls(level).group_by(level).agg(pl.len(), pl.col("_period").min())
    return [
        Unjudged(Place(level, str(name)), count, calendar.last - first + 1)
        for name, count, first in sizes.iter_rows()
    ]


def _sums(units: pl.DataFrame, codes: NDArray[np.int_], places: int, first: int, periods: int) -> _Sums:
    at = codes * periods + (units["_period"].to_numpy() - first)

    def add(weights: Floats | None = None) -> Floats:
        return np.bincount(at, weights, minlength=places * periods).reshape(places, periods).astype(float)

    return _Sums(add(), add(units["value"].to_numpy()), add(units["_usual"].to_numpy()))


def _series(
    prepared: Prepared,
    place: Place,
    sums: _Sums,
    row: int,
    whole: _Sums | None,
    first: int,
    calendar: Calendar,
) -> Series:
    start = int(np.flatnonzero(sums.counts[row])[0])
    mine = _Sums(*(table[row, start:] for table in (sums.counts, sums.totals, sums.usual)))
    points = calendar.ends_baseline(first + start, len(mine.counts))
    if calendar.baseline_until is None:
        points = max(points, _twelfth(mine.counts))
    scored = _share_scores if prepared.signal.kind == "share" else _mean_scores
    scores = scored(mine, None, points, prepared.spread)
    if whole is not None:
        parts = ((whole.counts, mine.counts), (whole.totals, mine.totals), (whole.usual, mine.usual))
        rest = _Sums(*(every[0, start:] - own for every, own in parts))
        against = scored(mine, rest, points, prepared.spread)
        scores = _excused(scores, against, calendar.weight, prepared.signal.side)
    ended = calendar.number(prepared.whole_until + dt.timedelta(days=1)) - first - start
    scores[max(ended, 0) :] = np.nan
    return Series(place, first + start, mine.counts, mine.totals, mine.usual, scores, points)


def without(prepared: Prepared, place: Place, others: list[Place], calendar: Calendar) -> Series | None:
    """Return the series of ``place`` as it would be without the units of ``others``; None where too little is left."""
    left = prepared.units
    for other in others:
        gone = prepared.at(other)["_row"]
        left = left.filter(~pl.col("_row").is_in(gone.implode()))
    rest = replace(prepared, units=left)
    here = rest.at(place)
    if here.height < LEFT * prepared.at(place).height:
        return None
    first = int(prepared.units["_period"].min())  # type: ignore[arg-type]
    periods = calendar.last - first + 1
    sums, whole = (_sums(one, np.zeros(one.height, int), 1, first, periods) for one in (here, left))
    return _series(prepared, place, sums, 0, whole if place != COMPANY else None, first, calendar)


def _twelfth(counts: Floats) -> int:
    """Return after how many periods twelve had units; all where fewer had."""
    some = np.flatnonzero(counts)
    return int(some[ENOUGH - 1]) + 1 if len(some) >= ENOUGH else len(counts)


def _excused(alone: Floats, against: Floats, weight: float, side: int) -> Floats:
    """Return the scores of a place ``alone`` less what the rest got worse by: where it smoothly did, those ``against`` it.

    The smoothed line of what comes back is that of the place less the worse part of that of the rest: taken
    from the line, because single periods of a rest swing.
    """
    theirs = np.where(np.isnan(alone), 0.0, alone - against)
    line = np.where(np.isnan(alone), 0.0, charts.smooth(theirs, start=0.0, weight=weight))
    excuse = np.maximum(line, 0.0) if side > 0 else np.minimum(line, 0.0)
    before = np.concatenate([[0.0], excuse[:-1]])
    return np.asarray(alone - (excuse - (1 - weight) * before) / weight, np.float64)


def _share_scores(mine: _Sums, rest: _Sums | None, points: int, spread: float) -> Floats:
    """Return normal scores of the mid-p value of each period's hits, binomial about what is usual here.

    The usual share of the place is its own, drawn to that of deals like its; with ``rest`` it moves as the rest does.
    """
    own = (mine.totals[:points].sum() + FEW) / (mine.usual[:points].sum() + FEW)
    tide = np.ones(len(mine.counts))
    if rest is not None:
        theirs = (rest.totals[:points].sum() + FEW) / (rest.usual[:points].sum() + FEW)
        tide = (rest.totals + FEW) / (rest.usual * theirs + FEW)
    some = mine.counts > 0
    counts, hits = mine.counts[some], mine.totals[some]
    chance = np.clip((mine.usual * own * tide)[some] / counts, 0.002, 0.998)
    middle = (_at_most(hits - 1, counts, chance) + _at_most(hits, counts, chance)) / 2
    scores = np.full(len(some), np.nan)
    scores[some] = special.ndtri(np.clip(middle, 1e-6, 1 - 1e-6))
    return scores


def _at_most(hits: Floats, counts: Floats, chance: Floats) -> Floats:
    """Return the binomial chance of at most so many hits; between whole numbers by the beta function that it is."""
    inside = special.betainc(np.maximum(counts - hits, 1e-9), np.maximum(hits + 1, 1e-9), 1 - chance)
    return np.where(hits <= -1, 0.0, np.where(hits >= counts, 1.0, inside))


def _mean_scores(mine: _Sums, rest: _Sums | None, points: int, spread: float) -> Floats:
    """Return how far each period's mean lies from the expected one, in its standard errors; with ``rest`` less how far
    that moved."""
    with np.errstate(invalid="ignore", divide="ignore"):
        beside = (mine.totals - mine.usual) / mine.counts
        if rest is not None:
            usual = (rest.totals - rest.usual)[:points].sum() / max(rest.counts[:points].sum(), 1.0)
            beside = beside - (rest.totals - rest.usual - usual * rest.counts) / (rest.counts + 1.0)
        return np.asarray(beside * np.sqrt(mine.counts) / spread, np.float64)
