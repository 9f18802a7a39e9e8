"""Small reports of the ten signals, in which a test says what is raised; and facts of a small company."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from unittest import mock

import numpy as np
import polars as pl

from cast import NOW, TODAY
from hingepoint.analysis import frames
from hingepoint.analysis.signals import SIGNALS, engine
from hingepoint.analysis.signals.shape import (
    COMPANY,
    Facts,
    Place,
    Reading,
    Report,
    Series,
    Signal,
    State,
    Told,
    question,
    worst,
)
from hingepoint.analysis.spc.charts import chart_of
from hingepoint.domain.signals import actions
from hingepoint.domain.signals.models import Raise, SignalLimits
from snapshot import made_once

NORTH, SOUTH, SALES = Place("team", "North"), Place("team", "South"), Place("team", "Sales")
SINCE = dt.date(2025, 11, 1)
DAY = TODAY - dt.timedelta(days=1)
COUNTS = np.full(18, 20.0)
#: Twelve usual months and six new ones.
SCORES = np.array(
    [0.4, -0.4, 0.9, -0.9, 0.1, -0.1, 0.6, -0.6, 0.2, -0.2, 0.5, -0.5, 2.0, 3.0, 2.5, 3.5, 3.0, 2.0]
)


def reading(place: Place, state: State = State.CALM, **facts) -> Reading:
    """A place with twelve usual months and six after them; a raised one began in November 2025."""
    series = Series(place, 650, COUNTS, COUNTS * 0.3, COUNTS * 0.25, SCORES, 12)
    told = Reading(
        place,
        state,
        0.3,
        0.25,
        (0.2, 0.4),
        series=series,
        chart=chart_of(SCORES, baseline_points=12, limit=2.5),
    )
    if state is State.RAISED:
        told = replace(
            told, since=SINCE, earliest=dt.date(2025, 10, 1), latest=dt.date(2025, 12, 1), seen=dt.date(2026, 1, 31),
            size=0.1, size_ci=(0.05, 0.15),
        )  # fmt: skip
    return replace(told, **facts)


def told(signal: Signal, *places: Reading, silent_since: dt.date | None = None) -> Told:
    """A signal with the company and these places."""
    every = (reading(COMPANY), *places) if COMPANY not in [one.place for one in places] else places
    names = [one.place.name for one in every if one.state is State.RAISED and one.place != COMPANY]
    state = worst(every, silent_since)
    return Told(signal, state, every, question(signal, names), silent_since=silent_since)


def report(day: dt.date, places: Mapping[str, tuple[Reading, ...]] | None = None) -> Report:
    """The ten on a day, calm but for the places that are given by the key of their signal."""
    given = places or {}
    return Report(
        day, "month", 40, 2.5, tuple(told(one, *given.get(key, ())) for key, one in SIGNALS.items())
    )


def with_told(**parts: Any) -> Report:
    """Return the report of a day on which these parts are told of the second signal."""
    first, second, *others = (whole := report(DAY)).signals
    return replace(whole, signals=(first, replace(second, **parts), *others))


def nothing(day: dt.date) -> Facts:
    """Facts without a row."""
    return Facts(day, deals=pl.DataFrame(schema=frames.schema(frames.DEALS)))


def read(
    day: dt.date, *, at: dt.datetime | None = None, **places: tuple[Place | Reading, ...]
) -> list[dt.date]:
    """Read the signals on a day on which the places given by the key of their signal are raised; all else is calm."""
    return read_all({day: places}, as_of=day, at=at)


def read_all(
    days: Mapping[dt.date, Mapping[str, tuple[Place | Reading, ...]]],
    *,
    as_of: dt.date,
    at: dt.datetime | None = None,
) -> list[dt.date]:
    """Read the signals up to ``as_of``; ``days`` say what was raised on each, one that they do not name is calm."""
    reports = {
        day: report(day, {key: tuple(map(raised, some)) for key, some in places.items()})
        for day, places in days.items()
    }
    return keep(reports, as_of=as_of, at=at)


def keep(
    reports: Mapping[dt.date, Report], *, as_of: dt.date, at: dt.datetime | None = None
) -> list[dt.date]:
    """Keep reports as the readings of their days up to ``as_of``; a day without one is calm."""
    at = at or dt.datetime.combine(as_of + dt.timedelta(days=1), dt.time(3), dt.UTC)
    with mock.patch.object(
        engine, "read", lambda facts, **_: reports.get(facts.as_of) or report(facts.as_of)
    ):
        return actions.read_signals(at=at, as_of=as_of, facts=nothing)


def raised(place: Place | Reading) -> Reading:
    return place if isinstance(place, Reading) else reading(place, State.RAISED)


def limits_set_anew(cast) -> SignalLimits:
    """The limits of signal 2, set anew from the tests' own month on, beside a reading."""
    read(DAY)
    since = TODAY.replace(day=1)
    return actions.set_limits(
        by=cast.analyst, at=NOW, signal="exceptions", since=since, reason="Two teams became one."
    )


@made_once
def a_raise(place: Place = NORTH, signal: str = "exceptions", day: dt.date = DAY) -> Raise:
    """The raise of a signal at a place, seen on the last day before the tests' own."""
    read(day, **{signal: (place,)})
    return Raise.objects.get(signal=signal, level=place.level, place=place.name, ended_on=None)
