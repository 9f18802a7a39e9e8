"""The pictures of the ten signals: a place's control chart for the desk, for the phone and as a tile, with its table.

Charts follow scores, in standard deviations of chance; people read shares. A month is drawn as its own share, as if deals were
alike. The smoothed line and its limits are drawn in the same unit by one factor, what a score is worth in a month
of the usual size, so the line leaves its limits in the picture where, and only where, it does in the chart.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from hingepoint.analysis.period_numbers import number_of, start_of
from hingepoint.analysis.signals.shape import Floats, Place, Reading, Series, Signal, State, Told
from hingepoint.analysis.spc.charts import Chart
from hingepoint.domain.signals.recorded import Recorded
from hingepoint.records import conventions
from hingepoint.records.languages import say
from hingepoint.reports.charts import columns, control, numbers, scale, spans
from hingepoint.web import formats, signal_words
from hingepoint.web.home_pictures import Picture

#: A single month may lie so many standard deviations away by chance.
SINGLE = 3.0
#: The newest periods that are drawn, two to three years wide.
SHOWN = {"month": 36, "week": 130}
#: A share too near 0 or 1 has no spread of its own.
NO_SPREAD = 0.002


@dataclass(frozen=True, slots=True)
class Times:
    """What turns periods into days: how long they last, and the day of the reading."""

    period: str
    day: dt.date

    def start(self, number: int) -> dt.date:
        return start_of(number, self.period)

    def number(self, day: dt.date) -> int:
        return number_of(day, self.period)


def picture(
    told: Told, reading: Reading | None, times: Times, *, names: signal_words.Names
) -> Picture | None:
    """Return a place's chart for desk and phone with its table; None where there is nothing to draw."""
    drawn = course(told, reading, times)
    if drawn is None or reading is None:
        return None
    metric = f"{told.signal.name}, {signal_words.place_name(reading.place, names)}"
    desk, phone = (control.draw(drawn, metric=metric, size=size) for size in (control.WIDE, control.NARROW))
    return Picture(desk, phone, control.table(drawn))


def on_record(one: Recorded) -> Picture:
    """Return how much of a source is on record month by month, for desk and phone, with its table."""
    name = signal_words.SOURCES[one.source].name
    months = conventions.conventions().months
    drawn = [
        columns.Column(conventions.month(day), count, months[day.month - 1]) for day, count in one.months
    ]
    desk, phone = (
        columns.draw(drawn, title=say("{name} a month", name=name), width=width) for width in (720, 330)
    )
    return Picture(desk, phone, columns.table(drawn, counted=name))


def where(
    told: Told, places: Sequence[Reading], *, names: signal_words.Names, address: Callable[[Place], str]
) -> tuple[str, str] | None:
    """Return places beside each other for desk and phone, each with its level, the interval of it and what is usual there; None where
    fewer than two have an interval. A raised place is a diamond, its name leads to its chart. The table of places has the numbers."""
    drawn = [one for one in places if one.reading is not None and one.ci is not None]
    if len(drawn) < 2:
        return None
    rows = [_where_row(told, one, names, address(one.place)) for one in drawn]
    raised = [row.label for row in rows if row.strong]
    number = say("{n} places.", n=len(rows))
    apart = say("Raised: {places}.", places=", ".join(raised)) if raised else say("None is raised.")
    said = f"{number} {apart}"
    title = say("{signal}, by place", signal=told.signal.name)
    desk, phone = (
        spans.draw(rows, _where_axis(rows, size), title=title, description=said, size=size)
        for size in (spans.WIDE, spans.NARROW)
    )
    return desk, phone


def _where_row(told: Told, one: Reading, names: signal_words.Names, url: str) -> spans.Row:
    assert one.reading is not None
    assert one.ci is not None
    raised, name = one.state is State.RAISED, signal_words.place_name(one.place, names)
    level = signal_words.seen_as(told.signal, one.reading)
    low, high = (signal_words.seen_as(told.signal, end) for end in one.ci)
    mark = spans.Mark(level, "diamond" if raised else "dot", "bad-solid" if raised else "ink-2")
    usual = one.baseline
    before = (
        [spans.Mark(signal_words.seen_as(told.signal, usual), "tick", "ink-3")] if usual is not None else []
    )
    tone = "bad-solid" if raised else "ink-3"
    return spans.Row(name, (*before, mark), whisker=(low, high), whisker_tone=tone, url=url, strong=raised)


