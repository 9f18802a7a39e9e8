"""The five pressures on a day: share and trend, what each goes with, and which agreements answer it.

Everything is read from a fixed age of deals, so that a long deal has no more time to be tagged or to gain an agreement
than a short one (landmark method; Anderson, Cain & Gelber 1983): a pressure counts that was seen within
``SEEN_WITHIN`` of creation; as an answer counts what was gained by half the usual age of a won deal. Deals that were
closed before are left out, and so are deals too young for their outcome to count. What comes out are differences
between deals alike, not proof of causes. Answers are judged together, and so are effects, trends and indicators (Benjamini &
Hochberg 1995).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
import polars as pl

from hingepoint.analysis import intervals, metrics
from hingepoint.analysis.discovery.judging.calibration import adjusted
from hingepoint.analysis.period_numbers import number_of, start_of
from hingepoint.analysis.pressures import alike
from hingepoint.analysis.pressures.alike import Alike, Fit, Floats
from hingepoint.analysis.pressures.indicators import indicators
from hingepoint.analysis.pressures.shape import (
    LEAST_EACH,
    LEAST_MONTHS,
    LEAST_UNDER,
    LEVEL,
    METRICS,
    MOST_DEALS,
    SEEN_WITHIN,
    Answer,
    Effect,
    Facts,
    Indicator,
    Month,
    Report,
    Told,
    Trend,
)
from hingepoint.records.deals import DealStatus
from hingepoint.records.pressures import Pressure, Verdict

_Judged = TypeVar("_Judged", Trend, Indicator)

#: Months that are shown, the newest ones.
MONTHS = 36
#: By this share of closed deals' ages an outcome counts as decided, within these bounds in days.
DECIDED_BY, DECIDED_BETWEEN = 0.9, (60, 720)
#: An agreement must be gained by this share of the usual age of a won deal, within these bounds in days.
GAINED_BY, GAINED_BETWEEN = 0.5, (30, 180)


def read(facts: Facts) -> Report:
    """Return the five pressures as these facts tell them. About a second per 10,000 deals."""
    facts = _until(facts)
    deals = metrics.with_derived(facts.deals)
    horizon, landmark = _ages(deals)
    sample = _decided(deals, facts, horizon)
    answers, tested = _answers(_aged(sample, landmark), facts, landmark)
    effects = _effects(_aged(sample, SEEN_WITHIN.days), facts)
    return Report(
        as_of=facts.as_of,
        deals=deals.height,
        decided=sample.height,
        horizon=horizon,
        landmark=landmark,
        tested=tested,
        sellers=sample["owner"].n_unique(),
        pressures=_judged_together([_told(one, facts, effects[one], answers[one]) for one in Pressure]),
    )


def _until(facts: Facts) -> Facts:
    """Return the facts as they were at the end of the day: later deals, tags and gains are left out."""
    end = dt.datetime.combine(facts.as_of, dt.time.max)
    later = (pl.col("closed") > end).fill_null(False)
    deals = facts.deals.filter(pl.col("created") <= end).with_columns(
        status=pl.when(later).then(pl.lit(DealStatus.OPEN.value)).otherwise("status"),
        closed=pl.when(~later).then("closed"),
    )
    return replace(
        facts,
        deals=deals,
        tags=facts.tags.filter(pl.col("seen") <= end),
        gained=facts.gained.filter(pl.col("at") <= end),
    )


def _ages(deals: pl.DataFrame) -> tuple[int, int]:
    """Return the horizon and the landmark in days, by how long this company's deals take."""
    closed = deals.filter(pl.col("status") != DealStatus.OPEN)["cycle_days"].drop_nulls()
    won = deals.filter(pl.col("status") == DealStatus.WON)["cycle_days"].drop_nulls()
    horizon = closed.quantile(DECIDED_BY) or DECIDED_BETWEEN[0]
    landmark = GAINED_BY * float(won.median() or 0)  # type: ignore[arg-type]
    return _within(horizon, DECIDED_BETWEEN), _within(landmark, GAINED_BETWEEN)


