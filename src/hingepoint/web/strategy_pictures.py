"""The pictures of the strategy's page, for the desk and for the phone, each with its table."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from hingepoint.analysis import metric_words, own_metrics
from hingepoint.analysis.prediction import Pace
from hingepoint.analysis.result_course import Month, ResultCourse
from hingepoint.domain.strategy.results import Progress
from hingepoint.domain.strategy.seen import AgreementSeen, ResultSeen
from hingepoint.records import conventions
from hingepoint.records.languages import say
from hingepoint.reports.charts import control, dumbbell, numbers, tables, trend
from hingepoint.web import strategy_words
from hingepoint.web.home_pictures import UNITS, Picture


@dataclass(frozen=True, slots=True)
class Panel:
    """A result metric with how it went over the years: its ``chart``, which is as wide on a phone as beside others on a
    desk, and the same as a table; empty and None where nothing can be drawn."""

    progress: Progress
    seen: ResultSeen
    chart: str
    table: tables.Table | None


def panel(one: Progress, went: ResultSeen, *, is_drawn: bool) -> Panel:
    """Return a result month by month, drawn or in words alone."""
    course = went.course
    if not is_drawn or course is None or course.usual is None or not course.months:
        return Panel(one, went, "", None)
    drawn = _course(one, course)
    title = metric_words.title(one.metric)
    return Panel(one, went, control.draw(drawn, metric=title, size=control.NARROW), _table(drawn))


def _table(drawn: control.Course) -> tables.Table:
    """Return the numbers of a chart, a row a month, the newest first."""
    columns = [
        (say("Month"), False),
        (say("Value"), True),
        (say("Deals"), True),
        (say("Smoothed"), True),
        (say("Reading"), False),
    ]
    rows = [
        (
            one.period,
            control.value_of(one.value, drawn.unit),
            numbers.number(one.count),
            control.value_of(one.line, drawn.unit),
            (say("Better") if drawn.better else say("Worse")) if one.flagged else "",
        )
        for one in reversed(drawn.points)
    ]
    return tables.build(columns, rows)


def _course(one: Progress, course: ResultCourse) -> control.Course:
    assert course.usual is not None
    since = course.since
    ticks = _ticks([month.begins for month in course.months])
    return control.Course(
        points=tuple(_point(month, tick) for month, tick in zip(course.months, ticks, strict=True)),
        usual=course.usual,
        unit=UNITS[one.kind],
        trial=course.trial,
        breaks=_breaks(one, course.months[0].begins, course.months[-1].begins),
        target=one.target,
        better=since is not None and since.better,
    )


def _breaks(one: Progress, first: dt.date, last: dt.date) -> tuple[tuple[float, str], ...]:
    """Return where the strategy began to hold, and where a metric of one's own was defined anew."""
    held = (_place(one.start, first), say("in force"))
    told = own_metrics.read(one.metric) if own_metrics.is_own(one.metric) else None
    if told is None or told.version == 1 or not first < told.since <= last:
        return (held,)
    return held, (_place(told.since, first), say("version {version}", version=told.version))


def _point(month: Month, tick: str) -> control.Point:
    return control.Point(
        period=conventions.month(month.begins),
        value=month.value,
        count=month.n,
        line=month.line,
        low=month.low,
        high=month.high,
        flagged=month.changed,
        tick=tick,
    )


def _place(day: dt.date, first: dt.date) -> float:
    return (day.year - first.year) * 12 + day.month - first.month + (day.day - 1) / 31


def _ticks(begins: Sequence[dt.date]) -> list[str]:
    """Return each year where it begins, and the last month."""
    years = [str(other.year) if other.year != one.year else "" for one, other in pairwise(begins)]
    return (
        ["", *years[:-1], conventions.month_short(begins[-1])]
        if len(begins) > 1
        else [conventions.month_short(begins[-1])]
    )


def executed(rows: Sequence[AgreementSeen], *, link: Callable[[str], str]) -> Picture | None:
    """Return how far each agreement was gained by its day before the strategy and lately; None where none can be told."""
    known = [(row, row.executed) for row in rows if row.executed is not None]
    if not any(one.lately.n for _, one in known):
        return None
    drawn = [
        dumbbell.Row(
            label=line.name,
            before=one.before.value,
            now=one.lately.value,
            low=one.lately.low,
            high=one.lately.high,
            n=one.lately.n,
            reading=strategy_words.executed(one).words,
            url=link(line.key),
        )
        for line, one in known
    ]
    title = say("Gained by the day each deal needed it")
    desk, phone = (
        dumbbell.draw(drawn, title=title, paper=paper) for paper in (dumbbell.WIDE, dumbbell.NARROW)
    )
    return Picture(desk, phone, dumbbell.table(drawn, what=say("Agreement")))


def paces(rows: Sequence[Pace], *, kind: str, first_month: int) -> Picture | None:
    """Return quarter by quarter by how much one more agreement in time goes with a better result; None with fewer than
    two quarters that can tell."""
    if sum(one.slope.value is not None for one in rows) < 2:
        return None
    scale = 100 if kind == "share" else 1
    unit = say("{unit} better", unit=say("points") if kind == "share" else UNITS[kind]).strip()

    def scaled(value: float | None) -> float | None:
        return None if value is None else value * scale

    points = [
        trend.Point(
            period=strategy_words.part_of_year(one.begins, first_month),
            value=scaled(one.slope.value),
            low=scaled(one.slope.low),
            high=scaled(one.slope.high),
            deals=one.slope.n,
            going=place == len(rows) - 1,
        )
        for place, one in enumerate(rows)
    ]
    desk, phone = (
        trend.draw(
            points, metric=say("Better result by agreement in time"), unit=unit, width=width, include=(0.0,)
        )
        for width in (trend.WIDE, trend.NARROW)
    )
    return Picture(desk, phone, trend.table(points, unit=unit))
