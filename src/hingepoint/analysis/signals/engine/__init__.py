"""All signals alike: facts -> units -> series by place -> charts -> what is told.

``facts`` makes what signals read from a log of events; ``adjusting`` says what is usual of deals like these; ``places``
makes the series; ``charting`` follows them at one rate of false raises; ``telling`` puts it into words and numbers.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from hingepoint.analysis.signals import SIGNALS
from hingepoint.analysis.signals.engine import charting, places, telling
from hingepoint.analysis.signals.engine.calendar import Calendar
from hingepoint.analysis.signals.shape import Facts, Report, Signal, State


def read(
    facts: Facts,
    *,
    rng: np.random.Generator,
    baseline_until: dt.date | None = None,
    signals: Iterable[Signal] = tuple(SIGNALS.values()),
) -> Report:
    """Return the signals as they stand on ``facts.as_of``, a point for each complete period.

    ``baseline_until``: the last day of the usual time; without it the first half of each series is usual, in whole half years, at
    least twelve points and at most two years. ``rng`` draws what calm charts would have shown.
    """
    calendar = Calendar(facts.period, facts.as_of, baseline_until)
    ways = [(one, *([one.second] if one.second else [])) for one in signals]
    prepared = {one: places.prepare(one, facts, calendar) for way in ways for one in way}
    charted = charting.follow(list(prepared.values()), calendar)
    told = {
        one: replace(telling.tell(each, calendar, charted, rng), rules=places.rules_of(one, facts))
        for one, each in prepared.items()
    }
    worst = tuple(
        max((told[one] for one in way), key=lambda each: list(State).index(each.state)) for way in ways
    )
    return Report(facts.as_of, facts.period, charted.charts, charted.limit, worst)