def _within(days: float, bounds: tuple[int, int]) -> int:
    return round(min(max(days, bounds[0]), bounds[1]))


def _decided(deals: pl.DataFrame, facts: Facts, horizon: int) -> pl.DataFrame:
    """Return the newest deals old enough for an outcome, with it: ``won`` within the horizon, and of those
    ``discount`` and ``cycle_days``."""
    last = dt.datetime.combine(facts.as_of - dt.timedelta(days=horizon), dt.time.max)
    old = deals.filter(pl.col("created") <= last).sort("created", "deal_id").tail(MOST_DEALS)
    won = ((pl.col("status") == DealStatus.WON) & (pl.col("cycle_days") <= horizon)).fill_null(False)
    return old.with_columns(won=won.cast(pl.Float64)).with_columns(
        pl.when(pl.col("won") == 1).then(pl.col(name).cast(pl.Float64)).alias(name)
        if name in old.columns
        else pl.lit(None, pl.Float64).alias(name)
        for name in ("discount", "cycle_days")
    ).with_columns(age=(pl.col("closed") - pl.col("created")).dt.total_seconds() / 86_400)  # fmt: skip


def _aged(sample: pl.DataFrame, days: int) -> pl.DataFrame:
    """Leave out deals that were closed before this age."""
    return sample.filter(pl.col("age").is_null() | (pl.col("age") >= days))


def _marked(
    deals: pl.DataFrame, marks: pl.DataFrame, column: str, names: Iterable[str], at: str, days: int
) -> Floats:
    """Return deals x names: 1 where a mark of that name came by this age of the deal."""
    in_time = marks.join(deals.select("deal_id", "created"), on="deal_id").filter(
        (pl.col(at) - pl.col("created")).dt.total_days() <= days
    )
    found = {
        name: set(in_time.filter(pl.col(column) == name)["deal_id"]) for name in in_time[column].unique()
    }
    keys = deals["deal_id"].to_list()
    columns = [np.array([key in found.get(name, ()) for key in keys], dtype=np.float64) for name in names]
    return np.column_stack(columns) if columns else np.zeros((len(keys), 0))


def _under(deals: pl.DataFrame, facts: Facts, days: int) -> Floats:
    """Return deals x the five, 1 where it was seen by this age."""
    return _marked(deals, facts.tags, "pressure", [one.value for one in Pressure], "seen", days)


# ---- share and trend ----


def _told(pressure: Pressure, facts: Facts, effects: tuple[Effect, ...], answers: tuple[Answer, ...]) -> Told:
    months = _months(pressure, facts)
    complete = [one for one in months if one.complete]
    last = complete[-3:]
    tagged = facts.tags.filter(pl.col("pressure") == pressure.value)["deal_id"].n_unique()
    return Told(
        pressure=pressure,
        tagged=tagged,
        months=months,
        now=intervals.share(sum(one.under for one in last), sum(one.deals for one in last)),
        trend=_trend(complete) if tagged else None,
        effects=effects,
        answers=answers,
        indicators=indicators(pressure, facts),
    )


def _months(pressure: Pressure, facts: Facts) -> tuple[Month, ...]:
    """Return the months since the first tag of any pressure, which is when people began to look for them."""
    first = facts.tags["seen"].min()
    if not isinstance(first, dt.datetime) or facts.deals.is_empty():
        return ()
    here = facts.deals.with_columns(under=_under(facts.deals, facts, SEEN_WITHIN.days)[:, _place(pressure)])
    counts = here.group_by(begins=pl.col("created").dt.date().dt.month_start()).agg(
        deals=pl.len(), under=pl.col("under").sum().cast(pl.Int64)
    )
    by_month = {begins: (deals, under) for begins, deals, under in counts.iter_rows()}
    newest = number_of(facts.as_of, "month")
    since = max(number_of(first.date(), "month"), newest - MONTHS + 1)
    return tuple(_month(number, by_month, facts.as_of) for number in range(since, newest + 1))