def _where_axis(rows: Sequence[spans.Row], size: spans.Size) -> spans.Axis:
    """Return an axis around all levels and intervals, with round shares written at it."""
    ends = [end for row in rows if row.whisker for end in row.whisker]
    ends += [mark.at for row in rows for mark in row.marks]
    nice = scale.nice(ends, size.left, size.right, about=5 if size.label else 3)
    ticks = tuple((at, numbers.tick(at, "share", nice.step)) for at in nice.ticks())
    return spans.Axis(nice.low, nice.high, ticks)


def tile(told: Told, times: Times) -> str:
    """Return the leading place's chart for an overview; nothing where there is nothing to draw."""
    drawn = course(told, told.leading, times)
    return control.draw(drawn, metric=told.signal.name, size=control.TILE) if drawn else ""


def course(told: Told, reading: Reading | None, times: Times) -> control.Course | None:
    """Return what is drawn of a place, in the unit people read; None where its series is not kept."""
    if reading is None or reading.series is None or not len(reading.series.counts):
        return None
    drawn = _Drawn(told, reading, reading.series, times)
    return control.Course(
        points=drawn.points(),
        usual=drawn.shown(drawn.usual),
        change=drawn.change(),
        trial=reading.chart is None or reading.chart.baseline.is_trial,
        silent_from=drawn.place_of(told.silent_since + dt.timedelta(days=1)) if told.silent_since else None,
        breaks=drawn.breaks(),
    )


def spread_of(told: Told) -> float:
    """Return the standard deviation of a single unit about what is expected, of a signal that counts means.

    A reading does not carry it; each score of the company's series is a distance from what is expected in its standard
    errors, so the two tell it.
    """
    series = next((one.series for one in told.places if one.series is not None), None)
    if series is None:
        return 0.0
    beside = np.abs(series.totals - series.usual) / np.sqrt(np.maximum(series.counts, 1.0))
    scores = np.abs(series.scores)
    some = (series.counts > 0) & np.isfinite(scores) & (scores > 1e-6)
    return float(np.median(beside[some] / scores[some])) if some.any() else 0.0


