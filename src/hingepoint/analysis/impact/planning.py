"""A rollout before it begins: the order by lot, what it can prove, and the card that is sealed."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from hingepoint.analysis import metrics
from hingepoint.analysis.impact import card, chance, conclusion, errors, weights
from hingepoint.analysis.impact.panel import PERIODS, ImpactError, Panel, after, closed_deals, panel, used
from hingepoint.analysis.trials import lots, redraws

#: Waves where nobody says how many.
STEPS = 4
#: Correlations of two deals of a team in one period, and how much of it is left a period later.
WITHIN = (0.01, 0.02, 0.05, 0.10)
BETWEEN = (0.5, 0.8, 1.0)
#: Those of the headline where the history is too short to measure with.
USUAL = (conclusion.WITHIN, conclusion.BETWEEN)
#: Periods needed before the first start to try a rollout on the history.
LEAST_BEFORE = 6
#: Orders with which the history is tried.
TRIED = 500
_STREAM = 4


@dataclass(frozen=True)
class Start:
    """A team, the wave it is in (from 1), and the day on which it starts."""

    team: str
    wave: int
    on: dt.date


@dataclass(frozen=True)
class Power:
    """The smallest effect that is shown with 80% chance, for two correlations."""

    within: float
    between: float
    smallest: float


@dataclass(frozen=True)
class By:
    """The smallest effect that is shown with 80% chance by what was known before the day ``on``."""

    on: dt.date
    smallest: float


@dataclass(frozen=True)
class Plan:
    """A rollout that has not begun.

    starts      by wave; periods: how many there are while somebody waits; period: week, month or quarter
    deals       closed by a team in a period, on average; noise: standard deviation of the metric over deals
    power       over the range of likely correlations
    measured    the smallest provable effect as the history says it: this rollout is tried on the time before,
                in which nothing started; NaN where that is too short
    smallest    the one to go by: measured, else with the usual correlations; infinite where no test is possible
    by_day      how that falls while the rollout runs, to ``smallest`` when the last team starts; empty without a test
    """

    metric: metrics.Metric
    period: str
    seed: int
    starts: tuple[Start, ...]
    periods: int
    deals: float
    noise: float
    power: tuple[Power, ...]
    measured: float
    smallest: float
    by_day: tuple[By, ...]
    worth: float
    card: card.Card

    @property
    def waves(self) -> int:
        return max(one.wave for one in self.starts)


def plan(
    deals: pl.DataFrame,
    *,
    teams: Sequence[str],
    metric: metrics.Metric,
    data_end: dt.date,
    period: str = "month",
    steps: int | None = None,
    periods: int | None = None,
    seed: int = 1,
    smallest_effect: float | None = None,
    begins_after: dt.date | None = None,
) -> Plan:
    """Return a rollout for ``teams`` in an order drawn by lot.

    steps           waves; periods: from the first start to the last
    begins_after    the first wave starts in the next period after this day, or after ``data_end``
    seed            of the lot: the same seed and teams give the same order

    Raises ImpactError and MetricError for input that cannot be used.
    """
    steps = min(STEPS, len(teams)) if steps is None else steps
    periods = round(PERIODS[period][1]) if periods is None else periods
    _check(teams, steps, periods)
    ahead = after(begins_after or data_end, period=period, count=periods + 1)
    starts = _starts(teams, ahead, steps, periods, seed)
    history = panel(deals, metric=metric, starts=dict.fromkeys(teams), period=period, data_end=data_end)
    worth = smallest_effect if smallest_effect is not None else conclusion.worth_showing(metric, history)
    design = _design(history, starts, ahead, period)
    noise = _noise(deals, metric, teams, data_end)
    testable = len(teams) >= chance.LEAST_TEAMS and _ways(design.starts) >= chance.LEAST_ORDERS
    power = _power(design, noise) if testable else ()
    measured = _measured(history, starts, ahead, seed) if testable else math.nan
    smallest = _smallest(power, measured)
    return Plan(
        metric,
        period,
        seed,
        starts,
        periods,
        float(design.deals[:, -1].mean()),
        noise,
        power,
        measured,
        smallest,
        _by_day(design, starts=starts, smallest=smallest) if testable else (),
        worth,
        card.Card(
            metric.name,
            period,
            worth,
            seed,
            data_end,
            starts[-1].on,
            tuple((one.team, one.on) for one in starts),
        ),
    )


def _check(teams: Sequence[str], steps: int, periods: int) -> None:
    if len(teams) < 2:
        raise ImpactError("a rollout that can be measured needs at least two teams")
    if not 2 <= steps <= len(teams):
        raise ImpactError(f"{len(teams)} teams can start in 2 to {len(teams)} steps, not in {steps}")
    if periods < steps - 1:
        raise ImpactError(f"{steps} steps need at least {steps - 1} periods, not {periods}")


def _starts(
    teams: Sequence[str], ahead: Sequence[dt.date], steps: int, periods: int, seed: int
) -> tuple[Start, ...]:
    """Return who starts when: the first wave in the next period, the last after ``periods`` of them."""
    waves = lots.steps(lots.order(teams, seed=seed), steps)
    days = [ahead[round(wave * periods / (steps - 1))] for wave in range(steps)]
    return tuple(Start(team, wave + 1, days[wave]) for wave, group in enumerate(waves) for team in group)


def _design(history: Panel, starts: Sequence[Start], ahead: Sequence[dt.date], period: str) -> Panel:
    """Return the panel that the rollout will have: the history, then as many deals a period as lately.

    A team without a history gets the deals of an average one.
    """
    year = int(PERIODS[period][1])
    kept = {team: history.deals[row] for row, team in enumerate(history.teams)}
    empty = np.zeros(len(history.periods))
    usual = float(history.deals[:, -year:].mean())
    past = np.array([kept.get(one.team, empty) for one in starts])
    lately = np.where(past.any(axis=1), past[:, -year:].mean(axis=1), usual)
    deals = np.hstack([past, np.repeat(lately[:, None], len(ahead), axis=1)])
    begun = np.array([len(history.periods) + ahead.index(one.on) for one in starts])
    whole = Panel(
        tuple(one.team for one in starts), (*history.periods, *ahead), np.zeros_like(deals), deals, begun
    )
    return used(whole, period=period)


def _noise(deals: pl.DataFrame, metric: metrics.Metric, teams: Sequence[str], data_end: dt.date) -> float:
    """Return the standard deviation of the metric over the deals of a team."""
    counted = closed_deals(deals, metric=metric, data_end=data_end).filter(pl.col("team").is_in(teams))
    left = counted.select(pl.col("value") - pl.col("value").mean().over("team")).to_series()
    return math.sqrt(float((left**2).sum()) / max(left.len() - counted["team"].n_unique(), 1))


def _ways(starts: np.ndarray) -> int:
    sizes = np.unique(starts, return_counts=True)[1]
    return math.factorial(starts.size) // math.prod(math.factorial(int(size)) for size in sizes)


def _power(design: Panel, noise: float) -> tuple[Power, ...]:
    found = weights.imputation(design.starts[None], design.deals)[0, 0]
    teams = len(design.teams)

    def smallest(within: float, between: float) -> float:
        error = errors.exact(found, design.deals, noise=noise, within=within, between=between)
        return errors.smallest_provable(error, teams=teams)

    return tuple(
        Power(within, between, smallest(within, between)) for within in WITHIN for between in BETWEEN
    )


def _by_day(design: Panel, *, starts: Sequence[Start], smallest: float) -> tuple[By, ...]:
    """Return how the smallest provable effect falls from period to period: by the usual correlations, so scaled that it
    ends at ``smallest``."""
    first, days = design.periods.index(starts[0].on), [*design.periods, starts[-1].on]
    ends = range(first + 1, len(days))
    known = [_usually(design.between(0, end)) for end in ends]
    return tuple(By(days[end], found * smallest / known[-1]) for end, found in zip(ends, known, strict=True))


def _usually(part: Panel) -> float:
    """Return the smallest effect that a panel shows, in units of the noise and with the usual correlations."""
    found = weights.imputation(part.starts[None], part.deals)[0, 0]
    if not found.any():
        return math.inf
    within, between = USUAL
    error = errors.exact(found, part.deals, noise=1.0, within=within, between=between)
    return errors.smallest_provable(error, teams=len(part.teams))


def _measured(history: Panel, starts: Sequence[Start], ahead: Sequence[dt.date], seed: int) -> float:
    """Return the smallest provable effect as the history says it: what this rollout would have read under many
    orders in the time before, when nothing started."""
    length = len(ahead) - 1
    shift = len(history.periods) - length
    if shift < LEAST_BEFORE or len(history.teams) < len(starts):
        return math.nan
    on = {one.team: one.on for one in starts}
    begun = np.array([shift + ahead.index(on[team]) for team in history.teams])
    orders, _ = redraws.orders(begun, rng=np.random.default_rng([seed, _STREAM]))
    some = np.random.default_rng([seed, _STREAM, 1]).permutation(orders)[:TRIED]

    def weigh(drawn: np.ndarray) -> np.ndarray:
        return weights.imputation(drawn, history.deals)

    read = chance.products(weigh, some, history.values[None], effects=1)[:, 0, 0]
    return errors.smallest_provable(math.sqrt(float((read**2).mean())), teams=len(history.teams))


def _smallest(power: Sequence[Power], measured: float) -> float:
    if math.isfinite(measured):
        return measured
    return next((one.smallest for one in power if (one.within, one.between) == USUAL), math.inf)