def _month(number: int, by_month: dict[dt.date, tuple[int, int]], as_of: dt.date) -> Month:
    begins = start_of(number, "month")
    deals, under = by_month.get(begins, (0, 0))
    return Month(
        begins, deals, under, start_of(number + 1, "month") - dt.timedelta(days=1) + SEEN_WITHIN <= as_of
    )


def _place(pressure: Pressure) -> int:
    return list(Pressure).index(pressure)


def _trend(months: list[Month]) -> Trend | None:
    """Return the slope of the monthly shares, by least squares weighted with the deals of each month."""
    some = [(number, one) for number, one in enumerate(months) if one.deals]
    if len(some) < LEAST_MONTHS:
        return None
    weight = np.array([one.deals for _, one in some], np.float64)
    x = np.array([number for number, _ in some], np.float64) / 12
    y = np.array([one.under / one.deals for _, one in some], np.float64)
    x = x - (weight @ x) / weight.sum()
    spread = weight @ x**2
    slope = (weight @ (x * y)) / spread
    left = y - (weight @ y) / weight.sum() - slope * x
    freedom = len(some) - 2
    a_year, p = alike.ranged(float(slope), float(np.sqrt(weight @ left**2 / freedom / spread)), freedom)
    return Trend(a_year, len(some), p)


def _judged_together(found: Sequence[Told]) -> tuple[Told, ...]:
    """Return the five with the chances of their trends adjusted for one another, and so those of all indicators."""
    trends = iter(_adjusted([one.trend for one in found if one.trend]))
    told = iter(_adjusted([each for one in found for each in one.indicators]))
    return tuple(
        replace(
            one,
            trend=one.trend and next(trends),
            indicators=tuple(next(told) for _ in one.indicators),
        )
        for one in found
    )


def _adjusted(found: Sequence[_Judged]) -> list[_Judged]:
    chances = adjusted(np.array([np.nan if one.chance is None else one.chance for one in found], np.float64))
    return [
        one if one.chance is None else replace(one, chance=float(chance))
        for one, chance in zip(found, chances, strict=True)
    ]


# ---- what each goes with ----


def _varies(sample: pl.DataFrame, metric: str) -> bool:
    return sample[metric].drop_nulls().n_unique() > 1


@dataclass(frozen=True, eq=False)
class _Compared:
    """The deals that have an outcome, with what is known of them taken out of all that is compared."""

    deals: pl.DataFrame
    alike: Alike
    outcome: Floats
    under: Floats
    pressures: Floats

    def fit(self, *columns: Floats) -> Fit | None:
        """Return the fit on all pressures that vary and further columns, in this order."""
        here = self.pressures[:, self.vary]
        return self.alike.fit(self.outcome, np.column_stack([here, *columns]))

    @property
    def vary(self) -> list[int]:
        return [i for i in range(self.under.shape[1]) if 0 < self.under[:, i].sum() < len(self.under)]


def _compared(sample: pl.DataFrame, facts: Facts, metric: str, days: int) -> _Compared:
    deals = sample.filter(pl.col(metric).is_not_null())
    deals_alike = Alike.of(alike.known(deals), alike.groups_of(deals["owner"]))
    under = _under(deals, facts, days)
    outcome = deals_alike.beyond(deals[metric].to_numpy().astype(np.float64))
    return _Compared(deals, deals_alike, outcome, under, deals_alike.beyond(under))


