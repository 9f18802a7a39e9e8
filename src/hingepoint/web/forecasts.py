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
from hingepoint.records.languages import say, words_of
from hingepoint.records.strategy import Refuses
from hingepoint.reports.charts import control, dumbbell, numbers, reliability, tables
from hingepoint.web import formats, strategy_words
from hingepoint.web.deals import for_sellers_and_leaders
from hingepoint.web.home_pictures import UNITS, Picture
from hingepoint.web.requests import Request

LEVELS = words_of("What was told of past quarters, and what came")
SAID = words_of("What was said of deals, and what came of them")

_WON = words_of("Of the {deals} about {counts} are won by {until}.")
_CLOSED = words_of("Of the {deals} about {counts} are closed by {until}.")


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
    of_open = _WON if metric.among_won else _CLOSED
    deals = numbers.plural(ahead.open, "open deal")
    noun = metric_words.noun(found.metric)
    level = _between(ahead.level, lambda one: strategy_words.value(kind, one))
    return [
        say(of_open, deals=deals, counts=_whole(ahead.counts), until=until),
        say(
            "{metric} is then {level}{in_all}.",
            metric=f"{noun[:1].upper()}{noun[1:]}",
            level=level,
            in_all=_in_all(ahead, kind),
        ),
    ]


def _in_all(ahead: Told, kind: str) -> str:
    if ahead.total is None:
        return ""
    if kind == "money":
        return say(
            ": in all {amount}, money as the deals have it", amount=_between(ahead.total, numbers.number)
        )
    return say(": {count} deals", count=_whole(ahead.total))


def _between(one: Range, said: Callable[[float], str]) -> str:
    return say(
        "{told}, with 95% confidence {low} to {high}",
        told=said(one.told),
        low=said(one.low),
        high=said(one.high),
    )


def _whole(one: Range) -> str:
    told, low, high = (numbers.number(n, 0) for n in (one.told, max(one.low, 0), max(one.high, 0)))
    return say("{best} ({low} to {high})", best=told, low=low, high=high)


def why_not(found: Foretold) -> list[str]:
    """Return why there is no forecast, and when there could be one; nothing where there is one."""
    one = found.told
    when = say("It could be told from {day} on.", day=formats.day(one.could_be)) if one.could_be else ""
    if one.refuses == Refuses.UNTOLD:
        return [one.problem]
    if one.refuses == Refuses.FEW:
        least = say(
            "A forecast is told when it was tried on {least} past quarters, each from those before it.",
            least=told.LEAST,
        )
        return [least, when or say("Too few deals have closed to try it on any.")]
    if one.refuses == Refuses.NO_BETTER:
        return [
            say(
                "{compared} A forecast that is no better only looks like knowledge, so none is told.",
                compared=_not_beaten(one),
            ),
            say("Should it go on being better by as much, it can be shown to be: {when}", when=when)
            if when
            else say("As it stands, more quarters will not change that; it is tried again all the same."),
        ]
    return []


def _not_beaten(one: Forecast) -> str:
    names = {
        say("that it will be as always"): one.always,
        say("that it will be as in the last quarter"): one.last,
    }
    open_ones = [words for words, against in names.items() if against and not against.beaten]
    return say(
        "On {deals} it was not surely better than to say {what}.",
        deals=numbers.plural(one.deals, "past deal"),
        what=say(" or ").join(open_ones),
    )


def scores(one: Forecast) -> list[tuple[str, float, Against | None]]:
    """Return each forecast with its score and how much better ours is; nothing where none could be tried."""
    if one.score is None or one.always is None or one.last is None:
        return []
    return [
        (say("This forecast"), one.score, None),
        (say("Always as in all quarters before"), one.always.score, one.always),
        (say("As in the last quarter"), one.last.score, one.last),
    ]


def largest_band(one: Forecast) -> calibration.Band | None:
    """Return the band with most deals, where chances were said."""
    return max(one.bands, key=lambda band: band.happened.n) if one.parts and one.bands else None


def did(metric: str) -> str:
    """Return what deals did that count: ``were won``."""
    counted = metrics.parse(metric)
    if counted.conditions:
        return say("were won {sale}", sale=metric_words.sale(counted))
    return say("were won") if counted.name == "won" else say("counted for it")


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
        dumbbell.draw(rows, title=LEVELS, paper=paper, unit=unit, words=(say("told"), say("came")))
        for paper in (dumbbell.WIDE, dumbbell.NARROW)
    )
    return Picture(desk, phone, _table(one, unit))


def quarter_of(quarter: Told) -> str:
    """Return what a quarter is called."""
    return strategy_words.part_of_year(quarter.begins, settings.FISCAL_YEAR_BEGINS)


def _table(one: Forecast, unit: str) -> tables.Table:
    columns = [
        (say("Quarter"), False),
        (say("Forecast"), True),
        (say("95% range"), True),
        (say("Came"), True),
        (say("Deals told"), True),
        (say("Deals that counted"), True),
        (say("Reading"), False),
    ]
    rows = [
        (
            quarter_of(quarter),
            control.value_of(quarter.level.told, unit),
            say(
                "{low} to {high}",
                low=control.value_of(quarter.level.low, unit),
                high=control.value_of(quarter.level.high, unit),
            ),
            control.value_of(quarter.level.came, unit),
            f"{quarter.counts.told:.0f}",
            f"{quarter.counts.came:.0f}",
            say("Within its range") if quarter.level.held else say("Outside its range"),
        )
        for quarter in reversed(one.past)
    ]
    return tables.build(columns, rows)
