"""What a rollout was worth, from the deals and the days on which teams started.

Headline: the imputation estimator with randomisation inference over the orders that the lot could have drawn.
Second reading: group-time effects, judged by the same orders. Beside them what others would run. A rollout can
fail here, and may be too small to say anything: both are said.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from hingepoint.analysis import metrics
from hingepoint.analysis.impact import chance, conclusion, errors, others, weights
from hingepoint.analysis.impact.chance import Reading
from hingepoint.analysis.impact.panel import ImpactError, Panel, panel, places, used
from hingepoint.analysis.impact.value import Value, value_of
from hingepoint.analysis.trials import lots, redraws

#: Periods before a start that are held against the earlier ones.
LEADS = 6
#: Random draws begin here, so that the same data give the same interval.
_STREAM = 3

LOTTERY, AS_IF, NONE = "lottery", "as if random", "none"

#: Day on which each team starts, None for never.
Starts = Mapping[str, dt.date | None]


@dataclass(frozen=True)
class Lot:
    """How the order was drawn.

    seed     of the draws among all ways to deal the same starts; orders: instead of those, every order that
             could have been drawn; drawn: whether there was a lot at all
    """

    seed: int = 1
    orders: Sequence[Starts] = ()
    drawn: bool = True


@dataclass(frozen=True)
class At:
    """An effect at a distance from the start, in periods: negative before it."""

    period: int
    reading: Reading


@dataclass(frozen=True)
class Placebo:
    """What shows in the last ``periods`` before teams start, against the time before: nothing should.

    mean     over these periods; together: how often chance moves them all as far from nothing
    """

    periods: int
    mean: Reading
    together: float


@dataclass(frozen=True)
class Impact:
    """The result of a rollout.

    metric         what was measured; period: week, month or quarter
    panel          the teams and periods that were used; whole: all of them
    orders         among how many orders the real one was compared; every: whether these are all
    inference      lottery, as if random, or none
    headline       imputation; second: group-time effects; others: two-way fixed effects
    event_study    by periods since the start, before it too
    placebo        None where there is too little time before the first start
    smallest       effect that this rollout shows with 80% chance; infinite where it shows none
    conclusion     shown, not shown or cannot be shown yet, since when it could be, and what was to be shown
    value          in money a year; None where the metric cannot be turned into money
    notes          what a reader must know, in sentences
    """

    metric: metrics.Metric
    period: str
    panel: Panel
    whole: Panel
    orders: int
    every: bool
    inference: str
    headline: Reading
    second: Reading
    others: Reading
    event_study: tuple[At, ...]
    placebo: Placebo | None
    smallest: float
    conclusion: conclusion.Conclusion
    value: Value | None
    notes: tuple[str, ...]

    @property
    def nobody_waits_from(self) -> dt.date | None:
        """The first day from which no team waits any more, so that nothing is told; None while one waits."""
        return _nobody_waits_from(self.whole)


@dataclass(frozen=True)
class _Estimates:
    """All readings of one panel, judged by the same orders; ``error`` is that of the headline."""

    headline: Reading
    second: Reading
    event_study: tuple[At, ...]
    placebo: Placebo | None
    error: float


def measure(
    deals: pl.DataFrame,
    *,
    metric: metrics.Metric,
    rollout: Starts,
    data_end: dt.date,
    period: str = "month",
    lot: Lot | None = None,
    smallest_effect: float | None = None,
) -> Impact:
    """Return what the rollout was worth.

    deals            frame of ``analysis.frames``; rollout: the day on which each team starts, None for never
    data_end         the last day that the deals cover; lot: None where the order was not drawn
    smallest_effect  what would matter, in the metric's unit; otherwise by ``conclusion.worth_showing``

    Raises ImpactError and MetricError for input that cannot be used.
    """
    lot = lot or Lot(drawn=False)
    whole = panel(deals, metric=metric, starts=rollout, period=period, data_end=data_end)
    part = used(whole, period=period)
    orders, every = _orders(part, whole, lot, rollout, data_end)
    testable = len(part.teams) >= chance.LEAST_TEAMS and len(orders) >= chance.LEAST_ORDERS
    found = estimates(part, orders=orders if testable else orders[:1])
    rng = np.random.default_rng([lot.seed, _STREAM, 1])
    worth = smallest_effect if smallest_effect is not None else conclusion.worth_showing(metric, whole)
    smallest = errors.smallest_provable(found.error, teams=len(part.teams)) if testable else math.inf
    concluded = conclusion.conclude(
        found.headline,
        smallest=smallest,
        worth=worth,
        ahead=conclusion.Ahead(part, whole, rollout, data_end, period, found.error if testable else math.nan),
    )
    return Impact(
        metric=metric,
        period=period,
        panel=part,
        whole=whole,
        orders=len(orders),
        every=every,
        inference=(LOTTERY if lot.drawn else AS_IF) if testable else NONE,
        headline=found.headline,
        second=found.second,
        others=others.two_way(part, rng=rng) if testable else Reading(math.nan),
        event_study=found.event_study,
        placebo=found.placebo,
        smallest=smallest,
        conclusion=concluded,
        value=value_of(found.headline, metric=metric, deals=deals, teams=part.teams, data_end=data_end),
        notes=_notes(deals, whole, part, rollout, lot, len(orders), found),
    )


def _orders(
    part: Panel, whole: Panel, lot: Lot, rollout: Starts, data_end: dt.date
) -> tuple[np.ndarray, bool]:
    """Return orders x teams of starts in the periods used, the real one first or among them; whether all."""
    if not lot.orders:
        return redraws.orders(part.starts, rng=np.random.default_rng([lot.seed, _STREAM]))
    _check_orders(lot.orders, rollout)
    first = whole.periods.index(part.periods[0]) if part.periods else 0
    drawn = np.array(
        [
            places([order[team] for team in part.teams], periods=whole.periods, data_end=data_end)
            for order in lot.orders
        ]
    )
    return np.clip(drawn - first, 0, len(part.periods)), True


def _check_orders(orders: Sequence[Starts], rollout: Starts) -> None:
    for number, order in enumerate(orders, start=1):
        if set(order) != set(rollout):
            odd = sorted(set(order) ^ set(rollout))[0]
            raise ImpactError(
                f"order {number} and the rollout name different teams: {odd!r} is in one of them"
            )
    if dict(rollout) not in [dict(order) for order in orders]:
        raise ImpactError("the rollout is none of the orders that could have been drawn: one file is wrong")


def estimates(part: Panel, *, orders: np.ndarray) -> _Estimates:
    """Return all readings of a panel; ``orders`` is orders x teams, with fewer than twenty nothing is tested."""
    ages = _ages(part)
    real = part.starts[None]
    columns = np.stack([part.values * (part.deals > 0), part.lived])

    def imputed(starts: np.ndarray) -> np.ndarray:
        return weights.by_age(starts, part.deals, columns)[:, [0, *(1 + age for age in ages)]]

    def grouped(starts: np.ndarray) -> np.ndarray:
        return weights.group_time(starts, part.deals)

    if not ages:
        return _Estimates(Reading(math.nan), Reading(math.nan), (), None, math.inf)
    mine = imputed(real)[0]
    drawn = chance.in_parts(imputed, orders, part.deals.shape, width=len(columns))
    headline, *later = [chance.reading(mine[k], drawn[:, k]) for k in range(1 + len(ages))]
    theirs = chance.products(grouped, orders, columns, effects=1)[:, 0]
    second = chance.reading(chance.products(grouped, real, columns, effects=1)[0, 0], theirs)
    placebo, earlier = _before(part, orders, ages, [one.effect for one in later], headline.effect)
    left = drawn[:, 0, 0] - headline.effect * drawn[:, 0, 1]
    return _Estimates(
        headline,
        second,
        (*earlier, *(At(age, one) for age, one in zip(ages, later, strict=True))),
        placebo,
        math.sqrt(float((left**2).mean())),
    )


def _ages(part: Panel) -> list[int]:
    """Return the distances from the start, in periods, at which an effect can be told."""
    if not part.periods:
        return []
    age = weights.since_start(part.starts[None], len(part.periods))[0]
    two = weights.TwoWay.of((part.deals * (age < 0))[None])
    return [int(one) for one in np.unique(age[(age >= 0) & (part.deals > 0) & two.told[0]])]


def _before(
    part: Panel, orders: np.ndarray, ages: Sequence[int], effects: Sequence[float], mean: float
) -> tuple[Placebo | None, list[At]]:
    """Return what shows before the starts, told on values from which the effects are taken out: other orders
    look at cells that were really lived.
    """
    begun = [int(start) for start in part.starts if 0 < start < len(part.periods)]
    leads = min(LEADS, min(begun, default=0) - 1)
    if leads < 1:
        return None, []
    age = weights.since_start(part.starts[None], len(part.periods))[0]
    lived = np.where(age >= 0, mean, 0.0)
    for one, effect in zip(ages, effects, strict=True):
        lived = np.where(age == one, effect, lived)
    columns = np.stack(
        [(part.values - lived) * (part.deals > 0), ((age < 0) & (age >= -leads)).astype(float)]
    )

    def weigh(starts: np.ndarray) -> np.ndarray:
        return weights.before(starts, part.deals, leads=leads)

    mine = chance.products(weigh, part.starts[None], columns, effects=1 + leads)[0]
    drawn = chance.products(weigh, orders, columns, effects=1 + leads)
    mean_reading, *single = [chance.reading(mine[k], drawn[:, k]) for k in range(1 + leads)]
    together = chance.joint(mine[1:, 0], drawn[:, 1:, 0])
    return Placebo(leads, mean_reading, together), [
        At(place - leads, one) for place, one in enumerate(single)
    ]


def _notes(
    deals: pl.DataFrame,
    whole: Panel,
    part: Panel,
    rollout: Starts,
    lot: Lot,
    orders: int,
    found: _Estimates,
) -> tuple[str, ...]:
    """Return what a reader must know of the data and the comparison."""
    silent = sorted(set(rollout) - set(whole.teams))
    outside = deals.filter(~pl.col("team").is_in(list(rollout)) | pl.col("team").is_null()).height
    begun = int((part.starts == 0).sum())
    said = [
        f"{len(silent)} of the teams closed no deal that counts: {', '.join(silent)}." if silent else "",
        f"{outside:,} deals are of no team in the rollout and were left out." if outside else "",
        f"{begun} teams had started before the data begin; their own effect cannot be told." if begun else "",
        _stopped(whole),
        f"Fewer than {chance.LEAST_TEAMS} teams: no test, only the picture."
        if len(part.teams) < chance.LEAST_TEAMS
        else f"Only {orders} orders could have been drawn: too few for a test, only the picture."
        if orders < chance.LEAST_ORDERS
        else "",
        _drawn_again(rollout, lot)
        if lot.drawn
        else "The order was not drawn by lot: chances are as if it had been, which nobody can check.",
        "Something shows before the starts already: teams did not begin alike, and the effect may not be one."
        if found.placebo and min(found.placebo.mean.p, found.placebo.together) <= redraws.LEVEL
        else "",
    ]
    return tuple(one for one in said if one)


def _drawn_again(rollout: Starts, lot: Lot) -> str:
    """Return whether our lot draws this very order from the seed."""
    if lot.orders:
        return ""
    drawn = [rollout[team] or dt.date.max for team in lots.order(rollout, seed=lot.seed)]
    if drawn == sorted(drawn):
        return f"Drawn again with seed {lot.seed}: the same order."
    return f"That this order was drawn by lot is taken on your word: our own lot draws another from seed {lot.seed}."


def _nobody_waits_from(whole: Panel) -> dt.date | None:
    last = int(whole.starts.max())
    return whole.periods[last] if last < len(whole.periods) else None


def _stopped(whole: Panel) -> str:
    """Return since when nobody waits, if that is so."""
    day = _nobody_waits_from(whole)
    if day is None:
        return ""
    return (
        f"Since {day.day} {day:%B %Y} no team waits any more: what came later has nothing to be held against "
        "and is not used. More of the same will not change the result."
    )
