"""From charts to what is told: state, level, since when, how much, how sure, the deals behind, and what calm means."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import polars as pl

from hingepoint.analysis import intervals
from hingepoint.analysis.signals.engine.calendar import Calendar
from hingepoint.analysis.signals.engine.charting import NEAR, Charted, beyond, followed_before
from hingepoint.analysis.signals.engine.places import Prepared, unjudged
from hingepoint.analysis.signals.shape import (
    COMPANY,
    Driver,
    Floats,
    Lacked,
    Place,
    Reading,
    Rules,
    Series,
    Signal,
    State,
    Told,
    WouldHaveShown,
    question,
    worst,
)
from hingepoint.analysis.spc import change, funnel
from hingepoint.analysis.spc.baseline import ENOUGH
from hingepoint.analysis.spc.charts import Chart
from hingepoint.records.languages import say, say_noun

#: What units are compared on when they lie apart: so many of the newest periods.
RECENT = 6
#: So many deals behind a place are listed at most; how many there are is told beside.
LISTED = 500
#: Of how many simulated charts the chance to have shown a change is taken.
DRAWS = 1000
#: Of these places a chart says what it would have shown: those that are drawn though they are calm.
CERTIFIED = ("company", "team", "segment", "manager")


def tell(prepared: Prepared, calendar: Calendar, charted: Charted, rng: np.random.Generator) -> Told:
    """Return what is told of a signal on the day of ``calendar``."""
    signal = prepared.signal
    if not prepared.series:
        return _without_points(prepared, calendar)
    apart = _apart(prepared) if signal.apart else set()
    noise, earlier = _noise(prepared, rng), followed_before(prepared, charted, calendar)
    places = tuple(
        replace(
            _reading(prepared, series, charted, calendar, apart, noise), earlier=earlier.get(series.place, ())
        )
        for series in prepared.series
    )
    if signal.least:
        places = tuple(
            one for one in places if one.reading is not None and _hides_everybody(prepared, one.place)
        )
        if not places:
            return Told(
                signal,
                State.NO_DATA,
                needs=say("At least {least} answers. {needs}", least=signal.least, needs=signal.needs),
            )
    places = tuple(sorted(places, key=_order))
    told = Told(signal, worst(places, prepared.silent_since), places, silent_since=prepared.silent_since)
    raised = [one.place for one in places if one.state is State.RAISED]
    return replace(
        told,
        question=question(signal, [place.name for place in raised if place != COMPANY]),
        needs=_needs(places, prepared, calendar),
        drivers=_drivers(prepared, told.leading, calendar),
        lacked=_lacked(prepared, told.leading, calendar),
        would_have_shown=next((one.certificate[1] for one in places[:1] if one.certificate), None),
        unjudged=unjudged(prepared, calendar),
    )


def _hides_everybody(prepared: Prepared, place: Place) -> bool:
    """Return whether the newest periods of a place hold so many people that none can be told from the others. Who they are may not be
    known at all: then nobody is told."""
    there = prepared.at(place)
    last = pl.col("_period").max() - RECENT
    newest = there.filter(pl.col("_period") > last)
    counts = ((newest[column].drop_nulls().n_unique(), least) for column, least in prepared.signal.people)
    return all(found == 0 or found >= least for found, least in counts)


def _order(one: Reading) -> tuple[bool, bool, float]:
    assert one.series is not None
    return one.place != COMPANY, one.state is not State.RAISED, -float(one.series.counts.sum())


def _without_points(prepared: Prepared, calendar: Calendar) -> Told:
    """Return what is told of a signal without a point: no data, or new rules whose first period is not complete."""
    if not (prepared.rules and prepared.under_earlier):
        return Told(prepared.signal, State.NO_DATA, needs=prepared.signal.needs)
    begins = calendar.number(prepared.rules.since - dt.timedelta(days=1)) + 1
    until = _whole_by(prepared, calendar, begins + ENOUGH)
    return Told(prepared.signal, State.CALM, needs=_for_trial(prepared, until, calendar))


def _whole_by(prepared: Prepared, calendar: Calendar, number: int) -> dt.date:
    """Return the last day before everything is counted that began before a period."""
    return calendar.start(number) - dt.timedelta(days=1) + prepared.signal.waits


def _for_trial(prepared: Prepared, until: dt.date, calendar: Calendar) -> str:
    return say(
        "{rules}Limits are for trial until {until}: {count} are needed.",
        rules=_since_when(prepared.rules),
        until=until,
        count=say_noun(calendar.period, f"{calendar.period}s", ENOUGH, str(ENOUGH)),
    )


def _since_when(rules: Rules | None) -> str:
    if rules is None:
        return ""
    return (
        f"{say('Limits were set anew from') if rules.reason else say('New rules hold since')} {rules.since}. "
    )


def _needs(places: Sequence[Reading], prepared: Prepared, calendar: Calendar) -> str:
    if prepared.silent_since:
        return say("News: nothing was delivered since {silent_since}.", silent_since=prepared.silent_since)
    until = places[0].trial_until
    return _for_trial(prepared, until, calendar) if until else ""


# One place


def _reading(
    prepared: Prepared,
    series: Series,
    charted: Charted,
    calendar: Calendar,
    apart: set[str],
    noise: Floats,
) -> Reading:
    chart = charted.by_place.get((prepared.signal, series.place))
    because_of = charted.because_of.get((prepared.signal, series.place))
    level, usual, ci = _level(prepared, series, calendar.weight)
    lies_apart = series.place.level == "team" and series.place.name in apart
    reading = Reading(
        series.place,
        _state(prepared, chart, lies_apart, explained=because_of is not None),
        level,
        usual,
        ci,
        trial_until=_trial_until(prepared, chart, series, calendar),
        apart=lies_apart,
        because_of=because_of,
        series=series,
        chart=chart,
    )
    if reading.state is State.RAISED and chart is not None:
        return _with_change(prepared, reading, series, chart, calendar)
    return replace(reading, certificate=_certificate(prepared, series, chart, calendar, noise))


def _with_change(
    prepared: Prepared, reading: Reading, series: Series, chart: Chart, calendar: Calendar
) -> Reading:
    """Return a raised ``reading`` with when it began and was seen, its size, and the deals behind it."""
    found = change.date_change(chart, began_by=chart.raised_at)
    begins = series.first + series.baseline
    size, size_ci = _size(prepared, series, series.baseline + found.since)
    deals = _deals(prepared, series, begins + found.since)
    return replace(
        reading,
        since=calendar.start(begins + found.since),
        earliest=calendar.start(begins + found.earliest),
        latest=calendar.start(begins + found.latest),
        seen=calendar.start(begins + (chart.raised_at or 0) + 1) - dt.timedelta(days=1),
        size=size,
        size_ci=size_ci,
        deals=deals[:LISTED],
        unlisted=max(len(deals) - LISTED, 0),
    )


def _state(prepared: Prepared, chart: Chart | None, apart: bool, *, explained: bool) -> State:
    if chart is not None and chart.is_raised and not explained:
        return State.RAISED
    if prepared.silent_since:
        return State.STALE
    return State.WATCH if apart or explained or _is_near(chart) else State.CALM


def _is_near(chart: Chart | None) -> bool:
    """Return whether the line is well on its way to the limit on the side that raises."""
    if chart is None or chart.baseline.is_trial or not len(chart.line):
        return False
    return beyond(chart) > NEAR


def _trial_until(
    prepared: Prepared, chart: Chart | None, series: Series, calendar: Calendar
) -> dt.date | None:
    """Return the last day of the twelfth point, while there are fewer."""
    known = (
        chart.baseline.points
        if chart is not None
        else int((~np.isnan(series.scores[: series.baseline])).sum())
    )
    if known >= ENOUGH:
        return None
    whole = len(series.scores) - int(series.going.sum())
    return _whole_by(prepared, calendar, series.first + whole + ENOUGH - known)


def _level(
    prepared: Prepared, series: Series, weight: float
) -> tuple[float | None, float | None, tuple[float, float] | None]:
    """Return the recent level, the usual one and the interval of the recent one, adjusted to the usual deals.

    The newest whole periods count most, as in the smoothed line.
    """
    ages = np.arange(len(series.counts))[::-1]
    weights = (1 - weight) ** ages * ~series.going
    count = float((weights * series.counts).sum() ** 2 / max((weights**2 * series.counts).sum(), 1e-9))
    if count < max(prepared.signal.least, 1):
        return None, None, None
    base = slice(0, max(series.baseline, 1))
    usual = series.usual_level
    mix = _mean(weights * series.usual, weights * series.counts) - _mean(
        series.usual[base], series.counts[base]
    )
    recent = _mean(weights * series.totals, weights * series.counts)
    estimate = _estimate(prepared, recent, count)
    value, low, high = (
        _inside(prepared.signal, (recent if one is None else one) - mix)
        for one in (estimate.value, estimate.low, estimate.high)
    )
    return value, usual, (low, high)


def _mean(totals: np.ndarray, counts: np.ndarray) -> float:
    return float(totals.sum() / max(counts.sum(), 1e-9))


def _inside(signal: Signal, value: float) -> float:
    return min(max(value, 0.0), 1.0) if signal.kind == "share" else value


def _estimate(prepared: Prepared, value: float, count: float) -> intervals.Estimate:
    """Return the interval of a share of, or a mean over, ``count`` units."""
    if prepared.signal.kind == "share":
        return intervals.share(value * count, count)
    half = intervals.Z * prepared.spread / np.sqrt(count)
    return intervals.Estimate(value, value - half, value + half, int(count))


def _size(prepared: Prepared, series: Series, since: int) -> tuple[float, tuple[float, float]]:
    """Return by how much the level moved from the usual time to the points from ``since`` on, at the same mix."""
    parts = (slice(since, None), slice(0, series.baseline))
    counts, totals, expected = (one * ~series.going for one in (series.counts, series.totals, series.usual))
    after, before = (
        _estimate(prepared, _mean(totals[one], counts[one]), float(counts[one].sum())) for one in parts
    )
    mix, usual = (_mean(expected[one], counts[one]) for one in parts)
    mix -= usual
    moved = intervals.difference(after, before)
    assert moved is not None  # both have units: the chart was raised
    size, low, high = (float(one - mix) for one in (moved.value, moved.low, moved.high))
    if prepared.signal.kind == "share" and before.value is not None:  # a share stays one
        size, low, high = (min(max(one, -before.value), 1 - before.value) for one in (size, low, high))
    return size, (low, high)


def _deals(prepared: Prepared, series: Series, since: int) -> tuple[str, ...]:
    """Return the deals behind a change, the plainest first: those that count, or lie furthest on the worse side."""
    if not prepared.signal.named or "deal_id" not in prepared.units.columns:
        return ()
    beside = (pl.col("value") - pl.col("_usual")) * prepared.signal.side
    there = prepared.at(series.place).filter((pl.col("_period") >= since) & (beside > 0))
    worst = there.sort(beside, "at", "deal_id", descending=[True, True, False])
    return tuple(worst["deal_id"].drop_nulls().unique(maintain_order=True))


# The signal


def _apart(prepared: Prepared) -> set[str]:
    """Return the teams that lie apart on the worse side in the newest periods (99.8 % funnel, overdispersion taken in)."""
    teams = [one for one in prepared.series if one.place.level == "team"]
    if len(teams) < 4:
        return set()
    hits = np.array([one.totals[-RECENT:].sum() for one in teams])
    counts = np.array([one.counts[-RECENT:].sum() for one in teams])
    some = counts > 0
    found = funnel.of_shares(hits[some], counts[some])
    out = found.apart() & (found.z * prepared.signal.side > 0)
    return {one.place.name for one, there in zip(np.array(teams, object)[some], out, strict=True) if there}


def _drivers(prepared: Prepared, leading: Reading | None, calendar: Calendar) -> tuple[Driver, ...]:
    """Return what stands behind the leading place: since it changed, else in the newest periods, against the usual time."""
    if leading is None or leading.series is None:
        return ()
    there, series = prepared.at(leading.place), leading.series
    since = calendar.number(leading.since) if leading.since else calendar.last - RECENT // 2 + 1
    before = there.filter(pl.col("_period") < series.first + series.baseline)
    after = there.filter(pl.col("_period") >= since)
    shares = tuple(
        Driver(words, "share", _share(before, column), _share(after, column))
        for column, words in prepared.signal.drivers
    )
    told = shares + (prepared.signal.tell(before, after) if prepared.signal.tell else ())
    return tuple(one for one in told if (one.before, one.since) != (None, None))


def _lacked(prepared: Prepared, leading: Reading | None, calendar: Calendar) -> tuple[Lacked, ...]:
    """Return the agreements that deals of the leading place lacked: since it changed, else in the last twelve months."""
    if prepared.signal.lacks is None or leading is None:
        return ()
    there = prepared.at(leading.place)
    since = (
        calendar.number(leading.since) if leading.since else calendar.last - 4 * calendar.points_a_quarter + 1
    )
    return prepared.signal.lacks(there, there.filter(pl.col("_period") >= since))


def _share(units: pl.DataFrame, column: str) -> float | None:
    found = units[column].drop_nulls().mean() if units.height else None
    return float(found) if isinstance(found, float) else None


# What calm means


def _certificate(
    prepared: Prepared, series: Series, chart: Chart | None, calendar: Calendar, noise: Floats
) -> tuple[WouldHaveShown, ...]:
    """Return the chances that a chart would have raised by now, had each stated change begun half a year ago.
    Empty where it has raised, or may not."""
    if series.place.level not in CERTIFIED or chart is None or not len(chart.values):
        return ()
    if chart.baseline.is_trial or chart.is_raised:
        return ()
    signal = prepared.signal
    ago = min(2 * calendar.points_a_quarter, len(chart.values))
    unit = np.sqrt(series.counts[-ago:]).mean() / _spread(
        prepared, series
    )  # of a score, in the signal's own unit
    changes = [signal.side * stated for stated in signal.stated]
    chances = change.chances_to_show(
        chart, changes=[one * unit for one in changes], since=len(chart.values) - ago, noise=noise
    )
    since = calendar.start(calendar.last - ago + 1)
    told = zip(changes, chances, strict=True)
    return tuple(WouldHaveShown(one, since, round(chance, 2)) for one, chance in told)


def _spread(prepared: Prepared, series: Series) -> float:
    """Return how much one unit varies by chance."""
    if prepared.signal.kind != "share":
        return prepared.spread
    usual = float(np.clip(_mean(series.usual, series.counts), 0.01, 0.99))
    return float(np.sqrt(usual * (1 - usual)))


def _noise(prepared: Prepared, rng: np.random.Generator) -> Floats:
    """Return draws for the longest series of a signal: all of its charts are told by the same."""
    longest = max(len(one.scores) for one in prepared.series)
    return rng.standard_normal((DRAWS, longest))
