"""The pictures of the first pages, for the desk and for the phone, each with its table."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings

from hingepoint.analysis import metric_words
from hingepoint.analysis.coverage import LEAST_IN_A_SHARE
from hingepoint.analysis.period import Stretch
from hingepoint.domain.home.queries.pictures import Part, Pictures
from hingepoint.domain.strategy.results import Course
from hingepoint.records.languages import say, words_of
from hingepoint.reports.charts import bars, tables, trend
from hingepoint.web import strategy_words

#: More bars than this are a list, which the matrix and the strategy page show better.
MOST_BARS = 24
WHAT = words_of({"team": "Team", "seller": "Seller", "agreement": "Agreement"})
#: What a share is of: an agreement is needed once a deal, all of them together several times.
COUNTED = words_of({"team": "Times needed", "seller": "Times needed", "agreement": "Deals"})
_BY = words_of(
    {
        "team": "Gained in time, by team",
        "seller": "Gained in time, by seller",
        "agreement": "Gained in time, by agreement",
    }
)
UNITS = {"share": "share", "days": "days", "money": "", "number": ""}


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture twice, wide and narrow, with the same numbers as a table; ``left_out`` rows are in neither."""

    desk: str
    phone: str
    table: tables.Table
    left_out: int = 0


def trend_of(course: Course, *, today: dt.date) -> Picture | None:
    """Return the course of a metric with its target; None where there is no number at all."""
    points = [_point(one, course, today) for one in course.stretches]
    if not any(point.value is not None for point in points):
        return None
    unit = UNITS[course.kind]
    title = metric_words.title(course.metric)
    desk, phone = (
        trend.draw(points, metric=title, target=course.target, unit=unit, width=width)
        for width in (trend.WIDE, trend.NARROW)
    )
    return Picture(desk, phone, trend.table(points, unit=unit))


def _point(one: Stretch, course: Course, today: dt.date) -> trend.Point:
    """Return a stretch as a point; of fewer deals than make a share nothing is told but their number."""
    told = one.estimate.n >= LEAST_IN_A_SHARE
    return trend.Point(
        period=strategy_words.part_of_year(one.begins, settings.FISCAL_YEAR_BEGINS, course.months),
        value=one.estimate.value if told else None,
        low=one.estimate.low if told else None,
        high=one.estimate.high if told else None,
        deals=one.estimate.n,
        going=one.begins <= today < one.ends,
        note=say("strategy begins") if one.begins <= course.start < one.ends else "",
    )


def coverage_of(found: Pictures, *, link: Callable[[str], str]) -> Picture | None:
    """Return the coverage of pivotal agreements by team, seller or agreement; None where none was due yet.

    ``link`` returns the address of an agreement's page, by its key.
    """
    rows = [_bar(part, link) for part in found.parts if part.coverage.needed]
    if not rows:
        return None
    shown = rows[:MOST_BARS]
    title = say(_BY[found.by])
    desk, phone = (bars.draw(shown, title=title, paper=paper) for paper in (bars.COLUMN, bars.NARROW))
    return Picture(
        desk,
        phone,
        bars.table(shown, what=say(WHAT[found.by]), counted=say(COUNTED[found.by])),
        len(rows) - len(shown),
    )


def _bar(part: Part, link: Callable[[str], str]) -> bars.Bar:
    told, share = part.coverage.told, part.coverage.share
    return bars.Bar(
        label=part.name,
        value=told,
        low=share.low if told is not None else None,
        high=share.high if told is not None else None,
        n=part.coverage.needed,
        url=link(part.key),
    )
