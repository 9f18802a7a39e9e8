"""What may be concluded: shown, not shown, or cannot be shown yet, and then when it could be."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from hingepoint.analysis import metrics
from hingepoint.analysis.impact import errors, weights
from hingepoint.analysis.impact.chance import LEAST_TEAMS, Reading
from hingepoint.analysis.impact.panel import PERIODS, Panel, after, places

SHOWN, NOT_SHOWN, NOT_YET = "shown", "not shown", "cannot be shown yet"
#: What would matter where nobody says: so many points of a share, or this part of the usual mean.
SHARE, PART = 0.03, 0.10
#: Correlations taken for looking ahead; the level follows from the error seen so far.
WITHIN, BETWEEN = 0.02, 0.8
#: So far it is looked ahead.
YEARS = 5


@dataclass(frozen=True)
class Conclusion:
    """``verdict`` with the effect that would matter; ``before`` is the day before which it cannot be shown, None
    where it is shown, could have been shown, or cannot be shown by waiting."""

    verdict: str
    worth: float
    before: dt.date | None = None


@dataclass(frozen=True)
class Ahead:
    """What is known of the time to come: the panel used and all of it, who starts when, the last day of the data,
    and the error of the estimate today (NaN where there is none)."""

    part: Panel
    whole: Panel
    rollout: Mapping[str, dt.date | None]
    data_end: dt.date
    period: str
    error: float


def worth_showing(metric: metrics.Metric, part: Panel) -> float:
    """Return which effect would matter: three points of a share, a tenth of the mean before of money or days."""
    if metric.kind == "share":
        return SHARE
    waits = part.deals * (1 - part.lived)
    return PART * abs(float((waits * part.values).sum() / max(waits.sum(), 1)))


def conclude(found: Reading, *, smallest: float, worth: float, ahead: Ahead) -> Conclusion:
    """Return the conclusion: shown if chance is refused; not shown if an effect that matters is excluded or would
    probably have been seen; else it cannot be shown yet.
    """
    if found.seen:
        return Conclusion(SHOWN, worth)
    if smallest <= worth or max(-found.low, found.high) < worth:
        return Conclusion(NOT_SHOWN, worth)
    return Conclusion(NOT_YET, worth, first_day(ahead, worth=worth))


def first_day(ahead: Ahead, *, worth: float) -> dt.date | None:
    """Return the first day on which the rollout as planned can show ``worth``; None if it never does within five
    years, because too few teams wait or too few deals close."""
    if len(ahead.whole.teams) < LEAST_TEAMS:
        return None
    longer = _longer(ahead)
    scale = _scale(ahead)
    begun = len(ahead.whole.periods)
    for last in range(begun + 1, min(len(longer.periods) - 1, int(longer.starts.max())) + 1):
        error = scale * _error(longer.between(0, last))
        if errors.smallest_provable(error, teams=len(longer.teams)) <= worth:
            return longer.periods[last]
    return None


def _longer(ahead: Ahead) -> Panel:
    """Return the panel with the periods to come, as many deals in each as lately, from the periods used on."""
    whole, year = ahead.whole, PERIODS[ahead.period][1]
    count = int(YEARS * year)
    periods = (*whole.periods, *after(ahead.data_end, period=ahead.period, count=count))
    lately = whole.deals[:, -int(year) :].mean(axis=1, keepdims=True)
    deals = np.hstack([whole.deals, np.repeat(lately, count, axis=1)])
    starts = places([ahead.rollout[team] for team in whole.teams], periods=periods, data_end=dt.date.max)
    return Panel(whole.teams, periods, np.zeros_like(deals), deals, starts)


def _error(part: Panel) -> float:
    found = weights.imputation(part.starts[None], part.deals)[0, 0]
    if not found.any():
        return math.inf
    return errors.exact(found, part.deals, noise=1.0, within=WITHIN, between=BETWEEN)


def _scale(ahead: Ahead) -> float:
    """Return the noise of a deal: what explains the error seen, or what teams and periods leave of the values."""
    known = _error(ahead.part) if ahead.part.periods else math.inf
    if math.isfinite(ahead.error) and math.isfinite(known) and known > 0:
        return ahead.error / known
    whole = ahead.whole
    left = weights.TwoWay.of(whole.deals[None]).left(whole.values[None, None])[0, 0]
    free = (whole.deals > 0).sum() - sum(whole.deals.shape) + 1
    return math.sqrt(float((whole.deals * left**2).sum()) / max(int(free), 1))
