"""The forecast of a strategy's metric, with how good it was before; or why there is none."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone

from hingepoint.analysis import calibration, metric_words, metrics
from hingepoint.analysis.forecast import told
from hingepoint.analysis.forecast.told import Against, Forecast, Range, Told
from hingepoint.domain.strategy.queries import over_years
from hingepoint.domain.strategy.queries.over_years import Foretold
from hingepoint.records.strategy import Refuses
from hingepoint.reports.charts import control, dumbbell, numbers, reliability, tables
from hingepoint.web import formats, strategy_words
from hingepoint.web.deals import for_sellers_and_leaders
from hingepoint.web.home_pictures import UNITS, Picture
from hingepoint.web.requests import Request

LEVELS = "What was told of past quarters, and what came"
SAID = "What was said of deals, and what came of them"


@for_sellers_and_leaders
def forecast(request: Request, strategy_id: int) -> HttpResponse:
    """What is to be expected of the deals that are open, or why nothing is told."""
    found = over_years.forecast(request.user, strategy_id, today=timezone.localdate())
    kind = metrics.parse(found.metric).kind
    context = {
        "found": found,
        "told": found.told,
        "expected": in_words(found),
        "why": why_not(found),
        "scores": scores(found.told),
        "said": said(found.told, kind),
        "largest": largest_band(found.told),
        "did": did(found.metric),
        "past": past(found.told, kind),
        "title": metric_words.title,
        "value": lambda amount: strategy_words.value(kind, amount),
    }
    return render(request, "strategy/forecast.html", context)


def in_words(found: Foretold) -> list[str]:
    """Return what is expected of the open deals, a sentence each; nothing where the forecast is refused."""
    ahead, kind = found.told.ahead, metrics.parse(found.metric).kind
    if ahead is None:
        return []
    until = formats.day(ahead.ends - dt.timedelta(days=1))
    metric = metrics.parse(found.metric)
    end = "won" if metric.among_won else "closed"
    noun = metric_words.noun(found.metric)
    level = _between(ahead.level, lambda one: strategy_words.value(kind, one))
    return [
        f"Of the {numbers.plural(ahead.open, 'open deal')} about {_whole(ahead.counts)} are {end} by {until}.",
        f"{noun[:1].upper()}{noun[1:]} is then {level}{_in_all(ahead, kind)}.",
    ]


def _in_all(ahead: Told, kind: str) -> str:
    if ahead.total is None:
        return ""
    if kind == "money":
        return f": in all {_between(ahead.total, numbers.number)}, money as the deals have it"
    return f": {_whole(ahead.total)} deals"


def _between(one: Range, said: Callable[[float], str]) -> str:
    return f"{said(one.told)}, with 95% confidence {said(one.low)} to {said(one.high)}"


def _whole(one: Range) -> str:
    return f"{one.told:.0f} ({max(one.low, 0):.0f} to {max(one.high, 0):.0f})"


def why_not(found: Foretold) -> list[str]:
    """Return why there is no forecast, and when there could be one; nothing where there is one."""
    one = found.told
    when = f"It could be told from {formats.day(one.could_be)} on." if one.could_be else ""
    if one.refuses == Refuses.UNTOLD:
        return [one.problem]
    if one.refuses == Refuses.FEW:
        least = (
            f"A forecast is told when it was tried on {told.LEAST} past quarters, each from those before it."
        )
        return [least, when or "Too few deals have closed to try it on any."]
    if one.refuses == Refuses.NO_BETTER:
        unsure = "Should it go on being better by as much, it can be shown to be: " if when else ""
        never = "As it stands, more quarters will not change that; it is tried again all the same."
        return [
            f"{_not_beaten(one)} A forecast that is no better only looks like knowledge, so none is told.",
            f"{unsure}{when}" if when else never,
        ]
    return []


def _not_beaten(one: Forecast) -> str:
    names = {
        "that it will be as always": one.always,
        "that it will be as in the last quarter": one.last,
    }
    open_ones = [words for words, against in names.items() if against and not against.beaten]
    return f"On {numbers.plural(one.deals, 'past deal')} it was not surely better than to say {' or '.join(open_ones)}."


def scores(one: Forecast) -> list[tuple[str, float, Against | None]]:
    """Return each forecast with its score and how much better ours is; nothing where none could be tried."""
    if one.score is None or one.always is None or one.last is None:
        return []
    return [
        ("This forecast", one.score, None),
        ("Always as in all quarters before", one.always.score, one.always),
        ("As in the last quarter", one.last.score, one.last),
    ]


def largest_band(one: Forecast) -> calibration.Band | None:
    """Return the band with most deals, where chances were said."""
    return max(one.bands, key=lambda band: band.happened.n) if one.parts and one.bands else None


def did(metric: str) -> str:
    """Return what deals did that count: ``were won``."""
    outcome = metric_words.outcome(metrics.parse(metric))
    return f"were {outcome.removeprefix('being ')}" if outcome.startswith("being ") else "counted for it"


def said(one: Forecast, kind: str) -> Picture | None:
    """Return the diagram of what was said against what came; None where nothing could be tried."""
    points = [
        reliability.Point(band.said, band.happened.value, band.happened.low, band.happened.high, band.happened.n, band.off)
        for band in one.bands
        if band.happened.value is not None
    ]  # fmt: skip
    if not points:
        return None
    unit = UNITS[kind]
    desk, phone = (
        reliability.draw(points, title=SAID, unit=unit, width=width)
        for width in (reliability.WIDE, reliability.NARROW)
    )
    return Picture(desk, phone, reliability.table(points, unit=unit))


def past(one: Forecast, kind: str) -> Picture | None:
    """Return past quarters, the newest first: what was told, with its range, and what came."""
    if not one.past:
        return None
    unit = UNITS[kind]
    rows = [
        dumbbell.Row(
            label=quarter_of(quarter),
            before=quarter.level.told,
            now=quarter.level.came,
            low=quarter.level.low,
            high=quarter.level.high,
            n=round(quarter.counts.came or 0),
        )
        for quarter in reversed(one.past)
    ]
    desk, phone = (
        dumbbell.draw(rows, title=LEVELS, paper=paper, unit=unit, words=("told", "came"))
        for paper in (dumbbell.WIDE, dumbbell.NARROW)
    )
    return Picture(desk, phone, _table(one, unit))


def quarter_of(quarter: Told) -> str:
    """Return what a quarter is called."""
    return strategy_words.part_of_year(quarter.begins, settings.FISCAL_YEAR_BEGINS)


def _table(one: Forecast, unit: str) -> tables.Table:
    columns = [
        ("Quarter", False),
        ("Told", True),
        ("95% range", True),
        ("Came", True),
        ("Deals told", True),
        ("Deals that counted", True),
        ("Reading", False),
    ]
    rows = [
        (
            quarter_of(quarter),
            control.value_of(quarter.level.told, unit),
            f"{control.value_of(quarter.level.low, unit)} to {control.value_of(quarter.level.high, unit)}",
            control.value_of(quarter.level.came, unit),
            f"{quarter.counts.told:.0f}",
            f"{quarter.counts.came:.0f}",
            "Within its range" if quarter.level.held else "Outside its range",
        )
        for quarter in reversed(one.past)
    ]
    return tables.build(columns, rows)