def _effects(sample: pl.DataFrame, facts: Facts) -> dict[Pressure, tuple[Effect, ...]]:
    """Return by pressure its effect on each metric, the other pressures held, judged together."""
    found = [
        (one, _effect(one, here, metric)) for metric, here in _by_metric(sample, facts) for one in Pressure
    ]
    chances = adjusted(np.array([p for _, (_, p) in found], np.float64))
    judged = [
        (pressure, replace(effect, chance=float(chance)) if effect.range else effect)
        for (pressure, (effect, _)), chance in zip(found, chances, strict=True)
    ]
    return {one: tuple(effect for pressure, effect in judged if pressure is one) for one in Pressure}


def _by_metric(sample: pl.DataFrame, facts: Facts) -> list[tuple[str, _Compared | None]]:
    return [
        (metric, _compared(sample, facts, metric, SEEN_WITHIN.days) if _varies(sample, metric) else None)
        for metric in METRICS
    ]


def _effect(pressure: Pressure, here: _Compared | None, metric: str) -> tuple[Effect, float]:
    """Return an effect and its p-value, NaN where nothing is told."""
    if here is None:
        return Effect(metric, 0, 0), np.nan
    place, n = _place(pressure), here.deals.height
    under = int(here.under[:, place].sum())
    told = min(under, n - under) >= LEAST_UNDER
    fit = here.fit() if told else None
    if fit is None:
        return Effect(metric, n, under), np.nan
    weights = np.zeros(len(fit.slopes))
    weights[here.vary.index(place)] = 1
    ranged, p = fit.sum_of(weights)
    return Effect(metric, n, under, ranged), p


# ---- what answers it ----


def _answers(
    sample: pl.DataFrame, facts: Facts, landmark: int
) -> tuple[dict[Pressure, tuple[Answer, ...]], int]:
    """Return by pressure what each pivotal agreement does about it, judged together, and how many were tested."""
    found: list[tuple[Pressure, Answer, float]] = []
    for metric in METRICS:
        if _varies(sample, metric):
            here = _compared(sample, facts, metric, landmark)
            gained = _marked(here.deals, facts.gained, "agreement", facts.pivotal, "at", landmark)
            apart = here.alike.beyond(gained)
            found += [
                (pressure, *_answer(pressure, key, metric, here, gained[:, k], apart))
                for pressure in Pressure
                for k, key in enumerate(facts.pivotal)
            ]
    chances = adjusted(np.array([p for *_, p in found], np.float64))
    judged = [(one, _judged(answer, chance)) for (one, answer, _), chance in zip(found, chances, strict=True)]
    by_pressure = {one: tuple(each for pressure, each in judged if pressure is one) for one in Pressure}
    return by_pressure, int(np.isfinite(chances).sum())


def _answer(
    pressure: Pressure, key: str, metric: str, here: _Compared, gained: Floats, apart: Floats
) -> tuple[Answer, float]:
    under = here.under[:, _place(pressure)]
    least = int(min(((under == u) & (gained == g)).sum() for u in (0, 1) for g in (0, 1)))
    both = here.alike.beyond(under * gained)
    vary = apart[:, apart.any(axis=0)]
    fit = here.fit(vary, both) if least >= LEAST_EACH else None
    if fit is None:
        return Answer(key, metric, least, Verdict.TOO_FEW), np.nan
    alone, together = np.zeros(len(fit.slopes)), np.zeros(len(fit.slopes))
    alone[here.vary.index(_place(pressure))], together[-1] = 1, 1
    without_it, _ = fit.sum_of(alone)
    with_it, _ = fit.sum_of(alone + together)
    difference, p = fit.sum_of(together)
    return Answer(key, metric, least, Verdict.UNKNOWN, with_it, without_it, difference), p


def _judged(answer: Answer, chance: float) -> Answer:
    if answer.difference is None:
        return answer
    helps = answer.difference.value * metrics.parse(answer.metric).sign > 0
    verdict = answer.verdict if chance >= LEVEL else Verdict.ANSWERS if helps else Verdict.WORSE
    return replace(answer, verdict=verdict, chance=float(chance))