@dataclass(frozen=True)
class _Drawn:
    """A place's series in the unit that people read, after those under earlier rules. Places on the axis of time count the
    periods that are shown."""

    told: Told
    reading: Reading
    series: Series
    times: Times

    @property
    def signal(self) -> Signal:
        return self.told.signal

    @property
    def shown_periods(self) -> range:
        """The numbers of the periods that are shown, those under earlier rules too."""
        ends = self.series.first + len(self.series.counts)
        first = min(one.first for one in (self.series, *(era.series for era in self.reading.earlier)))
        return range(max(ends - SHOWN[self.times.period], first), ends)

    @property
    def before(self) -> list[_Drawn]:
        """The same place under earlier rules, the oldest first."""
        return [
            _Drawn(
                self.told,
                Reading(self.reading.place, State.CALM, None, None, None, chart=one.chart),
                one.series,
                self.times,
            )
            for one in self.reading.earlier
        ]

    @cached_property
    def usual(self) -> float:
        return self.series.usual_level if self.reading.baseline is None else self.reading.baseline

    @cached_property
    def one(self) -> float:
        """The standard deviation of a single unit."""
        if self.signal.kind == "mean":
            return spread_of(self.told)
        share = min(max(self.usual, NO_SPREAD), 1 - NO_SPREAD)
        return float(np.sqrt(share * (1 - share)))

    @cached_property
    def worth(self) -> float:
        """What a score of one is worth in a period of the usual size."""
        some = self.series.counts[self.series.counts > 0]
        return self.one / float(np.sqrt(np.median(some))) if len(some) else 0.0

    def shown(self, value: float) -> float:
        """Return a value as people read it; a share stays one."""
        inside = min(max(value, 0.0), 1.0) if self.signal.kind == "share" else value
        return signal_words.seen_as(self.signal, float(inside))

    def values(self) -> Floats:
        """Return each period's level as if its deals were the usual ones; NaN where there was none."""
        series, base = self.series, slice(0, max(self.series.baseline, 1))
        expected = np.nansum(series.usual[base]) / max(series.counts[base].sum(), 1e-9)
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray((series.totals - series.usual) / series.counts + expected, np.float64)

    def points(self) -> tuple[control.Point, ...]:
        """Return a point for every period that is shown, also for one in which the rules changed and nothing is counted."""
        found = self.own_points()
        for one in self.before:
            usual = one.shown(one.usual)
            found |= {number: replace(point, usual=usual) for number, point in one.own_points().items()}
        nothing = control.Point("", None)
        return tuple(
            replace(found.get(number, nothing), period=self.name(number), tick=tick)
            for number, tick in zip(self.shown_periods, self.ticks(), strict=True)
        )

    def own_points(self) -> dict[int, control.Point]:
        """Return the points of this series by the numbers of their periods, without what is written at them."""
        return {
            self.series.first + index: self.point(index, value) for index, value in enumerate(self.values())
        }

    def point(self, index: int, value: float) -> control.Point:
        count = int(self.series.counts[index])
        return control.Point(
            period="",
            value=self.shown(value) if np.isfinite(value) else None,
            count=count,
            single=self.single(count),
            flagged=self.flagged(index),
            going=bool(self.series.going[index]),
            **self.limits(index),
        )

    def limits(self, index: int) -> dict[str, Any]:
        """Return the smoothed line and its limits at a period after the usual time; nothing in it, nor while it is counted."""
        chart, at = self.reading.chart, index - self.series.baseline
        if chart is None or not 0 <= at < len(chart.line) or self.series.going[index]:
            return {}
        return {name: self.scored(chart, float(getattr(chart, name)[at])) for name in ("line", "low", "high")}

    def scored(self, chart: Chart, score: float) -> float:
        return self.shown(self.usual + (score - chart.baseline.level) * self.worth)

    def single(self, count: int) -> tuple[float, float] | None:
        """Return between which values chance leaves a period of ``count`` units."""
        chart = self.reading.chart
        if chart is None or not count:
            return None
        half = SINGLE * chart.baseline.spread * self.one / np.sqrt(count)
        return self.shown(self.usual - half), self.shown(self.usual + half)

    def flagged(self, index: int) -> bool:
        since = self.reading.since
        return (
            self.reading.state is State.RAISED
            and since is not None
            and not self.series.going[index]
            and self.series.first + index >= self.times.number(since)
        )

    def change(self) -> control.Change | None:
        one = self.reading
        if one.since is None or one.earliest is None or one.latest is None:
            return None
        usual = self.usual
        ends = self.times.start(self.times.number(one.latest) + 1)
        return control.Change(
            since=self.place_of(one.since),
            earliest=max(self.place_of(one.earliest), 0.0),
            latest=self.place_of(ends),
            level=self.shown(usual + one.size) if one.size is not None else None,
            words=say("began {when}", when=signal_words.span(one.earliest, one.latest, self.times.period)),
            now=say("now {value}", value=signal_words.value(self.signal, one.reading)),
        )

    def place_of(self, day: dt.date) -> float:
        """Return where a day stands on the axis of time."""
        number = self.times.number(day)
        starts, ends = self.times.start(number), self.times.start(number + 1)
        within = (day - starts).days / (ends - starts).days
        return number + within - self.shown_periods.start

    def breaks(self) -> tuple[tuple[float, str], ...]:
        """Return where rules changed or limits were set anew. Where nothing is shown of the time before, they stand at the edge of the series."""
        found = [
            (
                self.place_of(one.since),
                say("limits set anew") if one.reason else say("rules {version}", version=one.version),
            )
            for one in self.told.rules
        ]
        return tuple(
            (max(place, 0.0), words) for place, words in found if -1 < place <= len(self.shown_periods)
        )

    def name(self, number: int) -> str:
        starts = self.times.start(number)
        return conventions.month(starts) if self.times.period == "month" else formats.day(starts)

    def ticks(self) -> Sequence[str]:
        """Return the words under the axis: each year where it begins, and the last period."""
        starts = [self.times.start(number) for number in self.shown_periods]
        years = [
            str(one.year) if index and one.year != starts[index - 1].year else ""
            for index, one in enumerate(starts)
        ]
        return [*years[:-1], conventions.month_short(starts[-1])]
